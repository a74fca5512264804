"""Counting at lines: who crossed, which way.

A thing crosses with its foot, the middle of its lower edge. It counts when it was clearly on one side and is clearly on
the other: who trembles on the line counts once, when it has passed. ``forward`` is from the line's left to its right,
looking from the first point to the second: downwards, for a line drawn from left to right.
"""

from collections.abc import Iterable
from typing import NamedTuple

from saqta.edge.tracks import Track
from saqta.model.kinds import Line

CLEAR_SHARE = 0.12
"""Clearly on a side: further from the line than this part of the thing's larger side."""


class Crossing(NamedTuple):
    """Somebody or something crossed a line."""

    line: str
    forward: bool
    kind: str
    track: int
    at_s: float


class LineCounter:
    """Watches the lines of one camera; ``picture`` is (width, height) in the pixels of the tracks."""

    def __init__(self, lines: dict[str, Line], picture: tuple[int, int]) -> None:
        width, height = picture
        self._lines = {
            name: (x0 * width, y0 * height, x1 * width, y1 * height) for name, (x0, y0, x1, y1) in lines.items()
        }
        self._clear: dict[tuple[str, int], tuple[float, float, bool]] = {}

    def step(self, tracks: Iterable[Track], at_s: float) -> list[Crossing]:
        """The crossings that became clear with this frame; tentative tracks are remembered and count once confirmed."""
        crossings = []
        living = list(tracks)
        for track in living:
            if not track.seen:
                continue
            for name, line in self._lines.items():
                forward = self._crossed(name, line, track)
                if forward is not None:
                    crossings.append(Crossing(name, forward, track.kind, track.number, at_s))
        numbers = {track.number for track in living}
        self._clear = {key: side for key, side in self._clear.items() if key[1] in numbers}
        return crossings

    def _crossed(self, name: str, line: Line, track: Track) -> bool | None:
        x, y = track.foot
        x0, y0, x1, y1 = line
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        side = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length
        if abs(side) < CLEAR_SHARE * max(track.width, track.height):
            return None
        before = self._clear.get((name, track.number))
        forward = side > 0
        if before is not None and before[2] != forward:
            if not track.confirmed:
                return None
            self._clear[name, track.number] = (x, y, forward)
            return forward if _meet((before[0], before[1], x, y), line) else None
        self._clear[name, track.number] = (x, y, forward)
        return None


def _meet(path: Line, line: Line) -> bool:
    """Whether the path passes between the line's ends; path and line are known to lie across each other."""
    px, py = path[2] - path[0], path[3] - path[1]
    lx, ly = line[2] - line[0], line[3] - line[1]
    cross = px * ly - py * lx
    if cross == 0:
        return False
    along = ((path[0] - line[0]) * py - (path[1] - line[1]) * px) / -cross
    return 0 <= along <= 1
