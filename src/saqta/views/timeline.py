"""Folds of the incidents' timelines: one plain sentence for each event, from a table of functions."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.model.terms import SEALED_TYPE
from saqta.views.tables import ALERTS, EARLY, EVIDENCE, TIMELINE, UNITS, Changes, Early, Entry, early_key, timeline_key


class Names(NamedTuple):
    """What a sentence calls the actor, and the unit that the event is about."""

    who: str
    unit: str


Sentence = Callable[[Any, Names], str]

_EVIDENCE = {"video/mp4": "Clip", "image/jpeg": "Still", SEALED_TYPE: "Original under seal"}

SENTENCES: dict[type[kinds.Record], Sentence] = {
    kinds.IncidentOpened: lambda record, names: f"{names.who} opened {record.title}, priority {record.priority}",
    kinds.IncidentAlertJoined: lambda record, names: f"Alert joined: {record.reason}",
    kinds.IncidentAcknowledged: lambda record, names: f"{names.who} took the incident",
    kinds.IncidentPrioritised: lambda record, names: _because(
        f"{names.who} set priority {record.priority}", record.reason
    ),
    kinds.IncidentNoted: lambda record, names: f"{names.who}: {record.text}",
    kinds.IncidentClosed: lambda record, names: _because(
        f"{names.who} closed it as {_words(record.disposition)}", record.note
    ),
    kinds.IncidentReopened: lambda record, names: _because(f"{names.who} opened it again", record.reason),
    kinds.RecommendationMade: lambda record, names: _because(
        f"{names.unit} recommended" if record.unit else "No unit to recommend", "; ".join(record.reasons)
    ),
    kinds.AssignmentMade: lambda record, names: f"{names.who} sent {names.unit}",
    kinds.AssignmentStarted: lambda record, names: f"{names.unit} is on its way",
    kinds.AssignmentArrived: lambda record, names: f"{names.unit} is on scene",
    kinds.AssignmentEnded: lambda record, names: _because(f"{names.unit} left", record.reason),
    kinds.CameraSightChanged: lambda record, names: "The camera sees again",
    kinds.EvidenceKept: lambda record, names: (
        f"Original of {record.until_s - record.from_s:.0f} s kept under seal"
        if record.media_type == SEALED_TYPE
        else f"Still kept as evidence: {record.shows}"
        if record.shows
        else f"Clip of {record.until_s - record.from_s:.0f} s kept as evidence"
    ),
    kinds.EvidenceLost: lambda record, names: _because(
        f"{_EVIDENCE.get(record.media_type, 'Evidence')} could not be kept{' whole' if record.partly else ''}",
        record.reason,
    ),
    kinds.FixtureMarked: lambda record, names: _because(f"{names.who} said that it belongs there", record.note),
    kinds.FixtureReleased: lambda record, names: _because(
        f"{names.who} took back that it belongs there", record.reason
    ),
    kinds.ViewAccepted: lambda record, names: _because(
        f"{names.who} said that the camera's new view is meant", record.note
    ),
    kinds.EvidenceViewed: lambda record, names: f"{names.who} looked at the evidence",
    kinds.EvidenceDeleted: lambda record, names: _because("Evidence deleted", record.reason),
    kinds.OriginalOpened: lambda record, names: (
        f"{names.who} opened the sealed original, together with {record.second}"
    ),
    kinds.PersonViewed: lambda record, names: f"{names.who} looked at who called",
}
"""What stands in a timeline, and in which words."""

_PERSONAL = ("caller_name", "caller_number", "person")


def _told(tables: Tables, recorded: Recorded, record: Any) -> Iterator[Change]:
    yield _put(tables, recorded, record, record.incident)


def _belongs(
    tables: Tables, recorded: Recorded, record: kinds.IncidentOpened | kinds.IncidentAlertJoined
) -> Iterator[Change]:
    """The alert's evidence may be kept before anybody knows to which incident it belongs."""
    yield _put(tables, recorded, record, record.incident)
    early = tables.get(EARLY, record.alert) if record.alert is not None else None
    if early is not None and record.alert is not None:
        for entry in early.entries:
            yield TIMELINE.put(early_key(record.incident, recorded.seq, entry), entry)
        yield EARLY.delete(record.alert)


def _kept(tables: Tables, recorded: Recorded, record: kinds.EvidenceKept | kinds.EvidenceLost) -> Iterator[Change]:
    alert = tables.get(ALERTS, record.alert)
    if alert is None:
        return
    if alert.incident is not None:
        yield _put(tables, recorded, record, alert.incident)
    else:
        early = tables.get(EARLY, record.alert) or Early()
        yield EARLY.put(record.alert, Early(entries=(*early.entries, _entry(tables, recorded, record))))


def _sight_changed(tables: Tables, recorded: Recorded, record: kinds.CameraSightChanged) -> Iterator[Change]:
    """It is told where the alert that caused it is; that it began, the alert says itself."""
    alert = tables.get(ALERTS, recorded.event.cause) if recorded.event.cause is not None else None
    if record.fault is None and alert is not None and alert.incident is not None:
        yield _put(tables, recorded, record, alert.incident)


def _of_evidence(
    tables: Tables, recorded: Recorded, record: kinds.EvidenceViewed | kinds.EvidenceDeleted | kinds.OriginalOpened
) -> Iterator[Change]:
    alerts = (tables.get(ALERTS, entry.alert) for _, entry in tables.scan(EVIDENCE, prefix=f"{record.sha256}/"))
    for incident in sorted({alert.incident for alert in alerts if alert is not None and alert.incident is not None}):
        yield _put(tables, recorded, record, incident)


def _marked(
    tables: Tables, recorded: Recorded, record: kinds.FixtureMarked | kinds.FixtureReleased | kinds.ViewAccepted
) -> Iterator[Change]:
    if record.incident is not None:
        yield _put(tables, recorded, record, record.incident)


def _put(tables: Tables, recorded: Recorded, record: kinds.Record, incident: str) -> Change:
    return TIMELINE.put(timeline_key(incident, recorded.seq), _entry(tables, recorded, record))


def _entry(tables: Tables, recorded: Recorded, record: kinds.Record) -> Entry:
    event = recorded.event
    data = msgspec.to_builtins(record)
    for field in _PERSONAL:
        data.pop(field, None)
    return Entry(
        seq=recorded.seq,
        type=event.type,
        time_ms=event.time_ms,
        recorded_ms=event.recorded_ms,
        actor=event.actor,
        text=SENTENCES[type(record)](record, Names(_who(event.actor), _unit(tables, getattr(record, "unit", None)))),
        data=data,
    )


def _who(actor: str) -> str:
    """What people call an actor: ``user/aru`` is aru, a step of ours is Saqta."""
    kind, _, name = actor.partition("/")
    return "Saqta" if kind == "saqta" else name or actor


def _unit(tables: Tables, id: str | None) -> str:
    unit = tables.get(UNITS, id) if id is not None else None
    return unit.name if unit is not None else id or ""


def _words(term: str) -> str:
    return term.replace("_", " ")


def _because(sentence: str, reason: str) -> str:
    return f"{sentence}: {reason}" if reason else sentence


FOLDS: dict[type[kinds.Record], Changes] = {
    **dict.fromkeys(SENTENCES, _told),
    **dict.fromkeys((kinds.IncidentOpened, kinds.IncidentAlertJoined), _belongs),
    kinds.EvidenceKept: _kept,
    kinds.EvidenceLost: _kept,
    **dict.fromkeys((kinds.EvidenceViewed, kinds.EvidenceDeleted, kinds.OriginalOpened), _of_evidence),
    kinds.CameraSightChanged: _sight_changed,
    kinds.FixtureMarked: _marked,
    kinds.FixtureReleased: _marked,
    kinds.ViewAccepted: _marked,
}
