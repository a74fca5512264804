"""Cameras that do not see: told within seconds, with reasons, and nothing else is told until they see again."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.damaged import (
    Damage,
    covered,
    damaged,
    defocused,
    exposed,
    frozen,
    half_covered,
    passed_by,
    rained_on,
    shaken,
    sprayed,
    turned,
)
from edge.rendered import HEIGHT, WIDTH, Picture, Walker, encode, scene
from saqta import registry
from saqta.edge.analysis import Analyser
from saqta.edge.frames import FrameReader
from saqta.edge.plugins import Plugins
from saqta.edge.session import Session
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file
from saqta.edge.watch import watch
from saqta.model import catalogue
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised, CameraConnected, CameraSightChanged, LineCounted, Record

PLUGINS = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS, registry.GUARDS)
CLIPS = Path(__file__).resolve().parents[3] / "shared/data/video"
DAMAGED_S, TOLD_S = 9.0, 5.0
WALKERS = [Walker((-0.1, 0.9), (1.1, 0.9), from_s, from_s + 7) for from_s in range(0, 40, 8)]
"""Somebody walks by every 8 s."""


def street(seconds: float) -> Iterator[Picture]:
    """A rendered scene before a house whose windows have sharp edges."""
    for picture in scene(WALKERS, seconds):
        for x in range(8, WIDTH, 24):
            for y in range(8, HEIGHT // 2, 30):
                picture[y : y + 16, x : x + 10] //= 2
        yield picture


def told(pictures: Iterable[Picture], path: Path, **settings: Any) -> list[Record]:
    """What ``watch`` tells of pictures that are encoded first."""
    events: list[Event] = []
    encode(path, pictures)
    watch(CameraSettings(camera="C1", source=str(path), **settings), PLUGINS, events.append, lambda: 0)
    return [record for event in events if (record := catalogue.read(event)) is not None]


def alerts(records: Iterable[Record]) -> list[AlertRaised]:
    return [record for record in records if isinstance(record, AlertRaised)]


@pytest.mark.parametrize(
    ("kind", "damage", "words"),
    [
        ("camera_blind", covered, "covered"),
        ("camera_blind", half_covered, "covered"),
        ("camera_blind", sprayed, "covered"),
        ("camera_blind", defocused, "out of focus"),
        ("camera_blind", exposed(0.05), "dark"),
        ("camera_blind", exposed(1.5, 180), "flooded with light"),
        ("camera_moved", turned(0.05, 0.04), "shifted by 5% to the right, shifted by 3% down"),
        ("camera_moved", turned(-0.25, 0.0), "shifted by 25% to the left"),
        ("camera_moved", turned(0.0, 0.0, degrees=8), "turned by 8°"),
        ("camera_moved", turned(0.0, 0.0, zoom=1.3), "zoomed 1.3"),
        ("camera_frozen", frozen(), "the same picture again and again"),
    ],
    ids=[
        "covered",
        "half covered",
        "sprayed",
        "defocused",
        "dark",
        "flooded",
        "nudged",
        "shifted",
        "turned",
        "zoomed",
        "frozen",
    ],
)
def test_tells_once_within_seconds_why_a_camera_does_not_see(
    tmp_path: Path, kind: str, damage: Damage, words: str
) -> None:
    records = told(damaged(street(18), damage, DAMAGED_S), tmp_path / "a.mp4")
    (alert,) = alerts(records)
    assert alert.kind == kind
    assert alert.at_s is not None
    assert 0 < alert.at_s - DAMAGED_S <= TOLD_S
    assert words in alert.reasons[0]
    assert alert.confidence is not None
    assert alert.confidence >= 0.5
    (changed,) = [record for record in records if isinstance(record, CameraSightChanged)]
    assert (changed.camera, changed.fault, changed.reason) == ("C1", kind, alert.reasons[0])


@pytest.mark.parametrize(
    "damage", [covered, defocused, turned(0.08, 0.0), frozen()], ids=["covered", "defocused", "moved", "frozen"]
)
def test_counts_and_alerts_of_others_stop_meanwhile_and_go_on_by_themselves(tmp_path: Path, damage: Damage) -> None:
    yard = ((0.3, 0.5), (0.7, 0.5), (0.7, 1.0), (0.3, 1.0))
    records = told(
        damaged(street(34), damage, DAMAGED_S, until_s=23.5),
        tmp_path / "a.mp4",
        lines={"middle": (0.5, 0.0, 0.5, 1.0)},
        zones={"yard": yard},
        restricted=("yard",),
        intrusion_after_s=1.5,
    )
    (began, ended) = [record for record in records if isinstance(record, CameraSightChanged)]
    assert [alert.kind for alert in alerts(records)] == ["intrusion", began.fault, "intrusion"]
    assert ended.fault is None
    assert ended.at_s is not None
    assert 0 < ended.at_s - 23.5 <= 3
    (counted,) = [record for record in records if isinstance(record, LineCounted)]
    assert counted.backward == {"person": 2}


@pytest.mark.parametrize(
    "damage",
    [
        exposed(1.0),
        exposed(0.35),
        exposed(1.3, 20),
        shaken(0.012),
        passed_by(),
        rained_on,
    ],
    ids=["nothing", "lamps off", "sun out", "wind", "bus", "rain"],
)
def test_what_happens_on_a_street_is_no_fault(tmp_path: Path, damage: Damage) -> None:
    records = told(damaged(street(22), damage, DAMAGED_S, until_s=18.0), tmp_path / "a.mp4")
    assert alerts(records) == []
    assert not [record for record in records if isinstance(record, CameraSightChanged)]


def test_a_night_of_noise_is_no_fault_but_a_cover_in_it_is(tmp_path: Path) -> None:
    def night(pictures: Iterable[Picture]) -> Iterator[Picture]:
        rng = np.random.default_rng(4)
        for picture in pictures:
            yield np.clip(picture * 0.2 + rng.normal(4, 4, picture.shape), 0, 255).astype(np.uint8)

    assert alerts(told(night(street(16)), tmp_path / "night.mp4")) == []
    (alert,) = alerts(told(night(damaged(street(16), covered, DAMAGED_S)), tmp_path / "covered.mp4"))
    assert alert.kind == "camera_blind"


def test_a_drawn_scene_that_stands_still_is_not_frozen(tmp_path: Path) -> None:
    """No sensor trembles in it: that nothing moves says nothing."""
    ground = next(scene([], 1))
    walks = [Walker((-0.1, 0.9), (1.1, 0.9), 1, 8)]

    def drawn() -> Iterator[Picture]:
        for number in range(250):
            picture = ground.copy()
            box = walks[0].box(number / 10)
            if box is not None:
                picture[max(0, box[1]) : box[3], max(0, box[0]) : max(0, box[2])] = 20
            yield picture

    assert alerts(told(drawn(), tmp_path / "a.mp4")) == []


def test_who_walks_before_a_wall_without_outlines_does_not_turn_the_camera(tmp_path: Path) -> None:
    def wall() -> Iterator[Picture]:
        for number in range(220):
            picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
            for walker in WALKERS[1:]:
                box = walker.box(number / 10)
                if box is not None:
                    picture[max(0, box[1]) : box[3], max(0, box[0]) : max(0, box[2])] = 20
            picture[180:200, 170:190] = 40 if number > 100 else 128
            yield picture

    assert [alert.kind for alert in alerts(told(wall(), tmp_path / "a.mp4"))] == []


def test_a_picture_that_shows_nothing_from_the_start_is_told(tmp_path: Path) -> None:
    records = told(damaged(street(22), covered, 0, until_s=15), tmp_path / "a.mp4")
    (alert,) = alerts(records)
    assert alert.kind == "camera_blind"
    assert "nothing can be told apart" in alert.reasons[0]
    assert [record.fault for record in records if isinstance(record, CameraSightChanged)] == ["camera_blind", None]


def test_a_short_loss_is_no_fault(tmp_path: Path) -> None:
    assert alerts(told(damaged(street(14), covered, DAMAGED_S, until_s=11.0), tmp_path / "a.mp4")) == []


def test_a_camera_that_comes_again_still_blind_says_so_once_more(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", damaged(street(16), covered, DAMAGED_S))
    settings = CameraSettings(camera="C1", source=str(path))
    analyser = Analyser(settings, {}, guards=registry.GUARDS)
    events: list[Event] = []
    for start_s in (0.0, 12.0):
        reader = FrameReader(open_file(str(path)), str(path), 5.0)
        session = Session(settings, PLUGINS, lambda: 0, events.extend, analyser=analyser)
        session.connected(WIDTH, HEIGHT, 10.0)
        for frame in reader:
            if frame.at_s >= start_s:
                session.step(frame)
        reader.close()
        session.close()
    records = [catalogue.read(event) for event in events]
    assert [type(record) for record in records] == [
        CameraConnected,
        AlertRaised,
        CameraSightChanged,
        CameraConnected,
        CameraSightChanged,
    ]
    assert events[2].cause == events[1].key


def test_a_new_view_that_is_meant_is_learned_and_others_work_in_it(tmp_path: Path) -> None:
    film = encode(tmp_path / "a.mp4", damaged(street(40), turned(0.08, 0.0), DAMAGED_S))
    settings = CameraSettings(camera="C1", source=str(film), lines={"middle": (0.5, 0.0, 0.5, 1.0)})
    analyser = Analyser(settings, registry.DETECTORS, guards=registry.GUARDS)
    reader = FrameReader(open_file(str(film)), str(film), 5.0)
    accepted_s, told, crossed_s = 15.0, [], []
    for frame in reader:
        if frame.at_s >= accepted_s:
            analyser.hear((), 1)
        findings = analyser.step(frame)
        told += [record for record in findings.records if isinstance(record, CameraSightChanged)]
        crossed_s += [crossing.at_s for crossing in findings.crossings]
    reader.close()
    assert [(one.fault, one.at_s == pytest.approx(accepted_s, abs=0.3)) for one in told] == [
        ("camera_moved", False),
        (None, True),
    ]
    assert [at_s > accepted_s for at_s in crossed_s] == [False, True, True, True]


@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/data/video is absent: nothing real to look at")
@pytest.mark.parametrize("clip", ["car-detection.mp4", "ahmetozlu_input.mp4", "bgs_video02.avi", "bgs_video03.avi"])
def test_real_clips_are_seen(clip: str) -> None:
    summary = watch(CameraSettings(camera="C1", source=str(CLIPS / clip)), PLUGINS, lambda _: None, lambda: 0)
    assert summary.alerts == {}
