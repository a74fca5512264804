"""Lists, a page at a time: ``{"items": [...], "next": cursor or null}``."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query, Response
from pydantic import BaseModel, create_model

from saqta.model.step import Row, Table, Tables
from saqta.web.present import answer, present

PAGE_ITEMS_MAX = 1_000
PAGE_ITEMS = 100
SCAN_ROWS_MAX = 10_000
"""A page of a filtered list looks at so many rows; it may be short, or empty, with a ``next`` to go on from."""


class Wanted(NamedTuple):
    """Which page: what follows ``cursor``, at most ``limit`` items."""

    cursor: str
    limit: int


async def _wanted(
    cursor: Annotated[str, Query(max_length=1024, description="`next` of the page before")] = "",
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
) -> Response:
    """A page of a table, by key; ``show`` gives what to present of a row, None to leave it out. Blocks."""
    items: list[object] = []
    cursor = None
    rows: Iterator[tuple[str, Row]] = tables.scan(table, prefix, wanted.cursor)
    for looked_at, (key, row) in enumerate(rows):
        if len(items) == wanted.limit or looked_at == SCAN_ROWS_MAX:
            return answer({"items": items, "next": cursor})
        cursor = key
        shown = show(key, row)
        if shown is not None:
            items.append(present(shown))
    return answer({"items": items, "next": None})


@cache
def page_of(item: Any) -> type[BaseModel]:
    """The model of a page, for the API's description."""
    return create_model(f"{item.__name__}Page", items=(list[item], ...), next=(str | None, ...))
