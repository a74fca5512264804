"""Folds of the alerts and of the evidence that was kept for them."""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import (
    ALERTS,
    CAMERAS,
    DELETED,
    EVIDENCE,
    KEPT,
    Alert,
    Changes,
    DeletedFile,
    Evidence,
    EvidenceOf,
    KeptFile,
)


def _raised(tables: Tables, recorded: Recorded, record: kinds.AlertRaised) -> Iterator[Change]:
    camera = tables.get(CAMERAS, record.camera) if record.camera is not None else None
    yield ALERTS.put(
        recorded.event.key,
        Alert(
            kind=record.kind,
            camera=record.camera,
            place=record.place or (camera.place if camera else None),
            box=record.box,
            at_s=record.at_s,
            time_ms=recorded.event.time_ms,
            confidence=record.confidence,
            reasons=record.reasons,
            zone=record.zone,
            track=record.track,
            state=record.state,
            put_down_s=record.put_down_s,
            left_s=record.left_s,
            path=record.path,
        ),
    )


def _kept(tables: Tables, recorded: Recorded, record: kinds.EvidenceKept) -> Iterator[Change]:
    kept = KeptFile(camera=record.camera, media_type=record.media_type, kept_ms=recorded.event.time_ms)
    yield KEPT.put(record.sha256, kept)
    yield DELETED.delete(record.sha256)
    yield EVIDENCE.put(f"{record.sha256}/{record.alert}", EvidenceOf(alert=record.alert))
    alert = tables.get(ALERTS, record.alert)
    if alert is not None:
        evidence = Evidence(
            sha256=record.sha256,
            media_type=record.media_type,
            size_bytes=record.size_bytes,
            from_s=record.from_s,
            until_s=record.until_s,
            shows=record.shows,
        )
        yield ALERTS.put(record.alert, msgspec.structs.replace(alert, evidence=(*alert.evidence, evidence)))


def _expired(tables: Tables, recorded: Recorded, record: kinds.EvidenceExpired) -> Iterator[Change]:
    kept = tables.get(KEPT, record.sha256)
    if kept is not None:
        yield KEPT.put(record.sha256, msgspec.structs.replace(kept, expired=True))


def _deleted(tables: Tables, recorded: Recorded, record: kinds.EvidenceDeleted) -> Iterator[Change]:
    at_ms = recorded.event.time_ms
    yield KEPT.delete(record.sha256)
    yield DELETED.put(record.sha256, DeletedFile(deleted_ms=at_ms, reason=record.reason))
    for _, entry in tables.scan(EVIDENCE, prefix=f"{record.sha256}/"):
        alert = tables.get(ALERTS, entry.alert)
        if alert is not None:
            evidence = tuple(
                msgspec.structs.replace(one, deleted_ms=at_ms) if one.sha256 == record.sha256 else one
                for one in alert.evidence
            )
            yield ALERTS.put(entry.alert, msgspec.structs.replace(alert, evidence=evidence))


def _belongs(
    tables: Tables, recorded: Recorded, record: kinds.IncidentOpened | kinds.IncidentAlertJoined
) -> Iterator[Change]:
    alert = tables.get(ALERTS, record.alert) if record.alert is not None else None
    if alert is not None and record.alert is not None:
        yield ALERTS.put(record.alert, msgspec.structs.replace(alert, incident=record.incident))


def _marked(
    tables: Tables, recorded: Recorded, record: kinds.FixtureMarked | kinds.FixtureReleased
) -> Iterator[Change]:
    alert = tables.get(ALERTS, record.alert) if record.alert is not None else None
    if alert is not None and record.alert is not None:
        is_fixture = isinstance(record, kinds.FixtureMarked)
        yield ALERTS.put(record.alert, msgspec.structs.replace(alert, is_fixture=is_fixture))


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.AlertRaised: _raised,
    kinds.EvidenceKept: _kept,
    kinds.EvidenceExpired: _expired,
    kinds.EvidenceDeleted: _deleted,
    kinds.IncidentOpened: _belongs,
    kinds.IncidentAlertJoined: _belongs,
    kinds.FixtureMarked: _marked,
    kinds.FixtureReleased: _marked,
}
