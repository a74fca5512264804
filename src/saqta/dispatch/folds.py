"""What follows from each event: units and scenes as they stand, and recommendations for those who wait.

Positions alone change no recommendation: units drive, and tell where they are every second.
"""

import hashlib
from collections.abc import Iterable
from itertools import chain
from math import inf
from typing import Any

import msgspec

from saqta.dispatch.tables import ALL, FLEET, ROADS, ROADS_DIGEST, SCENES, UNITS, RoadPart, RoadsDigest, Scene
from saqta.dispatch.waiting import Advice, Crew, begins, ends, moves, reconsidered
from saqta.model import kinds
from saqta.model import unit as units
from saqta.model.errors import InputError
from saqta.model.event import Recorded
from saqta.model.step import NOTHING, Change, Fold, Outcome, Tables, follows
from saqta.model.unit import Unit

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
    return _outcome(recorded, (SCENES.put(scene.incident, scene),), [begins(tables, scene, Crew(tables))])


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
    return Outcome((SCENES.put(scene.incident, after), *moves(tables, scene, after)))


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
    return Outcome((SCENES.put(scene.incident, after), *ends(tables, scene)), follows("dispatch", recorded, *ended))


# Units


def _unit_changed(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    """A unit was registered, became available or went out of service."""
    unit = _after(tables, recorded, record)
    if unit is None:
        return NOTHING
    crew = Crew(tables, unit)
    changes = (UNITS.put(unit.id, unit), FLEET.put(ALL, crew.fleet))
    return _outcome(recorded, changes, reconsidered(tables, crew))


def _positioned(tables: Tables, recorded: Recorded, record: kinds.UnitPositioned) -> Outcome:
    """Recommendations don't follow units as they drive; but one that had no place at all may be wanted now."""
    before = tables.get(UNITS, record.unit)
    after = units.apply(before, recorded, record)
    if before is None or after is None or after is before:
        return NOTHING
    advice = reconsidered(tables, Crew(tables, after)) if before.place is None else ()
    return _outcome(recorded, (UNITS.put(after.id, after),), advice)


def _moved_on(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    """On its way, on scene: nobody becomes free or busy by it."""
    unit = _after(tables, recorded, record)
    return NOTHING if unit is None else Outcome((UNITS.put(unit.id, unit),))


def _assigned(tables: Tables, recorded: Recorded, record: kinds.AssignmentMade) -> Outcome:
    unit = _after(tables, recorded, record)
    if unit is None:
        return NOTHING
    changes: tuple[Change, ...] = (UNITS.put(unit.id, unit),)
    scene = tables.get(SCENES, record.incident)
    if scene is not None:
        on_it = msgspec.structs.replace(scene, units=(*scene.units, unit.id))
        changes += (SCENES.put(scene.incident, on_it), *ends(tables, scene))
    return _outcome(recorded, changes, reconsidered(tables, Crew(tables, unit), but=record.incident))


def _ended(tables: Tables, recorded: Recorded, record: kinds.AssignmentEnded) -> Outcome:
    """The unit is free, unless it goes on to another incident; the one it left waits when it was the last there."""
    unit = _after(tables, recorded, record)
    if unit is None:
        return NOTHING
    crew = Crew(tables, unit, gone=unit.id if record.diverted_to is not None else None)
    changes: tuple[Change, ...] = (UNITS.put(unit.id, unit),)
    advice: list[Advice] = []
    scene = tables.get(SCENES, record.incident)
    if scene is not None and unit.id in scene.units:
        left = msgspec.structs.replace(scene, units=tuple(id for id in scene.units if id != unit.id))
        changes += (SCENES.put(scene.incident, left),)
        if not left.units:
            advice.append(begins(tables, left, crew))
    if record.diverted_to is None:
        advice += reconsidered(tables, crew)
    return _outcome(recorded, changes, advice)


def _after(tables: Tables, recorded: Recorded, record: Any) -> Unit | None:
    return units.apply(tables.get(UNITS, record.unit), recorded, record)


def _outcome(recorded: Recorded, changes: tuple[Change, ...], advice: Iterable[Advice]) -> Outcome:
    advice = list(advice)
    told = follows("dispatch", recorded, *(record for _, record in advice))
    return Outcome((*changes, *chain.from_iterable(rows for rows, _ in advice)), told)


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
