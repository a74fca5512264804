"""What the scene looked like before anything came: the memory that redaction goes by.

Unlike ``background``, which takes in whatever stays, it learns a pixel only while it looks as before. What looks
otherwise is unsettled until it looks as before again, or until nothing has stirred there or near by for ``HELD_S``.
"""

import cv2
import numpy as np

from saqta.edge.arrays import Gray, Real, gray

HELD_S = 300.0
"""What came is taken for part of the scene when neither it nor anything near by has stirred for this long."""
STIR = 14
"""Least change, of 255, that is stirring."""
NEAR_SHARE = 0.05
"""How far stirring reaches, as a part of the picture's longer side: a limb that moves keeps the body unsettled."""
LOOK_S = 1.0
"""Stirring is looked for, and the settled scene learned, this often."""
MEMORY_S = 20.0
DEVIATIONS = 4.0


class Settled:
    """The settled look of one scene of one size. Shown every explained frame, at the exposure that was learned."""

    def __init__(self, first: Gray) -> None:
        self._mean: Real = first.astype(np.float32)
        self._deviation: Real = np.full(first.shape, STIR / DEVIATIONS / 2, np.float32)
        self._least: Gray = np.full(first.shape, STIR, np.uint8)
        self._stirred_at: Gray = first.copy()
        self._still_s = np.zeros(first.shape, np.uint16)
        self._looked_s = 0.0
        near = max(1, round(NEAR_SHARE * max(first.shape)))
        self._near = np.ones((2 * near + 1, 2 * near + 1), np.uint8)
        self._renew()

    def step(self, seen: Gray, step_s: float) -> Gray:
        """Takes in a frame; 255 where it looks otherwise than the settled scene."""
        difference = gray(cv2.absdiff(seen, self._mean8))
        unsettled = gray(cv2.medianBlur(cv2.compare(difference, self._threshold, cv2.CMP_GT), 3))
        self._looked_s += step_s
        if self._looked_s >= LOOK_S:
            self._learn(seen, difference, cv2.bitwise_not(unsettled))
            self._settle(seen, unsettled)
            self._looked_s = 0.0
            self._renew()
        return unsettled

    def adopt(self, mean: Real) -> None:
        """Takes ``mean`` for the settled scene as a whole."""
        np.copyto(self._mean, mean)
        self._renew()

    def expose(self, gain: Real | np.float32, offset: Real | np.float32) -> None:
        """The learned exposure has moved, everywhere or pixel by pixel."""
        self._mean = np.clip(self._mean * gain + offset, 0, 255)
        self._renew()

    def _renew(self) -> None:
        self._mean8 = gray(cv2.convertScaleAbs(self._mean))
        self._threshold = gray(cv2.max(cv2.convertScaleAbs(self._deviation, alpha=DEVIATIONS), self._least))

    def _learn(self, seen: Gray, difference: Gray, as_before: cv2.typing.MatLike) -> None:
        share = min(1.0, self._looked_s / MEMORY_S)
        cv2.accumulateWeighted(seen, self._mean, share, as_before)
        cv2.accumulateWeighted(difference, self._deviation, share, as_before)

    def _settle(self, seen: Gray, unsettled: Gray) -> None:
        stirred = cv2.medianBlur(cv2.threshold(cv2.absdiff(seen, self._stirred_at), STIR, 255, cv2.THRESH_BINARY)[1], 3)
        cv2.copyTo(seen, stirred, self._stirred_at)
        self._still_s += np.uint16(round(self._looked_s))
        self._still_s *= cv2.subtract(unsettled, cv2.dilate(stirred, self._near)) > 0
        settled = self._still_s >= HELD_S
        if not settled.any():
            return
        self._mean[settled] = seen[settled]
        self._deviation[settled] = STIR / DEVIATIONS / 2
        self._still_s[settled] = 0
