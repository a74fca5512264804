"""A switch over real sockets asks the real rules, and is answered."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from intake.listening import running
from intake.sip_switch import UdpSwitch, read_reply, request
from saqta.fraud.call_records import by_rules
from saqta.fraud.engine.rules import STANDARD, read_rules
from saqta.intake.arrivals import Arrival
from saqta.intake.sip import listening
from saqta.intake.sip.framing import PING
from saqta.intake.sip.listening import DecideCall, Done, body_of, bound, sip, verdict_of
from saqta.intake.sip.responder import Call, Responder, Verdict
from saqta.intake.sip.settings import Sip, Trunk
from saqta.model.errors import InputError, StorageError

NOON_MS = 1_700_000_000_000
LOCAL: dict[str, Trunk] = {"127.0.0.0/8": "foreign"}
SPOOFED = "sip:+77029876543@x"
HONEST = "sip:+442071838750@x"


@pytest.fixture(scope="module")
def decide() -> DecideCall:
    """The standard rules; answers come from another thread."""
    decider, lock = by_rules(read_rules(STANDARD), "KZ"), threading.Lock()

    def answer(body: bytes, done: Done) -> None:
        with lock:
            done(decider.answer([body], NOON_MS)[0])

    def decide(partner: str, body: bytes, done: Done) -> None:
        assert partner == "telecom"
        threading.Thread(target=answer, args=(body, done)).start()

    return decide


@contextmanager
def listening_on(decide: DecideCall, trunks: dict[str, Trunk] = LOCAL) -> Iterator[int]:
    datagrams, streams = bound("127.0.0.1", 0)
    settings = Sip(host="127.0.0.1", trunks=trunks, partner="telecom")
    listener = listening.Listener(
        datagrams, streams, Responder(settings, "KZ", b"secret"), settings.partner, decide, lambda: NOON_MS
    )
    port = datagrams.getsockname()[1]
    with running(Arrival("sip", listener.run)):
        yield port


@pytest.fixture
def port(decide: DecideCall) -> Iterator[int]:
    with listening_on(decide) as port:
        yield port


class TcpSwitch:
    """One switch on a stream."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> "TcpSwitch":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def receive(self):
        lines = []
        while (line := self._file.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return read_reply(b"".join(lines) + b"\r\n") if lines else None

    def line(self) -> bytes:
        return self._file.readline()


def test_a_spoofed_number_is_declined_and_another_is_sent_on(port: int) -> None:
    with UdpSwitch(port) as switch:
        spoofed, honest = switch.call(SPOOFED), switch.call(HONEST)
    assert (spoofed.status, honest.status) == (603, 302)
    assert spoofed.header("Reason").startswith(
        'SIP;cause=603;text="spoofed_number: a foreign trunk presents a national number"'
    )
    assert honest.header("Contact") == "<sip:+77011234567@saqta.kz>"


def test_datagrams_that_wait_are_all_read_though_others_have_their_turn_between(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "DATAGRAMS_MAX", 1)
    with UdpSwitch(port) as switch, TcpSwitch(port) as other:
        for _ in range(20):
            switch.send(request("OPTIONS"))
        other.socket.sendall(PING)
        assert other.line() == b"\r\n"
        assert [switch.final().status for _ in range(20)] == [200] * 20


def test_one_stream_carries_many_calls_and_pings(port: int) -> None:
    calls = [request("INVITE", caller, transport="TCP") for caller in (SPOOFED, HONEST, SPOOFED)]
    with TcpSwitch(port) as switch:
        switch.socket.sendall(PING + b"".join(calls))
        assert switch.line() == b"\r\n"
        assert sorted(switch.receive().status for _ in calls) == [302, 603, 603]
        switch.socket.sendall(request("OPTIONS", transport="TCP"))
        assert switch.receive().status == 200


def test_a_stream_that_can_not_be_cut_is_answered_and_closed(port: int) -> None:
    with TcpSwitch(port) as switch:
        switch.socket.sendall(request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: x"))
        assert (switch.receive().status, switch.line()) == (400, b"")


def test_an_answer_that_is_not_heard_is_sent_again(port: int) -> None:
    invite = request("INVITE", SPOOFED)
    with UdpSwitch(port) as switch:
        switch.send(invite)
        first, again = switch.final(), switch.final()
    assert first.raw == again.raw


def test_where_nothing_can_be_decided_the_switch_is_told_to_go_elsewhere() -> None:
    def starting(partner: str, body: bytes, done: Done) -> None:
        raise StorageError("the decision path is starting")

    with listening_on(starting) as port, UdpSwitch(port) as switch:
        assert switch.call(SPOOFED).status == 503


def test_strangers_get_no_stream(decide: DecideCall) -> None:
    with listening_on(decide, {"10.0.0.0/8": "national"}) as port:
        with TcpSwitch(port) as switch:
            assert switch.line() == b""
        with UdpSwitch(port) as switch:
            assert switch.call(HONEST).status == 403


def test_too_many_streams_are_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "STREAMS_MAX", 1)
    with TcpSwitch(port) as first:
        first.socket.sendall(PING)
        assert first.line() == b"\r\n"
        with TcpSwitch(port) as second:
            assert second.line() == b""


def test_a_stream_that_nobody_reads_is_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "UNSENT_BYTES_MAX", 1_000)
    options = request("OPTIONS", transport="TCP") * 50

    def ask_for_ever(switch: TcpSwitch) -> None:
        for _ in range(10_000):
            switch.socket.sendall(options)

    with TcpSwitch(port) as switch, pytest.raises(ConnectionError):
        ask_for_ever(switch)


def test_a_silent_stream_is_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with TcpSwitch(port) as switch:
        switch.socket.sendall(PING)
        assert switch.line() == b"\r\n"
        monkeypatch.setattr(listening, "STREAM_IDLE_S", 0.0)
        assert switch.line() == b""


def test_a_call_is_told_in_the_words_of_the_decision_path() -> None:
    call = Call("1", NOON_MS, "+77029876543", "+77011234567", "foreign", None)
    assert json.loads(body_of(call)) == {
        "kind": "call",
        "id": "1",
        "time": "2023-11-14T22:13:20.000Z",
        "caller": "+77029876543",
        "callee": "+77011234567",
        "trunk": "foreign",
    }


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (b'{"action": "allow", "decision_id": "d"}', Verdict("allow", (), "d")),
        (b'{"error": {}}', Verdict("fault", ("the decision can't be read",))),
        (InputError("caller", "1", "E.164"), Verdict("fault", (str(InputError("caller", "1", "E.164")),))),
    ],
)
def test_what_is_answered_is_a_verdict(answer: bytes | InputError, verdict: Verdict) -> None:
    assert verdict_of(answer) == verdict


def test_an_address_that_can_not_be_listened_on_is_named(port: int, decide: DecideCall) -> None:
    assert list(sip(Sip(), "KZ", decide, lambda: 0, b"s")) == []
    with pytest.raises(InputError, match=r"sip\.host"):
        list(sip(Sip(host="127.0.0.1", port=port, trunks=LOCAL), "KZ", decide, lambda: 0, b"s"))
