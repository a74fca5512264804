"""Things left behind: what becomes of them is told state by state, and only what was left for too long is an alert."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from saqta.edge.analysis import Analyser
from saqta.edge.detectors.abandoned import abandoned
from saqta.edge.frames import Frame
from saqta.edge.settings import CameraSettings
from saqta.model.kinds import PATH_POINTS_MAX, AlertRaised, Box, ObjectStateChanged, Record
from saqta.simulate.left import scenes
from saqta.simulate.left.places import Luma
from saqta.simulate.left.scenes import LeftScene

AFTER_S = 8.0
FLOOR = {"zones": {"floor": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))}}


def scene(story: str, seed: int = 18) -> LeftScene:
    """A story in a place of a seed, in clear weather, with nobody else there."""
    told = scenes.scene(seed, story)
    return told._replace(weather=frozenset())


def analyser(**settings: object) -> Analyser:
    camera = CameraSettings(camera="C1", source="a.mp4", **{"abandoned_after_s": AFTER_S} | settings)
    return Analyser(camera, {"abandoned": abandoned})


def watched(told: LeftScene, by: Analyser | None = None, from_s: float = 0.0) -> list[Record]:
    by = by or analyser()
    records: list[Record] = []
    for number, (at_s, frame) in enumerate(told.frames()):
        if at_s >= from_s:
            records += by.step(Frame(frame, at_s - from_s, at_s == from_s or number == 0)).records
    return records


def states(records: Sequence[Record]) -> list[str]:
    return [record.state.value for record in records if isinstance(record, ObjectStateChanged)]


def alerts(records: Sequence[Record]) -> list[AlertRaised]:
    return [record for record in records if isinstance(record, AlertRaised)]


def overlap(one: Box, other: Box) -> float:
    width, height = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    both = max(0.0, width) * max(0.0, height)
    return both / (sum(areas) - both)


def test_a_bag_that_its_owner_leaves_is_abandoned_once() -> None:
    told = scene("left")
    truth = told.plot.left[0]
    records = watched(told)
    assert states(records)[-2:] == ["unattended", "abandoned"]
    (alert,) = alerts(records)
    assert (alert.kind, alert.camera, alert.state) == ("abandoned_object", "C1", "abandoned")
    assert alert.box is not None
    assert overlap(alert.box, truth.box) > 0.5
    assert truth.left_s is not None
    assert alert.put_down_s == pytest.approx(truth.put_down_s, abs=1.0)
    assert alert.left_s == pytest.approx(truth.left_s, abs=1.5)
    assert alert.at_s == pytest.approx(alert.left_s + AFTER_S, abs=0.3)
    assert alert.track is not None
    assert 2 <= len(alert.path) <= PATH_POINTS_MAX
    assert [moment for _, _, moment in alert.path] == sorted(moment for _, _, moment in alert.path)
    assert f"put down at {alert.put_down_s:.1f} s by track {alert.track}" in alert.reasons
    assert alert.confidence is not None
    assert alert.confidence > 0.5


def test_who_stays_with_their_bag_raises_nothing() -> None:
    records = watched(scene("attended"))
    assert alerts(records) == []
    assert "abandoned" not in states(records)


@pytest.mark.parametrize("seed", [2005, 2028])
def test_who_is_not_seen_to_go_away_attends_though_their_track_and_the_thing_are_one(seed: int) -> None:
    told = scenes.scene(seed, "attended")
    assert alerts(watched(told, analyser(abandoned_after_s=told.plot.abandoned_after_s))) == []


def test_what_went_with_its_owner_is_no_part_of_the_thing() -> None:
    told = scenes.scene(2090, "left_after_a_while")
    (truth,) = told.plot.left
    (alert,) = alerts(watched(told, analyser(abandoned_after_s=told.plot.abandoned_after_s)))
    assert alert.box is not None
    assert overlap(alert.box, truth.box) > 0.6


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(6020, id="a light that makes it too bright to be told"),
        pytest.param(6091, id="clouds and leaves"),
        pytest.param(6121, id="a track that stays with the thing"),
        pytest.param(10138, id="a cloud that comes in when it does"),
        pytest.param(21, id="leaves that tremble beside it"),
        pytest.param(12133, id="a camera that shakes at night"),
    ],
)
def test_tells_it_when_it_is_due(seed: int) -> None:
    told = scenes.scene(seed)
    (truth,) = told.plot.left
    (alert,) = alerts(watched(told, analyser(abandoned_after_s=told.plot.abandoned_after_s)))
    assert truth.abandoned_s is not None
    assert alert.at_s == pytest.approx(truth.abandoned_s, abs=5.0)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(6034, id="who sits while others pass"),
        pytest.param(10087, id="who stands where another one was"),
        pytest.param(10183, id="who stays while their track goes on with a passer-by"),
        pytest.param(10159, id="who stays with their bag for so long that they become part of the scene"),
    ],
)
def test_who_stays_is_no_thing_and_leaves_none(seed: int) -> None:
    told = scenes.scene(seed)
    assert alerts(watched(told, analyser(abandoned_after_s=told.plot.abandoned_after_s))) == []


@pytest.mark.parametrize("story", ["ghost", "stands", "sits", "crowd", "parked", "train", "nothing"])
def test_nothing_was_left(story: str) -> None:
    assert alerts(watched(scene(story))) == []


def test_says_who_took_it() -> None:
    records = watched(scene("taken"), analyser(abandoned_after_s=4.0))
    assert len(alerts(records)) == 1
    assert states(records)[-1] == "reclaimed"
    last = records[-1]
    assert isinstance(last, ObjectStateChanged)
    assert last.reasons[0].startswith("somebody else, track ")


def test_a_zone_has_seconds_of_its_own() -> None:
    told = scene("left")
    (never,) = (alerts(watched(told, analyser(**FLOOR, abandoned_zones={"floor": "never"}))),)
    assert never == []
    (sooner,) = alerts(watched(told, analyser(**FLOOR, abandoned_after_s=60.0, abandoned_zones={"floor": 3.0})))
    assert sooner.zone == "floor"
    assert sooner.at_s is not None
    assert sooner.left_s is not None
    assert sooner.at_s - sooner.left_s == pytest.approx(3.0, abs=2.5)
    assert "in the zone 'floor'" in sooner.reasons[0]


def test_nothing_may_stand_in_a_zone_that_is_kept_clear() -> None:
    (alert,) = alerts(watched(scene("left"), analyser(**FLOOR, keep_clear=("floor",))))
    assert alert.left_s is not None
    assert alert.at_s == pytest.approx(alert.left_s, abs=2.5)


def test_what_an_operator_said_belongs_there_is_a_fixture() -> None:
    told = scene("left")
    known = watched(told, analyser(fixtures=(told.plot.left[0].box,)))
    assert states(known)[-1] == "fixture"
    assert alerts(known) == []


def test_a_stream_that_comes_back_goes_on_with_what_it_knew() -> None:
    told = scene("left")
    frames = [(at_s, frame) for at_s, frame in told.frames()]
    truth = told.plot.left[0]
    assert truth.left_s is not None
    by, records = analyser(), []
    for at_s, frame in frames:
        again = truth.left_s + 4.0 <= at_s
        begins = (not again and at_s == 0.0) or (again and at_s - 0.2 < truth.left_s + 4.0)
        records += by.step(Frame(frame, at_s - (truth.left_s + 4.0 if again else 0.0), begins)).records
    assert len(alerts(records)) == 1
    assert len({record.object for record in records if isinstance(record, ObjectStateChanged)}) == 1


def test_light_switched_on_changes_nothing() -> None:
    told = scene("left")
    truth = told.plot.left[0]
    assert truth.left_s is not None
    brighter = cv2.GaussianBlur(np.pad(np.full((120, 200), 1.5, np.float32), 120, constant_values=1.0), (0, 0), 25)
    by, records = analyser(), []
    for at_s, picture in told.pictures():
        lit = lamp(picture, brighter) if at_s > truth.left_s + 3.0 else picture
        records += by.step(Frame(scenes.as_frame(lit), at_s, at_s == 0.0)).records
    (alert,) = alerts(records)
    assert alert.box is not None
    assert overlap(alert.box, truth.box) > 0.5


def lamp(picture: Luma, gain: NDArray[np.float32]) -> Luma:
    height, width = picture.shape
    return np.clip(
        picture * gain[:height, :width] if gain.shape[1] >= width else picture * cv2.resize(gain, (width, height)),
        0,
        255,
    ).astype(np.uint8)
