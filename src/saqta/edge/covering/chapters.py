"""What a recording shows when nobody is in it, learned chapter by chapter with the whole chapter in view.

A chapter is a stretch of a shot, between two cuts. Its empty scene is what each pixel shows most often. Who stood there
for most of it gives himself away by what does not fit: a place that ends otherwise than it began, chapters that do not
agree, and what stirs in one place without ever going on.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saqta.edge.arrays import Gray, gray
from saqta.edge.frames import Planes
from saqta.edge.picture.cells import Cells, bodies, busy_cells, cells_of, pixels_of
from saqta.edge.picture.empty import Empty, learn_empty

SHORTEST_S = 2.0
"""A shorter chapter tells nothing: all of it is covered."""
MOMENT_SAMPLES = 1
"""What is busy this many samples before or after is covered as well."""
TRAVELS = 3.0
"""What sweeps over this many times its own size travels; what sweeps over less stays."""
STAY_HELD_S = 10.0
"""Who stirs in one place is there for this long before and after, too."""
STAY_CELLS_MIN, STAY_SAMPLES_MIN = 14, 3
HOLLOW = 2.0
"""Who stays is covered with what lies between his parts, where that is this many times as much and no more."""
EDGE_RUN_S, EDGE_RUN_SHARE = 1.5, 0.7
"""What is busy for this part of a shot's first or last seconds leaves open which of both is the empty scene."""
OUTLINE_RATIO = 1.25
"""Somebody is there where the outline is this many times as plain as where he is not."""
DOUBT_CHAPTERS = 5
"""Doubt reaches this many chapters far, as long as they agree."""

_AROUND = np.ones((3, 3), np.uint8)


class Sample(NamedTuple):
    """A frame of the first pass, shrunk."""

    at_s: float
    planes: Planes


class Stay(NamedTuple):
    """Cells in which somebody may be from ``from_s`` to ``until_s``, though they do not always differ."""

    from_s: float
    until_s: float
    cells: Cells


class Chapter:
    """One chapter, learned from its samples, in order: at least one."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.from_s, self.until_s = samples[0].at_s, samples[-1].at_s
        self.size = samples[0].planes.y.shape
        self.empty: Empty | None = None
        if self.until_s - self.from_s >= SHORTEST_S:
            self.empty = learn_empty([sample.planes for sample in samples])
            self._follow(samples, self.empty)

    def differs(self, planes: Planes, at_s: float) -> tuple[Gray, Gray] | None:
        """255 where something moves in a frame of this chapter, and where somebody may stay; None where that can't be
        told."""
        if self.empty is None or planes.y.shape != self.size:
            return None
        differs = self.empty.differs(planes)
        if differs is None:
            return None
        near, held = (pixels_of(cells, self.size) for cells in self._around(at_s))
        return gray(cv2.bitwise_or(differs, near)), held

    def doubt(self, cells: Cells) -> None:
        """Covers ``cells`` all through the chapter."""
        self._doubtful |= cells

    def join(self, stays: Sequence[Stay]) -> None:
        """Takes over those of a neighbour's stays that reach into this chapter."""
        self.stays += [stay for stay in stays if stay.from_s <= self.until_s and stay.until_s >= self.from_s]

    def unlike(self, other: "Chapter") -> tuple[Cells, Cells]:
        """Where this empty scene is not the other one: (cells in which they differ; of these, cells in which this one
        may be showing somebody)."""
        if self.empty is None or other.empty is None:
            return (np.zeros(cells_of(self.size), bool),) * 2
        differs = self.empty.differs(other.empty.planes)
        return busy_cells(differs, self.size), busy_cells(
            _shown(differs, self.empty.planes.y, [other.empty.planes.y]), self.size
        )

    def _follow(self, samples: Sequence[Sample], empty: Empty) -> None:
        busy = np.stack([busy_cells(empty.differs(sample.planes), self.size) for sample in samples])
        self._times_s = np.array([sample.at_s for sample in samples])
        self._packed = np.packbits(busy.reshape(len(samples), -1), axis=1)
        self._doubtful = np.zeros(busy.shape[1:], bool)
        self.stays = list(_stays(busy, self._times_s))
        self._present: tuple[int, ...] | None = None
        run = max(2, round(EDGE_RUN_S * len(samples) / (self.until_s - self.from_s)))
        self.at_first, self.at_last = _left_open(samples[:run], empty), _left_open(samples[-run:], empty)

    def _around(self, at_s: float) -> tuple[Cells, Cells]:
        place = int(np.searchsorted(self._times_s, at_s))
        rows = self._packed[max(0, place - MOMENT_SAMPLES) : place + MOMENT_SAMPLES]
        near = np.unpackbits(np.bitwise_or.reduce(rows, axis=0), count=self._doubtful.size) > 0
        present = tuple(n for n, stay in enumerate(self.stays) if stay.from_s <= at_s <= stay.until_s)
        if present != self._present:
            self._present, parts = present, [self.stays[number].cells for number in present]
            self._held = bodies(np.any(parts, axis=0)) if parts else np.zeros_like(self._doubtful)
        return near.reshape(self._doubtful.shape), self._held | self._doubtful


def agree(shot: Sequence[Chapter]) -> None:
    """Settles, in place, what the chapters of one shot leave open when each is looked at alone."""
    known = [chapter for chapter in shot if chapter.empty is not None]
    if not known:
        return
    changes = [one.unlike(other)[0] for one, other in pairwise(known)]
    doubts = [np.zeros_like(known[0].at_first) for _ in known]
    doubts[0] |= known[0].at_first
    doubts[-1] |= known[-1].at_last
    for number, (one, other) in enumerate(pairwise(known)):
        doubts[number] |= one.unlike(other)[1]
        doubts[number + 1] |= other.unlike(one)[1]
    stays = [list(chapter.stays) for chapter in known]
    for number, doubt in enumerate(doubts):
        grown = cv2.dilate(doubt.astype(np.uint8), _AROUND) > 0
        known[number].doubt(grown)
        for step in (-1, 1):
            reach = grown
            for far in range(number + step, number + step * (DOUBT_CHAPTERS + 1), step):
                if not 0 <= far < len(known):
                    break
                reach = reach & ~changes[min(far, far - step)]
                known[far].doubt(reach)
            if 0 <= number + step < len(known):
                known[number].join(stays[number + step])


def _left_open(samples: Sequence[Sample], empty: Empty) -> Cells:
    """Cells that differ in nearly all of the samples, where it may be the empty scene that shows somebody."""
    size = samples[0].planes.y.shape
    masks = [empty.differs(sample.planes) for sample in samples]
    often = np.mean([np.full(size, 255, np.uint8) if mask is None else mask for mask in masks], axis=0)
    run = gray(np.where(often >= 255 * EDGE_RUN_SHARE, 255, 0))
    return busy_cells(_shown(run, empty.planes.y, [sample.planes.y for sample in samples]), size)


def _shown(differs: Gray | None, scene: Gray, others: Sequence[Gray]) -> Gray | None:
    """The regions of ``differs`` but for those whose outline is plainly in the ``others`` and not in the ``scene``."""
    if differs is None:
        return None
    count, labels = cv2.connectedComponents(cv2.morphologyEx(differs, cv2.MORPH_CLOSE, _AROUND))
    edges = cv2.morphologyEx(scene, cv2.MORPH_GRADIENT, _AROUND)
    theirs = np.mean([cv2.morphologyEx(other, cv2.MORPH_GRADIENT, _AROUND) for other in others], axis=0)
    shown = np.zeros_like(differs)
    for label in range(1, count):
        region = gray((labels == label).astype(np.uint8))
        outline = cv2.morphologyEx(region, cv2.MORPH_GRADIENT, _AROUND) > 0
        if edges[outline].mean() * OUTLINE_RATIO > theirs[outline].mean():
            shown[region > 0] = 255
    return shown


def _stays(busy: Cells, times_s: NDArray[np.float64]) -> Iterator[Stay]:
    """Regions of space and time that hang together and sweep over little more than their own size."""
    joined = ndimage.binary_dilation(busy, np.ones((1, 3, 3), bool))
    labels, _ = ndimage.label(joined, np.ones((3, 3, 3), bool))
    for number, found in enumerate(ndimage.find_objects(labels), start=1):
        region = labels[found] == number
        sizes = region.sum(axis=(1, 2))
        swept = region.any(axis=0)
        if swept.sum() < STAY_CELLS_MIN or len(sizes) < STAY_SAMPLES_MIN or swept.sum() > TRAVELS * np.median(sizes):
            continue
        cells = np.zeros(busy.shape[1:], bool)
        cells[found[1:]] = _filled(swept)
        yield Stay(times_s[found[0].start] - STAY_HELD_S, times_s[found[0].stop - 1] + STAY_HELD_S, cells)


def _filled(cells: Cells) -> Cells:
    """With what lies between, where that is a body's worth and no more."""
    filled = np.zeros(cells.shape, np.uint8)
    cv2.fillConvexPoly(filled, cv2.convexHull(cv2.findNonZero(cells.astype(np.uint8))), (1,))
    return filled > 0 if filled.sum() <= HOLLOW * cells.sum() else cells
