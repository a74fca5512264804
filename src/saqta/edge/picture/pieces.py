"""What belongs together: whether regions are pieces of one thing, and whether one region is several things.

Things upright, as people are, fall apart from top to bottom: head, coat, legs. Things that lie flat, as vehicles do,
don't: two flat regions above one another are two vehicles, one behind the other.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.picture.blobs import Bounds

Region = NDArray[np.bool_]
"""(height, width): where a thing is within its box."""

PAIR_WIDTH_MIN = 0.5
PAIR_HEIGHT_MIN = 0.55
VALLEY = 0.45
"""Two stand side by side where a region is this wide for its height, has two columns this tall, and between them one
that is this much lower."""
SOLID = 0.85
"""A region that fills this part of its hull has no necks."""
NECK = 0.65
"""A neck is at most this part of the thickness of what it joins."""
NECK_SHARES = (0.3, 0.42, 0.54)
"""The thicknesses at which necks are looked for, as parts of the region's greatest."""
LUMP_PX_MIN = 2.5
LUMP_SHARE_MIN = 0.15
"""A lump is this thick, and this part of its region, at least."""
FLAT = 0.9
"""Flat: wider than this part of its height."""
UPRIGHT = 1.5
"""Upright: this many times as high as wide."""
MINOR = 0.3
"""A piece of less than this part of the other's area is a piece, however flat."""
GAP_SHARE = 1 / 26
"""Pieces of something upright lie at most this part of the picture's height apart."""
SPLINTER_SHARE = 0.25
SPLINTER_GROWS = 1.3
SPLINTER_NEAR = 0.06
SPLINTER_NEAR_PX = 2.0
COMPACT = 0.6
"""A splinter of a compact thing is this small, lets its box grow by no more than this, and lies this near."""


def may_be_one(one: Bounds, area: float, other: Bounds, other_area: float) -> bool:
    """Whether two regions, by their boxes and areas, may be pieces of one upright thing."""
    shared = min(one[2], other[2]) - max(one[0], other[0])
    if shared < 0.5 * min(one[2] - one[0], other[2] - other[0]):
        return False
    both_flat = all(box[2] - box[0] > FLAT * (box[3] - box[1]) for box in (one, other))
    return not both_flat or min(area, other_area) < MINOR * max(area, other_area)


def joined(pieces: Sequence[tuple[Bounds, float]], height: int) -> list[list[int]]:
    """Indices of the pieces (box, area; the largest first) that make up one thing, for each thing; its largest piece
    first. ``height`` is the picture's."""
    groups = [[index] for index in range(len(pieces))]
    for main, piece in _near_pairs(pieces, height):
        into, lost = (next(group for group in groups if index in group) for index in (main, piece))
        if into is not lost:
            into += lost
            groups.remove(lost)
    return [sorted(group) for group in groups]


def _near_pairs(pieces: Sequence[tuple[Bounds, float]], height: int) -> list[tuple[int, int]]:
    """(the larger, the smaller) of each pair of pieces of one thing."""
    if len(pieces) < 2:
        return []
    x0, y0, x1, y1 = np.array([bounds for bounds, _ in pieces], np.float32).T
    near_px = np.maximum(SPLINTER_NEAR_PX, SPLINTER_NEAR * np.maximum(x1 - x0, y1 - y0))
    gap_x = np.maximum.outer(x0, x0) - np.minimum.outer(x1, x1)
    gap_y = np.maximum.outer(y0, y0) - np.minimum.outer(y1, y1)
    near = (gap_x <= near_px[:, None]) & (gap_y <= np.maximum(near_px, GAP_SHARE * height)[:, None])
    return [
        (main, other)
        for main, other in np.argwhere(near).tolist()
        if main < other
        and (_stack(*pieces[main], *pieces[other], GAP_SHARE * height) or _is_splinter(*pieces[other], *pieces[main]))
    ]


def _stack(one: Bounds, area: float, other: Bounds, other_area: float, gap_px: float) -> bool:
    """Whether two regions lie above one another as pieces of something upright."""
    high, wide = (max(one[n + 2], other[n + 2]) - min(one[n], other[n]) for n in (1, 0))
    near = max(one[1], other[1]) - min(one[3], other[3]) <= gap_px
    return near and high >= UPRIGHT * wide and may_be_one(one, area, other, other_area)


def _is_splinter(one: Bounds, area: float, main: Bounds, main_area: float) -> bool:
    """Whether a region is a splinter of a larger, compact one."""
    main_wide, main_high = main[2] - main[0], main[3] - main[1]
    high, wide = (max(one[n + 2], main[n + 2]) - min(one[n], main[n]) for n in (1, 0))
    gap = max(max(one[n], main[n]) - min(one[n + 2], main[n + 2]) for n in (0, 1))
    return (
        gap <= max(SPLINTER_NEAR_PX, SPLINTER_NEAR * max(main_wide, main_high))
        and area <= SPLINTER_SHARE * main_area
        and wide * high <= SPLINTER_GROWS * main_wide * main_high
        and main_area >= COMPACT * main_wide * main_high
    )


def pair_cut(region: Region) -> int | None:
    """The column between two upright things that stand side by side and touch: a valley between two tall columns."""
    height = region.shape[0]
    filled = np.count_nonzero(region, axis=0)
    left, right = np.maximum.accumulate(filled), np.maximum.accumulate(filled[::-1])[::-1]
    lower = np.minimum(left, right)
    cut = int(np.argmax((lower - filled) * (lower >= PAIR_HEIGHT_MIN * height)))
    if filled[cut] > VALLEY * lower[cut] or lower[cut] < PAIR_HEIGHT_MIN * height:
        return None
    return cut


def lumps(region: Region) -> list[Region]:
    """The region, or the lumps of it that thin necks join."""
    if min(region.shape) < 2 * LUMP_PX_MIN or max(region.shape) < 4 * LUMP_PX_MIN:
        return [region]
    mask = np.asarray(cv2.copyMakeBorder(region.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT), np.uint8)
    if cv2.countNonZero(mask) > SOLID * region.size or _is_solid(mask):
        return [region]
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    deepest = float(depth.max())
    if deepest < LUMP_PX_MIN:
        return [region]
    for share in NECK_SHARES:
        count, cores = cv2.connectedComponents((depth > share * deepest).astype(np.uint8), connectivity=8)
        if count < 3:  # The background and one core.
            continue
        thick = np.flatnonzero(np.bincount(cores[depth >= max(LUMP_PX_MIN, share * deepest / NECK)]))
        if len(thick) >= 2:
            parts = _nearest(region, np.isin(cores, thick, kind="table"))
            if _are_things(parts):
                return parts
    return [region]


def _is_solid(mask: NDArray[np.uint8]) -> bool:
    """Fills the holes of the mask, and says whether it has no necks."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)
    hull = cv2.convexHull(max(outlines, key=len))
    return bool(cv2.countNonZero(mask) > SOLID * cv2.contourArea(hull))


def _nearest(region: Region, cores: Region) -> list[Region]:
    """The parts of the region, each nearest to one of the cores; ``cores`` has a border of one pixel."""
    _, labels = cv2.distanceTransformWithLabels(
        (~cores).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    within = np.where(region, labels[1:-1, 1:-1], 0)
    return [within == label for label in np.flatnonzero(np.bincount(within.ravel())) if label]


def _are_things(parts: Sequence[Region]) -> bool:
    """Whether each part is large enough, and no two are pieces of something upright."""
    areas = [int(np.count_nonzero(part)) for part in parts]
    if min(areas) < LUMP_SHARE_MIN * sum(areas):
        return False
    boxes = [_box(part) for part in parts]
    return not any(
        may_be_one(boxes[one], areas[one], boxes[other], areas[other])
        for one in range(len(parts))
        for other in range(one)
    )


def _box(part: Region) -> Bounds:
    x, y, width, height = cv2.boundingRect(part.view(np.uint8))
    return x, y, x + width, y + height
