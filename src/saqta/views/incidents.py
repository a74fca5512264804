"""Folds of the incidents, the board, and the people whom an incident is about."""

from bisect import insort
from collections.abc import Iterator
from typing import Any

import msgspec

from saqta.model import incident as incidents
from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.incident import CLOSED as IS_CLOSED
from saqta.model.incident import Incident
from saqta.model.step import Change, Tables
from saqta.views.tables import (
    BOARD,
    CALLERS,
    CLOSED,
    CLOSED_ON_BOARD_MAX,
    INCIDENTS,
    OPENED,
    SYSTEM,
    Changes,
    ClosedLast,
    IncidentOf,
    opened_key,
)


def _changed(tables: Tables, recorded: Recorded, record: Any) -> Iterator[Change]:
    before = tables.get(INCIDENTS, record.incident)
    after = incidents.apply(before, recorded, record)
    if after is None or after is before:
        return
    yield INCIDENTS.put(after.id, after)
    if before is None:
        yield OPENED.put(opened_key(after), IncidentOf(incident=after.id))
        yield from _callers(after)
    if after.state is not IS_CLOSED or tables.get(BOARD, after.id) is not None:
        yield BOARD.put(after.id, _without_caller(after))
    if before is not None and before.closed_ms != after.closed_ms:
        yield from _closed_or_reopened(tables, after)


def _closed_or_reopened(tables: Tables, incident: Incident) -> Iterator[Change]:
    """Of the closed incidents the newest stay on the board; the oldest makes room."""
    shown = [entry for entry in (tables.get(CLOSED, SYSTEM) or ClosedLast()).closed if entry[1] != incident.id]
    if incident.closed_ms is not None:
        insort(shown, (incident.closed_ms, incident.id))
    if len(shown) > CLOSED_ON_BOARD_MAX:
        yield BOARD.delete(shown.pop(0)[1])
    yield CLOSED.put(SYSTEM, ClosedLast(closed=tuple(shown)))


def _callers(incident: Incident) -> Iterator[Change]:
    for sealed in (incident.caller_name, incident.caller_number):
        if sealed is not None:
            yield CALLERS.put(f"{sealed.person}/{incident.id}", IncidentOf(incident=incident.id))


def _without_caller(incident: Incident) -> Incident:
    if incident.caller_name is None and incident.caller_number is None:
        return incident
    return msgspec.structs.replace(incident, caller_name=None, caller_number=None)


def _erased(tables: Tables, recorded: Recorded, record: kinds.PersonErased) -> Iterator[Change]:
    for key, entry in tables.scan(CALLERS, prefix=f"{record.person}/"):
        yield CALLERS.delete(key)
        incident = tables.get(INCIDENTS, entry.incident)
        if incident is not None:
            yield INCIDENTS.put(incident.id, _without_person(incident, record.person))


def _without_person(incident: Incident, person: str) -> Incident:
    name, number = incident.caller_name, incident.caller_number
    return msgspec.structs.replace(
        incident,
        caller_name=None if name is not None and name.person == person else name,
        caller_number=None if number is not None and number.person == person else number,
    )


FOLDS: dict[type[kinds.Record], Changes] = {**dict.fromkeys(incidents.EVENTS, _changed), kinds.PersonErased: _erased}
