"""What the pixels of a still region say, and what is concluded from them.

- A thing that is there has its contour in the picture; one that has gone (a ghost) has it in the usual scene.
- Light and shadow keep the texture of the ground, or fade out instead of ending.
"""

from enum import StrEnum
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, Real, gray
from saqta.edge.left.resting import Mask

CONTOUR_MIN = 0.66
GHOST_MAX = 0.45
KEPT_MAX = 0.75
"""Light keeps this much of the texture; a small thing may agree with the ground by chance in somewhat less."""
SHARP_MIN = 0.55
CONTRAST_MIN = 20.0
PLAIN_CONTOUR_MIN, PLAIN_SHARP_MIN, PLAIN_CONTRAST_MIN = 0.78, 0.75, 28.0
CLEAR_CONTOUR_MIN, CLEAR_SHARP_MIN = 0.72, 0.9
TEXTURE_MIN = 3.0
"""Standard deviation of the ground's brightness, of 255, below which it has no texture to be kept."""
_KERNEL = np.ones((3, 3), np.uint8)
_REACH = (7, 7)


class Verdict(StrEnum):
    """What a still region is taken for."""

    THING = "thing"
    GHOST = "ghost"
    LIGHT = "light"
    FAINT = "faint"


class Evidence(NamedTuple):
    """What the pixels of a region say; all but ``contrast`` from 0 to 1.

    ``contour``: how much of the contrast along its contour is the picture's, the rest being the usual scene's.
    ``sharp``: how much of what differs in it no longer does right beside it. ``kept``: how much of the ground's texture
    is still to be seen in it. ``contrast``: the mean difference from the usual scene, of 255.
    """

    contour: float
    sharp: float
    kept: float
    contrast: float

    @property
    def is_plain(self) -> bool:
        """Whether it says so plainly that nobody need have been seen to bring the thing."""
        ends = self.contour >= PLAIN_CONTOUR_MIN and self.sharp >= PLAIN_SHARP_MIN
        return ends and self.contrast >= PLAIN_CONTRAST_MIN

    @property
    def is_clear(self) -> bool:
        """The same of what has not stirred for long: it ends sharply, though the ground has edges of its own."""
        ends = self.contour >= CLEAR_CONTOUR_MIN and self.sharp >= CLEAR_SHARP_MIN
        return ends and self.contrast >= PLAIN_CONTRAST_MIN

    @property
    def verdict(self) -> Verdict:
        """What is concluded."""
        if self.contour <= GHOST_MAX:
            return Verdict.GHOST
        if self.kept >= KEPT_MAX:
            return Verdict.LIGHT
        distinct = self.contour >= CONTOUR_MIN and self.sharp >= SHARP_MIN and self.contrast >= CONTRAST_MIN
        return Verdict.THING if distinct else Verdict.FAINT


def weigh(there: Gray, usual: Gray, mask: Mask) -> Evidence:
    """Weighs one region in its window: what is there, the usual scene, and which pixels belong to it."""
    region = mask.astype(np.uint8)
    wider, inside = gray(cv2.dilate(region, _KERNEL)), gray(cv2.erode(region, _KERNEL))
    edge = wider > inside
    beside = gray(cv2.dilate(region, _KERNEL, iterations=4)) > wider
    inside, outside = inside if inside.any() else region, 1 - wider
    picture, scene = there.astype(np.float32), usual.astype(np.float32)
    in_picture = float(_steps(picture, inside, outside)[edge].mean())
    in_scene = float(_steps(scene, inside, outside)[edge].mean())
    differs = np.abs(picture - scene)
    contrast = float(differs[mask].mean())
    sharp = 1 - float(differs[beside].mean()) / max(1.0, contrast) if beside.any() else 0.0
    contour = in_picture / max(1.0, in_picture + in_scene)
    return Evidence(contour, max(0.0, sharp), _kept(picture, scene, inside > 0), contrast)


def _steps(picture: Real, inside: Gray, outside: Gray) -> Real:
    """At each pixel, how different the nearest of the inside and the nearest of the outside are."""
    return np.asarray(cv2.absdiff(_near(picture, inside), _near(picture, outside)), np.float32)


def _near(picture: Real, where: Gray) -> NDArray[np.float32]:
    weights = np.maximum(cv2.blur(where.astype(np.float32), _REACH), 1e-3)
    return np.asarray(cv2.blur(picture * where, _REACH) / weights, np.float32)


def _kept(picture: Real, scene: Real, where: Mask) -> float:
    """The correlation of the fine texture of the ground with what is there now; 0 where the ground has none."""
    now, before = ((image - cv2.blur(image, (5, 5)))[where] for image in (picture, scene))
    if before.std() < TEXTURE_MIN:
        return 0.0
    joint = float((now * before).mean() - now.mean() * before.mean())
    return max(0.0, joint / float(max(1e-3, now.std() * before.std())))
