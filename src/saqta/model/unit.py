"""A unit in the field, and its states as a table.

Pure: ``apply`` takes a unit and an event and gives the unit after it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from saqta.model import kinds
from saqta.model.errors import StateError
from saqta.model.event import Recorded
from saqta.model.place import Place
from saqta.model.terms import UnitStatus

AVAILABLE, DISPATCHED, EN_ROUTE, ON_SCENE, OUT_OF_SERVICE = UnitStatus

TRANSITIONS: dict[UnitStatus, frozenset[UnitStatus]] = {
    AVAILABLE: frozenset({DISPATCHED, OUT_OF_SERVICE}),
    DISPATCHED: frozenset({EN_ROUTE, ON_SCENE, AVAILABLE}),
    EN_ROUTE: frozenset({ON_SCENE, AVAILABLE}),
    ON_SCENE: frozenset({AVAILABLE}),
    OUT_OF_SERVICE: frozenset({AVAILABLE}),
}


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One unit as it stands; ``version`` is the seq of the newest event about its work (positions don't count)."""

    id: str
    name: str
    status: UnitStatus
    capabilities: tuple[str, ...]
    place: Place | None
    version: int
    heading_deg: float | None = None
    speed_kmh: float | None = None
    positioned_ms: int | None = None
    status_ms: int
    incident: str | None = None


def require(unit: Unit, status: UnitStatus) -> None:
    """StateError, with the reason in words, when the table forbids ``status`` after the unit's present one."""
    if status not in TRANSITIONS[unit.status]:
        where = f" at incident {unit.incident}" if unit.incident else ""
        raise StateError(f"unit/{unit.id}", f"is {unit.status}{where}: it can't become {status} from there")


def apply(unit: Unit | None, recorded: Recorded, record: kinds.Record) -> Unit | None:
    """The unit after an event about it; the same one where the event is not about units. StateError as ``require``."""
    if isinstance(record, kinds.UnitRegistered):
        return _registered(unit, recorded, record)
    change = _CHANGES.get(type(record))
    if unit is None or change is None:
        return unit
    after = change(unit, recorded.event.time_ms, record)
    about_it = recorded.event.subject == f"unit/{unit.id}"
    return msgspec.structs.replace(after, version=recorded.seq) if about_it else after


def _registered(unit: Unit | None, recorded: Recorded, record: kinds.UnitRegistered) -> Unit:
    if unit is not None:
        at_station = unit.positioned_ms is None and record.place is not None
        return msgspec.structs.replace(
            unit,
            name=record.name,
            capabilities=record.capabilities,
            place=record.place if at_station else unit.place,
            version=recorded.seq,
        )
    return Unit(
        id=record.unit,
        name=record.name,
        status=AVAILABLE,
        capabilities=record.capabilities,
        place=record.place,
        version=recorded.seq,
        status_ms=recorded.event.time_ms,
    )


def _positioned(unit: Unit, time_ms: int, record: kinds.UnitPositioned) -> Unit:
    if unit.positioned_ms is not None and time_ms < unit.positioned_ms:
        return unit
    return msgspec.structs.replace(
        unit,
        place=record.place,
        heading_deg=record.heading_deg,
        speed_kmh=record.speed_kmh,
        positioned_ms=time_ms,
    )


def _moved(unit: Unit, status: UnitStatus, time_ms: int, incident: str | None) -> Unit:
    require(unit, status)
    return msgspec.structs.replace(unit, status=status, status_ms=time_ms, incident=incident)


def _status_changed(unit: Unit, time_ms: int, record: kinds.UnitStatusChanged) -> Unit:
    if unit.incident is not None:
        raise StateError(f"unit/{unit.id}", f"is {unit.status} at incident {unit.incident}: its assignment ends first")
    if record.status not in (AVAILABLE, OUT_OF_SERVICE):
        raise StateError(f"unit/{unit.id}", f"becomes {record.status} by an assignment only")
    return _moved(unit, record.status, time_ms, None)


def _assigned(unit: Unit, time_ms: int, record: kinds.AssignmentMade) -> Unit:
    return _moved(unit, DISPATCHED, time_ms, record.incident)


def _at_work(unit: Unit, status: UnitStatus, time_ms: int, incident: str) -> Unit:
    if unit.incident != incident:
        raise StateError(f"unit/{unit.id}", f"is {unit.status}, not on incident {incident}")
    return _moved(unit, status, time_ms, None if status is AVAILABLE else incident)


_CHANGES: dict[type[kinds.Record], Callable[[Unit, int, Any], Unit]] = {
    kinds.UnitPositioned: _positioned,
    kinds.UnitStatusChanged: _status_changed,
    kinds.AssignmentMade: _assigned,
    kinds.AssignmentStarted: lambda unit, time_ms, record: _at_work(unit, EN_ROUTE, time_ms, record.incident),
    kinds.AssignmentArrived: lambda unit, time_ms, record: _at_work(unit, ON_SCENE, time_ms, record.incident),
    kinds.AssignmentEnded: lambda unit, time_ms, record: _at_work(unit, AVAILABLE, time_ms, record.incident),
}
EVENTS: tuple[type[kinds.Record], ...] = (kinds.UnitRegistered, *_CHANGES)
"""The kinds that ``apply`` understands."""
