"""Named scenarios: which cameras look where, which units there are, and how busy it is.

A scenario and a seed give one city with everything in it. What is set up by events is the same on every start.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import atan2, degrees
from typing import NamedTuple

import msgspec
import numpy as np

from saqta.model.catalogue import TYPE_OF, make
from saqta.model.errors import InputError
from saqta.model.event import Event, derive_id
from saqta.model.kinds import CameraRegistered, Line, MapLayerImported, Polygon, Record, RoadsImported, UnitRegistered
from saqta.model.moment import from_text
from saqta.simulate.camera.layout import Layout, Leavings, Ring, Visits
from saqta.simulate.camera.layouts import LAYOUTS
from saqta.simulate.camera.lens import HEIGHT, WIDTH
from saqta.simulate.camera.scene import Scene
from saqta.simulate.town.city import CITIES_KEPT_MAX, City, city, to_place
from saqta.simulate.town.roads import Roads

SEED = 7
ABANDONED_AFTER_S = 20.0
"""In the simulated city what was left is told sooner than elsewhere, so that nobody has to wait for it."""
SOURCE = ACTOR = "saqta/simulate"
FOUNDED_MS = from_text("2026-01-01T00:00:00Z")
"""When the city says that it was set up: a fixed moment, so that a second start says nothing new."""
POST_M = 230.0
"""How far by road the nearest patrol waits from each camera."""


class _Camera(NamedTuple):
    """``layout`` names what it looks at; ``at`` and ``towards`` are places of the city's plan."""

    id: str
    name: str
    layout: str
    at: tuple[float, float]
    towards: tuple[float, float]


class _Unit(NamedTuple):
    id: str
    name: str
    capabilities: tuple[str, ...]
    at: tuple[float, float]


_CAMERAS = (
    _Camera("depot", "Depot gate, Qoyma Street", "depot", (880.0, 240.0), (880.0, 340.0)),
    _Camera("avenue", "Bazaar Avenue at the works", "avenue", (560.0, 370.0), (760.0, 560.0)),
    _Camera("quay", "Old Embankment landing", "quay", (60.0, 122.0), (250.0, 118.0)),
    _Camera("square", "Shañyraq Square", "square", (-40.0, -540.0), (-40.0, -620.0)),
    _Camera("market", "Ustalar market yard", "depot", (-250.0, 545.0), (-250.0, 640.0)),
    _Camera("boulevard", "Kün Boulevard", "avenue", (-40.0, -300.0), (-40.0, -480.0)),
)
_UNITS = (
    _Unit("P21", "Patrol 21", ("patrol",), (-600.0, 800.0)),
    _Unit("P22", "Patrol 22", ("patrol", "traffic"), (900.0, -700.0)),
    _Unit("P23", "Patrol 23", ("patrol", "dog"), (-900.0, -450.0)),
    _Unit("P24", "Patrol 24", ("patrol",), (150.0, 850.0)),
    _Unit("M1", "Ambulance 1", ("medic",), (-300.0, 330.0)),
    _Unit("M2", "Ambulance 2", ("medic",), (420.0, -640.0)),
    _Unit("F1", "Engine 1", ("fire", "rescue"), (1000.0, 640.0)),
    _Unit("F2", "Engine 2", ("fire",), (-560.0, -760.0)),
    _Unit("T1", "Technician 1", ("technician",), (200.0, 420.0)),
)


class _Outline(NamedTuple):
    """``firsts_s`` is when the first intruder comes, by camera; ``busy`` multiplies the traffic; ``leavings`` is when
    suitcases are left where a camera looks at people who may."""

    cameras: tuple[str, ...]
    firsts_s: tuple[float, ...]
    every_s: float
    busy: float
    leavings: Leavings


SCENARIOS: dict[str, _Outline] = {
    "demo": _Outline(
        ("depot", "avenue", "quay", "square"), (3.5, 30.0, 70.0, 110.0), 150.0, 1.0, Leavings(22.0, 300.0, 130.0)
    ),
    "quiet": _Outline(
        ("depot", "avenue", "quay", "square"), (150.0, 420.0, 700.0, 900.0), 1800.0, 0.5, Leavings(300.0, 3600.0, 600.0)
    ),
    "rush": _Outline(
        ("depot", "avenue", "quay", "square", "market", "boulevard"),
        (6.0, 10.0, 15.0, 20.0, 26.0, 33.0),
        55.0,
        1.6,
        Leavings(18.0, 180.0, 90.0),
    ),
}


class Scenario(NamedTuple):
    """A city with its cameras and units; ``roaming`` are the units that drive about while they are free."""

    name: str
    seed: int
    city: City
    cameras: tuple[CameraRegistered, ...]
    units: tuple[UnitRegistered, ...]
    roaming: frozenset[str]
    scenes: dict[str, Scene]

    def scene(self, camera: str) -> Scene:
        """What a camera looks at; InputError when there is no such camera."""
        if camera not in self.scenes:
            raise InputError("camera", camera, f"one of {', '.join(self.scenes)}")
        return self.scenes[camera]


def named(text: str) -> Scenario:
    """The scenario of ``NAME`` or ``NAME@SEED``; InputError when there is none."""
    name, at, seed = text.partition("@")
    if at and not seed.isdecimal():
        raise InputError("seed", seed, "a whole number")
    return scenario(name, int(seed) if at else SEED)


@lru_cache(maxsize=CITIES_KEPT_MAX)
def scenario(name: str, seed: int = SEED) -> Scenario:
    """The scenario of a name and a seed; InputError when there is none of that name."""
    outline = SCENARIOS.get(name)
    if outline is None:
        raise InputError("scenario", name, f"one of {', '.join(SCENARIOS)}")
    town = city(seed)
    roads = Roads(town.network)
    known = {camera.id: camera for camera in _CAMERAS}
    cameras = [known[id] for id in outline.cameras]
    full_name = name if seed == SEED else f"{name}@{seed}"
    posts = [
        _Unit(f"P{11 + number}", f"Patrol {11 + number}", ("patrol",), camera.at)
        for number, camera in enumerate(cameras)
    ]
    return Scenario(
        name=full_name,
        seed=seed,
        city=town,
        cameras=tuple(_registered(camera, full_name, town, roads) for camera in cameras),
        units=(*(_post(unit, town, roads) for unit in posts), *(_unit(unit, town, roads) for unit in _UNITS)),
        roaming=frozenset(unit.id for unit in _UNITS if "patrol" in unit.capabilities),
        scenes={
            camera.id: Scene(
                camera.id,
                seed,
                _busy(LAYOUTS[camera.layout], outline.busy),
                Visits(first_s, outline.every_s),
                outline.leavings if LAYOUTS[camera.layout].forgetful else None,
            )
            for camera, first_s in zip(cameras, outline.firsts_s, strict=True)
        },
    )


def setup_events(of: Scenario, now_ms: int) -> list[Event]:
    """The map, the roads, the cameras and the units, in that order; the same events however often they are made.

    Their ids come from what they say, so that a log which knows them takes them as repeats.
    """
    nodes = {f"n{number}": to_place(node) for number, node in enumerate(of.city.network.nodes)}
    edges = tuple((f"n{a}", f"n{b}", float(length_m), speed_kmh) for a, b, length_m, speed_kmh in of.city.network.edges)
    records: Iterable[Record] = (
        *(MapLayerImported(layer=layer, features=features) for layer, features in of.city.layers.items()),
        RoadsImported(network="city", nodes=nodes, edges=edges),
        *of.cameras,
        *of.units,
    )
    return [_event(record, now_ms) for record in records]


def _event(record: Record, now_ms: int) -> Event:
    id = derive_id(TYPE_OF[type(record)], msgspec.json.encode(record).decode())
    return make(record, id=id, source=f"/{SOURCE}", actor=ACTOR, time_ms=FOUNDED_MS, recorded_ms=now_ms)


def _registered(camera: _Camera, scenario_name: str, town: City, roads: Roads) -> CameraRegistered:
    layout = LAYOUTS[camera.layout]
    at, towards = town.place(*camera.at), town.place(*camera.towards)
    east, north = towards - at
    return CameraRegistered(
        camera=camera.id,
        name=camera.name,
        source=f"sim:{scenario_name}/{camera.id}",
        place=to_place(roads.nodes[roads.nearest(at)]),
        heading_deg=round(degrees(atan2(float(east), float(north))) % 360, 1),
        lines={name: _line(layout, line) for name, line in layout.lines.items()},
        zones={name: _zone(layout, ring) for name, ring in layout.zones.items()},
        restricted=layout.restricted,
        abandoned_after_s=ABANDONED_AFTER_S,
    )


def _line(layout: Layout, line: Ring) -> Line:
    (x0, y0), (x1, y1) = in_picture(layout, line)
    return x0, y0, x1, y1


def _zone(layout: Layout, ring: Ring) -> Polygon:
    return in_picture(layout, ring)


def in_picture(layout: Layout, places: Ring) -> Polygon:
    """Places on the ground as fractions of the picture's width and height, cut at its edge."""
    shares = np.clip(layout.lens.on_ground(places) / (WIDTH, HEIGHT), 0.0, 1.0)
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in shares)


def _post(unit: _Unit, town: City, roads: Roads) -> UnitRegistered:
    """A patrol that waits about POST_M by road from a camera."""
    camera = roads.nearest(town.place(*unit.at))
    node = int(np.argmin(np.abs(roads.distances_m(camera) - POST_M)))
    return UnitRegistered(
        unit=unit.id, name=unit.name, capabilities=unit.capabilities, place=to_place(roads.nodes[node])
    )


def _unit(unit: _Unit, town: City, roads: Roads) -> UnitRegistered:
    place = to_place(roads.nodes[roads.nearest(town.place(*unit.at))])
    return UnitRegistered(unit=unit.id, name=unit.name, capabilities=unit.capabilities, place=place)


def _busy(layout: Layout, by: float) -> Layout:
    return layout._replace(flows=tuple(flow._replace(share=min(0.95, flow.share * by)) for flow in layout.flows))
