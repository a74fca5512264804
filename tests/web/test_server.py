"""The server itself: where it listens, its limits, its threads, and what a stop finishes."""

import socket
import threading
import time

import httpx
import pytest

from saqta.model.errors import InputError, StorageError
from saqta.web import paging
from saqta.web.ports import Limits
from saqta.web.server import REQUEST_HEAD_BYTES_MAX, listen

CALL = {"kind": "crowd", "title": "Crowd", "priority": 3, "place": {"lat": 51.1, "lon": 71.4}}


def test_a_port_in_use_is_one_clear_message() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(StorageError, match=f"can't listen on 127.0.0.1 port {port}"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.0.0.1"])
def test_an_address_that_cannot_be_had(host: str) -> None:
    with pytest.raises(StorageError, match=r"can't listen"):
        listen(host, 0)


def test_what_is_no_port() -> None:
    for port in (-1, 65_536):
        with pytest.raises(InputError, match="port"):
            listen("127.0.0.1", port)


def test_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with listen("::1", 0) as listening:
        assert listening.family == socket.AF_INET6


def test_a_request_head_over_the_limit_is_refused(shared_centre) -> None:
    with socket.create_connection(("127.0.0.1", shared_centre.port)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * REQUEST_HEAD_BYTES_MAX)
        assert client.recv(4_096).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("127.0.0.1", shared_centre.port)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * REQUEST_HEAD_BYTES_MAX + b"\r\n\r\n")
        assert client.recv(4_096).startswith(b"HTTP/1.1 400 ")
    with httpx.Client(base_url=shared_centre.address) as client:
        assert client.get("/healthz", headers={"x-long": "x" * (REQUEST_HEAD_BYTES_MAX - 1_024)}).status_code == 200


def test_what_blocks_runs_in_so_many_threads_and_no_more(open_centre) -> None:
    centre = open_centre(Limits(threads_max=3))
    running, most, lock = 0, 0, threading.Lock()
    decide = centre.decide

    def counted(*command):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.1)
        with lock:
            running -= 1
        return decide(*command)

    centre.app.state.ports = centre.app.state.ports._replace(decide=counted)
    statuses: list[int] = []

    def call() -> None:
        with centre.http("alice") as alice:
            statuses.append(alice.post("/api/v1/incidents", json=CALL).status_code)
            assert alice.get("/healthz").status_code == 200

    callers = [threading.Thread(target=call) for _ in range(9)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert statuses == [201] * 9
    assert most == 3


def test_a_stop_answers_what_it_took_and_takes_nothing_more(open_centre) -> None:
    centre = open_centre()
    decide, began = centre.decide, threading.Event()

    def slow(*command):
        began.set()
        time.sleep(0.5)
        return decide(*command)

    centre.app.state.ports = centre.app.state.ports._replace(decide=slow)
    answers: list[httpx.Response] = []

    def call() -> None:
        with centre.http("alice") as alice:
            answers.append(alice.post("/api/v1/incidents", json=CALL))

    caller = threading.Thread(target=call)
    caller.start()
    assert began.wait(10)
    centre.server.should_exit = True
    caller.join()
    assert [answer.status_code for answer in answers] == [201]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{centre.address}/healthz")


def test_a_command_waits_for_the_tables_only_so_long(open_centre) -> None:
    centre = open_centre(Limits(read_back_wait_s=0.3))
    centre.stop_steps()
    with centre.http("alice") as alice:
        before = time.monotonic()
        response = alice.post("/api/v1/incidents", json=CALL)
        assert 0.3 <= time.monotonic() - before < 5
        assert response.status_code == 201
        assert alice.get(response.headers["location"]).status_code == 404


def test_a_filtered_page_looks_at_so_many_rows_and_goes_on_from_there(centre, monkeypatch) -> None:
    monkeypatch.setattr(paging, "SCAN_ROWS_MAX", 2)
    with centre.http("alice") as alice:
        for _ in range(5):
            alice.post("/api/v1/incidents", json=CALL)
        pages, cursor = [], ""
        while cursor is not None:
            page = alice.get("/api/v1/incidents", params={"state": "closed", "cursor": cursor}).json()
            pages.append(page["items"])
            cursor = page["next"]
        assert pages == [[], [], []]


def test_an_answer_does_not_wait_for_its_head_to_be_acknowledged() -> None:
    """Whoever is accepted inherits it from the socket that listens."""
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
