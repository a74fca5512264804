"""What a camera is known to look at, learned over a minute, and how much of it a frame still shows.

Outlines are compared, not brightness: what a blurred copy leaves of the picture, block by block, by how it correlates
with what is known. So neither the light of the moment nor noise matters, and what comes into view costs the blocks that
it hides. Only what is at rest is learned, and nothing while something is wrong.
"""

from statistics import median
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, Real, gray

KNOWN_S, TEXTURED_MIN = 4.0, 0.15
"""A view is known that has been learned for so long, and has outlines in this part of its blocks at least."""
COARSE_PX = 80
"""Outlines are found in a picture of this many pixels on its longer side; how sharp they are, in the analysed one."""
BLOCK_PX = 10
MEMORY_S = 60.0
RENEW_S = 2.0
"""What was learned is taken up this often."""
REST = 12
"""Most change, of 255, of a pixel that is at rest from one frame to the next."""
POWER_MIN = 1.0
"""Least mean square of a block's outlines, in levels of 255, by which it can be known."""
IN_PLACE = 0.35
"""Least correlation of outlines that are in their place."""
CONTRAST_MIN = 0.15
"""Least contrast, as a part of the learned one, of what is still seen."""
PLAIN_SHARE = 0.15
"""A block is plain with less than this part of the power of its learned outlines."""
DETAIL_PLAIN = 0.8
"""A picture as fine as this part of the learned one is sharp."""
WHITE = 225
CHANGED = 1
"""A block has changed where this part of its pixels did, in 255ths, however little: sensors' noise reaches them all."""

THERE_MAX, GONE_MIN, SUDDEN_S = 0.4, 0.7, 0.85
"""The view is there with at most so much of it lost, and gone with so much; suddenly, from one to the other."""
PART_MIN, PART_BACK, PART_SUDDEN_S = 0.2, 0.1, 0.65
"""A part is lost suddenly with so much more lost within so short, until all but so little of it is there again."""

Blocks = NDArray[np.float32]
"""(rows, columns) float32: one number for each block of the picture."""


class Outlook(NamedTuple):
    """One frame against what is known; shares are from 0 to 1.

    ``present`` is the share of blocks that have outlines now, ``textured`` of those that have known ones. Of these
    ``lost`` is the share whose outlines are not in their place; of the lost, ``plain`` is the share with no other
    outlines instead, and ``resting`` that with the same ones as a moment ago. ``sudden`` is whether the view was lost
    at once, ``part_sudden`` whether a part of it was: what comes into it takes longer. ``sharpness`` is how much finer
    detail is left of the outlines that are in place, ``detail`` how fine the whole picture is, both 1 as learned.
    ``white`` is the share of white pixels, ``white_known`` as learned; ``brightness`` the mean, of 255. ``changed`` is
    the share of blocks in which anything changed since the last frame.
    ``known`` is the learned picture, and ``known_s`` for how long it has been learned.
    """

    at_s: float
    luma: Gray
    known: Real
    known_s: float
    present: float
    textured: float
    lost: float
    plain: float
    resting: float
    sharpness: float
    detail: float
    sudden: bool
    part_sudden: bool
    white: float
    white_known: float
    brightness: float
    changed: float

    @property
    def is_known(self) -> bool:
        """Whether there is enough to compare with."""
        return self.known_s >= KNOWN_S and self.textured >= TEXTURED_MIN


class View:
    """The view of one camera, in pictures of one size. ``look`` at a frame, then ``learn`` it if nothing is wrong."""

    def __init__(self, first: Gray) -> None:
        self.shape = first.shape
        height, width = first.shape
        scale = min(1.0, COARSE_PX / max(width, height))
        self._coarse = max(1, round(width * scale)), max(1, round(height * scale))
        self._half = min(width, 2 * self._coarse[0]), min(height, 2 * self._coarse[1])
        self._grid = max(1, self._coarse[0] // BLOCK_PX), max(1, self._coarse[1] // BLOCK_PX)
        self.forget(first)

    def forget(self, luma: Gray) -> None:
        """Begins to learn anew, with this frame."""
        self._known: Real = luma.astype(np.float32)
        self._known_s = self._renewed_s = 0.0
        self._white = self._white_known = _white(luma)
        self._sharpness = 1.0
        self._there_s = self._gone_s = -np.inf
        self._losses: list[tuple[float, float]] = []
        self._lost_from = np.inf
        self._last, self._outlines = luma, self._outlines_of(luma)
        self._power_now = self._blocks(self._outlines**2)
        self._change: Gray = np.zeros_like(luma)
        self._renew()
        self._fineness_known = self._fineness = self._fineness_of(_fine(luma), self._power)

    def look(self, luma: Gray, at_s: float) -> Outlook:
        """Compares a frame with what is known."""
        self._change = gray(cv2.absdiff(luma, self._last))
        before, self._outlines = self._outlines, self._outlines_of(luma)
        power_before, self._power_now = self._power_now, self._blocks(self._outlines**2)
        self._last, self._white = luma, _white(luma)
        fine, power = _fine(luma), self._power_now
        likeness = self._blocks(self._outlines * self._outlines_known)
        contrast = likeness / (self._power + 0.001)
        in_place = (likeness >= IN_PLACE * np.sqrt(power * self._power + 0.1)) & (contrast >= CONTRAST_MIN)
        textured = self._power >= POWER_MIN
        lost, there = textured & ~in_place, textured & in_place
        rests = self._blocks(self._outlines * before) >= 0.5 * np.sqrt(power * power_before + 0.1)
        self._fineness = self._fineness_of(fine, power)
        detail = self._fineness / max(0.001, self._fineness_known)
        if detail >= DETAIL_PLAIN:
            self._sharpness = 1.0
        elif 4 * np.count_nonzero(there) >= np.count_nonzero(textured) > 0:
            finer = self._blocks(fine * self._fine_known) / (self._fine_power + 0.01)
            self._sharpness = median((finer / np.maximum(contrast, CONTRAST_MIN))[there].tolist())
        lost_share = _share(lost, textured)
        return Outlook(
            at_s=at_s,
            luma=luma,
            known=self._known,
            known_s=self._known_s,
            present=_part(power >= POWER_MIN),
            textured=_part(textured),
            lost=lost_share,
            plain=_share(lost & (power < PLAIN_SHARE * self._power + 0.3), lost),
            resting=_share(lost & rests, lost),
            sharpness=self._sharpness,
            detail=detail,
            sudden=self._is_sudden(lost_share, at_s),
            part_sudden=self._is_part_sudden(lost_share, at_s),
            white=self._white,
            white_known=self._white_known,
            brightness=float(luma[::4, ::4].mean()),
            changed=self._changed(),
        )

    def learn(self, step_s: float) -> None:
        """Takes in what is at rest in the frame that was looked at last, ``step_s`` after the one before."""
        if step_s <= 0:
            return
        self._known_s += step_s
        rate = step_s / min(MEMORY_S, self._known_s)
        _, at_rest = cv2.threshold(self._change, REST, 255, cv2.THRESH_BINARY_INV)
        cv2.accumulateWeighted(self._last, self._known, rate, at_rest)
        self._white_known += rate * (self._white - self._white_known)
        self._fineness_known += rate * (self._fineness - self._fineness_known)
        self._renewed_s += step_s
        if self._renewed_s >= RENEW_S:
            self._renew()

    def _is_sudden(self, lost: float, at_s: float) -> bool:
        if lost <= THERE_MAX:
            self._there_s = at_s
        if lost < GONE_MIN:
            self._gone_s = np.inf
        self._gone_s = min(self._gone_s, at_s)
        return self._gone_s - self._there_s <= SUDDEN_S

    def _is_part_sudden(self, lost: float, at_s: float) -> bool:
        before = [(seen_s, share) for seen_s, share in self._losses if 0 <= at_s - seen_s <= PART_SUDDEN_S]
        self._losses = [*before, (at_s, lost)]
        least = min(share for _, share in self._losses)
        if lost - least >= PART_MIN:
            self._lost_from = min(self._lost_from, least)
        if lost - self._lost_from < PART_BACK:
            self._lost_from = np.inf
        return self._lost_from < np.inf

    def _changed(self) -> float:
        _, changed = cv2.threshold(self._change, 0, 255, cv2.THRESH_BINARY)
        return _part(cv2.resize(changed, self._grid, interpolation=cv2.INTER_AREA) >= CHANGED)

    def _renew(self) -> None:
        self._renewed_s = 0.0
        self._outlines_known, self._fine_known = self._outlines_of(self._known), _fine(self._known)
        self._power, self._fine_power = self._blocks(self._outlines_known**2), self._blocks(self._fine_known**2)

    def _outlines_of(self, luma: Gray | Real) -> Real:
        half = cv2.resize(luma, self._half, interpolation=cv2.INTER_AREA)  # In two steps: a fifth of the time of one.
        coarse = cv2.resize(half, self._coarse, interpolation=cv2.INTER_AREA).astype(np.float32)
        return np.subtract(coarse, cv2.blur(coarse, (5, 5)))

    def _fineness_of(self, fine: Real, power: Blocks) -> float:
        textured = self._power >= POWER_MIN
        fineness = np.sqrt(self._blocks(fine**2) / (power + 0.1))[textured]
        return median(fineness.tolist()) if fineness.size else 0.0

    def _blocks(self, field: Real) -> Blocks:
        """Its mean in each block."""
        return np.asarray(cv2.resize(field, self._grid, interpolation=cv2.INTER_AREA), np.float32)


def _fine(luma: Gray | Real) -> Real:
    return np.asarray(cv2.subtract(luma, cv2.blur(luma, (3, 3)), dtype=cv2.CV_32F), np.float32)


def _white(luma: Gray) -> float:
    return cv2.countNonZero(cv2.threshold(luma, WHITE, 255, cv2.THRESH_BINARY)[1]) / luma.size


def _share(some: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(some)) / max(1.0, float(np.count_nonzero(of)))


def _part(some: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(some) / some.size)
