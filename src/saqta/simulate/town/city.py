"""A believable city from a seed: river, parks, districts, buildings and roads, as a map and as a road graph.

Inside, everything is in metres around the centre, x to the east, y to the north; outside it is WGS 84.
"""

import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, radians
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from saqta.model.place import Place
from saqta.simulate.town import plan as plans
from saqta.simulate.town.buildings import Ground, buildings
from saqta.simulate.town.plan import ARTERIAL, STREET, Plan
from saqta.simulate.town.planar import Edge, Face, Graph, Points, faces, kept, outlines, planar, within, without_stubs

CENTRE = Place(51.13, 71.43)
METRES_A_DEGREE = 111_320.0
REACH_M = 2600.0
SPEED_KMH = {ARTERIAL: 60.0, STREET: 40.0}
WIDTH_M = {ARTERIAL: 22.0, STREET: 13.0}
CITIES_KEPT_MAX = 4
_GRAPH_STEP_M = 45.0
_STUB_M = 400.0
_GAPS = 0.09
_SUBURBS = ((-2050.0, 700.0, 520.0), (1950.0, -700.0, 470.0), (1750.0, 1050.0, 420.0), (-1700.0, -1150.0, 430.0))
_DISTRICTS = (
    ("Old Town", -60.0, 480.0), ("Qoyma", 800.0, 500.0), ("Jasyl", -1050.0, 480.0), ("Stantsiya", 100.0, 1250.0),
    ("Aspan", 0.0, -700.0), ("Botanika", 1000.0, -600.0), ("Tumar", -1050.0, -650.0),
)  # fmt: skip


class Network(NamedTuple):
    """A road graph: ``nodes`` (n, 2) in metres; ``edges`` (from, to, length_m, speed_kmh), one-way each."""

    nodes: Points
    edges: tuple[tuple[int, int, float, float], ...]


class City(NamedTuple):
    """``layers`` holds the GeoJSON features of the base map by layer: ``water`` (name, kind), ``park`` (name),
    ``district`` (name), ``building`` (height_m) and ``road`` (name, kind: arterial, street or path; bridge)."""

    layers: dict[str, tuple[dict[str, Any], ...]]
    network: Network
    to_metres: plans.Warp

    def place(self, s: float, t: float) -> Points:
        """Metres of a place of the plan: ``s`` along the river, ``t`` away from it."""
        point: Points = self.to_metres(np.array([[s, t]], dtype=np.float64))[0]
        return point


@lru_cache(maxsize=CITIES_KEPT_MAX)
def city(seed: int) -> City:
    """The city of a seed; always the same one."""
    rng = random.Random(f"city {seed}")
    plan = plans.plan(rng)
    graph = _roads(plan, rng)
    blocks = faces(graph)
    parks, built = _parks(plan, blocks, rng)
    ground = _ground(plan, graph)
    houses = buildings(built, ground, plan.to_metres(np.array([plans.SQUARE]))[0], rng)
    layers = {
        "district": _districts(plan, graph, blocks),
        "park": (
            _polygon(plan.island, name="Üirek Island"),
            *_banks(plan),
            *(_polygon(ring, name=name) for name, ring in parks),
        ),
        "water": (_polygon(plan.river, plan.island, name="Aqözen", kind="river"), *_ponds(plan)),
        "building": tuple(_polygon(house.ring, height_m=house.height_m) for house in houses),
        "road": (*_road_features(plan, graph), *_paths(plan)),
    }
    return City(layers, _network(plan, graph), plan.to_metres)


def to_place(point: NDArray[np.float64]) -> Place:
    """WGS 84 of a point in metres around the centre, to a decimetre."""
    lon_m = METRES_A_DEGREE * cos(radians(CENTRE.lat))
    return Place(
        round(CENTRE.lat + float(point[1]) / METRES_A_DEGREE, 6), round(CENTRE.lon + float(point[0]) / lon_m, 6)
    )


def to_metres(place: Place) -> Points:
    """The inverse of ``to_place``: (2,) in metres."""
    lon_m = METRES_A_DEGREE * cos(radians(CENTRE.lat))
    return np.array([(place.lon - CENTRE.lon) * lon_m, (place.lat - CENTRE.lat) * METRES_A_DEGREE])


def _roads(plan: Plan, rng: random.Random) -> Graph:
    """The plan's roads where they cross: streets end at the river, at parks and where the city does."""
    graph = planar([road.line for road in plan.roads])
    parks = [(plan.to_metres(np.array([[s, t]]))[0], radius_m) for _, s, t, radius_m in plans.PARKS]
    suburbs = [(plan.to_metres(np.array([[s, t]]))[0], radius_m) for s, t, radius_m in _SUBURBS]
    square = plan.to_metres(np.array([plans.SQUARE]))[0]

    def stays(edge: Edge) -> bool:
        middle, road = edge.middle, plan.roads[edge.line]
        if road.name != plans.SQUARE_NAME and np.hypot(*(middle - square)) < plans.SQUARE_RADIUS_M * 0.9:
            return False
        if road.kind == ARTERIAL:
            return True
        built_up = within(middle, plan.ring) or any(np.hypot(*(middle - at)) < far_m for at, far_m in suburbs)
        wet = any(within(point, plan.river) for point in edge.points)
        green = any(np.hypot(*(middle - at)) < far_m for at, far_m in parks)
        return built_up and not wet and not green and rng.random() > _GAPS

    def is_stub(edge: Edge) -> bool:
        return plan.roads[edge.line].kind == STREET or edge.length_m < _STUB_M

    return _connected(without_stubs(kept(graph, stays), is_stub))


def _connected(graph: Graph) -> Graph:
    ends = np.array([(edge.a, edge.b) for edge in graph.edges])
    links = coo_array((np.ones(len(ends)), ends.T), shape=(len(graph.nodes), len(graph.nodes)))
    _, part_of = connected_components(links, directed=False)
    largest = np.bincount(part_of).argmax()
    return kept(graph, lambda edge: part_of[edge.a] == largest)


def _parks(plan: Plan, blocks: Sequence[Face], rng: random.Random) -> tuple[list[tuple[str, Points]], list[Face]]:
    """The blocks that are parks, with their names, and those that may be built on."""
    wanted = {name: plan.to_metres(np.array([[s, t]]))[0] for name, s, t, _ in plans.PARKS}
    wanted[plans.SQUARE_NAME] = plan.to_metres(np.array([plans.SQUARE]))[0]
    parks, built = [], []
    for block in blocks:
        names = [name for name, at in wanted.items() if within(at, block.ring)]
        if names:
            parks.append((names[0], block.ring))
        elif block.area_m2 < 14_000 and rng.random() < 0.05:
            parks.append(("", block.ring))
        else:
            built.append(block)
    return parks, built


def _ground(plan: Plan, graph: Graph) -> Ground:
    ground = Ground(REACH_M)
    bank = np.arange(-plans.REACH_M, plans.REACH_M + 1, 40.0)
    green = np.full(len(bank), plans.EMBANKMENT_M)
    ground.take_area(plan.to_metres(np.vstack([np.column_stack([bank, green]), np.column_stack([bank, -green])[::-1]])))
    for edge in graph.edges:
        ground.take_line(edge.points, WIDTH_M[plan.roads[edge.line].kind] + 8)
    return ground


def _districts(plan: Plan, graph: Graph, blocks: Sequence[Face]) -> tuple[dict[str, Any], ...]:
    """Blocks joined to the nearest district's middle, on its side of the river; bounded by roads."""
    middles = [plan.to_metres(np.array([[s, t]]))[0] for _, s, t in _DISTRICTS]
    members: list[list[Face]] = [[] for _ in _DISTRICTS]
    for block in blocks:
        middle = block.ring.mean(axis=0)
        if not within(middle, plan.river):
            nearest = int(np.argmin([np.hypot(*(middle - other)) for other in middles]))
            members[nearest].append(block)
    return tuple(
        _polygon(outlines(graph, inside)[0], name=name)
        for (name, _, _), inside in zip(_DISTRICTS, members, strict=True)
    )


def _banks(plan: Plan) -> list[dict[str, Any]]:
    """The green strips between the river and the embankments."""
    reach = np.arange(-1640.0, 1641.0, 40.0)
    strips = []
    for side in (1, -1):
        water = np.column_stack([reach, np.full(len(reach), side * 30.0)])
        street = np.column_stack([reach, np.full(len(reach), side * plans.EMBANKMENT_M)])
        strips.append(_polygon(plan.to_metres(np.vstack([water, street[::-1]])), name=""))
    return strips


def _ponds(plan: Plan) -> list[dict[str, Any]]:
    ponds = []
    for name, s, t, radius_m in plans.PARKS[:2]:
        turn = np.linspace(0, 2 * np.pi, 40)[:-1]
        radius = radius_m * 0.27 * (1 + 0.25 * np.sin(2 * turn + s) + 0.12 * np.sin(3 * turn + t))
        shore = np.array([s + 20, t - 15]) + radius[:, None] * np.column_stack([1.3 * np.cos(turn), np.sin(turn)])
        ponds.append(_polygon(plan.to_metres(shore), name=f"{name} Pond", kind="pond"))
    return ponds


def _paths(plan: Plan) -> list[dict[str, Any]]:
    """Promenades along the river, and walks round and through the parks."""
    reach = np.arange(-1620.0, 1621.0, 30.0)
    paths = [np.column_stack([reach, side * (96 + 6 * np.sin(reach / 90))]) for side in (1, -1)]
    for _, s, t, radius_m in plans.PARKS:
        turn = np.linspace(0, 2 * np.pi, 48)
        loop = radius_m * (0.55 + 0.06 * np.sin(3 * turn + s))
        paths.append(np.array([s, t]) + loop[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]))
        for angle in (0.3, 1.9, 3.5, 5.1):
            far = np.linspace(0.53, 0.95, 8)[:, None] * radius_m
            bend = angle + 0.3 * np.sin(np.linspace(0, 2, 8))
            paths.append(np.array([s, t]) + far * np.column_stack([np.cos(bend), np.sin(bend)]))
    return [_line(plan.to_metres(path), kind="path", name="") for path in paths]


def _road_features(plan: Plan, graph: Graph) -> list[dict[str, Any]]:
    """One line for every unbroken run of a road, so that its name can stand along it; bridges by themselves."""
    runs: list[dict[str, Any]] = []
    for line, road in enumerate(plan.roads):
        run: list[Points] = []
        for edge in sorted((edge for edge in graph.edges if edge.line == line), key=lambda edge: edge.at):
            bridge = road.kind == ARTERIAL and any(within(point, plan.river) for point in edge.points)
            if run and (bridge or not np.array_equal(run[-1][-1], edge.points[0])):
                runs.append(_line(_joined(run), name=road.name, kind=road.kind, bridge=False))
                run = []
            if bridge:
                runs.append(_line(edge.points, name=road.name, kind=road.kind, bridge=True))
            else:
                run.append(edge.points)
        if run:
            runs.append(_line(_joined(run), name=road.name, kind=road.kind, bridge=False))
    return sorted(runs, key=lambda feature: feature["properties"]["kind"] == ARTERIAL)


def _joined(run: Sequence[Points]) -> Points:
    return np.vstack([run[0], *(points[1:] for points in run[1:])])


def _network(plan: Plan, graph: Graph) -> Network:
    """The road graph that is driven on: both ways everywhere, with nodes along the bends."""
    nodes: list[Points] = []
    number: dict[int, int] = {}
    edges = []

    def add(point: Points) -> int:
        nodes.append(point)
        return len(nodes) - 1

    for edge in graph.edges:
        speed_kmh = SPEED_KMH[plan.roads[edge.line].kind]
        stops = [number[end] if end in number else number.setdefault(end, add(graph.nodes[end])) for end in edge[:2]]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(edge.points, axis=0).T))])
        parts = max(1, round(along[-1] / _GRAPH_STEP_M))
        inner_m = [along[-1] * part / parts for part in range(1, parts)]
        inner = [add(np.array([np.interp(at, along, axis) for axis in edge.points.T])) for at in inner_m]
        for a, b in pairwise([stops[0], *inner, stops[1]]):
            length_m = round(along[-1] / parts, 1)
            edges += [(a, b, length_m, speed_kmh), (b, a, length_m, speed_kmh)]
    return Network(np.array(nodes), tuple(edges))


def _polygon(*rings: Points, **properties: object) -> dict[str, Any]:
    """Outer ring first, then holes."""
    return _feature("Polygon", [_degrees(np.vstack([ring, ring[:1]])) for ring in rings], properties)


def _line(points: Points, **properties: object) -> dict[str, Any]:
    return _feature("LineString", _degrees(points), properties)


def _feature(type_: str, coordinates: object, properties: dict[str, object]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": type_, "coordinates": coordinates}, "properties": properties}


def _degrees(points: Points) -> list[list[float]]:
    return [[place.lon, place.lat] for place in map(to_place, points)]
