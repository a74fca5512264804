"""What the camera node keeps of what it saw, and what it tells where it can't."""

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from edge.rendered import FPS, access_units, encode, scene
from edge.rtsp_server import RtspServer
from edge.running import EAGER, WAIT_S, WALK, YARD, Desk, Running, children, command, descendants, has
from edge.telling import ALERTS
from intake.listening import until
from saqta.edge.keeping.originals import open_sealed
from saqta.edge.keeping.sealing import make_keys, private_key
from saqta.edge.settings import CameraSettings
from saqta.model.catalogue import TYPE_OF
from saqta.model.kinds import (
    AlertRaised,
    CameraConnected,
    CameraLost,
    EvidenceKept,
    EvidenceLost,
)
from saqta.model.terms import EVIDENCE_SUFFIX


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
