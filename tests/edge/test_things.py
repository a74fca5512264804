"""What came and rests, what its pixels say of it, and the limits of what is remembered."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from saqta.edge.arrays import Gray, gray
from saqta.edge.frames import Planes
from saqta.edge.keeping import stills
from saqta.edge.keeping.evidence import Ring, Still
from saqta.edge.keeping.stills import Stills
from saqta.edge.left import alive, finding
from saqta.edge.left.clear import GAIN_MAX, Clear
from saqta.edge.left.finding import Things
from saqta.edge.left.owners import is_attended, unattended_since_s
from saqta.edge.left.resting import REGIONS_MAX, STILL_S, VOTES_S, Region
from saqta.edge.left.resting import Still as Memories
from saqta.edge.left.thing import Thing
from saqta.edge.left.verdict import Verdict, weigh
from saqta.edge.tracking import ways
from saqta.edge.tracking.tracks import Detection, Track
from saqta.edge.tracking.ways import POINTS_MAX, WAYS_MAX, Ways
from saqta.model.kinds import AlertRaised, ObjectStateChanged
from saqta.model.terms import ObjectState

STEP_S = 0.2
HEIGHT, WIDTH = 180, 320
RNG = np.random.default_rng(4)
GROUND: Gray = np.kron(RNG.integers(90, 150, (18, 32)), np.ones((10, 10))).astype(np.uint8)
THRESHOLD: Gray = np.full((HEIGHT, WIDTH), 14, np.uint8)
BOX = np.s_[100:116, 150:166]


NOISE = RNG.normal(0, 1.5, (9, HEIGHT, WIDTH)).round().astype(np.int16)


def noisy(picture: Gray) -> Gray:
    return np.clip(picture + NOISE[RNG.integers(9)], 0, 255).astype(np.uint8)


def with_box(shade: int = 20, where: tuple[slice, slice] = BOX) -> Gray:
    picture = GROUND.copy()
    picture[where] = shade
    return picture


class Scene:
    """A picture after the other, shown to the two memories."""

    def __init__(self, first: Gray = GROUND) -> None:
        self.still, self.at_s = Memories(noisy(first), THRESHOLD, 0.0), 0.0

    def show(self, seconds: float, picture: Callable[[float], Gray]) -> "Scene":
        for _ in range(round(seconds / STEP_S)):
            self.at_s += STEP_S
            self.still.step(noisy(picture(self.at_s)), self.at_s, STEP_S)
        return self

    def regions(self) -> list[tuple[int, int, int, int]]:
        return [region.bounds for region in self.still.regions(THRESHOLD, self.at_s, STEP_S)]


def test_what_came_and_rests_is_a_region_since_it_came() -> None:
    scene = Scene().show(4, lambda at_s: GROUND).show(VOTES_S + STILL_S + 1, lambda at_s: with_box())
    (region,) = scene.still.regions(THRESHOLD, scene.at_s, STEP_S)
    x0, y0, x1, y1 = region.bounds
    assert (abs(x0 - 150), abs(y0 - 100), abs(x1 - 166), abs(y1 - 116)) <= (1, 1, 1, 1)
    assert region.since_s == pytest.approx(4.2, abs=0.3)


def body(at_s: float) -> Gray:
    """Somebody who stands, and sways by two pixels every four seconds."""
    x = 150 + 2 * (int(at_s / 4) % 2)
    picture = with_box(20, np.s_[100:140, x : x + 12])
    picture[110:124, x + 3 : x + 9] = 70
    return picture


def shaken(at_s: float, picture: Gray | None = None) -> Gray:
    """The box, or another picture, seen by a camera that moves by a pixel every four seconds."""
    return np.asarray(np.roll(with_box() if picture is None else picture, int(at_s / 4) % 2, axis=1), np.uint8)


def alone(_: float) -> Gray:
    return with_box()


@pytest.mark.parametrize(("picture", "stirs"), [(body, True), (alone, False), (shaken, False)])
def test_somebody_stirs_and_a_thing_does_not_though_the_camera_shakes(
    picture: Callable[[float], Gray], stirs: bool
) -> None:
    scene = Scene().show(4, lambda at_s: shaken(at_s, GROUND) if picture is shaken else GROUND)
    for _ in range(20):
        regions = scene.show(1, picture).still.regions(THRESHOLD, scene.at_s, STEP_S)
    assert alive.has_rested(regions[0], scene.at_s)
    assert alive.stirs(scene.still, regions[0], scene.at_s) is stirs


@pytest.mark.parametrize("shift_px", [(0.6, -0.4), (-1.2, 0.7)])
def test_steadies_a_camera_that_trembles_though_somebody_is_before_its_edges(shift_px: tuple[float, float]) -> None:
    moved = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]], np.float32)
    scene = noisy(cv2.GaussianBlur(GROUND, (3, 3), 0))
    seen = gray(cv2.warpAffine(scene, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))
    seen[40:140, 60:100] = 20
    steady = Clear(scene, 0.0).seen(seen, scene, 0.2)
    inside = np.s_[20:160, 120:300]
    off, was_off = (int((np.abs(one[inside].astype(int) - scene[inside]) > 11).sum()) for one in (steady, seen))
    assert off < 0.3 * was_off


def test_a_camera_that_was_moved_is_left_as_it_is_seen() -> None:
    scene = noisy(cv2.GaussianBlur(GROUND, (3, 3), 0))
    for across_px in (2.2, 3.0, 4.0):
        moved = np.array([[1, 0, across_px], [0, 1, 0]], np.float32)
        seen = gray(cv2.warpAffine(scene, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))
        assert (Clear(scene, 0.0).seen(seen, scene, 0.2) == seen).all()


def test_shows_a_dark_scene_brighter_and_a_bright_one_as_it_is() -> None:
    dark = Clear(np.asarray(GROUND // 5, np.uint8), 0.0)
    assert dark.gain == GAIN_MAX
    assert dark.lit(np.full((2, 2), 20, np.uint8)).tolist() == [[50, 50], [50, 50]]
    assert dark.threshold(np.array([[14, 20, 200]], np.uint8)).tolist() == [[14, 50, 255]]
    assert Clear(GROUND, 0.0).gain == 1.0
    lamps = np.asarray(GROUND // 3, np.uint8)
    lamps[:, :40] = 240
    assert Clear(lamps, 0.0).gain == 1.0


def test_who_walks_by_does_not_count() -> None:
    def passing(at_s: float) -> Gray:
        return with_box(200, np.s_[60:140, 140:180]) if at_s % 2 < 0.7 else with_box()

    scene = Scene().show(4, lambda at_s: GROUND).show(9, passing)
    assert len(scene.regions()) == 1


def test_what_came_stays_foreign_for_however_long() -> None:
    scene = Scene().show(4, lambda at_s: GROUND)
    for _ in range(60):
        scene.show(2, lambda at_s: with_box())
        found = scene.regions()
    assert len(found) == 1


def test_light_that_changes_slowly_becomes_usual() -> None:
    scene = Scene()
    for step in range(60):
        scene.show(1, lambda at_s, step=step: GROUND + np.uint8(step // 2))
        assert scene.regions() == []


def test_only_the_largest_regions_are_looked_at() -> None:
    crowded = GROUND.copy()
    for number in range(REGIONS_MAX + 8):
        y, x = 8 + 30 * (number // 6), 10 + 50 * (number % 6)
        crowded[y : y + 8 + number // 6, x : x + 8] = 10
    scene = Scene().show(2, lambda at_s: GROUND).show(6, lambda at_s: crowded)
    assert len(scene.regions()) == REGIONS_MAX


@pytest.mark.parametrize(
    ("there", "usual", "verdict"),
    [
        (with_box(), GROUND, Verdict.THING),
        (with_box(220), GROUND, Verdict.THING),
        (GROUND, with_box(), Verdict.GHOST),
        (with_box(180), with_box(30), Verdict.FAINT),
    ],
)
def test_tells_a_thing_from_a_ghost_and_from_another_picture(there: Gray, usual: Gray, verdict: Verdict) -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[BOX] = True
    assert weigh(noisy(there), noisy(usual), mask).verdict is verdict


def test_a_patch_of_light_is_no_thing() -> None:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    glow = np.exp(-((rows - 108.0) ** 2 + (columns - 158.0) ** 2) / 300)
    lit = np.clip(GROUND * (1 + 0.7 * glow), 0, 255).astype(np.uint8)
    mask = lit.astype(int) - GROUND > 14
    assert weigh(noisy(lit), noisy(GROUND), mask).verdict is not Verdict.THING


def walker(number: int, at_s: float) -> Track:
    x = 10.0 + 5 * at_s
    return Track(number, Detection((x, 60.0, x + 12, 100.0), 300, True), at_s)


def test_remembers_a_bounded_number_of_ways_with_a_bounded_number_of_points() -> None:
    known = Ways((WIDTH, HEIGHT))
    for number in range(WAYS_MAX + 20):
        known.step([walker(number, number * 0.2)], number * 0.2)
    assert len(known.all()) == WAYS_MAX
    for step in range(3 * POINTS_MAX):
        known.step([walker(9999, 30 + 0.2 * step)], 30 + 0.2 * step)
    way = known.of(9999)
    assert way is not None
    assert POINTS_MAX / 2 <= len(way.points) <= POINTS_MAX
    known.step([], 30 + ways.REMEMBERED_S + 200)
    assert list(known.all()) == []


def test_knows_a_bounded_number_of_things() -> None:
    found = Things((WIDTH, HEIGHT))
    found.start(GROUND, THRESHOLD, 0.0)
    picture = GROUND
    for number in range(finding.THINGS_MAX + 6):
        y, x = 12 + 28 * (number // 6), 12 + 52 * (number % 6)
        picture = picture.copy()
        picture[y : y + 10, x : x + 10] = 10
        for step in range(50):
            found.step(noisy(picture), 255.0, THRESHOLD, (), 10 * number + STEP_S * step + STEP_S, STEP_S)
    assert len(found.all) == finding.THINGS_MAX
    assert len({thing.number for thing in found.all}) == finding.THINGS_MAX


def test_remembers_a_bounded_number_of_those_who_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "BODIES_MAX", 2)
    found = Things((WIDTH, HEIGHT))
    found.start(GROUND, THRESHOLD, 0.0)
    picture, at_s = GROUND, 0.0
    for number in range(4):
        x = 60.0 + 60 * number
        picture = picture.copy()
        picture[76:100, round(x) : round(x) + 12] = 10
        came = Track(number, Detection((x - 55, 76.0, x - 43, 100.0), 200, True), at_s)
        for step in range(50):
            at_s += STEP_S
            came.predict(at_s)
            left = min(x, x - 55 + 8 * step)
            came.observe(Detection((left, 76.0, left + 12, 100.0), 200, True), (WIDTH, HEIGHT))
            found.step(noisy(picture), 255.0, THRESHOLD, [came] if step < 10 else [], at_s, STEP_S)
        assert len(found.bodies) == min(number + 1, 2)
    assert found.all == []


def changed(number: int, state: ObjectState = ObjectState.ATTENDED) -> ObjectStateChanged:
    box = (0.1, 0.1, 0.2, 0.2)
    return ObjectStateChanged(camera="C1", object=str(number), state=state, box=box, at_s=9.0, put_down_s=6.0)


def blank(at_s: float) -> Still:
    gray = np.full((48, 64), 90, np.uint8)
    return Still(at_s, Planes(gray, gray[::2, ::2].copy(), gray[::2, ::2].copy()))


def test_three_stills_show_what_became_of_a_thing() -> None:
    ring, aside = Ring(5.0, 5.0), Stills()
    for at_s in range(10):
        ring.add(blank(float(at_s)))
    for number in range(stills.THINGS_MAX + 1):
        aside.changed(changed(number), ring)
    alert = AlertRaised(kind="abandoned_object", camera="C1", object=str(stills.THINGS_MAX))
    cuts = [*aside.expect(alert, "/cameras/C1#1", blank(70.0)), *aside.due(blank(70.0), {alert.object or ""})]
    assert [(cut.shows, cut.stills[0].at_s) for cut in cuts] == [("before", 4.0), ("drop", 6.0), ("now", 70.0)]
    assert not aside.waits
    assert aside.expect(AlertRaised(kind="abandoned_object", object="0"), "/cameras/C1#2", blank(70.0)) == []
    aside.changed(changed(stills.THINGS_MAX, ObjectState.REMOVED), ring)
    assert aside.expect(alert, "/cameras/C1#3", blank(71.0)) == []


def test_waits_a_while_until_nobody_is_before_the_thing() -> None:
    ring, aside = Ring(5.0, 5.0), Stills()
    ring.add(blank(73.0))
    hurried: list[str] = []
    for number in range(stills.THINGS_MAX + 2):
        alert = AlertRaised(kind="abandoned_object", object=str(number))
        hurried += [cut.alert for cut in aside.expect(alert, f"/cameras/C1#{number}", blank(70.0))]
    assert hurried == ["/cameras/C1#0", "/cameras/C1#1"]
    assert aside.due(blank(70.2), ()) == []
    assert [cut.alert for cut in aside.due(blank(70.4), {"0", "5"})] == ["/cameras/C1#5"]
    assert len(aside.due(blank(73.0), ())) == stills.THINGS_MAX - 1
    assert not aside.waits
    aside.expect(alert, "/cameras/C1#99", blank(73.2))
    assert [cut.shows for cut in aside.rest(ring)] == ["now"]
    assert not aside.waits


def standing(number: int, at_s: float, x: float = 170.0) -> Track:
    return Track(number, Detection((x, 76.0, x + 14, 116.0), 400, True), at_s)


def left_alone() -> Thing:
    """A box that was put down at 10 s, and nobody was seen to bring it."""
    still = Memories(noisy(with_box()), THRESHOLD, 10.0)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[BOX] = True
    region = Region((150, 100, 166, 116), (slice(0, HEIGHT), slice(0, WIDTH)), mask, 10.0)
    evidence = weigh(still.held, GROUND, mask)
    return Thing.found(1, region, still.held, GROUND, evidence, None, 40.0, 16.0)


@pytest.mark.parametrize(("from_s", "attends"), [(9.0, True), (30.0, False)])
def test_who_stops_by_a_thing_later_does_not_attend_it(from_s: float, attends: bool) -> None:
    known = Ways((WIDTH, HEIGHT))
    thing = left_alone()
    for step in range(150):
        at_s = from_s + STEP_S * step
        track = standing(7, at_s, max(170.0, 300.0 - 100.0 * STEP_S * step))
        known.step([track], at_s)
    assert is_attended(thing, known, [track], at_s) is attends


@pytest.mark.parametrize(("from_s", "since_s"), [(9.0, 14.2), (30.0, 10.0)])
def test_who_passes_a_thing_that_nobody_brought_does_not_stop_its_clock(from_s: float, since_s: float) -> None:
    known = Ways((WIDTH, HEIGHT))
    for step in range(60):
        at_s = from_s + STEP_S * step
        known.step([standing(7, at_s, 100.0 + 20.0 * STEP_S * step)], at_s)
    assert unattended_since_s(left_alone(), known) == pytest.approx(since_s, abs=1.0)


@pytest.mark.parametrize(("x", "gone"), [(2.0, True), (60.0, False)])
def test_who_ends_at_the_pictures_edge_has_left_what_lies_beside_it(x: float, gone: bool) -> None:
    known = Ways((WIDTH, HEIGHT))
    for step in range(25):
        at_s = STEP_S * step
        known.step([standing(7, at_s, max(x, 40.0 - 20.0 * max(0.0, at_s - 2.0)))], at_s)
    known.step([], at_s + 2.0)
    assert known.some_left((44.0, 100.0, 60.0, 116.0), 1.0, 40.0) is gone
