"""Incidents that no unit is on, most urgent first, and what is recommended for them.

A recommendation is made when an incident begins to wait, and again only when it would change: the unit can't go any
more, or one that became free is clearly nearer.
"""

from bisect import bisect
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from saqta.dispatch.recommend import needs_of, recommend, why_not
from saqta.dispatch.tables import ALL, FLEET, QUEUE, SCENES, UNITS, WAITING, Fleet, Queue, Scene, Waiting, waiting_key
from saqta.dispatch.travel import at_least_s, roads_of, ways
from saqta.model.kinds import RecommendationMade
from saqta.model.step import Change, Tables
from saqta.model.unit import Unit

LOOKED_AT_MAX = 20
"""So many of the most urgent that wait are looked at when a unit becomes free or busy."""

CLEARLY_NEARER_S = 60.0
CLEARLY_NEARER_SHARE = 0.2
"""A unit that became free is recommended instead when it saves so many seconds, and such a share of the time."""


class Advice(NamedTuple):
    """What is recommended anew: the rows that say so, and the record that tells it."""

    changes: tuple[Change, ...]
    record: RecommendationMade


class Crew:
    """All units as they stand after the event at hand: ``changed`` is the one that it changed, ``gone`` can't go."""

    def __init__(self, tables: Tables, changed: Unit | None = None, gone: str | None = None) -> None:
        self._tables, self.changed, self._gone = tables, changed, gone
        self.fleet = enlisted(tables, changed) if changed is not None else tables.get(FLEET, ALL) or Fleet()

    def get(self, id: str) -> Unit | None:
        return self.changed if self.changed is not None and self.changed.id == id else self._tables.get(UNITS, id)

    @cached_property
    def units(self) -> list[Unit]:
        """In the order of their ids."""
        found = (self.get(id) for id in self.fleet.capabilities if id != self._gone)
        return [unit for unit in found if unit is not None]


def enlisted(tables: Tables, unit: Unit) -> Fleet:
    """The fleet with this unit as it is now; the same one where that is no news."""
    fleet = tables.get(FLEET, ALL) or Fleet()
    if fleet.capabilities.get(unit.id) == unit.capabilities:
        return fleet
    return Fleet(dict(sorted({**fleet.capabilities, unit.id: unit.capabilities}.items())))


def begins(tables: Tables, scene: Scene, crew: Crew) -> Advice:
    """The scene waits from now on."""
    advice = _advice(tables, scene, crew)
    return Advice((*advice.changes, _queued(tables, waiting_key(scene))), advice.record)


def ends(tables: Tables, scene: Scene) -> tuple[Change, ...]:
    """The scene does not wait any more."""
    key = waiting_key(scene)
    if tables.get(WAITING, key) is None:
        return ()
    return WAITING.delete(key), _queued(tables, without=key)


def moves(tables: Tables, before: Scene, after: Scene) -> tuple[Change, ...]:
    """The scene has another urgency."""
    key, key_after = waiting_key(before), waiting_key(after)
    waiting = tables.get(WAITING, key)
    if waiting is None or key == key_after:
        return ()
    return WAITING.delete(key), WAITING.put(key_after, waiting), _queued(tables, key_after, without=key)


def reconsidered(tables: Tables, crew: Crew, but: str | None = None) -> Iterator[Advice]:
    """The recommendations that are others now that the crew's ``changed`` became free or busy.

    ``but`` is the incident that does not wait any more.
    """
    keys = (tables.get(QUEUE, ALL) or Queue()).keys[:LOOKED_AT_MAX]
    for waiting in (tables.get(WAITING, key) for key in keys):
        scene = tables.get(SCENES, waiting.incident) if waiting is not None and waiting.incident != but else None
        if waiting is not None and scene is not None and _outdated(tables, scene, waiting, crew):
            advice = _advice(tables, scene, crew)
            if advice.record.unit != waiting.unit:
                yield advice


def _advice(tables: Tables, scene: Scene, crew: Crew) -> Advice:
    record = recommend(scene, crew.fleet, crew.units, roads_of(tables))
    waiting = Waiting(incident=scene.incident, unit=record.unit, travel_s=record.travel_s)
    return Advice((WAITING.put(waiting_key(scene), waiting),), record)


def _queued(tables: Tables, key: str | None = None, without: str | None = None) -> Change:
    keys = [other for other in (tables.get(QUEUE, ALL) or Queue()).keys if other not in (key, without)]
    if key is not None:
        keys.insert(bisect(keys, key), key)
    return QUEUE.put(ALL, Queue(tuple(keys)))


def _outdated(tables: Tables, scene: Scene, waiting: Waiting, crew: Crew) -> bool:
    """Whether the unit recommended can't go any more, or the changed one would be clearly better."""
    needed, _ = needs_of(scene.kind, crew.fleet)
    if waiting.unit is not None:
        unit = crew.get(waiting.unit)
        if unit is None or why_not(unit, needed) is not None:
            return True
    changed = crew.changed
    return changed is not None and why_not(changed, needed) is None and _nearer(tables, scene, waiting, changed)


def _nearer(tables: Tables, scene: Scene, waiting: Waiting, unit: Unit) -> bool:
    if unit.place is None or scene.place is None:
        return False
    if waiting.travel_s is None:
        return True
    roads = roads_of(tables)
    enough_s = waiting.travel_s - max(CLEARLY_NEARER_S, CLEARLY_NEARER_SHARE * waiting.travel_s)
    if at_least_s(roads, unit.place, scene.place) > enough_s:
        return False
    return float(ways(roads, [unit.place], scene.place).travel_s[0]) <= enough_s
