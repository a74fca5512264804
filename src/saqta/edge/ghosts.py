"""Ghosts: regions that differ because something that the background was learned with has gone.

A thing that is there has its outline in the picture; a thing that has gone has it in the background. Only a region that
has differed for a while is judged: what moves is never one.
"""

import cv2
import numpy as np

from saqta.edge.arrays import Gray, gray
from saqta.edge.blobs import Blob, Blobs

STAYED_S = 1.0
STAYED_SHARE = 0.7
"""A region has stayed when this part of it has differed for STAYED_S."""
OUTLINE_RATIO = 1.35
"""A ghost's outline is this many times plainer in the background than in the picture."""
_COUNT_MAX = 255


class GhostFinder:
    """Judges the blobs of one stream, frame by frame."""

    def __init__(self, picture: tuple[int, int]) -> None:
        width, height = picture
        self._frames: Gray = np.zeros((height, width), np.uint8)
        self._one: Gray = np.ones((height, width), np.uint8)
        self._kernel = np.ones((3, 3), np.uint8)

    def step(self, luma: Gray, expected: Gray, differs: Gray, blobs: Blobs, step_s: float) -> tuple[Blob, ...]:
        """Those of ``blobs`` that are ghosts."""
        self._frames = gray(cv2.bitwise_and(cv2.add(self._frames, self._one), differs))
        stayed_frames = min(_COUNT_MAX, max(2, round(STAYED_S / step_s))) if step_s > 0 else _COUNT_MAX
        return tuple(
            blob
            for blob in blobs.found
            if self._stayed(blob, blobs, stayed_frames) and self._has_gone(blob, blobs, luma, expected)
        )

    def _stayed(self, blob: Blob, blobs: Blobs, frames: int) -> bool:
        window = _window(blob, blobs, 0)
        old = (self._frames[window] >= frames) & (blobs.labels[window] == blob.label)
        return bool(np.count_nonzero(old) >= STAYED_SHARE * blob.area)

    def _has_gone(self, blob: Blob, blobs: Blobs, luma: Gray, expected: Gray) -> bool:
        window = _window(blob, blobs, 3)
        region = (blobs.labels[window] == blob.label).astype(np.uint8)
        outline = cv2.morphologyEx(region, cv2.MORPH_GRADIENT, self._kernel) > 0
        there = cv2.morphologyEx(luma[window], cv2.MORPH_GRADIENT, self._kernel)[outline].mean()
        learned = cv2.morphologyEx(expected[window], cv2.MORPH_GRADIENT, self._kernel)[outline].mean()
        return bool(learned > OUTLINE_RATIO * there)


def _window(blob: Blob, blobs: Blobs, margin: int) -> tuple[slice, slice]:
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    height, width = blobs.labels.shape
    return (
        slice(max(0, y0 - margin), min(height, y1 + margin)),
        slice(max(0, x0 - margin), min(width, x1 + margin)),
    )
