"""What follows from each event: units and scenes as they stand, and recommendations for those who wait.

A recommendation is made when an incident opens or is left by its last unit, and again only when it would change: the
unit can't go any more, or one that became free is clearly nearer. Positions alone change none.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from saqta.dispatch.recommend import needs_of, recommend, why_not
from saqta.dispatch.tables import (
    ALL,
    FLEET,
    ROADS,
    ROADS_DIGEST,
    SCENES,
    UNITS,
    WAITING,
    Fleet,
    RoadPart,
    RoadsDigest,
    Scene,
    Waiting,
    waiting_key,
)
from saqta.dispatch.travel import at_least_s, roads_of, ways
from saqta.model import kinds
from saqta.model import unit as units
from saqta.model.errors import InputError
from saqta.model.event import Recorded
from saqta.model.step import NOTHING, Change, Fold, Outcome, Tables, follows
from saqta.model.unit import Unit

WAITING_LOOKED_AT_MAX = 20
"""So many of the most urgent incidents that wait are looked at when a unit becomes free or busy."""

CLEARLY_NEARER_S = 60.0
"""A unit that became free is recommended instead when it saves so much, and CLEARLY_NEARER_SHARE of the time."""
CLEARLY_NEARER_SHARE = 0.2


class _Advice(NamedTuple):
    """What is recommended anew: the row that says so, and the record to tell it."""

    change: Change
    record: kinds.RecommendationMade


# Incidents


def _opened(tables: Tables, recorded: Recorded, record: kinds.IncidentOpened) -> Outcome:
    scene = Scene(
        incident=record.incident,
        kind=record.kind,
        title=record.title,
        priority=record.priority,
        place=record.place,
        opened_ms=recorded.event.time_ms,
        version=recorded.seq,
    )
    return _waits(tables, recorded, scene)


def _reopened(tables: Tables, recorded: Recorded, record: kinds.IncidentReopened) -> Outcome:
    scene = tables.get(SCENES, record.incident)
    if scene is None:
        return NOTHING
    return _waits(tables, recorded, msgspec.structs.replace(scene, closed=False, version=recorded.seq))


def _waits(tables: Tables, recorded: Recorded, scene: Scene) -> Outcome:
    advice = _advise(tables, scene, _fleet(tables))
    return Outcome((SCENES.put(scene.incident, scene), advice.change), follows("dispatch", recorded, advice.record))


def _mentioned(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    scene = tables.get(SCENES, record.incident)
    if scene is None:
        return NOTHING
    return Outcome((SCENES.put(scene.incident, msgspec.structs.replace(scene, version=recorded.seq)),))


def _prioritised(tables: Tables, recorded: Recorded, record: kinds.IncidentPrioritised) -> Outcome:
    scene = tables.get(SCENES, record.incident)
    if scene is None:
        return NOTHING
    after = msgspec.structs.replace(scene, priority=record.priority, version=recorded.seq)
    changes = [SCENES.put(scene.incident, after)]
    waiting = tables.get(WAITING, waiting_key(scene))
    if waiting is not None:
        changes += [WAITING.delete(waiting_key(scene)), WAITING.put(waiting_key(after), waiting)]
    return Outcome(tuple(changes))


def _closed(tables: Tables, recorded: Recorded, record: kinds.IncidentClosed) -> Outcome:
    """Units that are still on a closed incident are released from it."""
    scene = tables.get(SCENES, record.incident)
    if scene is None:
        return NOTHING
    after = msgspec.structs.replace(scene, closed=True, units=(), version=recorded.seq)
    ended = [
        kinds.AssignmentEnded(incident=scene.incident, unit=unit, reason="the incident was closed")
        for unit in scene.units
    ]
    changes = (SCENES.put(scene.incident, after), WAITING.delete(waiting_key(scene)))
    return Outcome(changes, follows("dispatch", recorded, *ended))


# Units


def _unit_changed(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    """A unit was registered, became available or went out of service."""
    unit = _after(tables, recorded, record)
    if unit is None:
        return NOTHING
    changes = (UNITS.put(unit.id, unit), *_enlisted(tables, unit.id))
    return _outcome(recorded, changes, _reconsidered(tables, unit))


def _enlisted(tables: Tables, id: str) -> tuple[Change, ...]:
    ids = (tables.get(FLEET, ALL) or Fleet()).units
    return () if id in ids else (FLEET.put(ALL, Fleet(tuple(sorted((*ids, id))))),)


def _positioned(tables: Tables, recorded: Recorded, record: kinds.UnitPositioned) -> Outcome:
    """Recommendations don't follow units as they drive; but one that had no place at all may be wanted now."""
    before = tables.get(UNITS, record.unit)
    after = units.apply(before, recorded, record)
    if before is None or after is None or after is before:
        return NOTHING
    advice = _reconsidered(tables, after) if before.place is None else ()
    return _outcome(recorded, (UNITS.put(after.id, after),), advice)


def _moved_on(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    """On its way, on scene: nobody becomes free or busy by it."""
    unit = _after(tables, recorded, record)
    return NOTHING if unit is None else Outcome((UNITS.put(unit.id, unit),))


def _assigned(tables: Tables, recorded: Recorded, record: kinds.AssignmentMade) -> Outcome:
    unit = _after(tables, recorded, record)
    if unit is None:
        return NOTHING
    changes = [UNITS.put(unit.id, unit)]
    scene = tables.get(SCENES, record.incident)
    if scene is not None:
        on_it = msgspec.structs.replace(scene, units=(*scene.units, unit.id))
        changes += [SCENES.put(scene.incident, on_it), WAITING.delete(waiting_key(scene))]
    return _outcome(recorded, tuple(changes), _reconsidered(tables, unit, but=record.incident))


def _ended(tables: Tables, recorded: Recorded, record: kinds.AssignmentEnded) -> Outcome:
    """The unit is free, unless it goes on to another incident; the one it left waits when it was the last there."""
    unit = _after(tables, recorded, record)
    if unit is None:
        return NOTHING
    changes: tuple[Change, ...] = (UNITS.put(unit.id, unit),)
    advice: list[_Advice] = []
    scene = tables.get(SCENES, record.incident)
    if scene is not None and unit.id in scene.units:
        left = msgspec.structs.replace(scene, units=tuple(id for id in scene.units if id != unit.id))
        changes += (SCENES.put(scene.incident, left),)
        if not left.units:
            gone = unit.id if record.diverted_to is not None else None
            advice.append(_advise(tables, left, [other for other in _fleet(tables, unit) if other.id != gone]))
    if record.diverted_to is None:
        advice += _reconsidered(tables, unit)
    return _outcome(recorded, changes, advice)


def _after(tables: Tables, recorded: Recorded, record: Any) -> Unit | None:
    return units.apply(tables.get(UNITS, record.unit), recorded, record)


# Roads


def _roads_imported(tables: Tables, recorded: Recorded, record: kinds.RoadsImported) -> Outcome:
    """A part that is imported again takes the place of the one before."""
    for edge in record.edges:
        _, _, length_m, speed_kmh = edge
        if not (0 <= length_m < inf and 0 < speed_kmh < inf):
            raise InputError("edges", edge, "a length in metres and a speed above 0 km/h")
    before = tables.get(ROADS_DIGEST, ALL) or RoadsDigest("")
    digest = hashlib.sha256(before.digest.encode() + recorded.stored).hexdigest()
    part = RoadPart(record.nodes, record.edges)
    return Outcome((ROADS.put(record.network, part), ROADS_DIGEST.put(ALL, RoadsDigest(digest))))


# Recommendations


def _outcome(recorded: Recorded, changes: tuple[Change, ...], advice: Iterable[_Advice]) -> Outcome:
    advice = list(advice)
    told = follows("dispatch", recorded, *(record for _, record in advice))
    return Outcome((*changes, *(change for change, _ in advice)), told)


def _advise(tables: Tables, scene: Scene, fleet: Sequence[Unit]) -> _Advice:
    record = recommend(scene, fleet, roads_of(tables))
    waiting = Waiting(incident=scene.incident, unit=record.unit, travel_s=record.travel_s)
    return _Advice(WAITING.put(waiting_key(scene), waiting), record)


def _reconsidered(tables: Tables, changed: Unit, but: str | None = None) -> Iterator[_Advice]:
    """The recommendations that ``changed``, a unit that became free or busy, makes other than they were.

    ``but`` is the incident that does not wait any more.
    """
    waiting = [row for _, row in tables.scan(WAITING, limit=WAITING_LOOKED_AT_MAX) if row.incident != but]
    fleet = _fleet(tables, changed) if waiting else []
    for row in waiting:
        scene = tables.get(SCENES, row.incident)
        if scene is not None and _outdated(tables, scene, row, changed, fleet):
            advice = _advise(tables, scene, fleet)
            if advice.record.unit != row.unit:
                yield advice


def _outdated(tables: Tables, scene: Scene, waiting: Waiting, changed: Unit, fleet: Sequence[Unit]) -> bool:
    """Whether the unit recommended can't go any more, or the changed one would be clearly better."""
    needed, _ = needs_of(scene.kind, fleet)
    if waiting.unit is not None:
        unit = changed if waiting.unit == changed.id else tables.get(UNITS, waiting.unit)
        if unit is None or why_not(unit, needed) is not None:
            return True
    return why_not(changed, needed) is None and _clearly_nearer(tables, scene, waiting, changed)


def _clearly_nearer(tables: Tables, scene: Scene, waiting: Waiting, unit: Unit) -> bool:
    if unit.place is None or scene.place is None:
        return False
    if waiting.travel_s is None:
        return True
    roads = roads_of(tables)
    enough_s = waiting.travel_s - max(CLEARLY_NEARER_S, CLEARLY_NEARER_SHARE * waiting.travel_s)
    if at_least_s(roads, unit.place, scene.place) > enough_s:
        return False
    return float(ways(roads, [unit.place], scene.place).travel_s[0]) <= enough_s


def _fleet(tables: Tables, changed: Unit | None = None) -> list[Unit]:
    """All units in the order of their ids; ``changed`` as it is after the event at hand."""
    ids = (tables.get(FLEET, ALL) or Fleet()).units
    if changed is None:
        return [unit for id in ids if (unit := tables.get(UNITS, id)) is not None]
    others = (tables.get(UNITS, id) for id in ids if id != changed.id)
    return sorted([changed, *(unit for unit in others if unit is not None)], key=attrgetter("id"))


FOLDS: dict[type[kinds.Record], Fold] = {
    kinds.IncidentOpened: _opened,
    kinds.IncidentReopened: _reopened,
    kinds.IncidentAlertJoined: _mentioned,
    kinds.IncidentAcknowledged: _mentioned,
    kinds.IncidentNoted: _mentioned,
    kinds.IncidentPrioritised: _prioritised,
    kinds.IncidentClosed: _closed,
    kinds.UnitRegistered: _unit_changed,
    kinds.UnitPositioned: _positioned,
    kinds.UnitStatusChanged: _unit_changed,
    kinds.AssignmentMade: _assigned,
    kinds.AssignmentStarted: _moved_on,
    kinds.AssignmentArrived: _moved_on,
    kinds.AssignmentEnded: _ended,
    kinds.RoadsImported: _roads_imported,
}
