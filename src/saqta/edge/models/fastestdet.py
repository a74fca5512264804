"""FastestDet (dog-qiuqiu): one output (1, 5 + classes, height / 16, width / 16), one box a cell.

The channels are objectness, the middle's offset from its cell (through tanh), the size as a share of the picture
(through the logistic function) and the classes. Its input is BGR from 0 to 1.
"""

from collections.abc import Sequence

import numpy as np

from saqta.edge.models.form import Candidates, Form, Output, Shape

STRIDE = 16
OBJECTNESS_POWER, CLASS_POWER = 0.6, 0.4
"""How much each counts in a score, as its author weighs them."""


def _classes_of(outputs: Sequence[Shape], width: int, height: int) -> int | None:
    if len(outputs) != 1 or len(outputs[0]) != 4 or width % STRIDE or height % STRIDE:
        return None
    if tuple(outputs[0][2:]) != (height // STRIDE, width // STRIDE):
        return None
    channels = outputs[0][1]
    return channels - 5 if isinstance(channels, int) and channels > 5 else None


def _decode(outputs: Sequence[Output], width: int, height: int, score_min: float) -> Candidates:
    grid = outputs[0].reshape(outputs[0].shape[-3:])
    classes = grid[5:].argmax(axis=0)
    best = np.take_along_axis(grid[5:], classes[None], axis=0)[0]
    scores = np.maximum(grid[0], 0) ** OBJECTNESS_POWER * np.maximum(best, 0) ** CLASS_POWER
    rows, columns = np.nonzero(scores >= score_min)
    offset_x, offset_y = np.tanh(grid[1:3, rows, columns])
    share_x, share_y = 1 / (1 + np.exp(-grid[3:5, rows, columns]))
    middle = np.stack([(columns + offset_x) * STRIDE, (rows + offset_y) * STRIDE], axis=1)
    half = np.stack([share_x * width, share_y * height], axis=1) / 2
    boxes = np.hstack([middle - half, middle + half]).astype(np.float32)
    return Candidates(boxes, scores[rows, columns], classes[rows, columns])


FASTESTDET = Form(_classes_of, _decode, (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255), score_min=0.6)
