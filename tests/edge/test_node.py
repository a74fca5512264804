"""The camera node with real processes: what streams can do to it, and what it does then."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from edge import deadly, seeing
from edge.rendered import FPS, Walker, access_units, encode, scene
from edge.rtsp_server import RtspServer
from edge.telling import ALERTS, tells_at_once, tells_fixtures
from intake.listening import until
from saqta import registry
from saqta.edge import node as node_module
from saqta.edge.keeping.originals import open_sealed
from saqta.edge.keeping.sealing import make_keys, private_key
from saqta.edge.node import CAMERAS_MAX, HANG_S, STRIKES_MAX, CameraNode
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.worker import Said
from saqta.model import catalogue
from saqta.model.catalogue import TYPE_OF
from saqta.model.errors import InputError, StorageError
from saqta.model.event import Event
from saqta.model.kinds import (
    AlertRaised,
    CameraConnected,
    CameraLost,
    CameraQuarantined,
    EvidenceKept,
    EvidenceLost,
    LineCounted,
    Record,
)
from saqta.model.terms import EVIDENCE_SUFFIX

HAZARDS = {
    "exit": deadly.exits,
    "raise": deadly.raises,
    "bomb": deadly.dies_while_decoding,
    "slow": deadly.opens_slowly,
    "stall": deadly.stalls,
}
PLUGINS = Plugins(registry.SOURCES | HAZARDS, registry.DETECTORS | {"told": tells_fixtures}, registry.MODELS)
EAGER = Plugins(registry.SOURCES, {"eager": tells_at_once}, registry.MODELS)
WAIT_S = 30.0
WALK = [Walker((-0.1, 0.8), (1.1, 0.8), 2, 10)]
YARD: dict[str, Any] = {
    "lines": {"middle": (0.5, 0.0, 0.5, 1.0)},
    "zones": {"yard": ((0.2, 0.5), (1.0, 0.5), (1.0, 1.0), (0.2, 1.0))},
    "restricted": ("yard",),
    "after_s": 1.0,
}


class Desk:
    """Takes events in, and waits for them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = threading.Condition()

    def deliver(self, events: list[Event]) -> None:
        with self._came:
            self.events += events
            self._came.notify_all()

    def records(self, camera: str) -> list[Record | None]:
        return [catalogue.read(event) for event in self.events if event.source == f"/saqta/cameras/{camera}"]

    def wait_for(self, camera: str, wanted: Callable[[list[Record | None]], bool]) -> list[Record | None]:
        with self._came:
            assert self._came.wait_for(lambda: wanted(self.records(camera)), WAIT_S), self.records(camera)
        return self.records(camera)


class Running:
    """A node that runs in a thread of its own; ``stop`` raises what it raised."""

    def __init__(self, node: CameraNode) -> None:
        self.status, self.hear = node.status, node.hear
        self._run, self._stop = node.run, threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._guarded)
        self._thread.start()

    def _guarded(self) -> None:
        try:
            self._run(self._stop)
        except Exception as error:  # noqa: BLE001 - the test gets it
            self._failure = error

    def ended(self) -> Exception | None:
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        failure, self._failure = self._failure, None
        return failure

    def stop(self) -> None:
        self._stop.set()
        failure = self.ended()
        if failure is not None:
            raise failure


def has(kind: type[Record], times: int = 1) -> Callable[[list[Record | None]], bool]:
    return lambda records: sum(isinstance(record, kind) for record in records) >= times


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def start(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    nodes: list[Running] = []

    def started(cameras: Sequence[CameraSettings], workers: int = 1, **more: Any) -> Running:
        options = {"deliver": desk.deliver, "speed": 4.0, "plugins": PLUGINS} | more
        node = CameraNode(cameras, evidence_dir=tmp_path / "evidence", clock=deadly.clock, workers=workers, **options)
        nodes.append(Running(node))
        return nodes[-1]

    yield started
    for node in nodes:
        node.stop()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("film") / "walk.mp4", scene(WALK, 12))


def children() -> set[int]:
    return {
        int(pid) for pid in Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split()
    }


def test_an_original_is_kept_under_seal_where_the_settings_ask_for_it(
    start: Callable[..., Running], desk: Desk, film: Path, tmp_path: Path
) -> None:
    public, private = make_keys()
    start([CameraSettings(camera="A", source=str(film), seal_to=public, before_s=1.0, **YARD)])
    start([CameraSettings(camera="B", source=str(film), before_s=1.0, **YARD)])
    clip, original = sorted(
        (one for one in desk.wait_for("A", has(EvidenceKept, 2)) if isinstance(one, EvidenceKept)),
        key=lambda one: one.media_type,
        reverse=True,
    )
    assert (clip.media_type, original.media_type) == ("video/mp4", "application/vnd.saqta.sealed")
    assert original.alert == clip.alert
    assert original.from_s <= clip.from_s
    assert original.until_s >= clip.until_s - 1 / FPS
    path = tmp_path / "evidence" / f"{original.sha256}.sealed"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == original.sha256
    assert open_sealed(path, private_key(private), tmp_path / "opened.mkv") >= 2 * FPS
    with av.open(str(film)) as all_of_it, av.open(str(tmp_path / "opened.mkv")) as opened:
        filmed = [frame.to_ndarray().tobytes() for frame in all_of_it.decode(video=0)]
        seen = [frame.to_ndarray().tobytes() for frame in opened.decode(video=0)]
    first = filmed.index(seen[0])
    assert seen == filmed[first : first + len(seen)]
    kept = [one for one in desk.wait_for("B", has(CameraLost)) if isinstance(one, EvidenceKept)]
    assert {one.media_type for one in kept} == {"video/mp4"}


def test_moments_count_from_the_first_frame_however_long_opening_took(
    start: Callable[..., Running], desk: Desk, film: Path
) -> None:
    start([CameraSettings(camera="C1", source=f"slow:{film}", **YARD)], speed=1.0)
    desk.wait_for("C1", has(AlertRaised))
    late_ms = [event.recorded_ms - event.time_ms for event in desk.events]
    assert min(late_ms) >= 0
    assert max(late_ms) < deadly.OPENING_S * 1000


def test_tells_what_a_camera_sees_until_its_file_ends(
    start: Callable[..., Running], desk: Desk, film: Path, tmp_path: Path
) -> None:
    began_ms = deadly.clock()
    node = start([CameraSettings(camera="A", source=str(film), **YARD)])
    desk.wait_for("A", has(EvidenceKept))
    records = desk.wait_for("A", has(CameraLost))
    assert isinstance(records[0], CameraConnected)
    assert (records[0].width, records[0].height, records[0].fps) == (320, 240, FPS)
    alert = next(record for record in records if isinstance(record, AlertRaised))
    assert alert.at_s is not None
    (told,) = [event for event in desk.events if event.type == "saqta.alert.raised.v1"]
    (connected,) = [event for event in desk.events if event.type == "saqta.camera.connected.v1"]
    assert connected.time_ms >= began_ms
    assert told.time_ms == pytest.approx(connected.time_ms + alert.at_s * 1000 / 4, abs=2)
    counts = [record for record in records if isinstance(record, LineCounted)]
    assert [(one.line, one.forward, one.backward) for one in counts] == [("middle", {}, {"person": 1})]
    kept = next(record for record in records if isinstance(record, EvidenceKept))
    assert (tmp_path / "evidence" / f"{kept.sha256}.mp4").is_file()
    lost = next(record for record in records if isinstance(record, CameraLost))
    assert (lost.reason, lost.retry_s) == ("the file ended", 0.0)
    assert alerts_of(records) == ["intrusion"]
    node.stop()
    (state,) = node.status().cameras
    assert (state.decoded, state.analysed + state.dropped, state.connected) == (120, 60, False)
    assert len({event.key for event in desk.events}) == len(desk.events)


def test_what_belongs_into_the_picture_is_told_while_it_runs_and_known_to_the_next_worker(
    start: Callable[..., Running], desk: Desk, film: Path
) -> None:
    boxes = [(0.1, 0.1, 0.2, 0.2), (0.3, 0.3, 0.4, 0.4)]

    def told(*wanted: tuple[float, ...]) -> Callable[[list[Record | None]], bool]:
        return lambda records: [one.box for one in records if isinstance(one, AlertRaised) and one.box] == [*wanted]

    node = start([CameraSettings(camera="C1", source=str(film), loop=True, fixtures=(boxes[0],))])
    desk.wait_for("C1", told(boxes[0]))
    node.hear(Said("nobody", (boxes[1],)))
    node.hear(Said("C1", (boxes[1],)))
    desk.wait_for("C1", told(*boxes))
    (worker,) = [pid for pid in descendants(os.getpid()) if b"spawn_main" in command(pid)]
    os.kill(worker, signal.SIGKILL)
    desk.wait_for("C1", told(*boxes, boxes[1]))


def test_what_a_worker_has_sent_is_taken_in_to_the_end_in_however_many_turns(
    start: Callable[..., Running], desk: Desk, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "MESSAGES_MAX", 1)
    cameras = [CameraSettings(camera=name, source=str(film), lines=YARD["lines"]) for name in ("A", "B")]
    start(cameras, plugins=EAGER, speed=40.0)
    for name in ("A", "B"):
        records = desk.wait_for(name, has(CameraLost))
        kinds = [type(record) for record in records if not isinstance(record, EvidenceKept | EvidenceLost)]
        assert (kinds[0], kinds[-1]) == (CameraConnected, CameraLost)
        assert (kinds.count(AlertRaised), kinds.count(LineCounted)) == (ALERTS, 1)


def test_a_stream_that_kills_its_worker_twice_is_quarantined_and_the_others_go_on(
    start: Callable[..., Running], desk: Desk, film: Path
) -> None:
    long_film = encode(film.parent / "long.ts", scene(WALK, 12))
    node = start(
        [
            CameraSettings(camera="bad", source=f"bomb:{long_film}"),
            CameraSettings(camera="good", source=str(film), loop=True),
        ]
    )
    records = desk.wait_for("bad", has(CameraQuarantined))
    told = [type(record) for record in records if isinstance(record, CameraLost | CameraQuarantined)]
    assert told[-2:] == [CameraLost, CameraQuarantined]
    lost = [record for record in desk.records("bad") if isinstance(record, CameraLost)]
    assert lost[-1].retry_s > lost[0].retry_s
    assert "signal 11" in lost[0].reason
    connected = sum(isinstance(record, CameraConnected) for record in desk.records("bad"))
    assert alerts_of(desk.records("bad")).count("camera_lost") == max(1, connected)
    desk.wait_for("good", lambda records: isinstance(records[-1], CameraConnected))
    states = {state.camera: state for state in node.status().cameras}
    assert states["good"].connected
    assert (states["bad"].quarantined, states["good"].quarantined) == (True, False)
    assert states["bad"].strikes == STRIKES_MAX


def test_a_source_that_ends_its_worker_when_opened_is_told_and_held_back(
    start: Callable[..., Running], desk: Desk
) -> None:
    start([CameraSettings(camera="bad", source="exit:now")])
    records = desk.wait_for("bad", has(CameraLost))
    assert isinstance(records[0], CameraLost)
    assert "exit status 3" in records[0].reason


def test_a_fault_of_ours_ends_its_worker_at_once_and_is_told(start: Callable[..., Running], desk: Desk) -> None:
    began_s = time.monotonic()
    start([CameraSettings(camera="bad", source="raise:now")])
    records = desk.wait_for("bad", has(CameraQuarantined))
    assert time.monotonic() - began_s < HANG_S
    assert isinstance(records[0], CameraLost)
    assert "exit status 1" in records[0].reason


def test_a_killed_worker_comes_back(start: Callable[..., Running], desk: Desk, film: Path) -> None:
    before = children()
    node = start([CameraSettings(camera="A", source=str(film), loop=True)])
    desk.wait_for("A", has(CameraConnected))
    workers = [pid for pid in descendants(os.getpid()) if pid not in before and b"spawn_main" in command(pid)]
    assert len(workers) == 1
    os.kill(workers[0], signal.SIGKILL)
    records = desk.wait_for("A", has(CameraConnected, 2))
    lost = next(record for record in records if isinstance(record, CameraLost))
    assert "signal 9" in lost.reason
    assert alerts_of(records) == ["camera_lost"]
    assert node.status().restarts == 1


def test_who_was_merely_being_read_is_not_struck_when_somebody_kills_the_worker(
    start: Callable[..., Running], desk: Desk, film: Path
) -> None:
    ts = encode(film.parent / "stalling.ts", scene(WALK, 30))
    node = start([CameraSettings(camera=id, source=f"stall:{ts}") for id in "AB"])
    for id in "AB":
        desk.wait_for(id, has(CameraConnected))
    time.sleep(1.0)
    (worker,) = [pid for pid in descendants(os.getpid()) if b"spawn_main" in command(pid)]
    os.kill(worker, signal.SIGKILL)
    for id in "AB":
        desk.wait_for(id, has(CameraLost))
    assert [state.strikes for state in node.status().cameras] == [0, 0]
    assert node.status().workers <= 1


def test_streams_under_suspicion_get_room_beside_workers_of_one_camera(
    start: Callable[..., Running], desk: Desk, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saqta.edge.node.APART_MAX", 2)
    bad = [CameraSettings(camera=id, source="exit:now") for id in ("bad", "worse")]
    alone = [CameraSettings(camera=str(n), source=str(film), loop=True) for n in range(2)]
    start([bad[0], *alone, bad[1]], workers=3)
    for camera in bad:
        desk.wait_for(camera.camera, has(CameraQuarantined))


def test_what_cannot_be_opened_is_tried_again_less_and_less_often(
    start: Callable[..., Running], desk: Desk, film: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late.mp4"
    start([CameraSettings(camera="A", source=str(late))])
    records = desk.wait_for("A", has(CameraLost, 3))
    assert alerts_of(records) == ["camera_lost"]
    waits_s = [record.retry_s for record in records if isinstance(record, CameraLost)]
    assert waits_s[:2] == [1.0, 2.0]
    late.write_bytes(film.read_bytes())
    desk.wait_for("A", has(CameraConnected))


@pytest.mark.parametrize("silent", [False, True], ids=["ends", "stalls"])
def test_an_rtsp_stream_that_ends_or_stalls_is_lost_and_comes_back(
    start: Callable[..., Running], desk: Desk, film: Path, silent: bool
) -> None:
    units = access_units(encode(film.parent / f"live{silent}.h264", scene(WALK, 3)))
    server = RtspServer(units, fps=30, silent=silent)
    try:
        start([CameraSettings(camera="A", source=server.address)])
        records = desk.wait_for("A", has(CameraConnected, 2))
        told = [record for record in records if not isinstance(record, EvidenceKept)]
        assert [type(record) for record in told[:4]] == [CameraConnected, CameraLost, AlertRaised, CameraConnected]
        alert = told[2]
        assert isinstance(alert, AlertRaised)
        assert (alert.kind, alert.confidence) == ("camera_lost", 1.0)
        assert alert.at_s == pytest.approx(1.0, abs=0.2)
        assert server.connections == 2
    finally:
        server.close()


def test_delivery_is_tried_again_until_there_is_room(start: Callable[..., Running], desk: Desk, film: Path) -> None:
    refusals = 2

    def full_at_first(events: list[Event]) -> None:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise StorageError("the disk is full")
        desk.deliver(events)

    node = start([CameraSettings(camera="A", source=str(film), **YARD)], deliver=full_at_first)
    records = desk.wait_for("A", has(LineCounted))
    assert isinstance(records[0], CameraConnected)
    assert has(AlertRaised)(records)
    assert node.status().undelivered is None


def test_a_failure_of_the_desk_ends_the_run(start: Callable[..., Running], film: Path) -> None:
    def broken(events: list[Event]) -> None:
        raise ValueError("no desk")

    node = start([CameraSettings(camera="A", source=str(film))], deliver=broken)
    assert str(node.ended()) == "no desk"
    assert not any(b"spawn_main" in command(pid) for pid in descendants(os.getpid()))


def test_stops_within_seconds_and_leaves_no_process(start: Callable[..., Running], desk: Desk, film: Path) -> None:
    cameras = [CameraSettings(camera=str(n), source=str(film), loop=True) for n in range(3)]
    node = start(cameras, workers=2)
    for camera in cameras:
        desk.wait_for(camera.camera, has(CameraConnected))
    workers = [pid for pid in descendants(os.getpid()) if b"spawn_main" in command(pid)]
    assert len(workers) == 2
    began_s = time.monotonic()
    node.stop()
    assert time.monotonic() - began_s < 5
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


@pytest.mark.parametrize("silent", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_stop_keeps_all_clips_that_were_begun(
    start: Callable[..., Running], desk: Desk, tmp_path: Path, silent: bool
) -> None:
    """Also of a camera that has said nothing for a while: it owes what was not read yet."""
    public, _ = make_keys()
    server = RtspServer(
        access_units(encode(tmp_path / "live.h264", scene(WALK, 9))), fps=90 if silent else FPS, silent=True
    )
    try:
        node = start([CameraSettings(camera="A", source=server.address, seal_to=public, after_s=30.0)], plugins=EAGER)
        desk.wait_for("A", has(AlertRaised, ALERTS))
        alerts = {event.key for event in desk.events if event.type == TYPE_OF[AlertRaised]}
        until(lambda: not silent or node.status().cameras[0].decoded >= 9 * FPS - 1, WAIT_S)
        node.stop()
    finally:
        server.close()
    kept = [one for one in desk.records("A") if isinstance(one, EvidenceKept)]
    assert len(alerts) == ALERTS
    for media_type in ("video/mp4", "application/vnd.saqta.sealed"):
        assert {one.alert for one in kept if one.media_type == media_type} == alerts
        assert all((tmp_path / "evidence" / f"{one.sha256}{EVIDENCE_SUFFIX[one.media_type]}").exists() for one in kept)
    assert not any(isinstance(one, EvidenceLost) for one in desk.records("A"))


def test_evidence_that_cannot_be_kept_is_told_with_its_alert(
    start: Callable[..., Running], desk: Desk, film: Path, tmp_path: Path
) -> None:
    public, _ = make_keys()
    start([CameraSettings(camera="A", source=str(film), seal_to=public, before_s=1.0, **YARD)])
    desk.wait_for("A", has(CameraConnected))
    (tmp_path / "evidence").rmdir()
    lost = [one for one in desk.wait_for("A", has(EvidenceLost, 2)) if isinstance(one, EvidenceLost)]
    (alert,) = {event.key for event in desk.events if event.type == TYPE_OF[AlertRaised]}
    assert {(one.media_type, one.alert, one.partly) for one in lost} == {
        ("video/mp4", alert, False),
        ("application/vnd.saqta.sealed", alert, False),
    }
    assert all("can't be kept" in one.reason and "No such file" in one.reason for one in lost)
    assert {event.cause for event in desk.events if event.type == TYPE_OF[EvidenceLost]} == {alert}


def test_evidence_that_a_killed_worker_owed_is_told_as_lost(
    start: Callable[..., Running], desk: Desk, film: Path
) -> None:
    public, _ = make_keys()
    before = children()
    camera = CameraSettings(camera="A", source=str(film), loop=True, seal_to=public, after_s=30.0)
    start([camera], plugins=EAGER, speed=1.0)
    desk.wait_for("A", has(AlertRaised, ALERTS))
    alerts = {event.key for event in desk.events if event.type == TYPE_OF[AlertRaised]}
    (worker,) = [pid for pid in descendants(os.getpid()) if pid not in before and b"spawn_main" in command(pid)]
    os.kill(worker, signal.SIGKILL)
    lost = [one for one in desk.wait_for("A", has(EvidenceLost, 2 * ALERTS)) if isinstance(one, EvidenceLost)]
    assert {(one.alert, one.media_type) for one in lost} == {
        (alert, media_type) for alert in alerts for media_type in ("video/mp4", "application/vnd.saqta.sealed")
    }
    assert {one.reason for one in lost} == {"its worker process died (signal 9)"}
    assert {event.cause for event in desk.events if event.type == TYPE_OF[EvidenceLost]} == alerts


def test_one_model_looks_at_the_cameras_of_a_worker(start: Callable[..., Running], desk: Desk, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", scene(WALK, 12))
    model = str(seeing.yolox(tmp_path / "seer.onnx", batch="n"))
    start([CameraSettings(camera=name, source=str(film), model=model, **YARD) for name in ("C1", "C2")])
    for name in ("C1", "C2"):
        alerts = [one for one in desk.wait_for(name, has(AlertRaised)) if isinstance(one, AlertRaised)]
        assert {alert.model.partition("@")[0] for alert in alerts if alert.model} == {"seer"}


def test_no_worker_outlives_a_killed_node(film: Path, tmp_path: Path) -> None:
    script = tmp_path / "node_main.py"
    script.write_text(
        textwrap.dedent(f"""
            import threading
            from pathlib import Path
            from edge import deadly, seeing
            from saqta import registry
            from saqta.edge.node import CameraNode
            from saqta.edge.plugins import Plugins
            from saqta.edge.settings import CameraSettings

            if __name__ == "__main__":
                plugins = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS)
                camera = CameraSettings(camera="A", source={str(film)!r}, loop=True)
                told = lambda events: print("told", flush=True)
                node = CameraNode([camera], plugins, told, Path("evidence"), deadly.clock, 1)
                node.run(threading.Event())
        """)
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, cwd=tmp_path, env=environment) as node:
        assert node.stdout is not None
        assert node.stdout.readline() == b"told\n"
        workers = [pid for pid in descendants(node.pid) if b"spawn_main" in command(pid)]
        node.kill()
    assert len(workers) == 1
    deadline_s = time.monotonic() + 5
    while any(command(pid) for pid in workers) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not any(command(pid) for pid in workers)


def test_refuses_two_cameras_of_one_name_and_too_many(desk: Desk, tmp_path: Path) -> None:
    def made(ids: Sequence[str]) -> CameraNode:
        cameras = [CameraSettings(camera=id, source="a.mp4") for id in ids]
        return CameraNode(cameras, PLUGINS, desk.deliver, tmp_path, deadly.clock, 1)

    with pytest.raises(InputError, match="each id once"):
        made(["A", "B", "A"])
    with pytest.raises(InputError, match=str(CAMERAS_MAX)):
        made([str(n) for n in range(CAMERAS_MAX + 1)])


def alerts_of(records: list[Record | None]) -> list[str]:
    return [record.kind for record in records if isinstance(record, AlertRaised)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found
