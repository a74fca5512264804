"""Folds of the lists of what is blocked: what was imported, what people decided about, and what waits for that."""

from collections.abc import Iterator
from typing import Any

from saqta.model import kinds, list_entry
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.model.terms import EntryState
from saqta.views.tables import (
    LIST_ENTRIES,
    LIST_PARTS,
    LIST_WAITING,
    LISTS,
    BlockingList,
    Changes,
    EntryOf,
    ListPart,
    waiting_key,
)

WAITING = frozenset({EntryState.PROPOSED, EntryState.APPEALED})


def _imported(tables: Tables, recorded: Recorded, record: kinds.ListImported) -> Iterator[Change]:
    yield LIST_PARTS.put(f"{record.list}/{record.part:04d}", ListPart(version=record.version, root=record.root))
    if record.part < record.parts:
        return
    before = [
        (key, part) for key, part in tables.scan(LIST_PARTS, f"{record.list}/") if key[-4:] < f"{record.part:04d}"
    ]
    roots = tuple(part.root for _, part in before if part.version == record.version)
    yield LISTS.put(
        record.list,
        BlockingList(
            list=record.list,
            version=record.version,
            entries=record.total,
            roots=(*roots, record.root),
            imported_ms=recorded.event.time_ms,
        ),
    )


def _decided(tables: Tables, recorded: Recorded, record: Any) -> Iterator[Change]:
    before = tables.get(LIST_ENTRIES, record.entry)
    after = list_entry.apply(before, recorded, record)
    if after is None:
        return
    yield LIST_ENTRIES.put(after.id, after)
    if before is not None and before.state in WAITING:
        yield LIST_WAITING.delete(waiting_key(before))
    if after.state in WAITING:
        yield LIST_WAITING.put(waiting_key(after), EntryOf(entry=after.id))


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.ListImported: _imported,
    **dict.fromkeys(list_entry.EVENTS, _decided),
}
