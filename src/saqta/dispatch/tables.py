"""What dispatching knows: units, the scenes that they are sent to, and the roads between."""

import msgspec

from saqta.model.place import Place
from saqta.model.step import Table
from saqta.model.terms import Priority
from saqta.model.unit import Unit


class Fleet(msgspec.Struct, frozen=True):
    """What every unit can do, by its id, in the order of the ids."""

    capabilities: dict[str, tuple[str, ...]] = {}


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What dispatching needs of an incident; ``version`` is the seq of the newest event about it."""

    incident: str
    kind: str
    title: str
    priority: Priority
    place: Place | None
    opened_ms: int
    version: int
    closed: bool = False
    units: tuple[str, ...] = ()


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that no unit is on, and what was recommended for it; ``travel_s`` is None where ``unit`` is."""

    incident: str
    unit: str | None
    travel_s: float | None


class Queue(msgspec.Struct, frozen=True):
    """The keys of all that wait (see ``waiting_key``): the most urgent first, then the oldest."""

    keys: tuple[str, ...] = ()


class RoadPart(msgspec.Struct, frozen=True):
    """A part of the road graph, as it was imported; nodes of one name are one node, in whatever part they stand."""

    nodes: dict[str, Place]
    edges: tuple[tuple[str, str, float, float], ...]


class RoadsDigest(msgspec.Struct, frozen=True):
    """Names the content of all road parts together, so that a graph that was built from them can be found again."""

    digest: str


UNITS = Table("dispatch_units", Unit)
FLEET = Table("dispatch_fleet", Fleet)
SCENES = Table("dispatch_scenes", Scene)
"""Every incident, by id."""

WAITING = Table("dispatch_waiting", Waiting)
"""By ``waiting_key``."""

QUEUE = Table("dispatch_queue", Queue)

ROADS = Table("dispatch_roads", RoadPart)
"""By the part's name (``network``)."""

ROADS_DIGEST = Table("dispatch_roads_digest", RoadsDigest)
TABLES = (UNITS, FLEET, SCENES, WAITING, QUEUE, ROADS, ROADS_DIGEST)
ALL = "all"
"""The key of the only row of FLEET, QUEUE and ROADS_DIGEST."""


def waiting_key(scene: Scene) -> str:
    """Sorts by urgency, then by age."""
    return f"{scene.priority:d}/{scene.opened_ms:015d}/{scene.incident}"
