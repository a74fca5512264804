"""The empty scene: what differs from it, through changing light, and what it takes in."""

import numpy as np

from saqta.edge.arrays import Gray
from saqta.edge.picture.background import LOST_S, Background
from saqta.edge.picture.ghosts import GhostFinder
from saqta.edge.picture.segment import BLOBS_MAX, find_blobs

STEP_S = 0.2
RNG = np.random.default_rng(3)
GROUND = np.kron(RNG.integers(60, 180, (18, 32)), np.ones((10, 10))).astype(np.float32)
NOTHING: Gray = np.zeros(GROUND.shape, np.uint8)


def seen(gain: float = 1.0, offset: float = 0.0, box: tuple[int, int, int, int] | None = None, shade: int = 20) -> Gray:
    picture = GROUND * gain + offset + RNG.normal(0, 1.5, GROUND.shape)
    if box is not None:
        x0, y0, x1, y1 = box
        picture[y0:y1, x0:x1] = shade
    return np.clip(picture, 0, 255).astype(np.uint8)


def learned(seconds: float = 4.0, box: tuple[int, int, int, int] | None = None) -> Background:
    background = Background(seen(box=box))
    for _ in range(round(seconds / STEP_S)):
        picture = seen(box=box)
        background.learn(picture, background.compare(picture, STEP_S).differs, NOTHING, NOTHING, STEP_S)
    return background


def test_the_empty_scene_does_not_differ_from_itself() -> None:
    compared = learned().compare(seen(), STEP_S)
    assert compared.known
    assert not compared.differs.any()


def test_what_lies_between_two_parts_of_a_body_is_no_shadow_but_what_lies_on_the_ground_is() -> None:
    road: Gray = np.full(GROUND.shape, 120, np.uint8)
    car = road.copy()
    car[60:84, 100:150], car[70:80, 100:150], car[84:100, 100:150] = 20, 96, 96
    compared = Background(road).compare(car, STEP_S)
    assert compared.differs[60:100, 102:148].all()
    assert compared.solid[60:84, 102:148].all()
    assert not compared.solid[88:98, 105:145].any()


def test_a_thing_differs_where_it_is_and_nowhere_else() -> None:
    compared = learned().compare(seen(box=(100, 60, 120, 110)), STEP_S)
    inside = compared.solid[62:108, 102:118]
    assert (inside > 0).mean() > 0.9
    compared.differs[58:112, 98:122] = 0
    assert not compared.differs.any()


def test_a_camera_that_changes_its_exposure_sees_no_change() -> None:
    background = learned()
    for gain, offset in ((0.7, 0.0), (1.25, -5.0), (0.85, 12.0)):
        compared = background.compare(seen(gain, offset), STEP_S)
        assert compared.known
        assert (compared.differs > 0).mean() < 0.01
    compared = background.compare(seen(0.7, 0, (100, 60, 140, 110), shade=230), STEP_S)
    assert (compared.solid[65:105, 105:135] > 0).mean() > 0.9


def test_under_a_cloud_only_what_comes_differs() -> None:
    cloud = np.clip(1.3 - np.arange(320) / 320, 0.6, 1.0).astype(np.float32)
    background = learned()
    for box in (None, (100, 60, 120, 110)):
        compared = background.compare(np.clip(seen(box=box) * cloud, 0, 255).astype(np.uint8), STEP_S)
        assert compared.known
        if box is not None:
            assert (compared.differs[62:108, 102:118] > 0).mean() > 0.9
            compared.differs[58:112, 98:122] = 0
        assert (compared.differs > 0).mean() < 0.01


def test_light_that_stays_becomes_usual() -> None:
    cloud = np.clip(1.3 - np.arange(320) / 320, 0.6, 1.0).astype(np.float32)
    background = learned()
    for _ in range(round(60 / STEP_S)):
        picture = np.clip(seen() * cloud, 0, 255).astype(np.uint8)
        background.learn(picture, background.compare(picture, STEP_S).differs, NOTHING, NOTHING, STEP_S)
    assert np.abs(background.usual - GROUND * cloud).mean() < 4


def test_what_is_too_bright_to_be_told_does_not_differ() -> None:
    background = learned()
    picture = np.minimum(seen(1.4), 225).astype(np.uint8)
    compared = background.compare(picture, STEP_S)
    assert compared.known
    assert (compared.differs > 0).mean() < 0.01
    assert np.abs(background.as_exposed(picture).astype(float) - GROUND).mean() < 4
    assert background.brightest < 170


def test_a_soft_shadow_is_no_thing() -> None:
    picture = seen().astype(np.float32)
    picture[60:110, 100:140] *= 0.75
    compared = learned().compare(picture.astype(np.uint8), STEP_S)
    assert (compared.differs[65:105, 105:135] > 0).mean() > 0.5
    assert (compared.solid[65:105, 105:135] > 0).mean() < 0.3


def test_another_scene_is_not_known_until_it_is_learned_anew() -> None:
    background = learned()
    other = np.roll(GROUND, (47, 83), (0, 1))[::-1].astype(np.uint8)
    steps = [background.compare(other, STEP_S).known for _ in range(round(LOST_S / STEP_S) + 1)]
    assert not any(steps[:-1])
    assert background.compare(other, STEP_S).known
    assert background.age_s == 0.0


def test_learns_nothing_where_something_moves() -> None:
    background, box = learned(), (100, 60, 120, 110)
    moving = NOTHING.copy()
    moving[50:120, 90:130] = 255
    for _ in range(300):
        picture = seen(box=box)
        background.learn(picture, background.compare(picture, STEP_S).differs, moving, NOTHING, STEP_S)
    assert (background.compare(seen(box=box), STEP_S).differs[62:108, 102:118] > 0).mean() > 0.9


def test_tells_what_has_gone_from_what_has_come() -> None:
    box = (100, 60, 120, 110)
    for background, picture, gone in ((learned(box=box), seen(), True), (learned(), seen(box=box), False)):
        finder = GhostFinder((320, 180))
        found = []
        for _ in range(8):
            compared = background.compare(picture, STEP_S)
            found.append(finder.step(picture, compared.expected, compared.differs, STEP_S))
        ghosts = [mask for mask in found if mask is not None]
        assert bool(ghosts) is gone
        assert found[:3] == [None] * 3
        for mask in ghosts:
            assert (mask[62:108, 102:118] > 0).mean() > 0.9


def test_looks_at_a_bounded_number_of_blobs() -> None:
    crowd = NOTHING.copy()
    crowd[::12, ::8] = crowd[1::12, ::8] = crowd[2::12, ::8] = crowd[3::12, ::8] = 255
    crowd = np.maximum(crowd, np.roll(crowd, 1, 1))
    crowd = np.maximum(crowd, np.roll(crowd, 2, 1))
    assert len(find_blobs(crowd, crowd).found) == BLOBS_MAX


def test_two_that_stand_side_by_side_are_two() -> None:
    mask = NOTHING.copy()
    mask[60:110, 100:114] = mask[62:110, 118:132] = mask[104:110, 100:132] = 255
    assert len(find_blobs(mask, mask).found) == 2
    mask[60:110, 100:132] = 255
    assert len(find_blobs(mask, mask).found) == 1
