"""Tables of rows, keyed by text: in memory, and in one SQLite file with each step's cursor in the same transaction.

- A step's cursor is the seq up to which its tables hold the log.
- Rows are stored as JSON, dictionaries sorted; a digest is taken over what a row says, however it was written.
- The file can be rebuilt from the log, so a power cut may take its last commits back, whole and with their cursors.
"""

import hashlib
import sqlite3
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from saqta.log.database import Format, Readers, faults, insert, open_for_writing, transaction
from saqta.model.errors import DamageError
from saqta.model.step import Change, Row, Table, Tables

ROWS_CACHED_MAX = 65_536
"""So many decoded rows are kept for the next ``get``."""
SCAN_ROWS = 256
"""A scan reads so many rows at a time."""

FORMAT = Format(
    "a file of tables",
    1,
    """
    CREATE TABLE rows (
        name TEXT NOT NULL, key TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (name, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE cursors (step TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID
    """,
)


class Snapshot(Tables, Protocol):
    """The rows of one moment, and the cursors that belong to them."""

    def cursor(self, step: str) -> int:
        """The seq up to which the step's tables hold the log, 0 at first."""
        ...


class TableStore(Snapshot, Protocol):
    """Where steps keep their tables. Every method may be called from any thread; readers see committed rows."""

    def commit(self, step: str, seq: int, changes: Iterable[Change]) -> None:
        """Makes the changes and moves the step's cursor to ``seq``, all or nothing; StorageError when it can't."""
        ...

    def clear(self, step: str, tables: Iterable[Table[Any]]) -> None:
        """Empties the tables and sets the step's cursor to 0."""
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """All tables as they stand now, whatever is committed while one looks."""
        ...

    def digest(self, table: Table[Any]) -> str:
        """SHA-256, in hexadecimal, over the table's keys and rows in order."""
        ...

    def close(self) -> None: ...


class MemoryTables:
    """A ``TableStore`` that is gone when the program ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, msgspec.Struct]] = {}
        self._keys: dict[str, list[str]] = {}
        self._cursors: dict[str, int] = {}

    def get(self, table: Table[Row], key: str) -> Row | None:
        return cast("Row | None", self._rows.get(table.name, {}).get(key))

    def scan(
        self, table: Table[Row], prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Row]]:
        with self._lock:
            rows, keys = self._rows.get(table.name, {}), self._sorted_keys(table.name)
            start = max(bisect_left(keys, prefix), bisect_right(keys, after))
            end = len(keys) if (past := _past(prefix)) is None else bisect_left(keys, past)
            found = [(key, cast("Row", rows[key])) for key in islice(keys, start, max(start, end))]
        return iter(found[:limit])

    def cursor(self, step: str) -> int:
        return self._cursors.get(step, 0)

    def commit(self, step: str, seq: int, changes: Iterable[Change]) -> None:
        with self._lock:
            for name, key, row in changes:
                rows = self._rows.setdefault(name, {})
                if (row is None) is (key in rows):
                    self._keys.pop(name, None)
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
            self._cursors[step] = seq

    def clear(self, step: str, tables: Iterable[Table[Any]]) -> None:
        with self._lock:
            for table in tables:
                self._rows.pop(table.name, None)
                self._keys.pop(table.name, None)
            self._cursors[step] = 0

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        copy = MemoryTables()
        with self._lock:
            copy._rows = {name: dict(rows) for name, rows in self._rows.items()}
            copy._cursors = dict(self._cursors)
        yield copy

    def digest(self, table: Table[Any]) -> str:
        decode = msgspec.json.Decoder(table.row).decode
        return _digest((key, decode(_encode(row))) for key, row in self.scan(table))

    def close(self) -> None:
        pass

    def _sorted_keys(self, name: str) -> list[str]:
        keys = self._keys.get(name)
        if keys is None:
            keys = self._keys[name] = sorted(self._rows.get(name, {}))
        return keys


class SqliteTables:
    """A ``TableStore`` in the file ``path``, made when it is not there."""

    def __init__(self, path: Path) -> None:
        """StorageError when the file is locked, of a newer version or something else; DamageError when damaged."""
        self._path = path
        try:
            self._writing = open_for_writing(path, FORMAT, synchronous="NORMAL")
        except DamageError as error:
            raise DamageError(f"{error}, or delete it with its -wal and -shm: it is made again from the log") from error
        self._lock = threading.Lock()
        self._readers = Readers(path)
        self._cache = _Cache()

    def get(self, table: Table[Row], key: str) -> Row | None:
        row = self._cache.get((table.name, key))
        if row is _UNKNOWN:
            commits = self._cache.commits
            with self._readers.lend() as connection:
                row = _Rows(connection).get(table, key)
            self._cache.put((table.name, key), row, commits)
        return cast("Row | None", row)

    def scan(
        self, table: Table[Row], prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Row]]:
        def page(after: str, count: int) -> list[tuple[str, Row]]:
            with self._readers.lend() as connection:
                return _Rows(connection).page(table, prefix, after, count)

        return _pages(page, after, limit)

    def cursor(self, step: str) -> int:
        with self._readers.lend() as connection:
            return _Rows(connection).cursor(step)

    def commit(self, step: str, seq: int, changes: Iterable[Change]) -> None:
        newest = {(change.table, change.key): change.row for change in changes}
        # In the order of the file's tree, so that neighbours are written together.
        puts = [(*at, _encode(newest[at])) for at in sorted(newest) if newest[at] is not None]
        deletes = [at for at, row in newest.items() if row is None]
        with self._lock, transaction(self._writing, self._path):
            insert(self._writing, "OR REPLACE INTO rows", 3, puts)
            self._writing.executemany("DELETE FROM rows WHERE name = ? AND key = ?", deletes)
            self._writing.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (step, seq))
        self._cache.replace(newest)

    def clear(self, step: str, tables: Iterable[Table[Any]]) -> None:
        with self._lock, transaction(self._writing, self._path):
            self._writing.executemany("DELETE FROM rows WHERE name = ?", [(table.name,) for table in tables])
            self._writing.execute("INSERT OR REPLACE INTO cursors VALUES (?, 0)", (step,))
        self._cache.clear()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        with self._readers.lend() as connection:
            connection.execute("BEGIN")
            try:
                connection.execute("SELECT 1 FROM cursors LIMIT 1").fetchone()  # The moment is that of the first look.
                yield _Rows(connection)
            finally:
                connection.execute("ROLLBACK")

    def digest(self, table: Table[Any]) -> str:
        with self.snapshot() as snapshot:
            return _digest(snapshot.scan(table))

    def close(self) -> None:
        self._readers.close()
        with self._lock, faults(self._path):
            self._writing.close()


class _Rows:
    """The rows that one connection sees: a ``Snapshot`` for the length of its transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, table: Table[Row], key: str) -> Row | None:
        query = "SELECT row FROM rows WHERE name = ? AND key = ?"
        found = self._connection.execute(query, (table.name, key)).fetchone()
        return cast("Row", _decode(table, found[0])) if found else None

    def scan(
        self, table: Table[Row], prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Row]]:
        return _pages(lambda after, count: self.page(table, prefix, after, count), after, limit)

    def cursor(self, step: str) -> int:
        found = self._connection.execute("SELECT seq FROM cursors WHERE step = ?", (step,)).fetchone()
        return int(found[0]) if found else 0

    def page(self, table: Table[Row], prefix: str, after: str, count: int) -> list[tuple[str, Row]]:
        """The next rows, at most ``count``; joined by SQLite, so that they come in one step (see ``database``)."""
        keys, rows = self._connection.execute(
            """
            SELECT json_group_array(key), CAST('[' || group_concat(row, ',') || ']' AS BLOB)
            FROM (
                SELECT key, row FROM rows
                WHERE name = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?
            )
            """,
            # What follows a text next is that text and a NUL; an empty blob sorts after every text.
            (table.name, max(prefix, after + "\0"), _past(prefix) or b"", count),
        ).fetchone()
        if rows is None:
            return []
        decoded: list[Row] = _decode(table, rows, list)
        return list(zip(msgspec.json.decode(keys), decoded, strict=True))


class _Cache:
    """Rows as they were last read or committed, None where there is none; the older half is forgotten when full."""

    def __init__(self) -> None:
        self.commits = 0
        self._lock = threading.Lock()
        self._young: dict[tuple[str, str], msgspec.Struct | None] = {}
        self._old: dict[tuple[str, str], msgspec.Struct | None] = {}

    def get(self, at: tuple[str, str]) -> object:
        row = self._young.get(at, _UNKNOWN)
        return self._old.get(at, _UNKNOWN) if row is _UNKNOWN else row

    def put(self, at: tuple[str, str], row: msgspec.Struct | None, commits: int) -> None:
        """Keeps what was read, unless something was committed since ``commits``."""
        with self._lock:
            if commits == self.commits:
                self._keep(at, row)

    def replace(self, rows: dict[tuple[str, str], msgspec.Struct | None]) -> None:
        """Keeps what was committed."""
        with self._lock:
            self.commits += 1
            for at, row in rows.items():
                self._keep(at, row)

    def clear(self) -> None:
        with self._lock:
            self.commits += 1
            self._young, self._old = {}, {}

    def _keep(self, at: tuple[str, str], row: msgspec.Struct | None) -> None:
        if len(self._young) >= ROWS_CACHED_MAX // 2:
            self._young, self._old = {}, self._young
        self._young[at] = row


_UNKNOWN = object()
_encode = msgspec.json.Encoder(order="deterministic").encode


def _decode(table: Table[Any], stored: bytes, shape: type | None = None) -> Any:
    """The row, or with ``shape`` list the rows, of what is stored."""
    row: Any = table.row
    try:
        return _decoder(row, shape).decode(stored)
    except msgspec.DecodeError as error:
        raise DamageError(
            f"table {table.name} holds a row that can't be read ({error}); run: saqta log rebuild"
        ) from error


@cache
def _decoder(row: Any, shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape[row] if shape else row)


def _pages(
    page: Callable[[str, int], list[tuple[str, Row]]], after: str, limit: int | None
) -> Iterator[tuple[str, Row]]:
    left = limit
    while left is None or left > 0:
        count = SCAN_ROWS if left is None else min(SCAN_ROWS, left)
        rows = page(after, count)
        yield from rows
        if len(rows) < count:
            return
        after = rows[-1][0]
        left = None if left is None else left - len(rows)


def _past(prefix: str) -> str | None:
    """The first text that sorts after all that start with ``prefix``; None where there is none.

    >>> _past("unit/")
    'unit0'
    """
    prefix = prefix.rstrip("\U0010ffff")
    if not prefix:
        return None
    following = ord(prefix[-1]) + 1
    # Surrogates are no characters of a text.
    return prefix[:-1] + chr(0xE000 if following == 0xD800 else following)


def _digest(rows: Iterable[tuple[str, msgspec.Struct]]) -> str:
    digest = hashlib.sha256()
    for key, row in rows:
        name, content = key.encode(), _encode(row)
        digest.update(b"%d %d\n%b%b" % (len(name), len(content), name, content))
    return digest.hexdigest()
