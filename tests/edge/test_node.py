"""The camera node with real processes: what its cameras see is told, in order and to the end."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edge import deadly, seeing
from edge.rendered import FPS, encode, scene
from edge.running import EAGER, PLUGINS, WALK, YARD, Desk, Running, alerts_of, command, descendants, has
from edge.telling import ALERTS
from saqta.edge import node as node_module
from saqta.edge.node import CAMERAS_MAX, CameraNode
from saqta.edge.settings import CameraSettings
from saqta.edge.worker import Said
from saqta.model.errors import InputError, StorageError
from saqta.model.event import Event
from saqta.model.kinds import (
    AlertRaised,
    CameraConnected,
    CameraLost,
    EvidenceKept,
    EvidenceLost,
    LineCounted,
    Record,
)


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


def test_one_model_looks_at_the_cameras_of_a_worker(start: Callable[..., Running], desk: Desk, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", scene(WALK, 12))
    model = str(seeing.yolox(tmp_path / "seer.onnx", batch="n"))
    start([CameraSettings(camera=name, source=str(film), model=model, **YARD) for name in ("C1", "C2")])
    for name in ("C1", "C2"):
        alerts = [one for one in desk.wait_for(name, has(AlertRaised)) if isinstance(one, AlertRaised)]
        assert {alert.model.partition("@")[0] for alert in alerts if alert.model} == {"seer"}


def test_refuses_two_cameras_of_one_name_and_too_many(desk: Desk, tmp_path: Path) -> None:
    def made(ids: Sequence[str]) -> CameraNode:
        cameras = [CameraSettings(camera=id, source="a.mp4") for id in ids]
        return CameraNode(cameras, PLUGINS, desk.deliver, tmp_path, deadly.clock, 1)

    with pytest.raises(InputError, match="each id once"):
        made(["A", "B", "A"])
    with pytest.raises(InputError, match=str(CAMERAS_MAX)):
        made([str(n) for n in range(CAMERAS_MAX + 1)])
