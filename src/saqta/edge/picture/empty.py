"""An empty scene learned from frames that are all in view at once: what each pixel shows most often."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, gray
from saqta.edge.frames import Planes
from saqta.edge.picture.exposure import fit_exposure

LEARNED_FROM_MAX = 120
"""It is learned from this many frames, evenly spread."""
CONTRAST_MIN, CONTRAST_MAX = 12, 36
"""Least difference, of 255, that is more than noise: by how noisy the pixel is, within these."""
DEVIATIONS = 4.5
CHROMA_WEIGHT = 1.6
KNOWN_SHARE_MIN = 0.45
"""With less of the picture explained by the empty scene, a frame can't be compared with it."""
USUAL_WITHIN = 10
"""A pixel shows the usual where it is at most this much, of 255, from what it shows most often."""
_BINS = 32


class Empty:
    """The empty scene as ``planes``, and the least difference from it that counts, pixel by pixel."""

    def __init__(self, planes: Planes, threshold: Gray) -> None:
        self.planes, self._threshold = planes, threshold

    def differs(self, planes: Planes) -> Gray | None:
        """255 where a frame of the same size differs, at its own exposure; None where too little of it is explained."""
        exposure = fit_exposure(self.planes.y, planes.y)
        if exposure.share < KNOWN_SHARE_MIN:
            return None
        height, width = planes.y.shape
        off = [cv2.absdiff(planes[n], exposure.colour_of(self.planes[n])) for n in (1, 2)]
        coloured = cv2.max(off[0], off[1])
        coloured = cv2.convertScaleAbs(coloured, alpha=CHROMA_WEIGHT)
        coloured = cv2.resize(coloured, (width, height), interpolation=cv2.INTER_NEAREST)
        difference = cv2.max(cv2.absdiff(planes.y, exposure.of(self.planes.y)), coloured)
        return gray(cv2.medianBlur(cv2.compare(difference, self._threshold, cv2.CMP_GT), 3))


def learn_empty(frames: Sequence[Planes]) -> Empty:
    """From the frames of one scene, all of one size."""
    chosen = frames[:: -(-len(frames) // LEARNED_FROM_MAX)]
    light = chosen[len(chosen) // 2].y
    chosen = [fit_exposure(light, planes.y).undone(planes) for planes in chosen]
    y, u, v = (np.stack(planes) for planes in zip(*chosen, strict=True))
    usual = np.abs(y - _most_often(y)) <= USUAL_WITHIN
    bright = _mean(y, usual)
    deviation = np.sqrt(_mean((y - bright) ** 2, usual))
    halved = usual[:, ::2, ::2]
    coloured = [np.rint(_mean(plane, halved)).astype(np.uint8) for plane in (u, v)]
    threshold = np.clip(DEVIATIONS * deviation, CONTRAST_MIN, CONTRAST_MAX).astype(np.uint8)
    return Empty(Planes(np.rint(bright).astype(np.uint8), *coloured), threshold)


def _mean(frames: NDArray[np.generic], usual: NDArray[np.bool_]) -> NDArray[np.float32]:
    counted = np.maximum(1, usual.sum(axis=0, dtype=np.float32))
    mean: NDArray[np.float32] = np.where(usual, frames, 0).sum(axis=0, dtype=np.float32) / counted
    return mean


def _most_often(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """By a histogram of each pixel, its highest bin and the two beside it."""
    bins = frames // (256 // _BINS)
    counts = np.stack([(bins == number).sum(axis=0, dtype=np.float32) for number in range(_BINS)])
    padded = np.pad(counts, ((1, 1), (0, 0), (0, 0)))
    best = (padded[:-2] + 2 * padded[1:-1] + padded[2:]).argmax(axis=0)[None]
    low, middle, high = (np.take_along_axis(padded, best + step, axis=0)[0] for step in range(3))
    width = 256 // _BINS
    often: NDArray[np.float32] = width * (best[0] + 0.5 + (high - low) / np.maximum(1, low + middle + high))
    return often.astype(np.float32)
