"""From a mask to blobs: connected regions with their boxes, the small and the faint told apart from the sure ones."""

from collections.abc import Iterator
from itertools import count as counting

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, connected, gray
from saqta.edge.picture.blobs import Blob, Blobs, Bounds, Labels, size
from saqta.edge.picture.pieces import PAIR_WIDTH_MIN, joined, lumps, pair_cut

BLOBS_MAX = 96
"""Only the largest are looked at: a picture that holds more is rain, leaves or a fault."""
SHARE_MIN = 0.0004
"""Least part of the picture that a sure blob fills: at 320 x 180, five pixels square."""
WEAK_SHARE_MIN = 0.00015
PARTED_MIN = 4
"""What is less than this many times as large as a sure blob is not looked at for parts."""
BOX_FILLED = 0.75
"""What fills this part of its box is no several things that touch."""
_STRONG_SHARE_MIN = 0.08
_KERNEL = np.ones((5, 3), np.uint8)


def find_blobs(solid: Gray, strong: Gray) -> Blobs:
    """Connected regions of ``solid``: parted where things only touch, joined where one thing fell apart."""
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _KERNEL)
    labels, stats = connected(gray(closed))
    areas = stats[:, cv2.CC_STAT_AREA]
    strong_px = np.bincount(labels[strong > 0], minlength=len(stats))
    least = max(4.0, WEAK_SHARE_MIN * solid.size)
    fresh = counting(len(stats))
    parted: list[Blob] = []
    for label in np.argsort(areas[1:])[::-1][:BLOBS_MAX] + 1:
        if areas[label] < least:
            break
        blob = _blob(int(label), stats[label].tolist(), int(strong_px[label]), labels.size)
        parted += _parted(blob, labels, strong, fresh)
    whole = _joined(sorted(parted, key=lambda blob: -blob.area), labels, strong)
    return Blobs(tuple(whole), labels)


def _blob(label: int, stats: list[int], strong_px: int, picture_px: int) -> Blob:
    x, y, width, height, area = stats
    sure = area >= SHARE_MIN * picture_px and strong_px >= _STRONG_SHARE_MIN * area
    return Blob((x, y, x + width, y + height), area, sure, label)


def _measured(label: int, labels: Labels, strong: Gray, within: Bounds) -> Blob:
    x0, y0, x1, y1 = (int(value) for value in within)
    region = labels[y0:y1, x0:x1] == label
    x, y, width, height = cv2.boundingRect(region.view(np.uint8))
    area, strong_px = int(np.count_nonzero(region)), int(np.count_nonzero(strong[y0:y1, x0:x1][region]))
    return _blob(label, [x0 + x, y0 + y, width, height, area], strong_px, labels.size)


def _parted(blob: Blob, labels: Labels, strong: Gray, fresh: Iterator[int]) -> list[Blob]:
    """The blob, or its parts: the lumps that thin necks join, and of each the two that stand side by side."""
    if not blob.sure:
        return [blob]
    parts = [blob]
    if PARTED_MIN * SHARE_MIN * labels.size <= blob.area < BOX_FILLED * size(blob.bounds):
        parts = _relabelled(blob, lumps(_region(blob, labels)), labels, strong, fresh)
    return [half for part in parts for half in _halved(part, labels, strong, fresh)]


def _halved(blob: Blob, labels: Labels, strong: Gray, fresh: Iterator[int]) -> list[Blob]:
    x0, y0, x1, y1 = blob.bounds
    if not blob.sure or x1 - x0 < PAIR_WIDTH_MIN * (y1 - y0):
        return [blob]
    region = _region(blob, labels)
    cut = pair_cut(region)
    if cut is None:
        return [blob]
    beyond = region.copy()
    beyond[:, :cut] = False
    return _relabelled(blob, [region & ~beyond, beyond], labels, strong, fresh)


def _region(blob: Blob, labels: Labels) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    region: NDArray[np.bool_] = labels[y0:y1, x0:x1] == blob.label
    return region


def _relabelled(
    blob: Blob, parts: list[NDArray[np.bool_]], labels: Labels, strong: Gray, fresh: Iterator[int]
) -> list[Blob]:
    """A blob for each part of its region; the first keeps its label."""
    if len(parts) < 2:
        return [blob]
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    names = [blob.label, *(next(fresh) for _ in parts[1:])]
    for name, part in zip(names[1:], parts[1:], strict=True):
        labels[y0:y1, x0:x1][part] = name
    return [_measured(name, labels, strong, blob.bounds) for name in names]


def _joined(pieces: list[Blob], labels: Labels, strong: Gray) -> list[Blob]:
    """One blob for the pieces of one thing; largest first, as the pieces are."""
    while True:
        groups = joined([(blob.bounds, blob.area) for blob in pieces], labels.shape[0])
        if len(groups) == len(pieces):
            return pieces
        whole = [_united([pieces[index] for index in group], labels, strong) for group in groups]
        pieces = sorted(whole, key=lambda blob: -blob.area)


def _united(pieces: list[Blob], labels: Labels, strong: Gray) -> Blob:
    main, *others = pieces
    if not others:
        return main
    for piece in others:
        x0, y0, x1, y1 = (int(value) for value in piece.bounds)
        window = labels[y0:y1, x0:x1]
        window[window == piece.label] = main.label
    lefts, tops, rights, bottoms = zip(*(piece.bounds for piece in pieces), strict=True)
    within = (min(lefts), min(tops), max(rights), max(bottoms))
    return _measured(main.label, labels, strong, within)
