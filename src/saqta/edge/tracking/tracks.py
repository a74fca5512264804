"""Tracks: one thing through time, by a Kalman filter over its box, as whole as it was last seen."""

from math import hypot
from typing import NamedTuple

from saqta.edge.picture.blobs import Bounds
from saqta.edge.tracking.motion import EXTENT, PLACE, Axis
from saqta.edge.tracking.shapes import PERSON, VEHICLE, Shape

COASTING_DRAG = 0.94
"""What is left of the speed after each frame in which the thing was not found."""
HIDDEN_SHARE = 0.5
PARTIAL_S = 1.5
"""A thing that is seen in part only keeps its size for this long; then what is seen is all there is."""
HITS_MIN = 3
MOVED_SHARE = 0.5
WENT_SHARE = 0.8
"""A thing has moved when both of its sides, or its top and foot, went MOVED_SHARE of its width the same way, or when
its foot went WENT_SHARE of it, as that of a thing that comes nearer."""
MOVED_PX_MIN = 2.0
_EDGE_PX = 2


class Detection(NamedTuple):
    """What may be one thing in this frame. ``partial``: only part of it is seen, so its size tells nothing. ``apart``:
    it was seen together with something else until now, so its size is new."""

    bounds: Bounds
    area: float
    sure: bool
    partial: bool = False
    apart: bool = False


class Track:
    """One thing through time, in pixels of the analysed picture.

    ``number`` counts within the stream. ``bounds`` is where it is now, seen or supposed while it coasts;
    ``rests_since_s`` is when it last went on by a good part of its own size. ``parent`` is the number of the track in
    which it was seen before, as one thing with others.
    """

    def __init__(self, number: int, found: Detection, at_s: float, parent: int | None = None) -> None:
        x0, y0, x1, y1 = found.bounds
        self.number, self.parent = number, parent
        self.born_s = self.seen_s = self.at_s = self.whole_s = at_s
        width, height = x1 - x0, y1 - y0
        self.x, self.y = Axis((x0 + x1) / 2, width, PLACE), Axis((y0 + y1) / 2, height, PLACE)
        self._across, self._upright = Axis(width, width, EXTENT), Axis(height, height, EXTENT)
        self._settle()
        self.hits = 1
        self.moved = False
        self.twin_s = 0.0
        self.shape = Shape()
        self.votes: dict[str, float] = {}
        self._rest, self.rests_since_s = found.bounds, at_s

    @property
    def foot(self) -> tuple[float, float]:
        """The middle of its lower edge, where it touches the ground."""
        return self.x.at, self.y.at + self.height / 2

    @property
    def seen(self) -> bool:
        """It was found in this frame; otherwise it coasts."""
        return self.seen_s == self.at_s

    @property
    def confirmed(self) -> bool:
        """It moved as one thing for long enough to be something."""
        return self.moved and self.hits >= HITS_MIN

    @property
    def heights_a_s(self) -> float:
        """How fast it goes, in heights of its own a second; 0 while that is not known yet."""
        return hypot(self.x.speed, self.y.speed) / self.height if self.hits >= HITS_MIN else 0.0

    @property
    def velocity(self) -> tuple[float, float]:
        """How fast its foot goes, in pixels a second, across and downwards."""
        return self.x.speed, self.y.speed + self._upright.speed / 2

    @property
    def velocity_deviation(self) -> tuple[float, float]:
        """The standard deviation of the velocity."""
        return self.x.speed_deviation, hypot(self.y.speed_deviation, self._upright.speed_deviation / 2)

    @property
    def kind(self) -> str:
        """``person`` or ``vehicle``."""
        if not self.votes:
            return self.shape.kind
        return PERSON if self.named == PERSON else VEHICLE

    @property
    def named(self) -> str:
        """Its class, where a model has told it; else ``person`` or ``vehicle``."""
        return max(self.votes, key=lambda kind: self.votes[kind]) if self.votes else self.shape.kind

    def predict(self, at_s: float) -> None:
        """Moves on to ``at_s`` by its own speed."""
        width, height = self.width, self.height
        if not self.seen:
            self.x.speed *= COASTING_DRAG
            self.y.speed *= COASTING_DRAG
        if self.whole_s < self.at_s:
            self._across.speed = self._upright.speed = 0.0
        for axis, extent in ((self.x, width), (self.y, height), (self._across, width), (self._upright, height)):
            axis.predict(at_s - self.at_s, extent)
        self.at_s = at_s
        self._settle()

    def observe(self, found: Detection, picture: tuple[int, int]) -> None:
        """Takes in where it was found; ``picture`` is (width, height)."""
        x0, y0, x1, y1 = found.bounds
        if found.apart:
            self._begin_anew(found.bounds)
        left, top, right, bottom = self.bounds
        may_be_partial = self.at_s - self.whole_s < PARTIAL_S
        hidden_across = may_be_partial and (found.partial or _is_hidden(x0 - left, x1 - right, self.width))
        hidden_upright = may_be_partial and (found.partial or _is_hidden(y0 - top, y1 - bottom, self.height))
        _observe(self.x, self._across, x0, x1, hidden_across)
        _observe(self.y, self._upright, y0, y1, hidden_upright)
        if not (hidden_across or hidden_upright):
            self.whole_s = self.at_s
            self.shape.add(x1 - x0, y1 - y0, found.area, _is_cut(found.bounds, picture), self.heights_a_s)
        self._settle()
        self.hits += 1
        self.seen_s = self.at_s
        if self._has_moved():
            self.moved = True
            self._rest, self.rests_since_s = self.bounds, self.at_s

    def _begin_anew(self, bounds: Bounds) -> None:
        """What was followed as one thing came apart: this is the one that it goes on with."""
        x0, y0, x1, y1 = self._rest = bounds
        self.x.at, self.y.at = (x0 + x1) / 2, (y0 + y1) / 2
        self._across, self._upright = Axis(x1 - x0, x1 - x0, EXTENT), Axis(y1 - y0, y1 - y0, EXTENT)
        self._settle()

    def _settle(self) -> None:
        self.width, self.height = max(1.0, self._across.at), max(1.0, self._upright.at)
        x, y, half_width, half_height = self.x.at, self.y.at, self.width / 2, self.height / 2
        self.bounds: Bounds = (x - half_width, y - half_height, x + half_width, y + half_height)

    def _has_moved(self) -> bool:
        rest, now = self._rest, self.bounds
        width = min(self.width, rest[2] - rest[0])
        across = _together(now[0] - rest[0], now[2] - rest[2])
        upright = _together(now[1] - rest[1], now[3] - rest[3])
        went = hypot(self.foot[0] - (rest[0] + rest[2]) / 2, self.foot[1] - rest[3])
        return max(across, upright, went * MOVED_SHARE / WENT_SHARE) >= max(MOVED_PX_MIN, MOVED_SHARE * width)


def _observe(middle: Axis, extent: Axis, low: float, high: float, hidden: bool) -> None:
    """Updates one axis of a track; of a thing that is half hidden, only the edge that is where it was supposed."""
    size = max(1.0, extent.at)
    if hidden:
        half = size / 2
        middle.update(middle.at + _agreed(low - (middle.at - half), high - (middle.at + half)), 2 * size)
    else:
        middle.update((low + high) / 2, size)
        extent.update(high - low, size)


def _is_hidden(low: float, high: float, size: float) -> bool:
    """Whether one edge is where it was supposed and the other far inside: how both are off is given."""
    return low - high > HIDDEN_SHARE * size and min(abs(low), abs(high)) < HIDDEN_SHARE / 2 * size


def _agreed(low: float, high: float) -> float:
    """How far it went, by the edge that went less: the other one is where it is hidden."""
    return low if abs(low) < abs(high) else high


def _together(low: float, high: float) -> float:
    """How far both edges went the same way."""
    return min(abs(low), abs(high)) if low * high > 0 else 0.0


def _is_cut(bounds: Bounds, picture: tuple[int, int]) -> bool:
    x0, y0, x1, y1 = bounds
    return x0 < _EDGE_PX or y0 < _EDGE_PX or x1 > picture[0] - _EDGE_PX or y1 > picture[1] - _EDGE_PX


def widened(bounds: Bounds, share: float) -> Bounds:
    x, y = share * (bounds[2] - bounds[0]), share * (bounds[3] - bounds[1])
    return bounds[0] - x, bounds[1] - y, bounds[2] + x, bounds[3] + y
