"""Travel times by road: one search back from the destination serves all who might come.

Dijkstra's algorithm (scipy's) runs on the reversed graph, from both ends of the road that the destination lies on. Who
travels starts in the middle of a road, too. Off the road, and where no road leads, the way is a straight line.

Places are points of a sphere in metres (x, y, z), so that no projection bends long ways and no meridian is special.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from saqta.dispatch.tables import ALL, ROADS, ROADS_DIGEST, RoadPart
from saqta.model.place import EARTH_RADIUS_M, Place, distance_m
from saqta.model.step import Tables

OFF_ROAD_MPS = 8 / 3.6
"""Between a place and the road beside it."""

OFF_ROAD_MAX_M = 1_000.0
"""Further from every road than this, the road graph does not know the place."""

STRAIGHT_MPS = 40 / 3.6
DETOUR = 1.4
"""Where no road is known, the way is taken to be so much longer than the straight line, at STRAIGHT_MPS."""

SAMPLE_M = 40.0
"""Roads are looked up by points on them, at most so far apart."""

GRAPHS_MAX = 2
SEARCH_BYTES_MAX = 64 << 20
"""Graphs, and the searches on one, that are kept for the next question; they hold nothing that the tables don't."""

Key = TypeVar("Key")
Value = TypeVar("Value")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Ways(NamedTuple):
    """The ways from several places to one, (n,) each: how long they take, and whether they are by road."""

    travel_s: Floats
    by_road: Flags


def ways(roads: "Roads | None", starts: Sequence[Place], end: Place) -> Ways:
    """The ways from each start to the end: by road where the graph knows both and a way between, else straight."""
    if not starts:
        return Ways(np.zeros(0), np.zeros(0, dtype=bool))
    from_, to = _points(starts), _points([end])[0]
    travel_s = roads.times_s(from_, to) if roads is not None else np.full(len(starts), np.inf)
    by_road = np.isfinite(travel_s)
    chords = np.linalg.norm(from_ - to, axis=1) / (2 * EARTH_RADIUS_M)
    straight_m = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(chords, 1.0))
    return Ways(np.where(by_road, travel_s, straight_m * DETOUR / STRAIGHT_MPS), by_road)


class _Kept(Generic[Key, Value]):
    """What was worked out before, at most ``kept_max`` of it, the oldest forgotten; for several threads."""

    def __init__(self, kept_max: int) -> None:
        self._kept: dict[Key, Value] = {}
        self._kept_max, self._lock = kept_max, threading.Lock()

    def of(self, key: Key, work_out: Callable[[], Value]) -> Value:
        with self._lock:
            if key not in self._kept:
                value = work_out()
                while len(self._kept) >= self._kept_max:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = value
            return self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)


_graphs: "_Kept[str, Roads | None]" = _Kept(GRAPHS_MAX)


def at_least_s(roads: "Roads | None", start: Place, end: Place) -> float:
    """A bound that no trip between the two goes below, for little work."""
    fastest_mps = roads.fastest_mps if roads is not None else 0.0
    return distance_m(start, end) / max(fastest_mps, OFF_ROAD_MPS, STRAIGHT_MPS / DETOUR)


def roads_of(tables: Tables) -> "Roads | None":
    """The road graph of the tables, built once for its content; None where no road is known."""
    content = tables.get(ROADS_DIGEST, ALL)
    if content is None:
        return None
    return _graphs.of(content.digest, lambda: Roads.of(part for _, part in tables.scan(ROADS)))


class _Snapped(NamedTuple):
    """Places beside their roads: the edge, how far along it (0..1), and how far from it."""

    edge: Ints
    along: Floats
    off_m: Floats


class Roads:
    """A road graph. Edges are one-way; ``twin`` is the edge that leads back along the same road, -1 without one."""

    def __init__(self, points: Floats, tail: Ints, head: Ints, seconds: Floats) -> None:
        """``points`` (n, 3) metres; ``tail``, ``head`` and ``seconds`` (m,), each pair of ends once."""
        self._points, self._tail, self._head, self._seconds = points, tail, head, seconds
        self._twin = _twins(tail, head)
        n = len(points)
        self._backward = csr_matrix((seconds, (head, tail)), shape=(n, n))
        self._sampled, samples = _samples(points, tail, head, self._twin)
        self._tree = cKDTree(samples)
        self._searches = _Kept[int, Floats](max(2, SEARCH_BYTES_MAX // (8 * n)))
        self._way = points[head] - points[tail]
        self._length2 = np.maximum(np.einsum("ij,ij->i", self._way, self._way), 1e-9)
        self.fastest_mps = float(np.max(np.sqrt(self._length2) / seconds))

    @classmethod
    def of(cls, parts: Iterable[RoadPart]) -> "Roads | None":
        """The graph of all parts; of parallel edges the fastest. An edge to a node that no part holds leads nowhere."""
        parts = list(parts)
        places = {name: place for part in parts for name, place in part.nodes.items()}
        number = {name: n for n, name in enumerate(places)}
        fastest: dict[tuple[int, int], float] = {}
        for part in parts:
            for start, end, length_m, speed_kmh in part.edges:
                if start in number and end in number and start != end:
                    ends, seconds = (number[start], number[end]), max(length_m / speed_kmh * 3.6, 0.001)
                    fastest[ends] = min(seconds, fastest.get(ends, seconds))
        if not fastest:
            return None
        tail, head = np.array(list(fastest), dtype=np.int64).T
        return cls(_points(list(places.values())), tail, head, np.array(list(fastest.values())))

    def times_s(self, starts: Floats, end: Floats) -> Floats:
        """(n,) seconds by road from ``starts`` (n, 3) to ``end`` (3,); infinite where no road leads there."""
        edges, alongs, offs_m = self._snap(np.vstack([starts, end]))
        edge, along, off_m = edges[:-1], alongs[:-1], offs_m[:-1]
        to_edge, to_along = int(edges[-1]), float(alongs[-1])
        twin = self._twin[edge]
        forward = self._left_s(self._head[edge], to_edge, to_along) + (1 - along) * self._seconds[edge]
        back = self._left_s(self._tail[edge], to_edge, to_along) + along * self._seconds[twin]
        times = np.where(twin >= 0, np.minimum(forward, back), forward)
        beside = edge == to_edge
        times[beside] = np.minimum(times[beside], self._along_s(to_edge, to_along - along[beside]))
        times += (off_m + offs_m[-1]) / OFF_ROAD_MPS
        times[np.maximum(off_m, offs_m[-1]) > OFF_ROAD_MAX_M] = np.inf
        return times

    def _along_s(self, edge: int, ahead: Floats) -> Floats:
        """Seconds to what lies so far ahead (parts of its length) on the edge; behind by the twin, or not at all."""
        twin = int(self._twin[edge])
        behind = -ahead * self._seconds[twin] if twin >= 0 else np.full(len(ahead), np.inf)
        return np.where(ahead >= 0, ahead * self._seconds[edge], behind)

    def _left_s(self, nodes: Ints, edge: int, along: float) -> Floats:
        """Seconds from these nodes to a point on an edge, entered at either of its ends."""
        times: Floats = self._to_node(int(self._tail[edge]))[nodes] + along * self._seconds[edge]
        twin = int(self._twin[edge])
        if twin < 0:
            return times
        back: Floats = self._to_node(int(self._head[edge]))[nodes] + (1 - along) * self._seconds[twin]
        return np.minimum(times, back)

    def _to_node(self, node: int) -> Floats:
        """Seconds to this node from every node."""
        return self._searches.of(node, lambda: dijkstra(self._backward, indices=node))

    def _snap(self, points: Floats) -> _Snapped:
        _, nearest = self._tree.query(points)
        edge = self._sampled[nearest]
        way = self._way[edge]
        from_start = points - self._points[self._tail[edge]]
        along = np.clip(np.einsum("ij,ij->i", from_start, way) / self._length2[edge], 0.0, 1.0)
        beside = from_start - along[:, None] * way
        return _Snapped(edge, along, np.sqrt(np.einsum("ij,ij->i", beside, beside)))


def _points(places: Sequence[Place]) -> Floats:
    """(n, 3) metres on the sphere."""
    lat, lon = np.radians([(place.lat, place.lon) for place in places]).T
    return EARTH_RADIUS_M * np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _twins(tail: Ints, head: Ints) -> Ints:
    number = {ends: n for n, ends in enumerate(zip(tail.tolist(), head.tolist(), strict=True))}
    return np.array([number.get(ends, -1) for ends in zip(head.tolist(), tail.tolist(), strict=True)], dtype=np.int64)


def _samples(points: Floats, tail: Ints, head: Ints, twin: Ints) -> tuple[Ints, Floats]:
    """Points on the roads and the edge of each; of an edge and its twin the first stands for both."""
    edges = np.flatnonzero((twin < 0) | (np.arange(len(twin)) < twin))
    lengths_m = np.linalg.norm(points[head[edges]] - points[tail[edges]], axis=1)
    pieces = np.array([ceil(length_m / SAMPLE_M) + 1 for length_m in lengths_m], dtype=np.int64)
    sampled = np.repeat(edges, pieces)
    n = np.arange(len(sampled)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = (n / np.maximum(np.repeat(pieces, pieces) - 1, 1))[:, None]
    return sampled, points[tail[sampled]] * (1 - along) + points[head[sampled]] * along
