"""YOLOX (Ge et al. 2021): one output (1, cells of strides 8, 16 and 32, 5 + classes), as its exporter leaves it.

A row is the box's middle and size, relative to its cell (size as a logarithm), objectness and the classes, both from
0 to 1 already. Its input is BGR from 0 to 255.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from saqta.edge.models.form import Candidates, Form, Output, Shape, chosen

STRIDES = (8, 16, 32)


def _classes_of(outputs: Sequence[Shape], width: int, height: int) -> int | None:
    if len(outputs) != 1 or len(outputs[0]) != 3 or width % STRIDES[-1] or height % STRIDES[-1]:
        return None
    _, cells, channels = outputs[0]
    expected = sum((width // stride) * (height // stride) for stride in STRIDES)
    return channels - 5 if cells == expected and isinstance(channels, int) and channels > 5 else None


def _decode(outputs: Sequence[Output], width: int, height: int, score_min: float) -> Candidates:
    rows = outputs[0].reshape(-1, outputs[0].shape[-1])
    taken, scores, classes = chosen(rows[:, 4], rows[:, 5:], score_min)
    cells = _cells(width, height)[taken]
    stride = cells[:, 2:]
    middle = (rows[taken, :2] + cells[:, :2]) * stride
    half = np.exp(np.minimum(rows[taken, 2:4], 20.0)) * stride / 2
    return Candidates(np.hstack([middle - half, middle + half]), scores, classes)


@lru_cache(maxsize=8)
def _cells(width: int, height: int) -> NDArray[np.float32]:
    """(cells, 3): column, row, stride."""
    parts = []
    for stride in STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        parts.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], axis=1))
    return np.concatenate(parts).astype(np.float32)


YOLOX = Form(_classes_of, _decode, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), score_min=0.3)
