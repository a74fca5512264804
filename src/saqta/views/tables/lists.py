"""Lists of what is blocked, and their entries."""

from saqta.model.list_entry import Entry as ListEntry
from saqta.model.step import Table
from saqta.views.tables.row import Row


class BlockingList(Row, frozen=True, kw_only=True):
    """An imported list as it is in force: how many entries it has, and the Merkle roots over its parts."""

    list: str
    version: str
    entries: int
    roots: tuple[str, ...]
    imported_ms: int


class ListPart(Row, frozen=True, kw_only=True):
    """A part of a version of a list that may not be whole yet."""

    version: str
    root: str


class EntryOf(Row, frozen=True, kw_only=True):
    """The entry that waits for a decision."""

    entry: str


LISTS = Table("lists", BlockingList)
"""By list."""

LIST_PARTS = Table("list_roots", ListPart)
"""By ``{list}/{part:04d}``."""

LIST_ENTRIES = Table("list_entries_shown", ListEntry)
"""Entries that people decided about, by id."""

LIST_WAITING = Table("list_entries_waiting", EntryOf)
"""Entries that wait for a decision, by ``{state}/{changed_ms:015d}/{entry}``: the oldest first."""


def waiting_key(entry: ListEntry) -> str:
    """The key of an entry that waits."""
    return f"{entry.state}/{entry.changed_ms:015d}/{entry.id}"
