"""SQLite files: opened and checked the same way for every store, and their errors told in our words.

- A statement that touches many rows is one call: between two calls the interpreter may give the processor to another
  thread, and a row a call makes a busy program wait for each of them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from saqta.model.errors import DamageError, SaqtaError, StorageError

LOCK_WAIT_S = 5.0
READERS_IDLE_MAX = 16
ROWS_MAX = 512
"""A statement inserts at most this many rows; a power of two, so that a few prepared statements fit every count."""

_APPLICATION_ID = 0x53615174  # "SaQt"


class Format(NamedTuple):
    """What a file holds: its name in messages, the schema's version and the statements that make it."""

    what: str
    version: int
    schema: str


def open_for_writing(
    path: Path, form: Format, *, synchronous: str = "FULL", journal: str = "WAL"
) -> sqlite3.Connection:
    """The file's writing connection, made with its schema when it is new; any thread may use it, one at a time.

    Raises StorageError when it is locked, of a newer version or something else than ``form``; DamageError when it is
    damaged.
    """
    with faults(path):
        connection = sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, form, synchronous, journal)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, form: Format, synchronous: str, journal: str) -> None:
    if not _is_new(connection):
        check_format(connection, path, form)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    with transaction(connection, path):
        if _is_new(connection):
            for statement in form.schema.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={form.version}")


def _is_new(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


def check_format(connection: sqlite3.Connection, path: Path, form: Format) -> None:
    """StorageError unless the file is of ``form`` and of a version that we read."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != _APPLICATION_ID:
        raise StorageError(f"{path} is not {form.what} of Saqta")
    if version > form.version:
        raise StorageError(
            f"{path} was written by a newer Saqta (format {version}, this one reads up to {form.version}): "
            "use that version, or another data folder"
        )


class Readers:
    """Reading connections of one file, lent to any thread; they never write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection for the length of the block; sqlite3's errors in it become ours."""
        with faults(self._path):
            connection = self._take()
            try:
                yield connection
            finally:
                if self._closed or len(self._idle) >= READERS_IDLE_MAX:
                    connection.close()
                else:
                    self._idle.append(connection)

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise StorageError(f"{self._path} is closed")
        try:
            return self._idle.pop()
        except IndexError:
            return open_for_reading(self._path)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that can't write; StorageError when there is no such file."""
    if not path.is_file():
        raise StorageError(f"there is no {path}")
    with faults(path):
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=LOCK_WAIT_S,
            isolation_level=None,
            check_same_thread=False,
        )


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """What the block writes is kept whole, or not at all when it raises; sqlite3's errors in it become ours."""
    with faults(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # A fault of the disk may have ended it.
                connection.execute("ROLLBACK")
            raise


def insert(
    connection: sqlite3.Connection, into: str, columns: int, rows: Sequence[Sequence[Any]], tail: str = ""
) -> None:
    """Runs ``INSERT {into} VALUES (...), ... {tail}`` for all rows, many at a time."""
    start = 0
    while start < len(rows):
        count = min(ROWS_MAX, 1 << (len(rows) - start).bit_length() - 1)
        places = ",".join(["(" + ",".join("?" * columns) + ")"] * count)
        values = list(chain.from_iterable(rows[start : start + count]))
        connection.execute(f"INSERT {into} VALUES {places} {tail}", values)  # noqa: S608  Names of our own tables.
        start += count


def look_up(connection: sqlite3.Connection, table: str, key: str, value: str, keys: Sequence[Any]) -> dict[Any, Any]:
    """The ``value`` column of the rows of ``table`` whose ``key`` column is one of ``keys``, by key."""
    found: dict[Any, Any] = {}
    for start in range(0, len(keys), ROWS_MAX):
        chunk = keys[start : start + ROWS_MAX]
        places = ",".join("?" * len(chunk))
        query = f"SELECT {key}, {value} FROM {table} WHERE {key} IN ({places})"  # noqa: S608  Names of our own tables.
        found |= connection.execute(query, chunk)
    return found


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turns sqlite3's errors into ours: one message that says what to do. What is our own fault passes through."""
    try:
        yield
    except sqlite3.Error as error:
        ours = _fault(path, error)
        if ours is None:
            raise
        raise ours from error


def _fault(path: Path, error: sqlite3.Error) -> SaqtaError | None:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StorageError(f"{path}: the disk is full; make room, nothing that was acknowledged is lost")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageError(f"{path} is locked by another program; stop it, or use another data folder")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StorageError(f"{path} can't be opened ({error}); check the folder and its permissions")
        case sqlite3.SQLITE_IOERR:
            return StorageError(f"{path}: the disk gave an error ({error}); check the disk and the space left on it")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DamageError(f"{path} is damaged, or no database at all ({error}); restore it from a copy")
    return None
