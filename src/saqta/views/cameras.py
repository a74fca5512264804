"""Folds of the cameras. One that is heard of before it is registered has a row of its own, named by its id."""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.kinds import FIXTURES_MAX
from saqta.model.step import Change, Tables
from saqta.model.terms import CameraStatus
from saqta.views.tables import CAMERAS, REGISTERED, Camera, Changes, Fixture, LineCounts, added


def _camera(tables: Tables, recorded: Recorded, id: str) -> Camera:
    return tables.get(CAMERAS, id) or Camera(id=id, name=id, status_ms=recorded.event.time_ms)


def _registered(tables: Tables, recorded: Recorded, record: kinds.CameraRegistered) -> Iterator[Change]:
    camera = msgspec.structs.replace(
        _camera(tables, recorded, record.camera),
        name=record.name,
        place=record.place,
        heading_deg=record.heading_deg,
        lines=record.lines,
        zones=record.zones,
        restricted=record.restricted,
    )
    yield CAMERAS.put(camera.id, camera)
    yield REGISTERED.put(camera.id, record)


def _connected(tables: Tables, recorded: Recorded, record: kinds.CameraConnected) -> Iterator[Change]:
    """A camera that comes again sees until it tells otherwise, which it does at once."""
    camera = msgspec.structs.replace(
        _camera(tables, recorded, record.camera),
        status=CameraStatus.LIVE,
        reason=None,
        status_ms=recorded.event.time_ms,
        fault=None,
        fault_reason=None,
        fault_ms=None,
        width=record.width,
        height=record.height,
        fps=record.fps,
    )
    yield CAMERAS.put(camera.id, camera)


def _sight_changed(tables: Tables, recorded: Recorded, record: kinds.CameraSightChanged) -> Iterator[Change]:
    camera = msgspec.structs.replace(
        _camera(tables, recorded, record.camera),
        fault=record.fault,
        fault_reason=record.reason or None,
        fault_ms=recorded.event.time_ms if record.fault is not None else None,
    )
    yield CAMERAS.put(camera.id, camera)


def _lost(tables: Tables, recorded: Recorded, record: kinds.CameraLost) -> Iterator[Change]:
    """A stream that is quarantined stays so until its picture comes again, however often it is lost."""
    if _camera(tables, recorded, record.camera).status is not CameraStatus.QUARANTINED:
        yield _failed(tables, recorded, record, CameraStatus.LOST)


def _quarantined(tables: Tables, recorded: Recorded, record: kinds.CameraQuarantined) -> Iterator[Change]:
    yield _failed(tables, recorded, record, CameraStatus.QUARANTINED)


def _failed(
    tables: Tables, recorded: Recorded, record: kinds.CameraLost | kinds.CameraQuarantined, status: CameraStatus
) -> Change:
    camera = _camera(tables, recorded, record.camera)
    changed = msgspec.structs.replace(camera, status=status, reason=record.reason, status_ms=recorded.event.time_ms)
    return CAMERAS.put(camera.id, changed)


def _counted(tables: Tables, recorded: Recorded, record: kinds.LineCounted) -> Iterator[Change]:
    camera = _camera(tables, recorded, record.camera)
    before = camera.counts.get(record.line, LineCounts())
    after = LineCounts(forward=added(before.forward, record.forward), backward=added(before.backward, record.backward))
    yield CAMERAS.put(camera.id, msgspec.structs.replace(camera, counts={**camera.counts, record.line: after}))


def _marked(tables: Tables, recorded: Recorded, record: kinds.FixtureMarked) -> Iterator[Change]:
    camera = _camera(tables, recorded, record.camera)
    fixture = Fixture(box=record.box, alert=record.alert, incident=record.incident, marked_ms=recorded.event.time_ms)
    fixtures = (*(each for each in camera.fixtures if each.box != record.box), fixture)[-FIXTURES_MAX:]
    yield CAMERAS.put(camera.id, msgspec.structs.replace(camera, fixtures=fixtures))


def _released(tables: Tables, recorded: Recorded, record: kinds.FixtureReleased) -> Iterator[Change]:
    camera = _camera(tables, recorded, record.camera)
    fixtures = tuple(each for each in camera.fixtures if each.box != record.box)
    yield CAMERAS.put(camera.id, msgspec.structs.replace(camera, fixtures=fixtures))


def _accepted(tables: Tables, recorded: Recorded, record: kinds.ViewAccepted) -> Iterator[Change]:
    """What was marked in the old view is forgotten with it."""
    camera = _camera(tables, recorded, record.camera)
    yield CAMERAS.put(camera.id, msgspec.structs.replace(camera, view_accepted_ms=recorded.event.time_ms, fixtures=()))


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.CameraRegistered: _registered,
    kinds.CameraConnected: _connected,
    kinds.CameraSightChanged: _sight_changed,
    kinds.CameraLost: _lost,
    kinds.CameraQuarantined: _quarantined,
    kinds.LineCounted: _counted,
    kinds.FixtureMarked: _marked,
    kinds.ViewAccepted: _accepted,
    kinds.FixtureReleased: _released,
}
