"""How tall who walks here looks, row by row of the picture.

On level ground that grows evenly downwards from the horizon. Of what was measured the line is taken that most agrees
with, and of two the taller one: pieces of people are frequent, and no two of one size; giants are rare.
"""

from math import hypot

import numpy as np

from saqta.edge.arrays import Real
from saqta.edge.picture.blobs import Bounds

SAMPLES_MAX = 96
SAMPLES_MIN = 5
"""As many are known before any scale is."""
REFIT_S = 2.0
UPRIGHT = 1.2
"""Who walks is this many times as high as wide; what is twice as high as wide counts in full."""
STEP_SIZES = 0.35
"""Somebody is measured anew after going this far, in own heights."""
AGREES = 0.25
"""Two agree where the logarithms of their sizes differ by less than this."""
TALLER_COUNTS = 0.6
"""The power of a line's height that its support is weighed with."""
HORIZONS = np.array([-11.0, -2.2, -0.8, -0.33, -0.11, 0.05, 0.17, 0.28, 0.39], np.float32)
"""Where the horizon may be, in heights of the picture below its upper edge: from straight above to nearly level."""
CUT_PX = 2
LOWEST = 0.3
"""Nobody is taken to look less tall than this part of what was usual."""


class Scale:
    """The scale of one picture of (width, height)."""

    def __init__(self, picture: tuple[int, int]) -> None:
        self._picture = picture
        self._samples: list[tuple[float, float, float]] = []
        self._last: dict[int, Bounds] = {}
        self._fitted_s, self._is_news = -np.inf, False
        self._line: tuple[float, float] | None = None
        self._usual_px = 0.0

    def measure(self, number: int, bounds: Bounds) -> None:
        """Takes in where a track that walks is, whole."""
        (x0, y0, x1, y1), (width, height) = bounds, self._picture
        wide, tall = x1 - x0, y1 - y0
        cut = min(x0, y0) < CUT_PX or x1 > width - CUT_PX or y1 > height - CUT_PX
        if cut or tall < UPRIGHT * wide:
            return
        if number in self._last:
            left, _, right, foot = self._last[number]
            if hypot((x0 + x1 - left - right) / 2, 2 * (y1 - foot)) < STEP_SIZES * tall:
                return
        others = [(key, box) for key, box in self._last.items() if key != number]
        self._last = dict([*others[1 - SAMPLES_MAX :], (number, bounds)])
        self._samples = [*self._samples[1 - SAMPLES_MAX :], (y1, tall, min(1.0, tall / wide - 1))]
        self._is_news = True

    def refit(self, at_s: float) -> None:
        """Draws the line anew, where that is due."""
        if self._is_news and at_s - self._fitted_s >= REFIT_S and len(self._samples) >= SAMPLES_MIN:
            self._fitted_s, self._is_news = at_s, False
            self._line, self._usual_px = self._fitted()

    def tall_at(self, y_px: float) -> float | None:
        """How tall, in pixels, who stands at this row looks; None while too few have walked to tell."""
        if self._line is None:
            return None
        slope, horizon = self._line
        return max(LOWEST * self._usual_px, slope * (y_px - horizon))

    def _fitted(self) -> tuple[tuple[float, float] | None, float]:
        foot, tall, weight = np.array(self._samples, np.float32).T
        horizons = HORIZONS * self._picture[1]
        below = foot - horizons[:, None]
        possible = (below > CUT_PX).all(axis=1)
        slopes = np.log(tall / below[possible])
        agreed = _agreement(slopes[:, :, None], slopes[:, None, :]) * weight
        support = agreed.sum(axis=2) * np.exp(TALLER_COUNTS * (slopes - slopes.mean(axis=1, keepdims=True)))
        line, best = np.unravel_index(int(support.argmax()), support.shape)
        share = agreed[line, best]
        slope = float(np.exp((share * slopes[line]).sum() / share.sum()))
        return (slope, float(horizons[possible][line])), float((share * tall).sum() / share.sum())


def _agreement(one: Real, other: Real) -> Real:
    return np.asarray(np.maximum(0, 1 - np.abs(one - other) / AGREES), np.float32)
