"""Counting at lines: who crossed, which way.

A thing crosses with its foot, the middle of its lower edge. It counts when it was clearly on one side and is clearly on
the other: who trembles on the line counts once, when it has passed. Where its foot is must have been seen, not only
supposed: what is seen in part counts once it is seen whole beyond the line. ``forward`` is from the line's left to its
right, looking from the first point to the second: downwards, for a line drawn from left to right.
"""

from collections.abc import Iterable
from typing import NamedTuple

import cv2

from saqta.edge.picture.blobs import Bounds
from saqta.edge.tracking.ground import Measure, Speed
from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import Line

CLEAR_SHARE = 0.12
"""Clearly on a side: further from the line than this part of the thing's larger side."""
WHOLE_S = 0.25
"""A thing crosses with a frame in which it is seen whole, or was this short before: where it is hidden, its foot is
supposed."""

APART_S = 2.0
"""Things that were followed as one when it crossed, and come apart within this time, have all crossed."""


class Crossing(NamedTuple):
    """Somebody or something crossed a line; how fast, where the ground is known."""

    line: str
    forward: bool
    kind: str
    track: int
    at_s: float
    speed: Speed | None = None


class _Side(NamedTuple):
    """Where a thing was when it was clearly on a side; ``forward`` when that is where ``forward`` leads to."""

    x: float
    y: float
    forward: bool


class LineCounter:
    """Watches the lines of one camera; ``picture`` is (width, height) in the pixels of the tracks."""

    def __init__(self, lines: dict[str, Line], picture: tuple[int, int], measure: Measure | None = None) -> None:
        self._measure = measure
        width, height = picture
        self._lines = {
            name: (x0 * width, y0 * height, x1 * width, y1 * height) for name, (x0, y0, x1, y1) in lines.items()
        }
        self._sides: dict[tuple[str, int], _Side] = {}
        self._crossed: dict[tuple[str, int], tuple[float, _Side]] = {}

    def step(self, tracks: Iterable[Track], at_s: float) -> list[Crossing]:
        """The crossings that became clear with this frame; tentative tracks are remembered and count once confirmed."""
        crossings = []
        living = list(tracks)
        for track in living:
            for name, line in self._lines.items():
                if track.parent is not None and (name, track.number) not in self._sides:
                    self._inherit(name, track.number, track.parent, at_s)
                forward = self._passed(name, line, track) if track.seen else None
                if forward is not None:
                    speed = self._measure.speed(track) if self._measure is not None else None
                    crossings.append(Crossing(name, forward, track.named, track.number, at_s, speed))
        numbers = {track.number for track in living}
        self._sides = {key: side for key, side in self._sides.items() if key[1] in numbers}
        self._crossed = {key: crossed for key, crossed in self._crossed.items() if key[1] in numbers}
        return crossings

    def occupied(self, tracks: Iterable[Track]) -> list[str]:
        """The lines that something stands on or crosses in this frame."""
        boxes = [track.bounds for track in tracks if track.confirmed and track.seen]
        return [name for name, line in self._lines.items() if any(_touches(line, box) for box in boxes)]

    def _inherit(self, name: str, number: int, parent: int, at_s: float) -> None:
        """What came apart from a thing that has just crossed has crossed with it, uncounted."""
        crossed_s, side_before = self._crossed.get((name, parent), (-APART_S, None))
        side = side_before if at_s - crossed_s <= APART_S else None
        side = side or self._sides.get((name, parent))
        if side is not None:
            self._sides[name, number] = side

    def _passed(self, name: str, line: Line, track: Track) -> bool | None:
        """Which way the track has crossed with this frame; None when it has not."""
        x, y = track.foot
        x0, y0, x1, y1 = line
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        away = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length
        if abs(away) < CLEAR_SHARE * max(track.width, track.height):
            return None
        before = self._sides.get((name, track.number))
        crosses = before is not None and before.forward != (away > 0)
        if crosses and not (track.confirmed and track.at_s - track.whole_s <= WHOLE_S):
            return None
        self._sides[name, track.number] = side = _Side(x, y, away > 0)
        if before is None or not crosses:
            return None
        self._crossed[name, track.number] = (track.at_s, before)
        return side.forward if _meet((before.x, before.y, x, y), line) else None


def _touches(line: Line, box: Bounds) -> bool:
    """Whether a line passes through the lower half of a box: where a thing stands, not what it hides."""
    x0, y0, x1, y1 = (round(edge) for edge in box)
    top = (y0 + y1) // 2
    a, b = (round(line[0]), round(line[1])), (round(line[2]), round(line[3]))
    return bool(cv2.clipLine((x0, top, max(1, x1 - x0), max(1, y1 - top)), a, b)[0])


def _meet(path: Line, line: Line) -> bool:
    """Whether the path passes between the line's ends; path and line are known to lie across each other."""
    px, py = path[2] - path[0], path[3] - path[1]
    lx, ly = line[2] - line[0], line[3] - line[1]
    cross = px * ly - py * lx
    if cross == 0:
        return False
    along = ((path[0] - line[0]) * py - (path[1] - line[1]) * px) / -cross
    return 0 <= along <= 1
