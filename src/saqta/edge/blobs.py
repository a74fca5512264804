"""From a mask to blobs: connected regions with their boxes, the small and the faint told apart from the sure ones."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray

BLOBS_MAX = 96
"""Only the largest are looked at: a picture that holds more is rain, leaves or a fault."""
SHARE_MIN = 0.0004
"""Least part of the picture that a sure blob fills: at 320 x 180, five pixels square."""
WEAK_SHARE_MIN = 0.00015
_STRONG_SHARE_MIN = 0.08
PAIR_WIDTH_MIN = 0.5
PAIR_HEIGHT_MIN = 0.55
VALLEY = 0.45
"""Two stand side by side where a blob is this wide for its height, has two columns this tall, and between them one
that is this much lower."""

Bounds = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the analysed picture; x1 and y1 lie just outside."""


class Blob(NamedTuple):
    """A connected region; ``sure`` when it is large and different enough to be something on its own."""

    bounds: Bounds
    area: int
    sure: bool
    label: int


class Blobs(NamedTuple):
    """The blobs of one frame, largest first; ``labels`` (height, width) int32 says which one a pixel belongs to."""

    found: tuple[Blob, ...]
    labels: NDArray[np.int32]


def find_blobs(solid: Gray, strong: Gray) -> Blobs:
    """Closes the gaps of ``solid`` (upright more than across: a person falls apart into head, coat and legs)."""
    height, _ = solid.shape
    kernel = np.ones((max(3, height // 26) | 1, 3), np.uint8)
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, kernel)
    count, labelled, measured, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    labels, stats = np.asarray(labelled, np.int32), np.asarray(measured, np.int32)
    areas = stats[:, cv2.CC_STAT_AREA]
    least = max(4.0, WEAK_SHARE_MIN * solid.size)
    order = [int(label) for label in np.argsort(areas[1:count])[::-1][:BLOBS_MAX] + 1 if areas[label] >= least]
    found: list[Blob] = []
    for label in order:
        found += _parted(_blob(label, stats[label], labels, strong), labels, strong, count + len(found))
    return Blobs(tuple(found), labels)


def _blob(label: int, stats: NDArray[np.int32], labels: NDArray[np.int32], strong: Gray) -> Blob:
    x, y, width, height, area = (int(value) for value in stats)
    window = np.s_[y : y + height, x : x + width]
    sure_px = np.count_nonzero((labels[window] == label) & (strong[window] > 0))
    sure = area >= SHARE_MIN * labels.size and sure_px >= _STRONG_SHARE_MIN * area
    return Blob((x, y, x + width, y + height), area, bool(sure), label)


def _parted(blob: Blob, labels: NDArray[np.int32], strong: Gray, next_label: int) -> list[Blob]:
    """The blob, or two where two upright things stand side by side and touch: a valley between two tall columns."""
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    if not blob.sure or x1 - x0 < PAIR_WIDTH_MIN * (y1 - y0):
        return [blob]
    window = labels[y0:y1, x0:x1]
    filled = np.count_nonzero(window == blob.label, axis=0)
    left, right = np.maximum.accumulate(filled), np.maximum.accumulate(filled[::-1])[::-1]
    lower = np.minimum(left, right)
    cut = int(np.argmax((lower - filled) * (lower >= PAIR_HEIGHT_MIN * (y1 - y0))))
    if filled[cut] > VALLEY * lower[cut] or lower[cut] < PAIR_HEIGHT_MIN * (y1 - y0):
        return [blob]
    beyond = window[:, cut:]
    beyond[beyond == blob.label] = next_label
    return [_measured(label, labels, strong, blob.bounds) for label in (blob.label, next_label)]


def _measured(label: int, labels: NDArray[np.int32], strong: Gray, within: Bounds) -> Blob:
    x0, y0, x1, y1 = (int(value) for value in within)
    region = labels[y0:y1, x0:x1] == label
    x, y, width, height = cv2.boundingRect(region.astype(np.uint8))
    return _blob(label, np.array([x0 + x, y0 + y, width, height, np.count_nonzero(region)], np.int32), labels, strong)


def overlap(one: Bounds, other: Bounds) -> float:
    """The area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def alike(one: Bounds, other: Bounds) -> float:
    """The part of their union that two boxes share."""
    shared = overlap(one, other)
    return shared / (size(one) + size(other) - shared)


def size(bounds: Bounds) -> float:
    """The area of a box."""
    return (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
