"""Lists of what is blocked, from CSV: SIM cards, numbers, devices, accounts, payees.

Columns ``kind``, ``value``, ``reason`` and ``source``; ``from`` and ``until``, RFC 3339 or a day, may be left out or
empty. Read line by line, each bounded; what is listed is a keyed digest before it leaves this file. A row is refused
alone, with its line; a file in which too many are refused is not what it says it is, and nothing is taken.
"""

import csv
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from saqta.intake.registers import Refusal, Register, check_cells, refuse
from saqta.log import merkle
from saqta.model.errors import InputError
from saqta.model.kinds import (
    ALERT_REASON_CHARS_MAX,
    LIST_PARTS_MAX,
    LIST_TERMS_MAX,
    LISTED_ROWS_MAX,
    NAME_CHARS_MAX,
    ListImported,
    ListTerms,
)
from saqta.model.listing import canonical
from saqta.model.moment import from_text
from saqta.model.terms import ListedKind

FILE_BYTES_MAX = 2 << 30
LINE_BYTES_MAX = 4_096
ROWS_MAX = 10_000_000
COLUMNS = ("kind", "value", "reason", "source")
OPTIONAL = ("from", "until")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_KINDS = {kind.value: kind for kind in ListedKind}
_FORMULA = ("=", "+", "-", "@")
"""A text that begins so is run by spreadsheets that open it."""

Digest = Callable[[ListedKind, str], bytes]


def read_list(path: Path, digest: Digest) -> Register:
    """Reads ``path`` as a list named like the file, in parts; its version is the file's digest. InputError when nothing
    of it can be read."""
    name = path.stem
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        raise InputError("file", path.name, f"a file whose name, the list's, has 1 to {NAME_CHARS_MAX} characters")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > FILE_BYTES_MAX:
                raise InputError("file", f"{size} bytes", f"at most {FILE_BYTES_MAX} bytes")
            reading = _Reading(digest)
            lines = _Lines(file)
            reading.read(lines)
    except OSError as error:
        raise InputError("file", str(path), f"a readable file ({error.strerror})") from error
    if not reading.rows:
        why = f" ({reading.refused[0].reason} in line {reading.refused[0].line})" if reading.refused else ""
        raise InputError("file", str(path), f"at least one row of a list{why}")
    parts = tuple(_parts(name, lines.sha256.hexdigest()[:32], reading.rows, reading.terms))
    return Register(parts, reading.count, tuple(reading.refused))


class _Lines:
    """The lines of a file, each at most LINE_BYTES_MAX long, and the digest of all of them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(iter(lambda: self._file.readline(LINE_BYTES_MAX + 1), b""), 1):
            if len(line) > LINE_BYTES_MAX:
                raise InputError(f"line {number}", line[:40], f"at most {LINE_BYTES_MAX} bytes in a line")
            self.sha256.update(line)
            yield line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace")


class _Reading:
    """Takes rows: ``rows`` has which terms hold for each digest, ``terms`` those that occur, as they come."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._numbers: dict[tuple[str, ...], tuple[ListedKind, int]] = {}
        self.rows: dict[bytes, int] = {}
        self.terms: list[ListTerms] = []
        self.refused: list[Refusal] = []
        self.count = 0

    def read(self, lines: _Lines) -> None:
        reader = csv.reader(lines, strict=True)
        try:
            header = next(reader, [])
            pick = _columns(header)
            for row in reader:
                if row:
                    self._take(reader.line_num, row, len(header), pick)
        except csv.Error as error:
            raise InputError(f"line {reader.line_num}", "a broken row", f"CSV ({error})") from error

    def _take(self, line: int, row: list[str], columns: int, pick: "_Pick") -> None:
        self.count += 1
        if self.count > ROWS_MAX:
            raise InputError("file", f"more than {ROWS_MAX} rows", "no more than that")
        try:
            check_cells(row, columns)
            value, given = pick(row)
            kind, number = self._numbers.get(given) or self._new_terms(given)
            self.rows[self._digest(kind, canonical(kind, value))] = number
        except InputError as error:
            refuse(self.refused, line, str(error))

    def _new_terms(self, given: tuple[str, ...]) -> tuple[ListedKind, int]:
        terms = _terms(*given)
        self.terms.append(terms)
        self._numbers[given] = known = (terms.kind, len(self.terms) - 1)
        return known


_Pick = Callable[[list[str]], tuple[str, tuple[str, ...]]]


def _columns(header: list[str]) -> _Pick:
    """From a row to its value and its terms as they are written."""
    names = [name.strip() for name in header]
    unknown = [name for name in names if name not in (*COLUMNS, *OPTIONAL)]
    if unknown or any(names.count(name) != 1 for name in COLUMNS):
        raise InputError("header", ",".join(names)[:80], f"{','.join(COLUMNS)} and, where it is known, from,until")
    value, *others = (names.index(name) for name in ("value", "kind", "reason", "source"))
    others += [names.index(name) for name in OPTIONAL if name in names]
    from_only = "until" in names and "from" not in names

    def pick(row: list[str]) -> tuple[str, tuple[str, ...]]:
        given = tuple([row[at] for at in others])
        return row[value], (*given[:3], "", *given[3:]) if from_only else given

    return pick


def _terms(kind: str, reason: str, source: str, valid_from: str = "", valid_until: str = "") -> ListTerms:
    listed_kind = _KINDS.get(kind.strip())
    if listed_kind is None:
        raise InputError("kind", kind, f"one of {', '.join(_KINDS)}")
    terms = ListTerms(
        kind=listed_kind,
        reason=_text("reason", reason, ALERT_REASON_CHARS_MAX),
        source=_text("source", source, NAME_CHARS_MAX),
        valid_from_ms=_moment("from", valid_from),
        valid_until_ms=_moment("until", valid_until),
    )
    if terms.valid_until_ms is not None and terms.valid_until_ms <= (terms.valid_from_ms or 0):
        raise InputError("until", valid_until, f"a time after {valid_from}")
    return terms


def _text(field: str, given: str, chars_max: int) -> str:
    text = given.strip()
    if not 1 <= len(text) <= chars_max or not text.isprintable() or "\ufffd" in text:
        raise InputError(field, given, f"a text of 1 to {chars_max} characters in UTF-8, in one line")
    if text.startswith(_FORMULA):
        raise InputError(field, given, f"a text that no spreadsheet takes for a formula: not with {text[0]} first")
    return text


def _moment(field: str, given: str) -> int | None:
    text = given.strip()
    if not text:
        return None
    return from_text(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text, field)


def _parts(name: str, version: str, rows: dict[bytes, int], terms: list[ListTerms]) -> Iterator[ListImported]:
    pieces = [*_pieces(rows)]
    if len(pieces) > LIST_PARTS_MAX:
        raise InputError("file", f"{len(pieces)} parts", f"at most {LIST_PARTS_MAX}: fewer reasons, sources and times")
    leaves = [msgspec.json.encode(each) for each in terms]
    for number, piece in enumerate(pieces, 1):
        own = {at: place for place, at in enumerate(dict.fromkeys(at for _, at in piece))}
        tree = merkle.Tree()
        tree.extend([merkle.leaf_hash(digest + leaves[at]) for digest, at in piece])
        yield ListImported(
            list=name,
            version=version,
            part=number,
            parts=len(pieces),
            terms=tuple(terms[at] for at in own),
            rows=b"".join([digest + own[at].to_bytes(2) for digest, at in piece]),
            root=tree.root().hex(),
            total=len(rows),
        )


def _pieces(rows: dict[bytes, int]) -> Iterator[list[tuple[bytes, int]]]:
    """The rows in pieces of at most LISTED_ROWS_MAX with at most LIST_TERMS_MAX terms."""
    piece: list[tuple[bytes, int]] = []
    seen: set[int] = set()
    for row in rows.items():
        if len(piece) == LISTED_ROWS_MAX or (len(seen) == LIST_TERMS_MAX and row[1] not in seen):
            yield piece
            piece, seen = [], set()
        piece.append(row)
        seen.add(row[1])
    if piece:
        yield piece
