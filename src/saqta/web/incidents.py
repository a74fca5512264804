"""Incidents: the list, one with all that belongs to it, its timeline, and what a desk may do with it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, StringConstraints, create_model, model_validator

from saqta.model import command as commands
from saqta.model.command import Context
from saqta.model.event import derive_id
from saqta.model.incident import Incident
from saqta.model.kinds import PersonViewed
from saqta.model.sealed import Sealed
from saqta.model.terms import Disposition, IncidentState, Priority
from saqta.views.tables import (
    ALERTS,
    INCIDENTS,
    OPENED,
    RECOMMENDATIONS,
    TIMELINE,
    Entry,
    IncidentOf,
    Recommendation,
)
from saqta.web import problems
from saqta.web.access import DISCLOSED_TO, Caller, CallerOf, guarded_router
from saqta.web.cameras import KeyedAlert
from saqta.web.commands import (
    Caused,
    ContextOf,
    Door,
    Kind,
    OptionalReason,
    OptionalText,
    PlaceGiven,
    Reason,
    Text,
    Title,
    perform,
)
from saqta.web.looks import StatedPurpose, record_look
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer, present, schema_of

CALLER_FIELDS = ("caller_name", "caller_number")
ON_THE_DESK = "on the desk"
"""Why somebody of the desk looks at who called, where nothing else is said."""

router = guarded_router("incidents")
IncidentId = Annotated[str, Path(alias="id", max_length=64)]
AlertKey = Annotated[str, StringConstraints(min_length=1, max_length=2049)]


class Person(BaseModel):
    """Who called; null where nobody knows, where it was erased, or where the reader's role may not see it."""

    name: str | None
    number: str | None


IncidentDetail = create_model(
    "IncidentDetail",
    __base__=schema_of(Incident),
    recommendation=(schema_of(Recommendation) | None, ...),  # type: ignore[arg-type]
    alerts=(list[KeyedAlert], ...),  # type: ignore[valid-type]
    caller=(Person | None, ...),
)


class CallerGiven(Door):
    """Who called. It is sealed before anything is decided or written."""

    name: Title | None = None
    number: Title | None = None

    @model_validator(mode="after")
    def _some(self) -> "CallerGiven":
        if self.name is None and self.number is None:
            raise ValueError("a caller needs a name or a number")
        return self


class NewIncident(Door):
    kind: Kind
    title: Title
    priority: Priority
    place: PlaceGiven
    note: OptionalText = ""
    caller: CallerGiven | None = None


class UnitGiven(Door):
    unit: Title


class Withdrawal(Door):
    unit: Title
    reason: OptionalReason = ""


class Diversion(Door):
    unit: Title
    reason: Reason


class NewPriority(Door):
    priority: Priority
    reason: Reason


class NewNote(Door):
    text: Text


class Closing(Door):
    disposition: Disposition
    note: OptionalText = ""


class Reopening(Door):
    reason: Reason


class FixtureGiven(Door):
    alert: AlertKey
    note: OptionalReason = ""


class ViewGiven(Door):
    alert: AlertKey
    note: OptionalReason = ""


class FixtureTaken(Door):
    alert: AlertKey
    reason: OptionalReason = ""


@router.get("/api/v1/incidents", response_model=page_of(schema_of(Incident)))
def list_incidents(
    ports: PortsOf, wanted: WantedPage, state: Annotated[list[IncidentState] | None, Query()] = None
) -> Response:
    """Incidents, the newest first; `state`, once or more, leaves out the others."""

    def show(_: str, entry: IncidentOf) -> Incident | None:
        incident = ports.tables.get(INCIDENTS, entry.incident)
        return incident if incident and (not state or incident.state in state) else None

    return page(ports.tables, OPENED, wanted, show=show)


@router.get("/api/v1/incidents/{id}", response_model=IncidentDetail)
def read_incident(ports: PortsOf, caller: CallerOf, incident: IncidentId, purpose: StatedPurpose) -> Response:
    """One incident, its alerts with their evidence, oldest first, and who is recommended to go.

    That somebody was shown who called is in the log first.
    """
    row = _require(ports, incident)
    alerts = ((key, ports.tables.get(ALERTS, key)) for key in row.alerts)
    return answer(
        present(row)
        | {
            "recommendation": present(ports.tables.get(RECOMMENDATIONS, incident)),
            "alerts": [{"key": key} | present(alert) for key, alert in alerts if alert],
            "caller": _disclosed(ports, caller, row, purpose or ON_THE_DESK) if caller.role in DISCLOSED_TO else None,
        }
    )


@router.get("/api/v1/incidents/{id}/timeline", response_model=page_of(schema_of(Entry)))
def read_timeline(ports: PortsOf, incident: IncidentId, wanted: WantedPage) -> Response:
    """What happened, oldest first."""
    _require(ports, incident)
    return page(ports.tables, TIMELINE, wanted, prefix=f"{incident}/")


@router.post("/api/v1/incidents", status_code=HTTPStatus.CREATED, response_model=Caused)
def open_incident(ports: PortsOf, context: ContextOf, new: NewIncident) -> Response:
    """A call taken by telephone, or something that somebody saw."""
    command = commands.OpenIncident(
        kind=new.kind,
        title=new.title,
        priority=new.priority,
        place=new.place.place(),
        note=new.note,
        **(_sealed(ports, context, new.caller) if new.caller else {}),
    )
    response = perform(ports, command, context, HTTPStatus.CREATED)
    response.headers["location"] = f"/api/v1/incidents/{derive_id(context.cause, 'incident')}"
    return response


@router.post("/api/v1/incidents/{id}/acknowledge", response_model=Caused)
def acknowledge(ports: PortsOf, context: ContextOf, incident: IncidentId) -> Response:
    """Takes the incident."""
    _require(ports, incident)
    return perform(ports, commands.Acknowledge(incident=incident), context)


@router.post("/api/v1/incidents/{id}/assign", response_model=Caused)
def assign(ports: PortsOf, context: ContextOf, incident: IncidentId, sent: UnitGiven) -> Response:
    """Sends a unit."""
    _require(ports, incident)
    return perform(ports, commands.Assign(incident=incident, unit=sent.unit), context)


@router.post("/api/v1/incidents/{id}/unassign", response_model=Caused)
def unassign(ports: PortsOf, context: ContextOf, incident: IncidentId, back: Withdrawal) -> Response:
    """Calls a unit back."""
    _require(ports, incident)
    return perform(ports, commands.Unassign(incident=incident, unit=back.unit, reason=back.reason), context)


@router.post("/api/v1/incidents/{id}/divert", response_model=Caused)
def divert(ports: PortsOf, context: ContextOf, incident: IncidentId, sent: Diversion) -> Response:
    """Takes a unit from the incident it is on and sends it to this one."""
    _require(ports, incident)
    return perform(ports, commands.Divert(incident=incident, unit=sent.unit, reason=sent.reason), context)


@router.post("/api/v1/incidents/{id}/priority", response_model=Caused)
def prioritise(ports: PortsOf, context: ContextOf, incident: IncidentId, new: NewPriority) -> Response:
    """Changes the priority."""
    _require(ports, incident)
    return perform(ports, commands.Prioritise(incident=incident, priority=new.priority, reason=new.reason), context)


@router.post("/api/v1/incidents/{id}/note", response_model=Caused)
def note(ports: PortsOf, context: ContextOf, incident: IncidentId, new: NewNote) -> Response:
    """Writes a note."""
    _require(ports, incident)
    return perform(ports, commands.Note(incident=incident, text=new.text), context)


@router.post("/api/v1/incidents/{id}/close", response_model=Caused)
def close(ports: PortsOf, context: ContextOf, incident: IncidentId, closing: Closing) -> Response:
    """Closes the incident, saying what it was."""
    _require(ports, incident)
    command = commands.Close(incident=incident, disposition=closing.disposition, note=closing.note)
    return perform(ports, command, context)


@router.post("/api/v1/incidents/{id}/reopen", response_model=Caused)
def reopen(ports: PortsOf, context: ContextOf, incident: IncidentId, again: Reopening) -> Response:
    """Opens a closed incident again."""
    _require(ports, incident)
    return perform(ports, commands.Reopen(incident=incident, reason=again.reason), context)


@router.post("/api/v1/incidents/{id}/fixture", response_model=Caused)
def mark_fixture(ports: PortsOf, context: ContextOf, incident: IncidentId, marked: FixtureGiven) -> Response:
    """Says that what an alert told of as left behind belongs there: the camera is quiet about it from now on.

    Closes the incident as a false alarm where nothing else belongs to it and no unit is on it.
    """
    _require(ports, incident)
    return perform(ports, commands.MarkFixture(incident=incident, alert=marked.alert, note=marked.note), context)


@router.post("/api/v1/incidents/{id}/release_fixture", response_model=Caused)
def release_fixture(ports: PortsOf, context: ContextOf, incident: IncidentId, taken: FixtureTaken) -> Response:
    """Takes that back."""
    _require(ports, incident)
    return perform(ports, commands.ReleaseFixture(incident=incident, alert=taken.alert, reason=taken.reason), context)


@router.post("/api/v1/incidents/{id}/accept_view", response_model=Caused)
def accept_view(ports: PortsOf, context: ContextOf, incident: IncidentId, given: ViewGiven) -> Response:
    """Says that what a camera looks at since an alert told that it was moved is meant: it is learned as its view, and
    its detectors work again.

    Closes the incident as a false alarm where nothing else belongs to it and no unit is on it.
    """
    _require(ports, incident)
    return perform(ports, commands.AcceptView(incident=incident, alert=given.alert, note=given.note), context)


def _require(ports: Ports, incident: str) -> Incident:
    row = ports.tables.get(INCIDENTS, incident)
    if row is None:
        raise problems.not_found("incident", incident)
    return row


def _sealed(ports: Ports, context: Context, given: CallerGiven) -> dict[str, Sealed]:
    """The caller's fields, sealed for the event that the command is going to make; a name alone tells no person."""
    person = ports.keyring.person_of(given.number or context.cause)
    fields = zip(CALLER_FIELDS, (given.name, given.number), strict=True)
    return {field: ports.keyring.seal(person, context.event_id(0), field, text) for field, text in fields if text}


def _disclosed(ports: Ports, caller: Caller, incident: Incident, purpose: str) -> dict[str, str | None] | None:
    """Who called, in clear; the look at it is recorded where there is anything to see."""
    sealed = (incident.caller_name, incident.caller_number)
    if not any(sealed):
        return None
    _, opened = next(ports.tables.scan(TIMELINE, f"{incident.id}/", limit=1))
    [recorded] = ports.log.read(opened.seq - 1, limit=1)
    name, number = (
        ports.keyring.disclose(each, recorded.event.id, field) if each else None
        for each, field in zip(sealed, CALLER_FIELDS, strict=True)
    )
    for person in {each.person for each, shown in zip(sealed, (name, number), strict=True) if each and shown}:
        record_look(ports, caller, PersonViewed(person=person, incident=incident.id), purpose)
    return {"name": name, "number": number}
