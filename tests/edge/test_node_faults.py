"""What becomes of the camera node when its streams, its workers or itself break down."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.rendered import access_units, encode, scene
from edge.rtsp_server import RtspServer
from edge.running import WALK, Desk, Running, alerts_of, children, command, descendants, has
from saqta.edge.node import HANG_S, STRIKES_MAX
from saqta.edge.settings import CameraSettings
from saqta.model.kinds import (
    AlertRaised,
    CameraConnected,
    CameraLost,
    CameraQuarantined,
    EvidenceKept,
)


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
