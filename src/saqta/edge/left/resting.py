"""What came and rests: two memories of one scene, and the regions in which they disagree.

- The short memory holds, pixel by pixel, the brightness that most of the last seconds agree on (the majority vote of
  Boyer and Moore): who walks by does not change it.
- The long memory is the usual scene. It takes in what the short one holds only where the two agree, or when it is told
  to: what came stays foreign to it for however long it stays.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, Real, connected, gray

AGREES = 11
"""A pixel votes for the brightness that is held when it differs from it by no more than this, of 255."""
STILL_S = 1.4
"""What was held for this long, passers-by left out, is still."""
VOTES_S = 2.4
"""After this long with something else before it, that is held instead."""
USUAL_EVERY_S = 1.0
REGIONS_MAX = 16
"""Only the largest regions are looked at."""
SHARE_MIN = 0.00045
"""Least part of the picture of a region: at 320 x 180, five pixels square."""
MARGIN_PX = 6
"""A region's window reaches this far beyond its bounds."""
STIRS_S, ALIVE_S = 10.0, 5.0
"""What stirs is told by what is held being another than it was this long ago; somebody does it sooner than a part."""
STIRRING_MEMORY_S = 60.0
"""How long it is remembered what stirs by itself."""
_SETTLED_QUANTILE = 0.4
_USUAL_SHARE = 0.25
_EDGE = 15.0
_TILES, _TILE_EDGES_MIN = (8, 5), 0.02
_KERNEL = np.ones((3, 3), np.uint8)

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]


class Region(NamedTuple):
    """A connected region that is still and not as usual. ``window`` are the slices of the picture that hold it and its
    surroundings, ``mask`` its pixels in them, ``bounds`` its box, ``since_s`` when most of it came to rest."""

    bounds: tuple[int, int, int, int]
    window: Window
    mask: Mask
    since_s: float


class Still:
    """The two memories of one scene of one size, at one exposure; ``foreign`` is 255 where they disagreed when regions
    were last looked for, and ``held`` and ``usual`` are what they hold."""

    def __init__(self, first: Gray, threshold: Gray, at_s: float) -> None:
        self.held, self.usual = first.copy(), first.copy()
        self.foreign: Gray = np.zeros_like(first)
        self._threshold, self._resting = threshold.copy(), self.foreign
        self._one: Gray = np.ones_like(first)
        self._votes = self._one
        self._last = first.copy()
        self._last_since_s = np.full(first.shape, at_s, np.float32)
        self._since_s = self._last_since_s.copy()
        self._taken_in_s = at_s
        self._restless, self._astir, self._begun_s = 0.0, 0.0, at_s
        self._stirring: Real = np.zeros_like(first[::2, ::2], np.float32)

    def shift(self, by_s: float) -> None:
        """The stream's clock is set forward by ``by_s``."""
        self._last_since_s += np.float32(by_s)
        self._since_s += np.float32(by_s)
        self._taken_in_s += by_s
        self._begun_s += by_s

    def step(self, seen: Gray, at_s: float, step_s: float) -> None:
        """Takes in a frame."""
        _, changed = cv2.threshold(cv2.absdiff(seen, self._last), AGREES, 255, cv2.THRESH_BINARY)
        cv2.copyTo(seen, changed, self._last)
        cv2.copyTo(np.full(changed.shape, at_s, np.float32), changed, self._last_since_s)
        # A vote for it adds one, a vote against it takes one away.
        _, two_for = cv2.threshold(cv2.absdiff(seen, self.held), AGREES, 2, cv2.THRESH_BINARY_INV)
        votes = cv2.subtract(cv2.add(self._votes, two_for), self._one)
        _, outvoted = cv2.threshold(votes, 0, 255, cv2.THRESH_BINARY_INV)
        # What is held follows what it agrees with by one level a frame, as light changes slowly.
        near = cv2.min(cv2.max(seen, cv2.subtract(self.held, self._one)), cv2.add(self.held, self._one))
        cv2.copyTo(near, two_for, self.held)
        if cv2.countNonZero(outvoted):
            cv2.copyTo(seen, outvoted, self.held)
            np.copyto(self._since_s, self._last_since_s, where=outvoted > 0)
        most = float(_frames(VOTES_S, step_s, 4))
        self._votes = gray(cv2.threshold(cv2.max(votes, self._one), most, 0, cv2.THRESH_TRUNC)[1])

    def regions(self, threshold: Gray, at_s: float, step_s: float) -> list[Region]:
        """The regions that are still and foreign, largest first; ``threshold`` is how much differs at least just now,
        which is taken over slowly, and only where nothing is foreign."""
        self.foreign = gray(cv2.compare(cv2.absdiff(self.held, self.usual), self._threshold, cv2.CMP_GT))
        if at_s - self._taken_in_s >= USUAL_EVERY_S:
            self._take_in(threshold, at_s)
            self._learn_what_stirs(at_s)
        _, steady = cv2.threshold(self._votes, float(_frames(STILL_S, step_s, 3)) - 1, 255, cv2.THRESH_BINARY)
        still = cv2.medianBlur(cv2.bitwise_and(self.foreign, steady), 3)
        self._resting = gray(cv2.morphologyEx(still, cv2.MORPH_CLOSE, _KERNEL))
        least_px = SHARE_MIN * self._resting.size
        if cv2.countNonZero(self._resting) < least_px:
            return []
        labels, stats = connected(self._resting)
        areas = stats[:, cv2.CC_STAT_AREA]
        largest = [int(label) for label in np.argsort(areas[1:])[::-1][:REGIONS_MAX] + 1]
        return [self._region(label, stats[label], labels) for label in largest if areas[label] >= least_px]

    def resting_px(self, window: Window) -> int:
        """How many pixels of a window belonged to what came and rests when regions were last looked for."""
        return int(cv2.countNonZero(self._resting[window]))

    def stirred(self, window: Window, mask: Mask, since_s: float, at_s: float) -> float:
        """How much of what has rested since a moment, from 0 to 1, has looked otherwise within the last STIRS_S: a
        thing never does, somebody who stands or sits does with every breath. Who passes before it changes nothing, and
        as much as the whole scene or its edges stir, where the light changes or a camera shakes, does not count."""
        since = max(at_s - STIRS_S, since_s)
        return max(0.0, float((self._since_s[window][mask] > since).mean()) - max(self._restless, self._astir))

    def stirring_px(self, window: Window, since_s: float, at_s: float) -> int:
        """How many pixels of a window have come to look otherwise since a moment, and within the last ALIVE_S, beyond
        as many as there are everywhere while the light changes."""
        since = self._since_s[window]
        return int(np.count_nonzero(since > max(since_s, at_s - ALIVE_S)) - self._astir * since.size)

    def usually_stirring(self, window: Window) -> float:
        """The part of a window that did within ALIVE_S, on the average of the last minute."""
        rows, columns = (slice(side.start // 2, side.stop // 2 + 1) for side in window)
        return float(self._stirring[rows, columns].mean())

    def adopt(self, window: Window, mask: Mask) -> None:
        """Makes what is held at ``mask`` in a window, and right around it, usual."""
        around = cv2.dilate(mask.astype(np.uint8), _KERNEL, iterations=2)
        cv2.copyTo(self.held[window], around, self.usual[window])

    def adopt_all_but(self, kept: Gray, at_s: float) -> None:
        """Makes everything that is held usual, but where ``kept`` is set: light is nothing that stirs."""
        adopted = cv2.bitwise_not(kept)
        cv2.copyTo(self.held, adopted, self.usual)
        np.minimum(self._since_s, np.float32(at_s - STIRS_S), out=self._since_s, where=adopted > 0)

    def _region(self, label: int, stats: NDArray[np.int32], labels: NDArray[np.int32]) -> Region:
        x, y, width, height, _ = (int(value) for value in stats)
        window = window_of((x - MARGIN_PX, y - MARGIN_PX, x + width + MARGIN_PX, y + height + MARGIN_PX))
        mask = labels[window] == label
        since_s = float(np.quantile(self._since_s[window][mask], _SETTLED_QUANTILE))
        return Region((x, y, x + width, y + height), window, mask, since_s)

    def _learn_what_stirs(self, at_s: float) -> None:
        self._restless = self._edges_that_stir(at_s)
        _, stirs = cv2.threshold(self._since_s, at_s - STIRS_S, 1, cv2.THRESH_BINARY)
        self._astir = float(np.median(cv2.resize(stirs, _TILES, interpolation=cv2.INTER_AREA)))
        known_s = min(STIRRING_MEMORY_S, at_s - self._begun_s - ALIVE_S)
        if known_s > 0:
            stirring = (self._since_s[::2, ::2] > at_s - ALIVE_S).astype(np.float32)
            cv2.accumulateWeighted(stirring, self._stirring, min(1.0, USUAL_EVERY_S / known_s))

    def _edges_that_stir(self, at_s: float) -> float:
        """How much of the usual scene's edges, from 0 to 1, has looked otherwise within the last STIRS_S, in the middle
        of the tiles that have any: who is there, a display or a tree stirs only some of them."""
        _, edges = cv2.threshold(
            cv2.morphologyEx(self.usual, cv2.MORPH_GRADIENT, _KERNEL), _EDGE, 255, cv2.THRESH_BINARY
        )
        stirred = np.where(self._since_s > at_s - STIRS_S, edges, 0)
        of, by = (cv2.resize(mask, _TILES, interpolation=cv2.INTER_AREA) / 255 for mask in (edges, stirred))
        told = of >= _TILE_EDGES_MIN
        return float(np.median(by[told] / of[told])) if told.any() else 0.0

    def _take_in(self, threshold: Gray, at_s: float) -> None:
        as_usual = cv2.bitwise_not(self.foreign)
        for memory, new in ((self.usual, self.held), (self._threshold, threshold)):
            cv2.copyTo(cv2.addWeighted(memory, 1 - _USUAL_SHARE, new, _USUAL_SHARE, 0), as_usual, memory)
        self._taken_in_s = at_s


def window_of(bounds: tuple[float, float, float, float]) -> Window:
    """The slices of a picture that hold a box."""
    x0, y0, x1, y1 = (max(0, round(edge)) for edge in bounds)
    return slice(y0, y1), slice(x0, x1)


def _frames(seconds: float, step_s: float, least: int) -> np.uint8:
    return np.uint8(min(250, max(least, round(seconds / step_s) if step_s > 0 else 250)))
