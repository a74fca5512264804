"""What a reader of rates is given and what it gives: texts as they were published; ``reading`` makes sense of them.

A reader is a function from a document to its lines, or to None where the document is of another form.
"""

import csv
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from saqta.intake.xml import Node, read_xml
from saqta.model.errors import InputError

ROWS_MAX = 100_000


class Quoted(NamedTuple):
    """From a day on, ``units`` of a currency are worth ``worth`` of ``quote``; ``line`` of the file, or the entry."""

    line: int
    publisher: str
    day: str
    currency: str
    units: str
    quote: str
    worth: str


class Document(NamedTuple):
    """A file as XML, as a list of JSON objects, or as rows of CSV by the names in its header with their lines."""

    root: Node | None = None
    entries: tuple[dict[str, Any], ...] = ()
    rows: tuple[tuple[int, dict[str, str]], ...] = ()


Reader = Callable[[Document], Iterable[Quoted] | None]


def document_of(content: bytes) -> Document:
    """The document that a file's bytes are; InputError when they are none."""
    beginning = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if beginning == b"<":
        return Document(root=read_xml(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("file", content[:40], f"XML, JSON, or CSV in UTF-8 ({error})") from error
    return Document(entries=_entries(text)) if beginning in (b"[", b"{") else Document(rows=_rows(text))


def _entries(text: str) -> tuple[dict[str, Any], ...]:
    try:
        listed = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise InputError("file", text[:40], f"JSON ({error})") from error
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise InputError("file", text[:40], "a list of JSON objects")
    return tuple(listed)


def _rows(text: str) -> tuple[tuple[int, dict[str, str]], ...]:
    """A row with other cells than the header has columns spoils the file: a decimal comma would be taken for two."""
    reader = csv.reader(text.splitlines())
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        names = next(reader, [])
        for cells in filter(None, reader):
            if len(rows) >= ROWS_MAX:
                raise InputError("file", f"more than {ROWS_MAX} rows", "no more than that")
            if len(cells) != len(names):
                given = f"line {reader.line_num} with {len(cells)} cells"
                raise InputError("file", given, f"{len(names)}, one for each column of the header")
            rows.append((reader.line_num, dict(zip(names, cells, strict=True))))
    except csv.Error as error:
        raise InputError("file", f"line {reader.line_num}", f"CSV ({error})") from error
    return tuple(rows)
