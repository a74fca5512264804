"""GET /live over real connections: a picture kept by changes equals a fresh one, through cuts, slowness and the end."""

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from saqta.model import kinds
from saqta.model.place import Place
from saqta.web.live import LiveLimits

WAIT_S = 20


class Console:
    """What a page does with ``/live``: keeps tables by a snapshot and changes, and the newest id."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.tables: dict[str, dict[str, object]] = {}
        self.id: str | None = None
        self.seq = 0
        self.kinds: list[str] = []

    def follow(self, until_seq: int) -> None:
        """Reads frames until the picture holds event ``until_seq``."""
        with self.connected() as frames:
            while self.seq < until_seq:
                self.take(next(frames))

    @contextmanager
    def connected(self) -> Iterator[Iterator[dict[str, str]]]:
        headers = {"last-event-id": self.id} if self.id else {}
        with self.client.stream("GET", "/live", headers=headers, timeout=WAIT_S) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            yield frames_of(response)

    def take(self, frame: dict[str, str]) -> None:
        data = json.loads(frame["data"])
        self.kinds.append(frame["event"])
        self.id = frame.get("id", self.id)
        assert data["seq"] >= self.seq
        self.seq = data["seq"]
        if frame["event"] == "snapshot":
            self.tables = data["tables"]
        for change in data.get("changes", []):
            if change["row"] is None:
                self.tables[change["table"]].pop(change["key"], None)
            else:
                self.tables[change["table"]][change["key"]] = change["row"]


def frames_of(response: httpx.Response) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "event" in fields:
                yield fields
            fields = {}


def happen(centre, rng: random.Random, n: int) -> None:
    """Something that happens in a city: alerts, units that drive, work at the desk, a camera that is lost."""
    place = Place(51.1 + rng.random() / 10, 71.4 + rng.random() / 10)
    match rng.randrange(6):
        case 0 | 1:
            centre.tell(kinds.AlertRaised(kind=rng.choice(("intrusion", "crowd")), camera="C1", place=place, at_s=n))
        case 2:
            centre.tell(kinds.UnitPositioned(unit=rng.choice(("U1", "U2")), place=place, speed_kmh=rng.random() * 60))
        case 3:
            centre.tell(kinds.CameraLost(camera="C1", reason="stalled", retry_s=1.0))
        case 4:
            work_at_the_desk(centre, rng)
        case 5:
            centre.tell(
                *(kinds.UnitPositioned(unit="U1", place=place, heading_deg=rng.random() * 360) for _ in range(9))
            )
    centre.now_ms += rng.randrange(60_000)


def work_at_the_desk(centre, rng: random.Random) -> None:
    with centre.http("alice") as alice:
        items = [item for item in alice.get("/api/v1/incidents").json()["items"] if item["state"] != "closed"]
        if items:
            address = f"/api/v1/incidents/{rng.choice(items)['id']}"
            verb, body = rng.choice(
                [
                    ("acknowledge", {}),
                    ("assign", {"unit": rng.choice(("U1", "U2"))}),
                    ("priority", {"priority": rng.randint(1, 4), "reason": "seen"}),
                    ("close", {"disposition": "no_trace"}),
                ]
            )
            assert alice.post(f"{address}/{verb}", json=body).status_code in (200, 409)


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_kept_by_changes_equals_a_fresh_one(open_centre, seed: int) -> None:
    """One console stays, one loses its line at random moments, one comes back after the server forgot."""
    rng = random.Random(seed)
    centre = open_centre(live_limits=LiveLimits(gather_s=0.02, ring_changes_max=40))
    with centre.http("bob") as client, centre.http("bob") as other, centre.http("dana") as third:
        steady, cut, rare = Console(client), Console(other), Console(third)
        rare.follow(1)
        done = threading.Event()

        def stay() -> None:
            with steady.connected() as frames:
                while not (done.is_set() and steady.seq >= centre.log.size()):
                    steady.take(next(frames))

        staying = threading.Thread(target=stay)
        staying.start()
        for n in range(40):
            happen(centre, rng, n)
            if rng.random() < 0.3:
                cut.follow(rng.randint(1, centre.log.size()))
        centre.settle()
        done.set()
        staying.join(WAIT_S)
        assert not staying.is_alive()
        for console in (cut, rare):
            console.follow(centre.log.size())
        fresh = Console(client)
        fresh.follow(centre.log.size())
        assert fresh.tables["board"]
        for console in (steady, cut, rare):
            assert console.tables == fresh.tables
        assert steady.kinds.count("snapshot") == 1
        assert "changes" in cut.kinds
        assert rare.kinds.count("snapshot") == 2


def test_rows_are_presented_and_hold_nothing_personal(centre) -> None:
    call = {"kind": "crowd", "title": "Crowd", "priority": 3, "place": {"lat": 51.1, "lon": 71.4}}
    with centre.http("alice") as alice:
        incident = alice.post("/api/v1/incidents", json=call | {"caller": {"number": "+77015550000"}})
        console = Console(alice)
        console.follow(centre.log.size())
        row = console.tables["board"][incident.headers["location"].rsplit("/", 1)[1]]
        assert row["opened"] == "2026-01-31T08:00:00.000Z"
        assert not {name for name in row if name.startswith("caller") or name.endswith("_ms")}
        assert console.tables["status"]["system"]["put_aside"] == 0


def test_a_browser_follows_with_its_cookie(centre) -> None:
    with centre.signed_in("dana") as browser:
        console = Console(browser)
        console.follow(centre.log.size())
        assert set(console.tables["units"]) == {"U1", "U2"}


def test_a_heartbeat_comes_every_second_though_nothing_happens(centre) -> None:
    with centre.http("alice") as alice, Console(alice).connected() as frames:
        assert [next(frames)["event"] for _ in range(3)] == ["snapshot", "heartbeat", "heartbeat"]
        before = time.monotonic()
        beat = next(frames)
        assert 0.5 < time.monotonic() - before < 3
        assert "id" not in beat
        assert json.loads(beat["data"]) == {"seq": centre.log.size(), "at": "2026-01-31T08:00:00.000Z"}


@pytest.mark.parametrize("last_id", ["999999", "made-up", "-1", "9" * 20])
def test_an_id_that_is_too_old_or_unknown_gets_a_snapshot(shared_centre, last_id: str) -> None:
    with shared_centre.http("alice") as alice:
        console = Console(alice)
        console.id = last_id
        with console.connected() as frames:
            assert next(frames)["event"] == "snapshot"


def test_too_many_readers_are_told_to_come_back(open_centre) -> None:
    centre = open_centre(live_limits=LiveLimits(readers_max=1))
    with centre.http("alice") as alice, centre.http("bob") as bob:
        with Console(alice).connected() as frames:
            assert next(frames)["event"] == "snapshot"
            refused = bob.get("/live")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        for _ in range(100):
            if not centre.live.readers:
                break
            time.sleep(0.02)
        Console(bob).follow(1)


def test_a_reader_that_does_not_read_is_let_go(open_centre) -> None:
    """A real connection with a full receive buffer: the server lets it go, and everybody else gets everything."""
    centre = open_centre(live_limits=LiveLimits(gather_s=0, reader_frames_max=4))
    place = Place(51.1, 71.4)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", centre.port))
        token = centre.tokens["alice"]
        stuck.sendall(f"GET /live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        deadline = time.monotonic() + WAIT_S
        long = "x" * 50_000
        while not centre.live.let_go_total and time.monotonic() < deadline:
            centre.tell(kinds.UnitRegistered(unit="U1", name=long), kinds.UnitPositioned(unit="U1", place=place))
        assert centre.live.let_go_total == 1
        assert centre.live.readers == 0
        with centre.http("bob") as bob:
            console = Console(bob)
            console.follow(centre.log.size())
            assert console.tables["units"]["U1"]["name"] == long


def test_streams_end_at_once_when_the_server_stops(open_centre) -> None:
    centre = open_centre()
    with centre.http("alice") as alice, Console(alice).connected() as frames:
        assert next(frames)["event"] == "snapshot"
        before = time.monotonic()
        centre.server.should_exit = True
        assert all(frame["event"] == "heartbeat" for frame in frames)
        assert time.monotonic() - before < 2
