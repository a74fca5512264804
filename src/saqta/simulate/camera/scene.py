"""Who is where on a camera's ground at a moment of its stream.

Everybody who ever comes by follows from the seed: each way has slots of time, and a slot is empty or brings one actor.
Nothing is kept between moments, so any moment may be asked for.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import atan2, floor, hypot
from typing import NamedTuple

import numpy as np

from saqta.simulate.camera.layout import Flow, Layout, Leavings, Rectangle, Ring, Spot, Visits

PERSON, SUITCASE = "person", "suitcase"
_RESTING_MS = 0.3
_APPROACH_S = 20.0
_BESIDE_M = 0.6
ACTORS_KEPT_MAX = 2048
"""Actors are kept a while, since they are asked for in every frame; a forgotten one is made again, the same."""


class Pose(NamedTuple):
    """Where an actor stands on the ground, where it looks (radians from x to y), how fast it goes, how far it came."""

    x: float
    y: float
    heading: float
    speed_ms: float
    walked_m: float
    sits: bool = False


class Actor(NamedTuple):
    """Somebody or something that comes by: at ``times`` (seconds of the stream) at ``xs``, ``ys``; ``look`` seeds how
    it looks. ``kind`` is ``person``, ``car``, ``van``, ``bus``, ``truck`` or ``suitcase``. It may sit where it rests.
    """

    id: str
    kind: str
    times: tuple[float, ...]
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    look: int
    sits: bool = False

    def pose(self, at_s: float) -> Pose | None:
        """None before it comes and after it went."""
        if not self.times[0] <= at_s < self.times[-1]:
            return None
        leg = int(np.searchsorted(self.times, at_s, side="right")) - 1
        dt = self.times[leg + 1] - self.times[leg]
        dx, dy = self.xs[leg + 1] - self.xs[leg], self.ys[leg + 1] - self.ys[leg]
        part, length = (at_s - self.times[leg]) / dt, hypot(dx, dy)
        heading = self._heading(leg)
        before = sum(hypot(self.xs[i + 1] - self.xs[i], self.ys[i + 1] - self.ys[i]) for i in range(leg))
        speed_ms = length / dt
        x, y = self.xs[leg] + part * dx, self.ys[leg] + part * dy
        return Pose(x, y, heading, speed_ms, before + part * length, self.sits and speed_ms < _RESTING_MS)

    def _heading(self, leg: int) -> float:
        """Of the last leg, up to this one, on which it moved."""
        for earlier in (*range(leg, -1, -1), *range(leg + 1, len(self.xs) - 1)):
            dx, dy = self.xs[earlier + 1] - self.xs[earlier], self.ys[earlier + 1] - self.ys[earlier]
            if hypot(dx, dy) > 0.05:
                return atan2(dy, dx)
        return 0.0


class Scene(NamedTuple):
    """A camera's ground and who comes by there; ``name`` and ``seed`` tell one camera's traffic from another's."""

    name: str
    seed: int
    layout: Layout
    visits: Visits
    leavings: Leavings | None = None

    def actors(self, at_s: float) -> Iterator[tuple[Actor, Pose]]:
        """Everybody on the ground at a moment, in a fixed order."""
        layout = self.layout
        for number, flow in enumerate(layout.flows):
            slots = range(floor((at_s - _longest_s(flow)) / flow.every_s) - 1, floor(at_s / flow.every_s) + 1)
            for slot in slots:
                yield from _present(_of_flow(self.name, self.seed, number, flow, slot), at_s)
        newest = floor((at_s - self.visits.first_s) / self.visits.every_s) + 1
        for visit in range(max(0, newest - 2), newest + 1):
            yield from _present(_of_visit(self.name, self.seed, layout.entry, layout.haunt, self.visits, visit), at_s)
        if self.leavings is not None and at_s >= self.leavings.first_s - _APPROACH_S:
            leaving = floor((at_s - self.leavings.first_s + _APPROACH_S) / self.leavings.every_s)
            for actor in _of_leaving(self.name, self.seed, layout.forgetful, self.leavings, leaving):
                yield from _present(actor, at_s)


def _present(actor: Actor | None, at_s: float) -> Iterator[tuple[Actor, Pose]]:
    pose = actor.pose(at_s) if actor else None
    if actor and pose:
        yield actor, pose


def _longest_s(flow: Flow) -> float:
    return _length_m(flow.points) / flow.speed_ms[0]


def _length_m(points: Sequence[Spot]) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


@lru_cache(maxsize=ACTORS_KEPT_MAX)
def _of_flow(name: str, seed: int, number: int, flow: Flow, slot: int) -> Actor | None:
    rng = random.Random(f"{seed}/{name}/flow/{number}/{slot}")
    if rng.random() > flow.share:
        return None
    start_s = (slot + rng.uniform(0.0, 0.55)) * flow.every_s
    speed_ms, aside = rng.uniform(*flow.speed_ms), rng.uniform(-flow.spread_m, flow.spread_m)
    points = _moved_aside(flow.points, aside)
    return _walking(f"{flow.kinds[0][0]}{number}.{slot}", rng.choice(flow.kinds), points, speed_ms, start_s, rng)


@lru_cache(maxsize=ACTORS_KEPT_MAX)
def _of_visit(name: str, seed: int, entry: Ring, haunt: Rectangle, visits: Visits, visit: int) -> Actor:
    """Somebody who comes by the entry, lingers in the haunt and leaves as they came."""
    rng = random.Random(f"{seed}/{name}/visit/{visit}")
    x0, y0, x1, y1 = haunt
    jitter_s = 0.0 if visit == 0 else rng.uniform(-0.2, 0.2) * visits.every_s
    inside_s = visits.first_s + visit * visits.every_s + jitter_s
    speed_ms = rng.uniform(1.2, 1.5)
    times, spots = [inside_s - _length_m(entry) / speed_ms], [entry[0]]

    def walk(spot: Spot) -> None:
        times.append(times[-1] + max(0.01, _length_m((spots[-1], spot)) / speed_ms))
        spots.append(spot)

    for spot in entry[1:]:
        walk(spot)
    until_s = inside_s + rng.uniform(*visits.stay_s)
    while times[-1] < until_s:
        walk((rng.uniform(x0, x1), rng.uniform(y0, y1)))
        times.append(times[-1] + rng.uniform(0.4, 2.6))
        spots.append(spots[-1])
    for spot in entry[::-1]:
        walk(spot)
    xs, ys = zip(*spots, strict=True)
    return Actor(f"v{visit}", PERSON, tuple(times), xs, ys, rng.getrandbits(32))


@lru_cache(maxsize=ACTORS_KEPT_MAX)
def _of_leaving(name: str, seed: int, way: Ring, leavings: Leavings, leaving: int) -> tuple[Actor, Actor, Actor]:
    """Somebody who puts a suitcase down and walks on, the suitcase, and the same one who comes back and takes it."""
    rng = random.Random(f"{seed}/{name}/leaving/{leaving}")
    look, (start, middle, end) = rng.getrandbits(32), way
    put_down_s = leavings.first_s + leaving * leavings.every_s
    taken_s = put_down_s + leavings.rest_s
    beside = (middle[0], middle[1] + _BESIDE_M)
    comes = _past(f"l{leaving}", (start, beside, end), put_down_s, look)
    returns = _past(f"r{leaving}", (end, beside, start), taken_s, look)
    rests = Actor(f"s{leaving}", SUITCASE, (put_down_s, taken_s), (middle[0],) * 2, (middle[1],) * 2, look)
    return comes, rests, returns


def _past(id: str, way: Ring, at_s: float, look: int) -> Actor:
    """Somebody who is in the middle of a way at a moment, and for two seconds around it."""
    before_s, after_s = (_length_m(leg) / 1.4 for leg in pairwise(way))
    xs, ys = zip(way[0], way[1], way[1], way[2], strict=True)
    return Actor(id, PERSON, (at_s - 1 - before_s, at_s - 1, at_s + 1, at_s + 1 + after_s), xs, ys, look)


def _walking(id: str, kind: str, points: Sequence[Spot], speed_ms: float, start_s: float, rng: random.Random) -> Actor:
    times = [start_s]
    for a, b in pairwise(points):
        times.append(times[-1] + hypot(b[0] - a[0], b[1] - a[1]) / speed_ms)
    xs, ys = zip(*points, strict=True)
    return Actor(id, kind, tuple(times), xs, ys, rng.getrandbits(32))


def _moved_aside(points: Sequence[Spot], aside_m: float) -> list[Spot]:
    """The way, kept ``aside_m`` to the left of its first direction."""
    (x0, y0), (x1, y1) = points[0], points[1]
    length = hypot(x1 - x0, y1 - y0)
    dx, dy = -(y1 - y0) / length * aside_m, (x1 - x0) / length * aside_m
    return [(x + dx, y + dy) for x, y in points]
