"""What follows from each event: alerts open incidents or join them, and incidents move through their states."""

from collections.abc import Iterator
from typing import Any

import msgspec

from saqta.correlate import left, moved
from saqta.correlate.occurrences import CAMERAS, INCIDENTS, OCCURRENCES, Camera, Claim, Match, add, begin, find
from saqta.correlate.rules import rule_of
from saqta.correlate.words import join_reason, open_reasons, title_of
from saqta.model import incident as incidents
from saqta.model import kinds
from saqta.model.event import Recorded, derive_id
from saqta.model.step import NOTHING, Change, Fold, Outcome, Tables, follows


def _raised(tables: Tables, recorded: Recorded, record: kinds.AlertRaised) -> Outcome:
    claim = _claim(tables, recorded, record)
    match = find(tables, claim)
    if match is None:
        return _opens(tables, recorded, record, claim)
    return _joins(tables, recorded, record, claim, match)


def _claim(tables: Tables, recorded: Recorded, record: kinds.AlertRaised) -> Claim:
    camera = tables.get(CAMERAS, record.camera) if record.camera is not None else None
    return Claim(
        key=recorded.event.key,
        kind=record.kind,
        rule=rule_of(record.kind),
        time_ms=recorded.event.time_ms,
        source=recorded.event.source,
        camera=record.camera,
        name=camera.name if camera is not None else record.camera,
        zone=record.zone,
        place=record.place or (camera.place if camera is not None else None),
    )


def _opens(tables: Tables, recorded: Recorded, record: kinds.AlertRaised, claim: Claim) -> Outcome:
    opened = kinds.IncidentOpened(
        incident=derive_id(claim.key, "incident"),
        kind=claim.kind,
        title=title_of(claim),
        priority=claim.rule.priority,
        received_ms=recorded.event.recorded_ms,
        place=claim.place,
        alert=claim.key,
        camera=claim.camera,
        reasons=open_reasons(claim, record.reasons),
    )
    changes = (*begin(tables, opened.incident, claim, opened.priority), *_kept(claim.key, opened.incident, record))
    return Outcome(changes, follows("correlate", recorded, opened))


def _joins(tables: Tables, recorded: Recorded, record: kinds.AlertRaised, claim: Claim, match: Match) -> Outcome:
    joined = kinds.IncidentAlertJoined(
        incident=match.incident, alert=claim.key, reason=join_reason(claim, match), camera=claim.camera
    )
    changes = (*add(tables, match.occurrence, claim), *_kept(claim.key, match.incident, record))
    return Outcome(changes, follows("correlate", recorded, joined))


def _registered(tables: Tables, recorded: Recorded, record: kinds.CameraRegistered) -> Outcome:
    return Outcome((CAMERAS.put(record.camera, Camera(record.name, record.place)),))


def _moved(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    """The incident after an event about it; what is sealed of its caller is no matter here."""
    before = tables.get(INCIDENTS, record.incident)
    after = incidents.apply(before, recorded, record)
    if after is None or after is before:
        return NOTHING
    return Outcome((INCIDENTS.put(after.id, after),))


def _opened(tables: Tables, recorded: Recorded, record: kinds.IncidentOpened) -> Outcome:
    """An incident that no alert of ours opened is an occurrence that alerts may join, too."""
    unsealed = msgspec.structs.replace(record, caller_name=None, caller_number=None)
    changes = _moved(tables, recorded, unsealed).changes
    if tables.get(OCCURRENCES, record.incident) is None:
        changes += tuple(begin(tables, record.incident, _call(recorded, record), record.priority))
    return Outcome(changes)


def _call(recorded: Recorded, record: kinds.IncidentOpened) -> Claim:
    return Claim(
        key=recorded.event.key,
        kind=record.kind,
        rule=rule_of(record.kind),
        time_ms=record.received_ms,
        source=recorded.event.source,
        camera=record.camera,
        name=record.camera,
        zone=None,
        place=record.place,
    )


def _prioritised(tables: Tables, recorded: Recorded, record: kinds.IncidentPrioritised) -> Outcome:
    return _changed(tables, recorded, record, priority=record.priority)


def _closed(tables: Tables, recorded: Recorded, record: kinds.IncidentClosed) -> Outcome:
    return _changed(tables, recorded, record, closed_ms=recorded.event.time_ms)


def _reopened(tables: Tables, recorded: Recorded, record: kinds.IncidentReopened) -> Outcome:
    return _changed(tables, recorded, record, closed_ms=None)


def _kept(alert: str, incident: str, record: kinds.AlertRaised) -> Iterator[Change]:
    """What people may say something of later."""
    yield from left.told(alert, incident, record)
    yield from moved.told(alert, incident, record)


def _changed(tables: Tables, recorded: Recorded, record: Any, **fields: Any) -> Outcome:
    """The incident moves, and its occurrence has these fields from now on."""
    occurrence = tables.get(OCCURRENCES, record.incident)
    if occurrence is None:
        return NOTHING
    changed = msgspec.structs.replace(occurrence, **fields)
    return Outcome((*_moved(tables, recorded, record).changes, OCCURRENCES.put(record.incident, changed)))


FOLDS: dict[type[kinds.Record], Fold] = {
    kinds.AlertRaised: _raised,
    kinds.CameraRegistered: _registered,
    **dict.fromkeys(incidents.EVENTS, _moved),
    kinds.IncidentOpened: _opened,
    kinds.IncidentPrioritised: _prioritised,
    kinds.IncidentClosed: _closed,
    kinds.IncidentReopened: _reopened,
    **left.FOLDS,
    **moved.FOLDS,
}
