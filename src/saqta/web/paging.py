"""Lists, a page at a time: ``{"items": [...], "next": cursor or null}``.

A cursor names its list and the row that it stands behind, so that one of another list, or a made-up one, is refused.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query, Response
from pydantic import BaseModel, create_model

from saqta.model.errors import InputError
from saqta.model.step import Row, Table, Tables
from saqta.web.present import answer, present

PAGE_ITEMS_MAX = 1_000
PAGE_ITEMS = 100
CURSOR_CHARS_MAX = 2_048
SCAN_ROWS_MAX = 10_000
"""A page of a filtered list looks at so many rows; it may be short, or empty, with a ``next`` to go on from."""


class Wanted(NamedTuple):
    """Which page: what follows ``cursor``, at most ``limit`` items."""

    cursor: str
    limit: int


async def _wanted(
    cursor: Annotated[str, Query(max_length=CURSOR_CHARS_MAX, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS,
) -> Wanted:
    return Wanted(cursor, limit)


WantedPage = Annotated[Wanted, Depends(_wanted)]


def page(
    tables: Tables,
    table: Table[Row],
    wanted: Wanted,
    prefix: str = "",
    show: Callable[[str, Row], object | None] = lambda _, row: row,
    after: str = "",
) -> Response:
    """A page of a table, by key, of what stands behind the key ``after``; ``show`` gives what to present of a row, None
    to leave it out. InputError for a cursor that is none of this list. Blocks."""
    items: list[object] = []
    cursor = None
    after = max(after, _key(wanted.cursor, table.name, prefix))
    rows: Iterator[tuple[str, Row]] = tables.scan(table, prefix, after)
    for looked_at, (key, row) in enumerate(rows):
        if len(items) == wanted.limit or looked_at == SCAN_ROWS_MAX:
            return answer({"items": items, "next": cursor})
        cursor = _cursor(key, table.name)
        shown = show(key, row)
        if shown is not None:
            items.append(present(shown))
    return answer({"items": items, "next": None})


def _cursor(key: str, table: str) -> str:
    return base64.urlsafe_b64encode(f"{table} {key}".encode()).decode()


def _key(cursor: str, table: str, prefix: str) -> str:
    """The key that a cursor stands behind; before everything where there is none."""
    if not cursor:
        return ""
    try:
        of, _, key = base64.b64decode(cursor, b"-_", validate=True).decode().partition(" ")
    except (binascii.Error, ValueError):
        of = key = ""
    if of != table or not key.startswith(prefix):
        raise InputError("cursor", cursor, "`next` of the page before, of the same list")
    return key


@cache
def page_of(item: Any) -> type[BaseModel]:
    """The model of a page, for the API's description."""
    return create_model(f"{item.__name__}Page", items=(list[item], ...), next=(str | None, ...))
