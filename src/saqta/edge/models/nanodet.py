"""NanoDet (RangiLyu): for strides 8, 16 and 32 the classes (n, cells, classes), then the edges (n, cells, 4 × bins).

An edge's distance from the cell's middle is a distribution over ``bins`` whole strides (Generalized Focal Loss, Li et
al. 2020); what counts is its mean. Classes are from 0 to 1 already. Its input is BGR, normalised as ImageNet is.
"""

from collections.abc import Sequence

import numpy as np

from saqta.edge.models.form import Candidates, Form, Output, Shape

STRIDES = (8, 16, 32)
_MEAN = (103.53, 116.28, 123.675)
_SCALE = (1 / 57.375, 1 / 57.12, 1 / 58.395)


def _classes_of(outputs: Sequence[Shape], width: int, height: int) -> int | None:
    if len(outputs) != 2 * len(STRIDES) or any(len(shape) != 3 for shape in outputs) or width % 32 or height % 32:
        return None
    cells = [(width // stride) * (height // stride) for stride in STRIDES]
    classes, bins = {shape[2] for shape in outputs[:3]}, {shape[2] for shape in outputs[3:]}
    if [shape[1] for shape in outputs] != cells * 2 or len(classes) != 1 or len(bins) != 1:
        return None
    (count,), (channels,) = classes, bins
    return count if isinstance(count, int) and isinstance(channels, int) and channels % 4 == 0 else None


def _decode(outputs: Sequence[Output], width: int, height: int, score_min: float) -> Candidates:
    parts = []
    for stride, scored, edges in zip(STRIDES, outputs[:3], outputs[3:], strict=True):
        by_class = scored.reshape(-1, scored.shape[-1])
        classes = by_class.argmax(axis=1)
        rows = np.flatnonzero(by_class[np.arange(len(classes)), classes] >= score_min)
        bins = edges.reshape(len(classes), 4, -1)[rows].astype(np.float64)
        shares = np.exp(bins - bins.max(axis=2, keepdims=True))
        left, top, right, bottom = (shares @ np.arange(bins.shape[2]) / shares.sum(axis=2) * stride).T
        row, column = np.divmod(rows, width // stride)
        x, y = (column + 0.5) * stride, (row + 0.5) * stride
        boxes = np.stack([x - left, y - top, x + right, y + bottom], axis=1).astype(np.float32)
        parts.append(Candidates(boxes, by_class[rows, classes[rows]], classes[rows]))
    return Candidates(*(np.concatenate(column) for column in zip(*parts, strict=True)))


NANODET = Form(_classes_of, _decode, _MEAN, _SCALE, score_min=0.35)
