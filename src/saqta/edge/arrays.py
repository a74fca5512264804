"""The arrays that pictures are made of."""

from typing import Any

import numpy as np
from av.plane import Plane
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
"""(height, width) uint8: a brightness, or a mask that is 255 where something holds and 0 elsewhere."""
Real = NDArray[np.float32]
"""(height, width) float32."""


def gray(array: NDArray[Any]) -> Gray:
    """What OpenCV gave, which is uint8 already, under its own type."""
    return np.asarray(array, np.uint8)


def rows_of(plane: Plane, line_bytes: int) -> Gray:
    """The memory of a frame's plane, (lines, line_bytes), without a copy: it lives as long as the frame."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, line_bytes)
