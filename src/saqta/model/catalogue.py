"""The catalogue: every kind of event that Saqta knows, by CloudEvents type (noun, past participle, version).

A kind is one record in ``kinds``, one line in ``KINDS`` and one stored sample in ``tests/samples``. Kinds and versions
that are not here are kept in the log and passed on; steps pass over them.
"""

from typing import Any, NamedTuple

import msgspec

from saqta.model import kinds
from saqta.model.errors import InputError
from saqta.model.event import Event


class Kind(NamedTuple):
    """A line of the catalogue: the record, the form of its events' ``subject``, and whether outsiders may claim it."""

    record: type[kinds.Record]
    subject: str
    claim: bool = False


KINDS: dict[str, Kind] = {
    "saqta.camera.registered.v1": Kind(kinds.CameraRegistered, "camera/{camera}"),
    "saqta.camera.connected.v1": Kind(kinds.CameraConnected, "camera/{camera}"),
    "saqta.camera.lost.v1": Kind(kinds.CameraLost, "camera/{camera}"),
    "saqta.camera.sight_changed.v1": Kind(kinds.CameraSightChanged, "camera/{camera}"),
    "saqta.camera.quarantined.v1": Kind(kinds.CameraQuarantined, "camera/{camera}"),
    "saqta.alert.raised.v1": Kind(kinds.AlertRaised, "alert/{kind}", claim=True),
    "saqta.object.state_changed.v1": Kind(kinds.ObjectStateChanged, "object/{camera}/{object}"),
    "saqta.fixture.marked.v1": Kind(kinds.FixtureMarked, "fixture/{camera}"),
    "saqta.fixture.released.v1": Kind(kinds.FixtureReleased, "fixture/{camera}"),
    "saqta.view.accepted.v1": Kind(kinds.ViewAccepted, "camera/{camera}"),
    "saqta.line.counted.v1": Kind(kinds.LineCounted, "camera/{camera}"),
    "saqta.evidence.kept.v1": Kind(kinds.EvidenceKept, "evidence/{sha256}"),
    "saqta.evidence.lost.v1": Kind(kinds.EvidenceLost, "camera/{camera}"),
    "saqta.evidence.viewed.v1": Kind(kinds.EvidenceViewed, "evidence/{sha256}"),
    "saqta.evidence.expired.v1": Kind(kinds.EvidenceExpired, "evidence/{sha256}"),
    "saqta.evidence.deleted.v1": Kind(kinds.EvidenceDeleted, "evidence/{sha256}"),
    "saqta.original.opened.v1": Kind(kinds.OriginalOpened, "evidence/{sha256}"),
    "saqta.incident.opened.v1": Kind(kinds.IncidentOpened, "incident/{incident}"),
    "saqta.incident.alert_joined.v1": Kind(kinds.IncidentAlertJoined, "incident/{incident}"),
    "saqta.incident.acknowledged.v1": Kind(kinds.IncidentAcknowledged, "incident/{incident}"),
    "saqta.incident.prioritised.v1": Kind(kinds.IncidentPrioritised, "incident/{incident}"),
    "saqta.incident.noted.v1": Kind(kinds.IncidentNoted, "incident/{incident}"),
    "saqta.incident.closed.v1": Kind(kinds.IncidentClosed, "incident/{incident}"),
    "saqta.incident.reopened.v1": Kind(kinds.IncidentReopened, "incident/{incident}"),
    "saqta.unit.registered.v1": Kind(kinds.UnitRegistered, "unit/{unit}"),
    "saqta.unit.positioned.v1": Kind(kinds.UnitPositioned, "position/{unit}"),
    "saqta.unit.status_changed.v1": Kind(kinds.UnitStatusChanged, "unit/{unit}"),
    "saqta.recommendation.made.v1": Kind(kinds.RecommendationMade, "recommendation/{incident}"),
    "saqta.assignment.made.v1": Kind(kinds.AssignmentMade, "unit/{unit}"),
    "saqta.assignment.started.v1": Kind(kinds.AssignmentStarted, "unit/{unit}"),
    "saqta.assignment.arrived.v1": Kind(kinds.AssignmentArrived, "unit/{unit}"),
    "saqta.assignment.ended.v1": Kind(kinds.AssignmentEnded, "unit/{unit}"),
    "saqta.roads.imported.v1": Kind(kinds.RoadsImported, "roads/{network}"),
    "saqta.map.imported.v1": Kind(kinds.MapLayerImported, "map/{layer}"),
    "saqta.rates.published.v1": Kind(kinds.RatesPublished, "rates/{publisher}/{quote}"),
    "saqta.sim.swapped.v1": Kind(kinds.SimSwapped, "subscriber/{subscriber}", claim=True),
    "saqta.forwarding.set.v1": Kind(kinds.ForwardingSet, "subscriber/{subscriber}", claim=True),
    "saqta.call.connected.v1": Kind(kinds.CallConnected, "call/{call}", claim=True),
    "saqta.call.ended.v1": Kind(kinds.CallEnded, "call/{call}", claim=True),
    "saqta.list.imported.v1": Kind(kinds.ListImported, "list/{list}"),
    "saqta.list_entry.proposed.v1": Kind(kinds.ListEntryProposed, "list_entry/{entry}"),
    "saqta.list_entry.confirmed.v1": Kind(kinds.ListEntryConfirmed, "list_entry/{entry}"),
    "saqta.list_entry.rejected.v1": Kind(kinds.ListEntryRejected, "list_entry/{entry}"),
    "saqta.list_entry.appealed.v1": Kind(kinds.ListEntryAppealed, "list_entry/{entry}"),
    "saqta.list_entry.upheld.v1": Kind(kinds.ListEntryUpheld, "list_entry/{entry}"),
    "saqta.list_entry.lifted.v1": Kind(kinds.ListEntryLifted, "list_entry/{entry}"),
    "saqta.list_entry.viewed.v1": Kind(kinds.ListEntryViewed, "list_look/{entry}"),
    "saqta.decisions.made.v1": Kind(kinds.DecisionsMade, "decisions/{tenant}"),
    "saqta.payments.imported.v1": Kind(kinds.PaymentsImported, "payments/{tenant}"),
    "saqta.outcome.told.v1": Kind(kinds.OutcomeTold, "decision/{decision}"),
    "saqta.call_back.asked.v1": Kind(kinds.CallBackAsked, "decision/{decision}"),
    "saqta.hold.released.v1": Kind(kinds.HoldReleased, "decision/{decision}"),
    "saqta.rule.proposed.v1": Kind(kinds.RuleProposed, "rule/{rule}"),
    "saqta.rule.published.v1": Kind(kinds.RulePublished, "rule/{rule}"),
    "saqta.rule.rejected.v1": Kind(kinds.RuleRejected, "rule/{rule}"),
    "saqta.rule.snoozed.v1": Kind(kinds.RuleSnoozed, "rule/{rule}"),
    "saqta.rule.retired.v1": Kind(kinds.RuleRetired, "rule/{rule}"),
    "saqta.user.added.v1": Kind(kinds.UserAdded, "user/{user}"),
    "saqta.session.started.v1": Kind(kinds.SessionStarted, "user/{user}"),
    "saqta.session.ended.v1": Kind(kinds.SessionEnded, "user/{user}"),
    "saqta.token.added.v1": Kind(kinds.TokenAdded, "token/{token}"),
    "saqta.person.erased.v1": Kind(kinds.PersonErased, "person/{person}"),
    "saqta.person.viewed.v1": Kind(kinds.PersonViewed, "person/{person}"),
    "saqta.event.refused.v1": Kind(kinds.EventRefused, "log"),
    "saqta.event.put_aside.v1": Kind(kinds.EventPutAside, "log"),
    "saqta.message.put_aside.v1": Kind(kinds.MessagePutAside, "intake"),
}
"""Every kind that Saqta knows, by CloudEvents type. ``unit.positioned`` has a subject of its own, so that a moving
unit does not move its version on while a dispatcher assigns it. What is no claim is a decision, a register or Saqta's
own record: only Saqta itself makes such events."""

TYPE_OF: dict[type[kinds.Record], str] = {kind.record: type_ for type_, kind in KINDS.items()}

_encoder = msgspec.json.Encoder()
_decoders = {type_: msgspec.json.Decoder(kind.record) for type_, kind in KINDS.items()}


def make(
    record: kinds.Record,
    *,
    id: str,
    source: str,
    actor: str,
    time_ms: int,
    recorded_ms: int,
    cause: str | None = None,
    purpose: str | None = None,
    extensions: dict[str, str | int | bool] | None = None,
) -> Event:
    """The event of a record; type and subject come from the catalogue."""
    type_ = TYPE_OF[type(record)]
    return Event(
        id=id,
        source=source,
        type=type_,
        subject=subject_of(record),
        time_ms=time_ms,
        recorded_ms=recorded_ms,
        actor=actor,
        data=msgspec.Raw(_encoder.encode(record)),
        purpose=purpose,
        cause=cause,
        extensions=extensions,
    )


def subject_of(record: kinds.Record) -> str:
    """The subject of a record's event."""
    return KINDS[TYPE_OF[type(record)]].subject.format_map(_Fields(record))


def read(event: Event) -> kinds.Record | None:
    """The typed record of an event; None for kinds and versions that we don't know; InputError for bad data."""
    decoder = _decoders.get(event.type)
    if decoder is None:
        return None
    try:
        return decoder.decode(event.data)
    except msgspec.DecodeError as error:
        raise InputError("data", bytes(event.data)[:60], f"data of {event.type} ({error})") from error


class _Fields(dict[str, Any]):
    """Lets ``format_map`` read a record's fields."""

    def __init__(self, record: kinds.Record) -> None:
        super().__init__()
        self._record = record

    def __missing__(self, name: str) -> object:
        return getattr(self._record, name)
