"""The simulated city: the same from the same seed, whole, and drivable."""

import msgspec
import numpy as np
import pytest

from saqta.model.errors import InputError
from saqta.model.event import EVENT_BYTES_MAX, encode
from saqta.model.place import distance_m
from saqta.simulate.scenario import POST_M, named, scenario, setup_events
from saqta.simulate.town.city import CENTRE, city, to_metres, to_place
from saqta.simulate.town.planar import area_m2, faces, outlines, planar
from saqta.simulate.town.roads import Roads


def test_setup_is_the_same_on_every_start_and_fits_into_events() -> None:
    first = setup_events(scenario("demo", 7), now_ms=1_000)
    scenario.cache_clear()
    city.cache_clear()
    second = setup_events(scenario("demo", 7), now_ms=2_000)
    assert [msgspec.structs.replace(event, recorded_ms=0) for event in first] == [
        msgspec.structs.replace(event, recorded_ms=0) for event in second
    ]
    assert max(len(encode(event)) for event in first) < EVENT_BYTES_MAX
    assert len({event.id for event in first}) == len(first)


def test_another_seed_is_another_city() -> None:
    one, other = (setup_events(scenario("demo", seed), now_ms=0) for seed in (5, 7))
    assert {event.id for event in one}.isdisjoint({event.id for event in other})


def test_the_map_has_every_layer_and_rings_are_closed() -> None:
    layers = city(7).layers
    assert set(layers) == {"water", "park", "building", "road", "district"}
    assert len(layers["building"]) > 1_000
    for name in ("water", "park", "building", "district"):
        for feature in layers[name]:
            for ring in feature["geometry"]["coordinates"]:
                assert ring[0] == ring[-1]
                assert len(ring) >= 4
    kinds = {feature["properties"]["kind"] for feature in layers["road"]}
    assert kinds == {"arterial", "street", "path"}
    assert sum(feature["properties"].get("bridge", False) for feature in layers["road"]) >= 4


@pytest.mark.parametrize("seed", [5, 7])
def test_every_node_can_be_reached_from_every_other(seed: int) -> None:
    network = city(seed).network
    used = {node for edge in network.edges for node in edge[:2]}
    roads = Roads(network)
    start = min(used)
    assert np.isfinite(roads.distances_m(start)[sorted(used)]).all()
    backwards = {(b, a) for a, b, _, _ in network.edges}
    assert backwards == {(a, b) for a, b, _, _ in network.edges}


def test_an_edge_is_as_long_as_its_ends_are_apart() -> None:
    network = city(7).network
    for a, b, length_m, _ in network.edges[::50]:
        straight_m = distance_m(to_place(network.nodes[a]), to_place(network.nodes[b]))
        assert straight_m <= length_m * 1.01 + 1.5
        assert length_m < straight_m * 1.35 + 30


def test_metres_and_degrees_are_inverse() -> None:
    point = np.array([812.5, -433.25])
    assert np.allclose(to_metres(to_place(point)), point, atol=0.1)
    assert distance_m(CENTRE, to_place(point)) == pytest.approx(np.hypot(*point), rel=0.005)


def test_a_crossing_of_two_pairs_of_lines_encloses_one_face() -> None:
    lines = [np.array([[-20.0, y], [100.0, y]]) for y in (0.0, 80.0)] + [
        np.array([[x, -20.0], [x, 100.0]]) for x in (0.0, 80.0)
    ]
    graph = planar(lines)
    (face,) = faces(graph)
    assert face.area_m2 == pytest.approx(6400)
    assert area_m2(outlines(graph, [face])[0]) == pytest.approx(6400)


def test_two_neighbours_are_dissolved_into_one_outline() -> None:
    lines = [np.array([[-20.0, y], [220.0, y]]) for y in (0.0, 80.0)]
    lines += [np.array([[x, -20.0], [x, 100.0]]) for x in (0.0, 100.0, 200.0)]
    graph = planar(lines)
    both = faces(graph)
    assert len(both) == 2
    assert [area_m2(ring) for ring in outlines(graph, both)] == [pytest.approx(16_000)]


def test_a_patrol_waits_near_every_camera() -> None:
    what = scenario("rush", 5)
    roads = Roads(what.city.network)
    for camera, unit in zip(what.cameras, what.units, strict=False):
        assert camera.place is not None
        assert unit.place is not None
        from_camera = roads.distances_m(roads.nearest(to_metres(camera.place)))
        assert from_camera[roads.nearest(to_metres(unit.place))] == pytest.approx(POST_M, abs=60)


@pytest.mark.parametrize(("text", "field"), [("atlantis", "scenario"), ("demo@x", "seed"), ("", "scenario")])
def test_an_unknown_scenario_is_refused_by_name(text: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        named(text)
    assert caught.value.field == field


def test_lines_and_zones_lie_in_the_picture() -> None:
    for camera in scenario("rush").cameras:
        numbers = [
            *sum(camera.lines.values(), ()),
            *(x for ring in camera.zones.values() for spot in ring for x in spot),
        ]
        assert all(0 <= number <= 1 for number in numbers)
        assert set(camera.restricted) <= set(camera.zones)
