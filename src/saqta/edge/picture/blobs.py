"""Blobs: regions of a frame that differ, with their boxes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the analysed picture; x1 and y1 lie just outside."""
Labels = NDArray[np.int32]
"""(height, width) int32: which blob a pixel belongs to."""


class Blob(NamedTuple):
    """A region; ``sure`` when it is large and different enough to be something on its own."""

    bounds: Bounds
    area: int
    sure: bool
    label: int


class Blobs(NamedTuple):
    """The blobs of one frame, largest first, and which one a pixel belongs to."""

    found: tuple[Blob, ...]
    labels: Labels


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
