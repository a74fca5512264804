"""What a form of detector is: how it is known by its shapes, what its input looks like, and how its output is read.

A form is one file here and one line in ``saqta.registry``.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Shape = Sequence[int | str | None]
"""Of a tensor; a dimension that may have any size is a name or None."""
Output = NDArray[np.float32]


class Candidates(NamedTuple):
    """What an output holds before overlapping boxes are thinned out, in no order: ``boxes`` (n, 4) x0, y0, x1, y1 in
    pixels of the input, ``scores`` (n,) from 0 to 1, ``classes`` (n,) as indices into the model's classes."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]


class Form(NamedTuple):
    """One form of detector with a single picture as its input.

    ``classes_of(outputs, width, height)`` is how many classes outputs of these shapes tell apart, None where they are
    not of this form. ``decode(outputs, width, height, score_min)`` reads what one picture of that size gave.
    ``mean`` and ``scale`` say what it is fed, ``(value - mean) * scale`` in BGR, and ``score_min`` from where on its
    scores count, unless a manifest says otherwise.
    """

    classes_of: Callable[[Sequence[Shape], int, int], int | None]
    decode: Callable[[Sequence[Output], int, int, float], Candidates]
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    score_min: float


def chosen(objectness: NDArray[Any], by_class: NDArray[Any], score_min: float) -> tuple[NDArray[np.intp], Any, Any]:
    """(rows, scores, classes) of the best class a row, where objectness times class comes to ``score_min``.

    >>> chosen(np.float32([0.9, 0.1]), np.float32([[0.2, 0.8], [1.0, 0.0]]), 0.5)[2].tolist()
    [1]
    """
    rows = np.flatnonzero(objectness >= score_min)
    classes = by_class[rows].argmax(axis=1)
    scores = objectness[rows] * by_class[rows, classes]
    kept = scores >= score_min
    return rows[kept], scores[kept], classes[kept]


def thinned(boxes: NDArray[Any], groups: NDArray[Any], overlap_max: float) -> NDArray[np.intp]:
    """Greedy non-maximum suppression within each group: the rows that stay, of ``boxes`` that come best first.

    >>> thinned(np.float32([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]]), np.array([0, 0, 0]), 0.5).tolist()
    [0, 2]
    """
    x0, y0, x1, y1 = boxes.T
    areas = np.maximum(0, x1 - x0) * np.maximum(0, y1 - y0)
    rows = np.arange(len(boxes))
    kept: list[int] = []
    while rows.size:
        best, rest = rows[0], rows[1:]
        kept.append(int(best))
        width = np.minimum(x1[best], x1[rest]) - np.maximum(x0[best], x0[rest])
        height = np.minimum(y1[best], y1[rest]) - np.maximum(y0[best], y0[rest])
        shared = np.maximum(0, width) * np.maximum(0, height)
        union = areas[best] + areas[rest] - shared
        rows = rest[(shared <= overlap_max * union) | (groups[rest] != groups[best])]
    return np.array(kept, np.intp)
