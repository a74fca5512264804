"""What the empty scene looks like, in brightness alone, and what differs from it.

A running mean and a running mean deviation per pixel (Wren et al. 1997, in the cheap form of Manzanera's sigma-delta),
seen through the exposure of the moment: a gain and an offset are fitted to each frame before anything is compared, so
that a camera that adapts to a bright bus does not make everything else foreground. Where something moves, the model
learns nothing; where something merely differs, it learns slowly.
"""

from typing import NamedTuple

import cv2
import numpy as np

from saqta.edge.arrays import Gray, Real, gray
from saqta.edge.picture.exposure import AS_IT_IS, EXPLAINED_WITHIN, PLAIN_SHARE, Exposure, fit_exposure
from saqta.edge.picture.settled import Settled
from saqta.edge.picture.uneven import uneven_light

MEMORY_S = 20.0
"""How long the mean of a background pixel remembers."""
PATIENCE_S = 12.0
"""The same, where the picture differs but nothing is known to move."""
RESTING_PATIENCE_S = 600.0
FLICKER_MEMORY_S = 80.0
"""The same, where something came and rests; what flickers there, as leaves do, becomes part of the scene sooner."""
CONTRAST_MIN = 14
"""Least difference, of 255, that is foreground."""
DEVIATIONS = 4.0
STRONG = 1.8
"""Foreground is strong where the difference is this many times the threshold."""
SHADOW_DARKEST = 0.62
SHADOW_TEXTURE = 7
"""A shadow keeps the texture of the ground, within this difference, and dims it to no less than SHADOW_DARKEST."""
BETWEEN_SHARE = 0.047
"""What differs between two parts of a body, one above the other within this part of the picture's longer side, and is
as wide, is of the body however much like a shadow it looks: the bonnet of a car that is as dark as the road, say."""
KNOWN_SHARE_MIN = 0.45
"""With less of the picture explained by the background, the frame tells nothing."""
SETTLED_S = 5.0
"""Who was there when learning began and has walked on within this long is not taken for part of the settled scene."""
LOST_S = 1.5
"""After this long the scene is taken for another one, and learned anew."""
LIT_MORE = 0.05
"""Light falls unevenly where that explains this much more of the picture, and PLAIN_SHARE of it."""
SATURATED, GLARE = 200, 8
"""Where the brightest pixel is brighter than this, what is within GLARE of it may be brighter than can be told."""
_GRID = 4
_THICKER_THAN_EDGES = np.ones((3, 1), np.uint8)
"""A shadow's own edge is as sharp as a body's."""


class Comparison(NamedTuple):
    """How a frame differs from the empty scene; masks are 255 where it does.

    ``differs`` holds shadows and everything faint, ``solid`` is without shadows, ``strong`` its surest part. ``known``
    is False when the frame could not be explained (a light switched, the camera moved): the masks mean nothing then.
    ``expected`` is the empty scene at the frame's exposure.
    """

    differs: Gray
    solid: Gray
    strong: Gray
    expected: Gray
    known: bool


class Background:
    """Learns one scene of one size. ``compare`` each frame in order, then ``learn`` from it."""

    def __init__(self, first: Gray) -> None:
        self._start(first)

    def _start(self, luma: Gray) -> None:
        self._mean: Real = luma.astype(np.float32)
        self._deviation: Real = np.full(luma.shape, CONTRAST_MIN / DEVIATIONS / 2, np.float32)
        self._mean8 = luma.copy()
        self._least: Gray = np.full(luma.shape, CONTRAST_MIN, np.uint8)
        self._threshold: Gray = self._least
        self._exposure = Exposure(*AS_IT_IS, 1.0)
        self._white = 255
        self._light: Real | None = None
        self._unknown_s = self.age_s = 0.0
        self._differed: Gray = np.zeros_like(luma)
        self._settled = Settled(luma)

    def compare(self, luma: Gray, step_s: float) -> Comparison:
        """What differs in a frame that comes ``step_s`` after the last one."""
        self._white = int(luma.max())
        self._fit(luma)
        expected = self._exposed()
        difference = gray(cv2.absdiff(luma, expected))
        differs = gray(cv2.medianBlur(cv2.compare(difference, self._threshold, cv2.CMP_GT), 3))
        known = self._exposure.share >= KNOWN_SHARE_MIN
        self._unknown_s = 0.0 if known else self._unknown_s + step_s
        if self._unknown_s >= LOST_S:
            self._start(luma)
            differs = np.zeros_like(luma)
        self._difference = difference
        solid = _with_what_lies_between(cv2.subtract(differs, _shadow(luma, expected)), differs)
        much = cv2.convertScaleAbs(self._threshold, alpha=STRONG)
        strong = gray(cv2.bitwise_and(solid, cv2.compare(difference, much, cv2.CMP_GT)))
        return Comparison(differs, solid, strong, expected, known)

    def learn(self, luma: Gray, differs: Gray, moving: Gray, resting: Gray, step_s: float) -> None:
        """Takes in a frame that was compared: nothing under ``moving``; under ``resting`` that it flickers, if it does,
        and the rest very slowly; slowly what else ``differs``; what doesn't, at once."""
        if step_s <= 0:
            return
        self.age_s += step_s
        seen = self.as_exposed(luma)
        rate = step_s / min(MEMORY_S, self.age_s)
        held = cv2.bitwise_or(moving, resting)
        cv2.accumulateWeighted(seen, self._mean, min(1.0, rate), cv2.bitwise_not(cv2.bitwise_or(differs, held)))
        for odd, patience_s in (
            (cv2.subtract(differs, held), PATIENCE_S),
            (cv2.bitwise_and(differs, cv2.subtract(resting, moving)), RESTING_PATIENCE_S),
        ):
            if cv2.countNonZero(odd):
                cv2.accumulateWeighted(seen, self._mean, min(1.0, step_s / patience_s), odd)
        flickers = cv2.bitwise_and(cv2.subtract(resting, moving), cv2.bitwise_xor(differs, self._differed))
        for unsure, memory_s in ((cv2.bitwise_not(held), MEMORY_S), (flickers, FLICKER_MEMORY_S)):
            if cv2.countNonZero(unsure):
                cv2.accumulateWeighted(self._difference, self._deviation, min(1.0, step_s / memory_s), unsure)
        self._differed = differs
        self._adopt_exposure(step_s)
        self._mean8 = gray(cv2.convertScaleAbs(self._mean))
        self._threshold = gray(cv2.max(cv2.convertScaleAbs(self._deviation, alpha=DEVIATIONS), self._least))

    def unsettled(self, luma: Gray, step_s: float) -> Gray:
        """Where a frame that was compared, and is ``known``, looks otherwise than the scene did before anything came.

        Once for each frame; what redaction goes by.
        """
        if self.age_s < SETTLED_S:
            self._settled.adopt(self._mean)
        return self._settled.step(self.as_exposed(luma), step_s)

    def absorb(self, luma: Gray, region: Gray) -> None:
        """Makes what is seen in ``region`` part of the empty scene at once."""
        cv2.accumulateWeighted(self.as_exposed(luma), self._mean, 1.0, region)
        self._mean8 = gray(cv2.convertScaleAbs(self._mean))

    @property
    def threshold(self) -> Gray:
        """How much a pixel differs at least when it is no longer the scene's."""
        return self._threshold

    @property
    def usual(self) -> Gray:
        """The empty scene at the exposure that was learned."""
        return self._mean8

    def _adopt_exposure(self, step_s: float) -> None:
        """Moves the mean towards the exposure of the moment, so that one that stays becomes the learned one."""
        if self._as_learned():
            return
        share = np.float32(min(1.0, step_s / MEMORY_S))
        light = np.float32(1) if self._light is None else self._light
        gain = 1 + share * (np.float32(self._exposure.gain) * light - 1)
        offset = share * np.float32(self._exposure.offset) * light
        self._mean = np.clip(self._mean * gain + offset, 0, 255)
        self._settled.expose(gain, offset)

    def _exposed(self) -> Gray:
        """The empty scene at the exposure and in the light of the moment."""
        if self._as_learned():
            return self._mean8
        expected = self._exposure.of(self._mean8)
        if self._light is not None:
            expected = gray(cv2.multiply(expected, self._light, dtype=cv2.CV_8U))
        return gray(np.minimum(expected, np.uint8(self._white)))

    def as_exposed(self, luma: Gray) -> Gray:
        """A frame that was compared as it would be at the exposure that was learned.

        What is too bright for the sensor to tell is taken to be as bright as before.
        """
        if self._as_learned():
            return luma
        even = luma if self._light is None else gray(cv2.divide(luma, self._light, dtype=cv2.CV_8U))
        seen = self._exposure.of_scene(even)
        if self._exposure.gain > 1 and self._white >= SATURATED:
            seen = np.where(luma >= self._white - GLARE, cv2.max(seen, self._mean8), seen)
        return gray(seen)

    @property
    def brightest(self) -> float:
        """How bright, at the exposure that was learned, the brightest pixel of the frame that was compared is: what is
        brighter shows no more."""
        return (self._white - self._exposure.offset) / self._exposure.gain

    def _as_learned(self) -> bool:
        return self._light is None and self._exposure.is_the_scenes

    def _fit(self, luma: Gray) -> None:
        """Fits the exposure, and light that falls unevenly where that explains the picture and one exposure doesn't."""
        self._exposure, self._light = fit_exposure(self._mean, luma, self._exposure[:2]), None
        share = self._exposure.share
        if share >= PLAIN_SHARE:
            return
        seen, mean = (plane[::_GRID, ::_GRID].astype(np.float32) for plane in (luma, self._mean))
        for gain, offset in (self._exposure[:2], AS_IT_IS):
            expected = np.clip(mean * gain + offset, 0, self._white)
            light = uneven_light(expected, seen)
            if light is None:
                return
            lit = float((np.abs(seen - expected * light) < EXPLAINED_WITHIN).mean())
            if lit >= max(PLAIN_SHARE, share + LIT_MORE):
                self._light = np.asarray(cv2.resize(light, luma.shape[::-1]), np.float32)
                self._exposure = Exposure(gain, offset, lit)
                return


def _shadow(luma: Gray, expected: Gray) -> Gray:
    dimmed = cv2.compare(luma, cv2.convertScaleAbs(expected, alpha=SHADOW_DARKEST), cv2.CMP_GT)
    darker = cv2.bitwise_and(dimmed, cv2.compare(luma, expected, cv2.CMP_LT))
    fine = cv2.absdiff(
        cv2.addWeighted(luma, 1, cv2.blur(luma, (5, 5)), -1, 128),
        cv2.addWeighted(expected, 1, cv2.blur(expected, (5, 5)), -1, 128),
    )
    _, smooth = cv2.threshold(fine, SHADOW_TEXTURE, 255, cv2.THRESH_BINARY_INV)
    return gray(cv2.bitwise_and(darker, smooth))


def _with_what_lies_between(parts: cv2.typing.MatLike, differs: Gray) -> Gray:
    side = max(1, round(BETWEEN_SHARE * max(differs.shape)))
    shaded, wide = cv2.subtract(differs, parts), np.ones((1, side), np.uint8)
    if not cv2.countNonZero(cv2.erode(shaded, wide)):  # As mostly; a third of the cost of the rest.
        return gray(parts)
    thick = cv2.morphologyEx(parts, cv2.MORPH_OPEN, _THICKER_THAN_EDGES)
    closed = cv2.morphologyEx(thick, cv2.MORPH_CLOSE, np.ones((side, 1), np.uint8))
    between = cv2.morphologyEx(cv2.bitwise_and(closed, shaded), cv2.MORPH_OPEN, wide)
    return gray(cv2.bitwise_or(parts, between))
