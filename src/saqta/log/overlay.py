"""Rows that changed but are not committed yet, laid over those that are."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any, cast

import msgspec

from saqta.model.step import Change, Row, Table, Tables


class Overlay:
    """``Tables`` as they will stand after the changes put so far; for one thread."""

    def __init__(self, base: Tables, tables: Iterable[Table[Any]]) -> None:
        self._base = base
        self._changed: dict[str, dict[str, msgspec.Struct | None]] = {table.name: {} for table in tables}

    def put(self, changes: Iterable[Change]) -> None:
        """KeyError for a table that is not the step's own."""
        for name, key, row in changes:
            self._changed[name][key] = row

    def changes(self) -> tuple[Change, ...]:
        """The newest change of each row."""
        return tuple(Change(name, key, row) for name, rows in self._changed.items() for key, row in rows.items())

    def get(self, table: Table[Row], key: str) -> Row | None:
        changed = self._changed[table.name]
        return cast("Row | None", changed[key]) if key in changed else self._base.get(table, key)

    def scan(
        self, table: Table[Row], prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Row]]:
        changed = self._changed[table.name]
        if not changed:
            return self._base.scan(table, prefix, after, limit)
        mine = sorted((key, row) for key, row in changed.items() if key > after and key.startswith(prefix))
        others = (at for at in self._base.scan(table, prefix, after) if at[0] not in changed)
        both = merge(mine, others, key=itemgetter(0))
        return islice(((key, cast("Row", row)) for key, row in both if row is not None), limit)
