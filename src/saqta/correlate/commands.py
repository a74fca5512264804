"""What a person asks of an incident, decided into events, or refused with the reason."""

from collections.abc import Callable
from typing import Any

from saqta.correlate.left import LEFT, ThingLeft
from saqta.correlate.moved import MOVED
from saqta.correlate.occurrences import INCIDENTS
from saqta.model import command as commands
from saqta.model import kinds
from saqta.model.command import (
    KIND_CHARS_MAX,
    NOTE_CHARS_MAX,
    REASON_CHARS_MAX,
    TITLE_CHARS_MAX,
    Command,
    Context,
)
from saqta.model.errors import InputError, StateError
from saqta.model.event import derive_id
from saqta.model.incident import Incident, Trigger, require
from saqta.model.step import Outcome, Tables, commanded
from saqta.model.terms import Disposition, IncidentState

BELONGS_THERE = "it belongs there"
VIEW_IS_MEANT = "the camera's new view is meant"


def decide(tables: Tables, command: Command, context: Context) -> Outcome:
    """The events of an incident's command.

    StateError when the incident's state forbids it; InputError for an incident that is not known, and for texts that
    are empty or too long.
    """
    return _DECISIONS[type(command)](tables, command, context)


def _open(tables: Tables, command: commands.OpenIncident, context: Context) -> Outcome:
    incident = derive_id(context.cause, "incident")
    opened = kinds.IncidentOpened(
        incident=incident,
        kind=_text("kind", command.kind, KIND_CHARS_MAX),
        title=_text("title", command.title, TITLE_CHARS_MAX),
        priority=command.priority,
        received_ms=context.now_ms,
        place=command.place,
        reasons=(f"opened by {context.actor}",),
        caller_name=command.caller_name,
        caller_number=command.caller_number,
    )
    note = _text("note", command.note, NOTE_CHARS_MAX, empty=True)
    noted = (kinds.IncidentNoted(incident=incident, text=note),) if note else ()
    return Outcome(events=commanded(context, opened, *noted), expected={f"incident/{incident}": 0})


def _acknowledge(tables: Tables, command: commands.Acknowledge, context: Context) -> Outcome:
    incident = _known(tables, command.incident)
    if incident.state is IncidentState.ACKNOWLEDGED:
        raise StateError(f"incident/{incident.id}", f"is acknowledged by {incident.handled_by} already")
    record = kinds.IncidentAcknowledged(incident=command.incident)
    return _moves(tables, command.incident, Trigger.ACKNOWLEDGE, record, context)


def _prioritise(tables: Tables, command: commands.Prioritise, context: Context) -> Outcome:
    reason = _text("reason", command.reason, REASON_CHARS_MAX)
    record = kinds.IncidentPrioritised(incident=command.incident, priority=command.priority, reason=reason)
    return _moves(tables, command.incident, Trigger.PRIORITISE, record, context)


def _note(tables: Tables, command: commands.Note, context: Context) -> Outcome:
    """A note is possible in every state: it needs no version, and never conflicts."""
    _known(tables, command.incident)
    record = kinds.IncidentNoted(incident=command.incident, text=_text("text", command.text, NOTE_CHARS_MAX))
    return Outcome(events=commanded(context, record))


def _close(tables: Tables, command: commands.Close, context: Context) -> Outcome:
    note = _text("note", command.note, NOTE_CHARS_MAX, empty=True)
    record = kinds.IncidentClosed(incident=command.incident, disposition=command.disposition, note=note)
    return _moves(tables, command.incident, Trigger.CLOSE, record, context)


def _reopen(tables: Tables, command: commands.Reopen, context: Context) -> Outcome:
    record = kinds.IncidentReopened(incident=command.incident, reason=_text("reason", command.reason, REASON_CHARS_MAX))
    return _moves(tables, command.incident, Trigger.REOPEN, record, context)


def _mark_fixture(tables: Tables, command: commands.MarkFixture, context: Context) -> Outcome:
    """Closes the incident, too, where nothing else belongs to it and no unit is on it."""
    thing = _thing(tables, command.incident, command.alert)
    if thing.is_fixture:
        raise StateError(f"alert/{command.alert}", "is marked as a fixture already")
    marked = kinds.FixtureMarked(
        camera=thing.camera,
        box=thing.box,
        object=thing.object,
        note=_text("note", command.note, REASON_CHARS_MAX, empty=True),
        alert=command.alert,
        incident=thing.incident,
    )
    return _closing(tables, thing.incident, marked, BELONGS_THERE, context)


def _release_fixture(tables: Tables, command: commands.ReleaseFixture, context: Context) -> Outcome:
    thing = _thing(tables, command.incident, command.alert)
    if not thing.is_fixture:
        raise StateError(f"alert/{command.alert}", "is not marked as a fixture")
    released = kinds.FixtureReleased(
        camera=thing.camera,
        box=thing.box,
        alert=command.alert,
        incident=thing.incident,
        reason=_text("reason", command.reason, REASON_CHARS_MAX, empty=True),
    )
    return Outcome(events=commanded(context, released))


def _accept_view(tables: Tables, command: commands.AcceptView, context: Context) -> Outcome:
    """Closes the incident, too, where nothing else belongs to it and no unit is on it."""
    view = tables.get(MOVED, command.alert)
    if view is None or view.incident != command.incident:
        raise InputError("alert", command.alert, "an alert of this incident that tells of a camera that was moved")
    if view.is_meant:
        raise StateError(f"alert/{command.alert}", "tells of a view that is known to be meant already")
    accepted = kinds.ViewAccepted(
        camera=view.camera,
        note=_text("note", command.note, REASON_CHARS_MAX, empty=True),
        alert=command.alert,
        incident=view.incident,
    )
    return _closing(tables, view.incident, accepted, VIEW_IS_MEANT, context)


def _closing(tables: Tables, id: str, record: kinds.Record, note: str, context: Context) -> Outcome:
    """What was said, and the incident's end where nothing else belongs to it and no unit is on it."""
    incident = _known(tables, id)
    if incident.state is IncidentState.CLOSED or incident.alert_count > 1 or incident.units:
        return Outcome(events=commanded(context, record))
    closed = kinds.IncidentClosed(incident=id, disposition=Disposition.FALSE_ALARM, note=note)
    return Outcome(events=commanded(context, record, closed), expected={f"incident/{id}": incident.version})


def _thing(tables: Tables, incident: str, alert: str) -> ThingLeft:
    thing = tables.get(LEFT, alert)
    if thing is None or thing.incident != incident:
        raise InputError("alert", alert, "an alert of this incident that tells of a thing left behind")
    return thing


_DECISIONS: dict[type[Any], Callable[[Tables, Any, Context], Outcome]] = {
    commands.OpenIncident: _open,
    commands.Acknowledge: _acknowledge,
    commands.Prioritise: _prioritise,
    commands.Note: _note,
    commands.Close: _close,
    commands.Reopen: _reopen,
    commands.MarkFixture: _mark_fixture,
    commands.ReleaseFixture: _release_fixture,
    commands.AcceptView: _accept_view,
}


def _moves(tables: Tables, id: str, trigger: Trigger, record: kinds.Record, context: Context) -> Outcome:
    incident = _known(tables, id)
    require(incident, trigger)
    return Outcome(events=commanded(context, record), expected={f"incident/{id}": incident.version})


def _known(tables: Tables, id: str) -> Incident:
    incident = tables.get(INCIDENTS, id)
    if incident is None:
        raise InputError("incident", id, "an incident that is known")
    return incident


def _text(field: str, given: str, chars_max: int, *, empty: bool = False) -> str:
    text = given.strip()
    if len(text) > chars_max:
        raise InputError(field, f"{len(text)} characters", f"at most {chars_max}")
    if not text and not empty:
        raise InputError(field, given, "a text that is not empty")
    return text
