"""Ways by road, against a plain search over the same roads with start and end put into them as nodes."""

import heapq
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from saqta import dispatch
from saqta.dispatch import travel
from saqta.dispatch.tables import RoadPart
from saqta.dispatch.travel import DETOUR, OFF_ROAD_MAX_M, OFF_ROAD_MPS, STRAIGHT_MPS, Roads, at_least_s, roads_of, ways
from saqta.model.kinds import EventPutAside, RoadsImported
from saqta.model.place import Place, distance_m
from story import HOME, Story, east

SIDE = 4
Edge = tuple[str, str, float, float]


def at(x: float, y: float) -> Place:
    """A place on the grid; 300 m between its lines."""
    return Place(HOME.lat + y * 300 / 111_195, east(x * 300).lon)


NODES = {f"{x},{y}": at(x, y) for x in range(SIDE) for y in range(SIDE)}
STREETS = [(f"{x},{y}", f"{x + dx},{y + dy}") for x in range(SIDE) for y in range(SIDE) for dx, dy in ((1, 0), (0, 1))]
STREETS = [street for street in STREETS if street[1] in NODES]


@st.composite
def grids(draw: st.DrawFn) -> list[Edge]:
    edges: list[Edge] = []
    speeds = st.sampled_from([20.0, 40.0, 60.0])
    for a, b in STREETS:
        ways_open = draw(st.sampled_from(["both", "there", "back", "both", "closed"]))
        for start, end in ((a, b), (b, a)):
            if ways_open in ("both", "there" if start == a else "back"):
                edges.append((start, end, distance_m(NODES[start], NODES[end]), draw(speeds)))
    return edges


on_street = st.tuples(st.integers(0, len(STREETS) - 1), st.integers(2, 8).map(lambda n: n / 10))


def between(street: int, along: float) -> Place:
    a, b = (NODES[name] for name in STREETS[street])
    return Place(a.lat + along * (b.lat - a.lat), a.lon + along * (b.lon - a.lon))


def searched_s(edges: list[Edge], start: tuple[int, float], end: tuple[int, float]) -> float:
    """Dijkstra's algorithm, with the edges of both streets cut where start and end lie on them."""
    graph: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for a, b, length_m, speed_kmh in edges:
        cuts = [(0.0, a), (1.0, b)]
        for name, (street, along) in (("start", start), ("end", end)):
            if STREETS[street] == (a, b):
                cuts.append((along, name))
            elif STREETS[street] == (b, a):
                cuts.append((1 - along, name))
        for (share, here), (further, there) in pairwise(sorted(cuts)):
            graph[here].append((there, (further - share) * length_m / speed_kmh * 3.6))
    best: dict[str, float] = {}
    queue = [(0.0, "start")]
    while queue:
        seconds, here = heapq.heappop(queue)
        if here not in best:
            best[here] = seconds
            for there, more_s in graph[here]:
                heapq.heappush(queue, (seconds + more_s, there))
    return best.get("end", np.inf)


@given(grids(), st.lists(on_street, min_size=1, max_size=4), on_street)
def test_ways_are_those_of_a_plain_search(
    edges: list[Edge], starts: list[tuple[int, float]], end: tuple[int, float]
) -> None:
    drawn = {frozenset(edge[:2]) for edge in edges}
    known = [start for start in starts if start != end and frozenset(STREETS[start[0]]) in drawn]
    assume(known and frozenset(STREETS[end[0]]) in drawn)
    roads = Roads.of([RoadPart(NODES, tuple(edges))])
    travel_s, by_road = ways(roads, [between(*start) for start in known], between(*end))
    for n, start in enumerate(known):
        expected_s = searched_s(edges, start, end)
        assert by_road[n] == np.isfinite(expected_s)
        if by_road[n]:
            assert travel_s[n] == pytest.approx(expected_s, abs=0.5)
            assert travel_s[n] >= at_least_s(roads, between(*start), between(*end)) - 0.5


def test_the_way_to_and_from_the_road_is_slow() -> None:
    roads = Roads.of([RoadPart(NODES, (("0,0", "3,0", 900.0, 40.0),))])
    (travel_s,), _ = ways(roads, [at(1, 0.1)], at(2, -0.2))
    assert travel_s == pytest.approx(300 / 40 * 3.6 + (30 + 60) / OFF_ROAD_MPS, rel=0.01)


def test_where_no_road_leads_the_line_is_straight() -> None:
    one_way = Roads.of([RoadPart(NODES, (("0,0", "3,0", 900.0, 40.0),))])
    there, back, far = at(2, 0), at(1, 0), at(2, OFF_ROAD_MAX_M / 300 + 0.1)
    straight_s = [distance_m(place, back) * DETOUR / STRAIGHT_MPS for place in (there, far)]
    travel_s, by_road = ways(one_way, [there, far], back)
    assert travel_s == pytest.approx(straight_s)
    assert not by_road.any()
    travel_s, by_road = ways(None, [there, far], back)
    assert travel_s == pytest.approx(straight_s)
    assert not by_road.any()
    assert len(ways(one_way, [], back).travel_s) == 0


def test_of_parallel_roads_the_fastest_is_taken() -> None:
    roads = Roads.of(
        [RoadPart(NODES, (("0,0", "3,0", 900.0, 20.0), ("0,0", "3,0", 950.0, 60.0), ("0,0", "3,0", 900.0, 30.0)))]
    )
    (travel_s,), _ = ways(roads, [at(0, 0)], at(3, 0))
    assert travel_s == pytest.approx(57, rel=0.01)


def test_edges_without_nodes_or_without_end_lead_nowhere() -> None:
    assert Roads.of([RoadPart({}, (("a", "b", 1.0, 50.0),))]) is None
    assert Roads.of([RoadPart(NODES, (("0,0", "0,0", 1.0, 50.0),))]) is None


def test_searches_that_are_kept_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travel, "SEARCH_BYTES_MAX", 8 * len(NODES) * 3)
    roads = Roads.of([RoadPart(NODES, tuple((a, b, 300.0, 40.0) for a, b in STREETS))])
    assert roads is not None
    for street in range(len(STREETS)):
        ways(roads, [HOME], between(street, 0.5))
    assert len(roads._searches) == 3


@pytest.fixture
def story() -> Story:
    return Story([dispatch.STEP])


def test_parts_of_a_network_are_one_graph(story: Story) -> None:
    assert roads_of(story.tables) is None
    west = RoadsImported(network="west", nodes={"a": at(0, 0), "b": at(1, 0)}, edges=(("a", "b", 300.0, 40.0),))
    story.tell(west)
    story.tell(RoadsImported(network="east", nodes={"b": at(1, 0), "c": at(2, 0)}, edges=(("b", "c", 300.0, 40.0),)))
    (travel_s,), (by_road,) = ways(roads_of(story.tables), [at(0, 0)], at(2, 0))
    assert by_road
    assert travel_s == pytest.approx(54, rel=0.01)
    assert roads_of(story.tables) is roads_of(story.tables)
    story.tell(RoadsImported(network="west", nodes=west.nodes, edges=(("a", "b", 300.0, 20.0),)))
    (travel_s,), _ = ways(roads_of(story.tables), [at(0, 0)], at(2, 0))
    assert travel_s == pytest.approx(81, rel=0.01)


def test_graphs_that_are_kept_have_an_end(story: Story) -> None:
    for n in range(travel.GRAPHS_MAX + 2):
        story.tell(RoadsImported(network="n", nodes=NODES, edges=(("0,0", "1,0", 300.0, 40.0 + n),)))
        roads_of(story.tables)
    assert len(travel._graphs) == travel.GRAPHS_MAX


@pytest.mark.parametrize(("length_m", "speed_kmh"), [(-1.0, 40.0), (300.0, 0.0), (300.0, -5.0)])
def test_a_road_that_cannot_be_is_put_aside(story: Story, length_m: float, speed_kmh: float) -> None:
    story.tell(RoadsImported(network="n", nodes=NODES, edges=(("0,0", "1,0", length_m, speed_kmh),)))
    (aside,) = story.told(EventPutAside)
    assert "edges" in aside.reason
    assert roads_of(story.tables) is None
