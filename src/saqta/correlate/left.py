"""Things left behind: which alert told of which, and whether a person said that it belongs there."""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Fold, Outcome, Table, Tables


class ThingLeft(msgspec.Struct, frozen=True, kw_only=True):
    """A thing left, as an alert of ours told it; ``is_fixture`` since a person said so."""

    incident: str
    camera: str
    box: kinds.Box
    object: str | None
    is_fixture: bool = False


LEFT = Table("correlate_left", ThingLeft)
"""By the key of the alert's event."""


def told(alert: str, incident: str, record: kinds.AlertRaised) -> Iterator[Change]:
    """What to remember of an alert, if it is about a thing left behind in a camera's picture."""
    if record.kind == "abandoned_object" and record.camera is not None and record.box is not None:
        yield LEFT.put(alert, ThingLeft(incident=incident, camera=record.camera, box=record.box, object=record.object))


def _marked(tables: Tables, recorded: Recorded, record: kinds.FixtureMarked | kinds.FixtureReleased) -> Outcome:
    thing = tables.get(LEFT, record.alert) if record.alert is not None else None
    if thing is None or record.alert is None:
        return Outcome()
    is_fixture = isinstance(record, kinds.FixtureMarked)
    return Outcome((LEFT.put(record.alert, msgspec.structs.replace(thing, is_fixture=is_fixture)),))


FOLDS: dict[type[kinds.Record], Fold] = {kinds.FixtureMarked: _marked, kinds.FixtureReleased: _marked}
