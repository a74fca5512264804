"""Fills a city's blocks with buildings: rows along the streets, small ones in the yards behind.

What is taken (roads, water, parks, buildings) is painted on a raster of one cell a metre; a building stands only where
its ground is free.
"""

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.simulate.town.planar import Face, Points

BLOCK_M2 = (1_200.0, 90_000.0)
_STEP_M = 7.0


class Building(NamedTuple):
    """A ground plan, (n, 2) in metres, counter-clockwise, and a height."""

    ring: Points
    height_m: float


class Ground:
    """The raster of what is taken; ``reach_m`` is half the side of the square that it covers."""

    def __init__(self, reach_m: float) -> None:
        self._reach_m = reach_m
        self._taken: NDArray[np.uint8] = np.zeros((int(2 * reach_m), int(2 * reach_m)), np.uint8)

    def take_area(self, ring: Points) -> None:
        cv2.fillPoly(self._taken, [self._cells(ring)], 1)

    def take_line(self, line: Points, width_m: float) -> None:
        cv2.polylines(self._taken, [self._cells(line)], False, 1, thickness=round(width_m))

    def touches(self, ring: Points) -> bool:
        """Whether any part of the area is taken, or lies off the raster."""
        cells = self._cells(ring)
        low, high = cells.min(axis=0), cells.max(axis=0) + 1
        if low.min() < 0 or high.max() > len(self._taken):
            return True
        mask = np.zeros((high - low)[::-1], np.uint8)
        cv2.fillPoly(mask, [cells - low], 1)
        return bool((mask & self._taken[low[1] : high[1], low[0] : high[0]]).any())

    def _cells(self, points: Points) -> NDArray[np.int32]:
        return np.round(points + self._reach_m).astype(np.int32)


def buildings(blocks: Iterable[Face], ground: Ground, towers: Sequence[float], rng: random.Random) -> list[Building]:
    """Buildings of every block, in the blocks' order; takes their ground. Tall ones cluster around ``towers``."""
    centre = np.array(towers)
    found = []
    for block in blocks:
        if BLOCK_M2[0] < block.area_m2 < BLOCK_M2[1]:
            downtown = float(np.exp(-((np.hypot(*(block.ring.mean(axis=0) - centre)) / 620) ** 2)))
            found += _along_streets(block, ground, downtown, rng)
            found += _in_the_yard(block, ground, rng)
    return found


def _along_streets(block: Face, ground: Ground, downtown: float, rng: random.Random) -> list[Building]:
    found = []
    depth_m = rng.uniform(12, 16)
    usual_m = rng.choice((9, 9, 15, 15, 27)) * (1 + 1.6 * downtown)
    ring = np.vstack([block.ring, block.ring[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])
    at_m = rng.uniform(0, 8)
    while at_m < along[-1]:
        length_m = rng.uniform(22, 64)
        start, end = (_point(ring, along, at_m + part) for part in (0.0, length_m))
        if end is None or start is None:
            break
        house = _house(start, end, depth_m * rng.uniform(0.9, 1.15), rng)
        if house is None or ground.touches(house):
            at_m += _STEP_M
            continue
        ground.take_area(_widened(house, 3.0))
        height_m = usual_m * rng.uniform(0.8, 1.25) if rng.random() > 0.4 * downtown else rng.uniform(45, 110)
        found.append(Building(house, round(height_m)))
        at_m += length_m + rng.choice((4.0, 7.0, 16.0))
    return found


def _in_the_yard(block: Face, ground: Ground, rng: random.Random) -> list[Building]:
    found = []
    low, high = block.ring.min(axis=0), block.ring.max(axis=0)
    for _ in range(int(block.area_m2 / 2600)):
        middle = np.array([rng.uniform(low[0], high[0]), rng.uniform(low[1], high[1])])
        if cv2.pointPolygonTest(block.ring.astype(np.float32), (float(middle[0]), float(middle[1])), True) < 24:
            continue
        side = block.ring[1] - block.ring[0]
        along = side / np.hypot(*side) * rng.uniform(7, 17)
        across = np.array([-along[1], along[0]]) / np.hypot(*along) * rng.uniform(5, 9)
        yard = np.array(
            [middle - along - across, middle + along - across, middle + along + across, middle - along + across]
        )
        if not ground.touches(_widened(yard, 6.0)):
            ground.take_area(_widened(yard, 6.0))
            found.append(Building(yard, round(rng.uniform(4, 10))))
    return found


def _point(ring: Points, along: NDArray[np.float64], at_m: float) -> Points | None:
    if at_m > along[-1]:
        return None
    return np.array([np.interp(at_m, along, ring[:, 0]), np.interp(at_m, along, ring[:, 1])])


def _house(start: Points, end: Points, depth_m: float, rng: random.Random) -> Points | None:
    """A building along the street from ``start`` to ``end``, set back to the left; some have a wing."""
    side = end - start
    length_m = float(np.hypot(*side))
    if length_m < 16:
        return None
    x = side / length_m
    y = np.array([-x[1], x[0]])
    front = rng.choice((13.0, 14.0, 18.0))
    outline = [(0.0, front), (length_m, front), (length_m, front + depth_m), (0.0, front + depth_m)]
    if length_m > 40 and rng.random() < 0.3:
        wing = rng.uniform(11, 15)
        back = front + depth_m
        outline[3:] = [(wing, back), (wing, back + wing), (0.0, back + wing)]
    return np.array([start + x * u + y * v for u, v in outline])


def _widened(ring: Points, by_m: float) -> Points:
    middle = ring.mean(axis=0)
    away = ring - middle
    widened: Points = middle + away * (1 + by_m / np.maximum(np.hypot(*away.T), 1.0))[:, None]
    return widened
