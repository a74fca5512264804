"""Cameras that were moved: which alert told so, and whether a person said that the new view is meant."""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Fold, Outcome, Table, Tables


class ViewMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's view that moved, as an alert told it; ``is_meant`` since a person said so."""

    incident: str
    camera: str
    is_meant: bool = False


MOVED = Table("correlate_moved", ViewMoved)
"""By the key of the alert's event."""


def told(alert: str, incident: str, record: kinds.AlertRaised) -> Iterator[Change]:
    """What to remember of an alert, if it is about a camera that was moved."""
    if record.kind == "camera_moved" and record.camera is not None:
        yield MOVED.put(alert, ViewMoved(incident=incident, camera=record.camera))


def _accepted(tables: Tables, recorded: Recorded, record: kinds.ViewAccepted) -> Outcome:
    view = tables.get(MOVED, record.alert) if record.alert is not None else None
    if view is None or record.alert is None:
        return Outcome()
    return Outcome((MOVED.put(record.alert, msgspec.structs.replace(view, is_meant=True)),))


FOLDS: dict[type[kinds.Record], Fold] = {kinds.ViewAccepted: _accepted}
