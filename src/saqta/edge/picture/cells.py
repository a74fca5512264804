"""Cells: a coarse grid on a picture, in which what goes on over time is kept, and the bodies that it belongs to."""

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, connected, gray

CELL_PX = 4
"""What goes on over time is kept in cells of this side."""
CELL_FILLED = 0.3
"""A cell is busy where this part of it differs."""
BODY_REACH = 0.04
"""What stirs this near to each other, as a part of the picture's longer side, is one body."""
BODY_ASPECT, BODY_WIDTH_MAX, BODY_SHARE_MAX = 4.0, 1.0, 0.25
"""A body is at least this many times as high as what stirs of it is wide: who stands stirs with head and arms, and is
covered down to the feet. What is wider for its height, or takes more of the picture, is none."""

Cells = NDArray[np.bool_]
"""(height / CELL_PX, width / CELL_PX) bool, rounded up."""


def cells_of(size: tuple[int, ...]) -> tuple[int, int]:
    """(rows, columns) of the cells of a picture of (height, width)."""
    return -(-size[0] // CELL_PX), -(-size[1] // CELL_PX)


def busy_cells(differs: Gray | None, size: tuple[int, ...]) -> Cells:
    """Cells in which enough of the pixels differ; all of them where that is not known."""
    rows, columns = cells_of(size)
    if differs is None:
        return np.ones((rows, columns), bool)
    half = cv2.resize(differs, (2 * columns, 2 * rows), interpolation=cv2.INTER_AREA)  # In two steps: twice as fast.
    busy: Cells = cv2.resize(half, (columns, rows), interpolation=cv2.INTER_AREA) > 255 * CELL_FILLED
    return busy


def pixels_of(cells: Cells, size: tuple[int, ...]) -> Gray:
    """A mask of (height, width) that is 255 under ``cells``."""
    mask = cells.astype(np.uint8) * 255
    return gray(cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_NEAREST))


def bodies(cells: Cells) -> Cells:
    """With the bodies that the stirring parts belong to: what is near is one body, and it goes down to its feet."""
    if not cells.any():
        return cells
    reach = max(1, round(BODY_REACH * max(cells.shape)))
    near = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, stats = connected(gray(near))
    bodies = cells.copy()
    for x, y, width, height, _ in stats[1:].tolist():
        if width * height <= BODY_SHARE_MAX * cells.size and width <= BODY_WIDTH_MAX * height:
            aside, above = -(-width // 4), -(-height // 5)
            foot = y + max(height + above, round(BODY_ASPECT * width))
            bodies[max(0, y - above) : foot, max(0, x - aside) : x + width + aside] = True
    return bodies
