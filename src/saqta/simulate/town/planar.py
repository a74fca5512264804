"""Drawn lines as a planar graph: crossings become nodes, what lies between them edges, what they enclose faces.

Everything is in metres, x to the east, y to the north; the same lines always give the same graph.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
"""(n, 2) in metres."""

SNAP_M = 14.0


class Edge(NamedTuple):
    """A way between two nodes without a crossing: a part of the drawn line number ``line``, from ``at`` on."""

    a: int
    b: int
    points: Points
    line: int
    at: float

    @property
    def length_m(self) -> float:
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())

    @property
    def middle(self) -> Points:
        """About halfway along."""
        middle: Points = self.points[len(self.points) // 2] if len(self.points) > 2 else self.points.mean(axis=0)
        return middle


class Graph(NamedTuple):
    """``nodes`` (n, 2) in metres, and the edges between them."""

    nodes: Points
    edges: tuple[Edge, ...]


def planar(lines: Sequence[Points]) -> Graph:
    """The graph of polylines; crossings and ends closer than SNAP_M become one node."""
    cuts: list[list[tuple[float, Points]]] = [[(0.0, line[0]), (len(line) - 1.0, line[-1])] for line in lines]
    for i, at_i, j, at_j, place in _crossings(lines):
        cuts[i].append((at_i, place))
        cuts[j].append((at_j, place))
    flat = np.array([place for line in cuts for _, place in line])
    node_of, nodes = _snapped(flat)
    numbers = iter(node_of)
    edges: dict[tuple[int, int], Edge] = {}
    for index, line in enumerate(cuts):
        stops = sorted((at, next(numbers)) for at, _ in line)
        for (from_at, a), (to_at, b) in pairwise(stops):
            if a != b and (min(a, b), max(a, b)) not in edges:
                inner = lines[index][int(from_at) + 1 : int(np.ceil(to_at))]
                edges[min(a, b), max(a, b)] = Edge(a, b, np.vstack([nodes[a], inner, nodes[b]]), index, from_at)
    return Graph(nodes, tuple(edges.values()))


def kept(graph: Graph, keep: Callable[[Edge], bool]) -> Graph:
    """The graph of the edges that ``keep`` wants; nodes stay where they are."""
    return Graph(graph.nodes, tuple(edge for edge in graph.edges if keep(edge)))


def without_stubs(graph: Graph, is_stub: Callable[[Edge], bool]) -> Graph:
    """Takes away, again and again, edges with a loose end that ``is_stub`` does not want."""
    degree = degrees(graph)
    left = kept(graph, lambda edge: min(degree[edge.a], degree[edge.b]) > 1 or not is_stub(edge))
    return graph if len(left.edges) == len(graph.edges) else without_stubs(left, is_stub)


def degrees(graph: Graph) -> NDArray[np.int64]:
    """How many edges meet at each node."""
    ends = [end for edge in graph.edges for end in (edge.a, edge.b)]
    return np.bincount(np.array(ends, dtype=np.int64), minlength=len(graph.nodes))


Half = tuple[int, bool]
"""A side of an edge: its number, and whether it is walked against its direction."""


class Face(NamedTuple):
    """What edges enclose: ``ring`` (n, 2) counter-clockwise, first point not repeated; ``halves`` walk round it."""

    ring: Points
    halves: tuple[Half, ...]

    @property
    def area_m2(self) -> float:
        return area_m2(self.ring)


def faces(graph: Graph) -> list[Face]:
    """Every enclosed area once; the unbounded one is left out."""
    around: dict[int, list[tuple[float, Half]]] = defaultdict(list)
    for number, edge in enumerate(graph.edges):
        for back in (False, True):
            points = edge.points[::-1] if back else edge.points
            dx, dy = points[1] - points[0]
            around[edge.b if back else edge.a].append((float(np.arctan2(dy, dx)), (number, back)))
    following: dict[Half, Half] = {}
    for leaving in around.values():
        ordered = [half for _, half in sorted(leaving)]
        for position, (number, back) in enumerate(ordered):
            following[number, not back] = ordered[position - 1]
    found = []
    unseen = dict.fromkeys(following)
    while unseen:
        start = next(iter(unseen))
        halves = [start]
        del unseen[start]
        while (half := following[halves[-1]]) != start:
            halves.append(half)
            del unseen[half]
        ring = np.vstack([walked(graph, half)[:-1] for half in halves])
        if area_m2(ring) > 0:
            found.append(Face(ring, tuple(halves)))
    return found


def outlines(graph: Graph, members: Sequence[Face]) -> list[Points]:
    """The outer rings of faces taken together, largest first: sides that two of them share are dissolved."""
    halves = {half for face in members for half in face.halves}
    outer = {half for half in halves if (half[0], not half[1]) not in halves}
    leaving: dict[int, list[Half]] = defaultdict(list)
    for half in sorted(outer):
        leaving[_ends(graph, half)[0]].append(half)
    rings = []
    for start in sorted(leaving):
        while leaving[start]:
            pieces = []
            node = start
            while leaving[node]:
                half = leaving[node].pop()
                pieces.append(walked(graph, half)[:-1])
                node = _ends(graph, half)[1]
            rings.append(np.vstack(pieces))
    return sorted(rings, key=area_m2, reverse=True)


def walked(graph: Graph, half: Half) -> Points:
    """The points of an edge in the direction in which ``half`` walks it."""
    number, back = half
    points = graph.edges[number].points
    return points[::-1] if back else points


def within(point: Points, ring: Points) -> bool:
    """Whether a point (2,) lies inside a ring."""
    return cv2.pointPolygonTest(ring.astype(np.float32), (float(point[0]), float(point[1])), False) > 0


def area_m2(ring: Points) -> float:
    """Signed area of a ring: positive when it runs counter-clockwise.

    >>> area_m2(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]))
    2.0
    """
    x, y = ring.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _ends(graph: Graph, half: Half) -> tuple[int, int]:
    number, back = half
    edge = graph.edges[number]
    return (edge.b, edge.a) if back else (edge.a, edge.b)


def _crossings(lines: Sequence[Points]) -> list[tuple[int, float, int, float, Points]]:
    """Where two different lines cross: (line, place along it in points, other line, place along it, point)."""
    starts = np.vstack([line[:-1] for line in lines])
    steps = np.vstack([np.diff(line, axis=0) for line in lines])
    owner = np.concatenate([np.full(len(line) - 1, index) for index, line in enumerate(lines)])
    place = np.concatenate([np.arange(len(line) - 1) for line in lines])
    reach_m = float(np.hypot(*steps.T).max())
    i, j = cKDTree(starts + steps / 2).query_pairs(reach_m, output_type="ndarray").T
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = _cross(steps[i], steps[j])
        u = _cross(starts[j] - starts[i], steps[j]) / cross
        v = _cross(starts[j] - starts[i], steps[i]) / cross
    met = np.flatnonzero((u >= 0) & (u < 1) & (v >= 0) & (v < 1) & (owner[i] != owner[j]))
    i, j, u, v = i[met], j[met], u[met], v[met]
    points = starts[i] + u[:, None] * steps[i]
    return list(zip(owner[i], place[i] + u, owner[j], place[j] + v, points, strict=True))


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def _snapped(places: Points) -> tuple[list[int], Points]:
    """For each place the number of its node, and the nodes: the first of those that lie within SNAP_M."""
    nearby = cKDTree(places).query_ball_point(places, SNAP_M)
    node_of = [-1] * len(places)
    nodes: list[Points] = []
    for index in range(len(places)):
        if node_of[index] < 0:
            for near in nearby[index]:
                if node_of[near] < 0:
                    node_of[near] = len(nodes)
            nodes.append(places[index])
    return node_of, np.array(nodes)
