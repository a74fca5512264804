"""A camera's exposure of the moment: the gain and offset by which a frame shows the same scene brighter or darker."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, Real, gray
from saqta.edge.frames import Planes

EXPLAINED_WITHIN = 14
"""A pixel is explained where it is at most this much, of 255, off."""
PLAIN_SHARE = 0.85
"""While an exposure explains this much of the picture, no other one is looked for."""
GREY = 128
"""U and V where there is no colour."""
AS_IT_IS = (1.0, 0.0)
_GRID, _POINTS_MIN = 4, 32


class Exposure(NamedTuple):
    """``seen ≈ gain · scene + offset``, and the share of the picture that this explains."""

    gain: float
    offset: float
    share: float

    @property
    def is_the_scenes(self) -> bool:
        """Whether it is that at which the scene is known, as near as matters."""
        return abs(self.gain - 1) < 0.01 and abs(self.offset) < 1

    def of(self, scene: Gray) -> Gray:
        """The brightness of the scene as it looks at this exposure."""
        return self._mapped(scene, self.gain, self.offset)

    def colour_of(self, chroma: Gray) -> Gray:
        """The same for U or V: less light leaves less colour."""
        return self._mapped(chroma, self.gain, GREY * (1 - self.gain))

    def of_scene(self, luma: Gray) -> Gray:
        """The brightness of a frame of this exposure as it would be at the scene's own."""
        return self._mapped(luma, 1 / self.gain, -self.offset / self.gain)

    def undone(self, planes: Planes) -> Planes:
        """A frame of this exposure as it would look at the scene's own."""
        y = self.of_scene(planes.y)
        u, v = (self._mapped(plane, 1 / self.gain, GREY * (1 - 1 / self.gain)) for plane in planes[1:])
        return Planes(y, u, v)

    def _mapped(self, plane: Gray, gain: float, offset: float) -> Gray:
        if self.is_the_scenes:
            return plane
        table = np.clip(np.arange(256) * gain + offset, 0, 255).round().astype(np.uint8)
        return gray(cv2.LUT(plane, table))


def fit_exposure(scene: Gray | Real, seen: Gray, last: tuple[float, float] = AS_IT_IS) -> Exposure:
    """By least squares over what it explains, on a grid; what differs is left out. ``last`` is the gain and offset from
    which it starts: while they explain most, no others are looked for."""
    known, now = (plane[::_GRID, ::_GRID].ravel().astype(np.float32) for plane in (scene, seen))
    fit, near = last, _explained(known, now, last)
    if np.count_nonzero(near) < PLAIN_SHARE * near.size:
        fits = [(other, _explained(known, now, other)) for other in (AS_IT_IS, _by_quantiles(known, now))]
        fit, near = max(((fit, near), *fits), key=lambda one: np.count_nonzero(one[1]))
    for _ in range(2):
        if np.count_nonzero(near) < _POINTS_MIN:
            break
        fit = _least_squares(known[near], now[near])
        near = _explained(known, now, fit)
    return Exposure(*fit, float(np.count_nonzero(near) / near.size))


def _by_quantiles(known: Real, now: Real) -> tuple[float, float]:
    (low, high), (low_now, high_now) = np.quantile(known, (0.2, 0.8)), np.quantile(now, (0.2, 0.8))
    gain = float(high_now - low_now) / max(1.0, float(high - low))
    return _sane(gain, float(low_now) - gain * float(low))


def _least_squares(known: Real, now: Real) -> tuple[float, float]:
    middle, middle_now = float(known.mean()), float(now.mean())
    off = known - np.float32(middle)
    spread = float(np.dot(off, off)) / known.size
    gain = float(np.dot(off, now)) / known.size / spread if spread > 25 else 1.0
    return _sane(gain, middle_now - gain * middle)


def _sane(gain: float, offset: float) -> tuple[float, float]:
    return min(4.0, max(0.25, gain)), min(128.0, max(-128.0, offset))


def _explained(known: Real, now: Real, fit: tuple[float, float]) -> NDArray[np.bool_]:
    off = known * np.float32(fit[0])
    off += np.float32(fit[1])
    off.clip(0, now.max(), out=off)
    off -= now
    explained: NDArray[np.bool_] = np.abs(off, out=off) < EXPLAINED_WITHIN
    return explained
