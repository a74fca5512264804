"""Folds of the lists: a version takes the place of the one before with its last part."""

from typing import Any

from saqta.fraud.lists.tables import ENTRIES, HEADS, PARTS, Head, part_key
from saqta.model import kinds, list_entry
from saqta.model.event import Recorded
from saqta.model.step import NOTHING, Fold, Outcome, Tables


def _imported(tables: Tables, recorded: Recorded, record: kinds.ListImported) -> Outcome:
    put = PARTS.put(part_key(record.list, record.version, record.part), record)
    if record.part < record.parts:
        return Outcome((put,))
    own = f"{record.list}/{record.version}/"
    before = [PARTS.delete(key) for key, _ in tables.scan(PARTS, f"{record.list}/") if not key.startswith(own)]
    head = HEADS.put(record.list, Head(version=record.version, parts=record.parts))
    return Outcome((put, *before, head))


def _decided(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    after = list_entry.apply(tables.get(ENTRIES, record.entry), recorded, record)
    return NOTHING if after is None else Outcome((ENTRIES.put(after.id, after),))


FOLDS: dict[type[kinds.Record], Fold] = {kinds.ListImported: _imported, **dict.fromkeys(list_entry.EVENTS, _decided)}
