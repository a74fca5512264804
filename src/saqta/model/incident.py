"""An incident, and its states as a table: what may follow what, and nothing else may.

Pure: ``apply`` takes an incident and an event and gives the incident after it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from saqta.model import kinds
from saqta.model.errors import StateError
from saqta.model.event import Recorded
from saqta.model.place import Place
from saqta.model.sealed import Sealed
from saqta.model.terms import Disposition, IncidentState, Priority


class Trigger(StrEnum):
    """What moves an incident, or leaves its state as it is."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    EN_ROUTE = "en_route"
    ARRIVE = "arrive"
    RELEASE = "release"
    RELEASE_LAST = "release_last"
    JOIN = "join"
    NOTE = "note"
    PRIORITISE = "prioritise"
    CLOSE = "close"
    REOPEN = "reopen"


OPEN, ACKNOWLEDGED, ASSIGNED, ON_SCENE, CLOSED, REOPENED = IncidentState
_ALWAYS = (Trigger.JOIN, Trigger.NOTE)
_LIVE = (*_ALWAYS, Trigger.PRIORITISE)
_UNITS_ON_IT = (*_LIVE, Trigger.ACKNOWLEDGE, Trigger.ASSIGN, Trigger.EN_ROUTE, Trigger.RELEASE)

TRANSITIONS: dict[IncidentState, dict[Trigger, IncidentState]] = {
    OPEN: {
        **dict.fromkeys(_LIVE, OPEN),
        Trigger.ACKNOWLEDGE: ACKNOWLEDGED,
        Trigger.ASSIGN: ASSIGNED,
        Trigger.CLOSE: CLOSED,
    },
    ACKNOWLEDGED: {
        **dict.fromkeys((*_LIVE, Trigger.ACKNOWLEDGE), ACKNOWLEDGED),
        Trigger.ASSIGN: ASSIGNED,
        Trigger.CLOSE: CLOSED,
    },
    ASSIGNED: {
        **dict.fromkeys(_UNITS_ON_IT, ASSIGNED),
        Trigger.ARRIVE: ON_SCENE,
        Trigger.RELEASE_LAST: ACKNOWLEDGED,
        Trigger.CLOSE: CLOSED,
    },
    ON_SCENE: {
        **dict.fromkeys(_UNITS_ON_IT, ON_SCENE),
        Trigger.ARRIVE: ON_SCENE,
        Trigger.RELEASE_LAST: ACKNOWLEDGED,
        Trigger.CLOSE: CLOSED,
    },
    CLOSED: {
        **dict.fromkeys(_ALWAYS, CLOSED),
        Trigger.REOPEN: REOPENED,
    },
    REOPENED: {
        **dict.fromkeys(_LIVE, REOPENED),
        Trigger.ACKNOWLEDGE: ACKNOWLEDGED,
        Trigger.ASSIGN: ASSIGNED,
        Trigger.CLOSE: CLOSED,
    },
}
"""State, trigger, state after. An alert that was raised before the closing may join after it. A closed incident has no
units on it: what ends their assignments afterwards finds nothing to change, even when it is open again. Somebody may
acknowledge while the last unit leaves: it is acknowledged then, whichever comes first."""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence, as it stands after event ``seq``; ``version`` is the seq of the newest event about it.

    Moments are those of the work's line: received → opened → acknowledged → assigned → en route → on scene → closed;
    None where that step has not been reached; sending a unit acknowledges. An alert is received when we come to know
    of it, which its own time does not tell: that stays with the alert. What lies before ``reopened_ms`` was reached
    before the incident was last opened again. ``alerts`` are event keys, oldest first; ``units`` those on it now;
    ``handled_by`` the actor who took it.
    """

    id: str
    kind: str
    title: str
    state: IncidentState
    priority: Priority
    place: Place | None
    version: int
    received_ms: int
    opened_ms: int
    acknowledged_ms: int | None = None
    assigned_ms: int | None = None
    en_route_ms: int | None = None
    on_scene_ms: int | None = None
    closed_ms: int | None = None
    reopened_ms: int | None = None
    last_alert_ms: int | None = None
    alerts: tuple[str, ...] = ()
    alert_count: int = 0
    cameras: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    disposition: Disposition | None = None
    handled_by: str | None = None
    caller_name: Sealed | None = None
    caller_number: Sealed | None = None


ALERTS_MAX = 100
"""An incident lists its newest 100 alerts; ``alert_count`` counts them all."""

CAMERAS_MAX = 100
"""An incident lists the 100 cameras that were new to it last."""


def require(incident: Incident, trigger: Trigger) -> IncidentState:
    """The state after ``trigger``; StateError, with the reason in words, when the table forbids it."""
    after = TRANSITIONS[incident.state].get(trigger)
    if after is None:
        allowed = ", ".join(sorted(TRANSITIONS[incident.state])) or "nothing"
        raise StateError(f"incident/{incident.id}", f"is {incident.state}: {trigger} is not possible, only {allowed}")
    return after


def apply(incident: Incident | None, recorded: Recorded, record: kinds.Record) -> Incident | None:
    """The incident after an event about it; the same one where the event is not about incidents.

    ``IncidentOpened`` makes it (from None). Raises StateError when the table forbids the event, which a decider never
    appends: ``require`` first.
    """
    if isinstance(record, kinds.IncidentOpened):
        return _opened(recorded, record)
    change = _CHANGES.get(type(record))
    if incident is None or change is None:
        return incident
    after = change(incident, recorded.event.time_ms, recorded.event.actor, record)
    about_it = recorded.event.subject == f"incident/{incident.id}"
    return msgspec.structs.replace(after, version=recorded.seq) if about_it else after


def _opened(recorded: Recorded, record: kinds.IncidentOpened) -> Incident:
    return Incident(
        id=record.incident,
        kind=record.kind,
        title=record.title,
        state=OPEN,
        priority=record.priority,
        place=record.place,
        version=recorded.seq,
        received_ms=record.received_ms,
        opened_ms=recorded.event.time_ms,
        last_alert_ms=record.received_ms if record.alert else None,
        alerts=(record.alert,) if record.alert else (),
        alert_count=1 if record.alert else 0,
        cameras=(record.camera,) if record.camera else (),
        reasons=record.reasons,
        caller_name=record.caller_name,
        caller_number=record.caller_number,
    )


def _joined(incident: Incident, time_ms: int, actor: str, record: kinds.IncidentAlertJoined) -> Incident:
    seen = record.camera is None or record.camera in incident.cameras
    return msgspec.structs.replace(
        incident,
        state=require(incident, Trigger.JOIN),
        alerts=(*incident.alerts, record.alert)[-ALERTS_MAX:],
        alert_count=incident.alert_count + 1,
        cameras=incident.cameras if seen else (*incident.cameras, record.camera)[-CAMERAS_MAX:],
        last_alert_ms=max(time_ms, incident.last_alert_ms or 0),
    )


def _acknowledged(incident: Incident, time_ms: int, actor: str, record: kinds.Record) -> Incident:
    return msgspec.structs.replace(
        incident,
        state=require(incident, Trigger.ACKNOWLEDGE),
        acknowledged_ms=incident.acknowledged_ms or time_ms,
        handled_by=actor,
    )


def _prioritised(incident: Incident, time_ms: int, actor: str, record: kinds.IncidentPrioritised) -> Incident:
    state = require(incident, Trigger.PRIORITISE)
    return msgspec.structs.replace(incident, state=state, priority=record.priority)


def _noted(incident: Incident, time_ms: int, actor: str, record: kinds.Record) -> Incident:
    return msgspec.structs.replace(incident, state=require(incident, Trigger.NOTE))


def _closed(incident: Incident, time_ms: int, actor: str, record: kinds.IncidentClosed) -> Incident:
    state = require(incident, Trigger.CLOSE)
    return msgspec.structs.replace(incident, state=state, closed_ms=time_ms, disposition=record.disposition, units=())


def _reopened(incident: Incident, time_ms: int, actor: str, record: kinds.Record) -> Incident:
    state = require(incident, Trigger.REOPEN)
    return msgspec.structs.replace(incident, state=state, closed_ms=None, reopened_ms=time_ms, disposition=None)


def _assigned(incident: Incident, time_ms: int, actor: str, record: kinds.AssignmentMade) -> Incident:
    return msgspec.structs.replace(
        incident,
        state=require(incident, Trigger.ASSIGN),
        acknowledged_ms=incident.acknowledged_ms or time_ms,
        assigned_ms=incident.assigned_ms or time_ms,
        handled_by=incident.handled_by or actor,
        units=incident.units if record.unit in incident.units else (*incident.units, record.unit),
    )


def _started(incident: Incident, time_ms: int, actor: str, record: kinds.AssignmentStarted) -> Incident:
    state = require(incident, Trigger.EN_ROUTE)
    return msgspec.structs.replace(incident, state=state, en_route_ms=incident.en_route_ms or time_ms)


def _arrived(incident: Incident, time_ms: int, actor: str, record: kinds.AssignmentArrived) -> Incident:
    state = require(incident, Trigger.ARRIVE)
    return msgspec.structs.replace(incident, state=state, on_scene_ms=incident.on_scene_ms or time_ms)


def _released(incident: Incident, time_ms: int, actor: str, record: kinds.AssignmentEnded) -> Incident:
    units = tuple(unit for unit in incident.units if unit != record.unit)
    if units == incident.units:
        return incident
    trigger = Trigger.RELEASE if units else Trigger.RELEASE_LAST
    return msgspec.structs.replace(incident, state=require(incident, trigger), units=units)


_CHANGES: dict[type[kinds.Record], Callable[[Incident, int, str, Any], Incident]] = {
    kinds.IncidentAlertJoined: _joined,
    kinds.IncidentAcknowledged: _acknowledged,
    kinds.IncidentPrioritised: _prioritised,
    kinds.IncidentNoted: _noted,
    kinds.IncidentClosed: _closed,
    kinds.IncidentReopened: _reopened,
    kinds.AssignmentMade: _assigned,
    kinds.AssignmentStarted: _started,
    kinds.AssignmentArrived: _arrived,
    kinds.AssignmentEnded: _released,
}
EVENTS: tuple[type[kinds.Record], ...] = (kinds.IncidentOpened, *_CHANGES)
"""The kinds that ``apply`` understands."""
