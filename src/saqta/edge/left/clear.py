"""What a frame shows of a known scene, more clearly: without the camera's tremor and, where it is dark, brighter.

In half the light a thing differs from its ground by half as much: what differs enough is told as in good light.
"""

import cv2
import numpy as np

from saqta.edge.arrays import Gray, gray
from saqta.edge.picture.background import CONTRAST_MIN
from saqta.edge.picture.steady import Steady

BRIGHT, WHITE = 90.0, 250.0
"""A scene's median is shown as bright as this, of 255, unless more than WHITE_SHARE would be brighter than WHITE."""
WHITE_SHARE = 0.05
GAIN_MIN, GAIN_MAX = 1.15, 2.5
"""It is shown no more than GAIN_MAX times as bright, since the noise is too; less than GAIN_MIN is not worth it."""
EDGES_EVERY_S = 30.0
"""The edges by which it is steadied are looked for this often."""


class Clear:
    """The clear view of one scene, of which the ``usual`` look is known. It is shown ``gain`` times as bright."""

    def __init__(self, usual: Gray, at_s: float) -> None:
        middle, bright = (max(1.0, float(level)) for level in np.quantile(usual[::4, ::4], (0.5, 1 - WHITE_SHARE)))
        gain = min(GAIN_MAX, BRIGHT / middle, WHITE / bright)
        self.gain = gain if gain >= GAIN_MIN else 1.0
        self._steady, self._steady_s = Steady(self.lit(usual)), at_s

    def lit(self, picture: Gray) -> Gray:
        """A picture as bright as it is shown."""
        return picture if self.gain == 1.0 else gray(cv2.convertScaleAbs(picture, alpha=self.gain))

    def seen(self, frame: Gray, usual: Gray, at_s: float) -> Gray:
        """A frame as it is shown; ``usual`` is what the scene looks like, as shown."""
        if at_s - self._steady_s >= EDGES_EVERY_S:
            self._steady, self._steady_s = Steady(usual), at_s
        return self._steady.steadied(self.lit(frame))

    def threshold(self, threshold: Gray) -> Gray:
        """How much a pixel differs at least, as it is shown: where that is for its noise, more so."""
        if self.gain == 1.0:
            return threshold
        least = np.where(threshold > CONTRAST_MIN, self.gain * threshold, threshold)
        return gray(np.minimum(least, 255).astype(np.uint8))
