"""The tables of the lists, and what they say of one digest."""

from collections.abc import Iterator
from typing import Any

import msgspec

from saqta.model.kinds import ListImported, ListTerms
from saqta.model.list_entry import Entry, is_valid
from saqta.model.listing import find_in
from saqta.model.step import Table, Tables


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of a list is in force."""

    version: str
    parts: int


HEADS = Table("list_heads", Head)
"""By list; a version is in force once all its parts are there."""

PARTS = Table("list_parts", ListImported)
"""By ``{list}/{version}/{part:04d}``."""

ENTRIES = Table("list_entries", Entry)
"""What people decided about, by the entry's id."""

TABLES: tuple[Table[Any], ...] = (HEADS, PARTS, ENTRIES)


def part_key(list_: str, version: str, part: int) -> str:
    """The key of a part."""
    return f"{list_}/{version}/{part:04d}"


def parts_of(tables: Tables, list_: str) -> Iterator[ListImported]:
    """The parts of the version of a list that is in force, in order."""
    head = tables.get(HEADS, list_)
    if head is not None:
        yield from (part for _, part in tables.scan(PARTS, f"{list_}/{head.version}/"))


def imported_terms(tables: Tables, digest: bytes, at_ms: int) -> ListTerms | None:
    """The terms on which an imported list blocks what a digest stands for; None where none does at that moment."""
    for list_, _ in tables.scan(HEADS):
        for part in parts_of(tables, list_):
            terms = find_in(part, digest)
            if terms is not None and is_valid(terms, at_ms):
                return terms
    return None
