"""Light that falls unevenly, as under clouds and lamps: how much brighter each part of a picture is than its exposure
says.

It is told in cells, and changes slowly from one to the next: what somebody covers is less than half of any few cells.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Real

CELL = 5
"""The side of a cell, in pixels of the grid that is looked at."""
SMOOTH_CELLS = 5
"""The median over this many cells across and down leaves out who is there."""
DARKER, BRIGHTER = 0.4, 2.5


def uneven_light(expected: Real, seen: Real) -> Real | None:
    """How many times as bright as expected a picture is, smoothly, at each pixel of the grid on which both are given;
    None where the grid is too small to tell."""
    height, width = (side // CELL * CELL for side in seen.shape)
    if min(height, width) < SMOOTH_CELLS * CELL:
        return None
    ratio = (seen[:height, :width] + 1) / (expected[:height, :width] + 1)
    cells = ratio.reshape(height // CELL, CELL, width // CELL, CELL)
    light: NDArray[np.float32] = np.median(cells, axis=(1, 3)).astype(np.float32)
    smooth = cv2.blur(cv2.medianBlur(np.clip(light, DARKER, BRIGHTER), SMOOTH_CELLS), (3, 3))
    return np.asarray(cv2.resize(smooth, seen.shape[::-1]), np.float32)
