"""Vehicles that touch, hide one another and come apart again: each is counted at the line, once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.rendered import HEIGHT, WIDTH, Picture, encode
from edge.test_counting import counted, followed
from saqta.edge.picture.ghosts import GhostFinder
from saqta.edge.picture.segment import find_blobs
from saqta.model.kinds import Line

FPS = 25
ACROSS: Line = (0.0, 0.6, 1.0, 0.6)

Car = tuple[float, float, float, float]
"""Its middle across (fraction), when its foot is at the picture's upper edge, how fast it comes (heights of the
picture a second), its size."""


def highway(cars: Sequence[Car], seconds: float) -> Iterator[Picture]:
    """Cars that come towards the camera, growing as they come near; the nearer hides the further."""
    rng = np.random.default_rng(4)
    ground = cv2.resize(rng.integers(100, 130, (12, 16, 3), dtype=np.uint8), (WIDTH, HEIGHT))
    for number in range(round(seconds * FPS)):
        picture = ground.astype(np.float32)
        feet = [((number / FPS - from_s) * speed, x, size) for x, from_s, speed, size in cars]
        for y, x, size in sorted(feet):
            grown = size * (0.4 + 0.6 * y)
            if 0 < y < 1.4:
                width, height = round(grown * WIDTH), round(0.75 * grown * WIDTH)
                x0, y1 = round(x * WIDTH - width / 2), round(y * HEIGHT)
                cv2.rectangle(picture, (x0, y1 - height), (x0 + width, y1), (225,) * 3, cv2.FILLED)
                cv2.rectangle(picture, (x0, y1 - height // 5), (x0 + width, y1), (40,) * 3, cv2.FILLED)
        picture += rng.normal(0, 2.0, picture.shape)
        yield np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "cars",
    [
        pytest.param([(0.4, 1.5, 0.4, 0.16), (0.6, 1.9, 0.4, 0.16), (0.4, 3.2, 0.4, 0.16)], id="one by one"),
        pytest.param([(0.4, 1.5, 0.4, 0.16), (0.52, 1.8, 0.4, 0.16)], id="touching with a corner"),
        pytest.param([(0.4, 1.5, 0.4, 0.16), (0.4, 1.55, 0.33, 0.16)], id="close behind, then falling back"),
        pytest.param([(0.4, 1.5, 0.9, 0.16), (0.6, 1.8, 0.9, 0.16), (0.5, 2.9, 0.9, 0.16)], id="fast"),
    ],
)
def test_counts_each_vehicle_once(tmp_path: Path, cars: Sequence[Car]) -> None:
    film = encode(tmp_path / "a.mp4", highway(cars, 7.5), fps=FPS)
    found = followed(film, {"road": ACROSS})
    assert counted(found) == {("road", True): len(cars)}
    assert {crossing.kind for one in found for crossing in one.crossings} == {"vehicle"}


def blobs_of(*boxes: tuple[int, int, int, int]) -> list[tuple[float, float, float, float]]:
    mask = np.zeros((240, 320), np.uint8)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = 255
    return sorted(blob.bounds for blob in find_blobs(mask, mask).found)


def test_vehicles_that_touch_with_a_corner_are_two() -> None:
    assert len(blobs_of((100, 60, 140, 90), (136, 86, 180, 120))) == 2


def test_a_vehicle_behind_another_is_no_piece_of_it() -> None:
    assert len(blobs_of((100, 60, 130, 82), (101, 89, 135, 114))) == 2


def test_head_coat_and_legs_are_one_person() -> None:
    assert blobs_of((105, 50, 111, 56), (102, 62, 114, 84), (103, 90, 107, 108), (109, 90, 113, 108)) == [
        (102, 50, 114, 108)
    ]


def test_a_splinter_belongs_to_the_thing_beside_it() -> None:
    assert blobs_of((100, 60, 150, 100), (153, 62, 156, 98)) == [(100, 60, 156, 100)]


def test_a_plain_roof_that_passes_is_not_a_thing_that_has_gone() -> None:
    rng = np.random.default_rng(2)
    expected = np.kron(rng.integers(60, 180, (24, 32)), np.ones((10, 10))).astype(np.uint8)
    finder = GhostFinder((320, 240))
    for step in range(12):
        luma, differs = expected.copy(), np.zeros_like(expected)
        lorry = np.s_[60 + 4 * step : 160 + 4 * step, 80:240]
        luma[lorry], differs[lorry] = 220, 255
        assert finder.step(luma, expected, differs, 0.2) is None
