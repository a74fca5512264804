"""Who was where: the ways of the tracks so far, and how tall what moves here looks, row by row of the picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot

from saqta.edge.picture.blobs import Bounds, alike, overlap
from saqta.edge.tracking.scale import Scale
from saqta.edge.tracking.tracks import Track

REMEMBERED_S = 180.0
"""Ways of tracks that ended are remembered this long."""
WAYS_MAX = 128
TALLEST = 3
GIANT = 1.6
"""What is taller than a person there by this is nobody: leaves that tremble together are."""
AFAR_SIZES = 2.0
EDGE_PX = 3
RESTS_S, RESTING_SHARE = 60.0, 0.5
POINTS_MAX = 128
"""A longer way keeps every other one of its points."""
WENT_SIZES = 0.6
"""Who walks goes at least this far, in own heights: leaves that tremble do not."""
ENDED_S = 1.0
"""What was not seen for longer has ended."""
STOPS_S, STOPS_SIZES = 0.5, 0.4
"""Who stops goes no further than this, in own heights, from this long before a moment to this long after it."""

Points = list[tuple[float, Bounds]]


@dataclass(eq=False)
class Way:
    """Where one track went: (at_s, bounds) in pixels, oldest first, and how far its sides or its foot got."""

    number: int
    points: Points = field(default_factory=list)
    every_s: float = 0.0
    went_px: float = 0.0
    _tallest: list[float] = field(default_factory=list)

    @property
    def born_s(self) -> float:
        return self.points[0][0]

    @property
    def last_s(self) -> float:
        return self.points[-1][0]

    @property
    def tall_px(self) -> float:
        """How tall it looked when it was seen best; 0 while it was seen too seldom to tell."""
        return self._tallest[0] if len(self._tallest) == TALLEST else 0.0

    @property
    def last(self) -> Bounds:
        return self.points[-1][1]

    @property
    def walked(self) -> bool:
        """Whether it is somebody, or something, that goes places."""
        return self.tall_px > 0 and self.went_px >= WENT_SIZES * self.tall_px

    def at(self, at_s: float) -> Bounds:
        """Where it was, as near to the moment as is known."""
        return min(self.points, key=lambda point: abs(point[0] - at_s))[1]

    def rested_at(self, at_s: float) -> bool:
        """Whether it had not gone on for RESTS_S then."""
        now, before = self.at(at_s), self.at(at_s - RESTS_S)
        return at_s - RESTS_S >= self.born_s and alike(now, before) > RESTING_SHARE

    def came_from_afar(self) -> bool:
        """Whether it walked up to where it is now, rather than being put down there."""
        x0, _, x1, y1 = self.last
        feet = (((left + right) / 2, foot) for _, (left, _, right, foot) in self.points)
        return any(hypot((x0 + x1) / 2 - x, y1 - foot) >= AFAR_SIZES * self.tall_px for x, foot in feet)

    def stopped_in(self, place: Bounds, at_s: float) -> bool:
        """Whether it came to stand at a place at about a moment, or came out of it later; who passes does not stand."""
        if self.born_s > at_s - STOPS_S:
            return overlap(self.points[0][1], place) > 0
        return any(self._stands_in(place, at_s + later_s) for later_s in (0.0, STOPS_S, 2 * STOPS_S))

    def _stands_in(self, place: Bounds, at_s: float) -> bool:
        (left, _, right, foot), (x0, y0, x1, y1) = self.at(at_s - STOPS_S), self.at(at_s + STOPS_S)
        went_px = hypot((x0 + x1 - left - right) / 2, y1 - foot)
        return went_px <= STOPS_SIZES * (y1 - y0) and overlap((x0, y0, x1, y1), place) > 0

    def came_to(self, bounds: Bounds) -> bool:
        """Whether it has been elsewhere than in this box."""
        return any(overlap(place, bounds) == 0 for _, place in self.points)

    def add(self, track: Track, at_s: float) -> None:
        """Where it is now."""
        if self.points and at_s - self.points[-1][0] < self.every_s:
            return
        self.points.append((at_s, track.bounds))
        self._tallest = sorted((*self._tallest, track.height))[-TALLEST:]
        (x0, _, x1, y1), (left, _, right, foot) = self.points[0][1], track.bounds
        self.went_px = max(self.went_px, abs(left - x0), abs(right - x1), abs(foot - y1))
        if len(self.points) > POINTS_MAX:
            self.every_s = max(0.2, 2 * self.every_s)
            self.points = self.points[::2]


class Ways:
    """The ways of one stream's tracks, and the scale that follows from them."""

    def __init__(self, picture: tuple[int, int]) -> None:
        self._picture = picture
        self._ways: dict[int, Way] = {}
        self._scale = Scale(picture)
        self._at_s = 0.0

    def step(self, tracks: Iterable[Track], at_s: float) -> None:
        """Takes in where the tracks of a frame are."""
        for track in tracks:
            if not track.seen:
                continue
            way = self._ways.setdefault(track.number, Way(track.number))
            way.add(track, at_s)
            goes_on = track.confirmed and track.rests_since_s == at_s and way.went_px >= way.tall_px > 0
            if goes_on and track.whole_s == at_s:
                self._scale.measure(track.number, track.bounds)
        self._scale.refit(at_s)
        self._at_s = at_s
        if len(self._ways) > WAYS_MAX or any(at_s - way.last_s > REMEMBERED_S for way in self._ways.values()):
            kept = sorted(self._ways.values(), key=lambda way: way.last_s)[-WAYS_MAX:]
            self._ways = {way.number: way for way in kept if at_s - way.last_s <= REMEMBERED_S}

    def shift(self, by_s: float) -> None:
        """The stream's clock starts elsewhere."""
        for way in self._ways.values():
            way.points = [(at_s + by_s, bounds) for at_s, bounds in way.points]

    def of(self, number: int) -> Way | None:
        return self._ways.get(number)

    def all(self) -> Sequence[Way]:
        """Every way that is remembered."""
        return list(self._ways.values())

    def some_left(self, place: Bounds, since_s: float, tall_px: float) -> bool:
        """Whether more of those who stood at a place at a moment, or came out of it later, were seen elsewhere at last
        than came to it since: tracks that meet there may be exchanged. ``tall_px`` is how tall a person looks there."""
        near, away = _grown(place, 0.5 * tall_px, tall_px), _grown(place, tall_px, 1.5 * tall_px)
        later = [way for way in self._ways.values() if way.walked and way.last_s > since_s]
        gone = sum(way.stopped_in(near, since_s) and self._is_out_of(away, way) for way in later)
        came = sum(overlap(way.at(since_s), away) == 0 and overlap(way.last, near) > 0 for way in later)
        return gone > came

    def _is_out_of(self, place: Bounds, way: Way) -> bool:
        """Whether it is elsewhere, or went out of view."""
        return overlap(way.last, place) == 0 or (self.leads_out(way.last) and way.last_s < self._at_s - ENDED_S)

    def leads_out(self, bounds: Bounds) -> bool:
        """Whether a box lies at the picture's edge: who ends there went out of view."""
        x0, _, x1, y1 = bounds
        return x0 < EDGE_PX or x1 > self._picture[0] - EDGE_PX or y1 > self._picture[1] - EDGE_PX

    def tall_at(self, y_px: float) -> float | None:
        """How tall, in pixels, who stands at this row looks; None while too few have walked to tell."""
        return self._scale.tall_at(y_px)


def _grown(place: Bounds, by_px: float, tall_px: float) -> Bounds:
    """A place and what is around it, and as high as who stands there."""
    x0, y0, x1, y1 = place
    return x0 - by_px, min(y0 - by_px, y1 - tall_px), x1 + by_px, y1 + by_px
