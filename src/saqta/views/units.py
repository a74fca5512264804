"""Folds of the units in the field."""

from collections.abc import Iterator
from typing import Any

from saqta.model import kinds
from saqta.model import unit as units
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import UNITS, Changes


def _changed(tables: Tables, recorded: Recorded, record: Any) -> Iterator[Change]:
    before = tables.get(UNITS, record.unit)
    after = units.apply(before, recorded, record)
    if after is not None and after is not before:
        yield UNITS.put(after.id, after)


FOLDS: dict[type[kinds.Record], Changes] = dict.fromkeys(units.EVENTS, _changed)
