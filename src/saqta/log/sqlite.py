"""The log in one SQLite file: durable before it answers (WAL, synchronous=FULL), one writer thread, group commit.

- What waits when a commit ends is taken into the next one together; each request of it is still whole, or refused
  alone.
- Readers have connections of their own and never wait for the writer.
- The file may be appended to by one program at a time; any number may read it.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from saqta.log import merkle
from saqta.log.appending import Group, Queue, Request, name_of, recorded_at, request_of, request_of_stored
from saqta.log.database import Format, Readers, check_format, faults, insert, look_up, open_for_writing, transaction
from saqta.log.following import Growth, Newest
from saqta.log.port import READ_BYTES_MAX, READ_EVENTS_MAX, Position
from saqta.model.errors import DamageError, InputError, StorageError
from saqta.model.event import Event, Recorded, decode
from saqta.model.moment import Clock

WAL_PAGES_MAX = 16_000
"""The write-ahead log is folded into the file when it holds so many pages of 4 KiB."""
CACHE_KIB_MAX = 64 << 10
"""The writer holds so much of the file in memory: the tree of names is written all over."""

FORMAT = Format(
    "a log",
    1,
    """
    CREATE TABLE events (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL, stored BLOB NOT NULL) STRICT;
    CREATE TABLE names (name BLOB PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE subjects (subject TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE nodes (
        level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, position)
    ) STRICT, WITHOUT ROWID
    """,
)


class Stored(NamedTuple):
    """A row of the file, as it stands: the place, the leaf's hash and the bytes."""

    seq: int
    leaf: bytes
    stored: bytes


class SqliteReader:
    """A ``log.port.Reader`` of a log file, whether or not a program appends to it; adds nothing to it."""

    def __init__(self, path: Path) -> None:
        """StorageError when there is no such file, or it is no log that we can read; DamageError when damaged."""
        self._readers = Readers(path)
        with self._readers.lend() as connection:
            check_format(connection, path, FORMAT)

    def read(self, after: int, limit: int = READ_EVENTS_MAX) -> list[Recorded]:
        lines = self.read_stored(after, limit)
        return [recorded_at(seq, stored) for seq, stored in enumerate(lines, after + 1)]

    def read_stored(self, after: int, limit: int = READ_EVENTS_MAX) -> list[bytes]:
        """The stored bytes alone, otherwise as ``read``."""
        with self._readers.lend() as connection:
            last, lines = connection.execute(_READ, (after, limit, READ_BYTES_MAX, after + 1)).fetchone()
        if last is None:
            return []
        stored: list[bytes] = lines.split(b"\n")
        if len(stored) != last - after:
            raise DamageError(f"events are missing between seq {after + 1} and {last}; run: saqta log verify")
        return stored

    def find(self, source: str, id: str) -> Recorded | None:
        query = "SELECT seq, stored FROM events WHERE seq = (SELECT seq FROM names WHERE name = ?)"
        with self._readers.lend() as connection:
            row = connection.execute(query, (name_of(source, id),)).fetchone()
        return recorded_at(*row) if row else None

    def version(self, subject: str) -> int:
        with self._readers.lend() as connection:
            found: dict[str, int] = look_up(connection, "subjects", "subject", "seq", [subject])
        return found.get(subject, 0)

    def size(self) -> int:
        with self._readers.lend() as connection:
            return _size(connection)

    def root(self, size: int | None = None) -> bytes:
        return merkle.root(self._tree_size(size), self.hashes)

    def inclusion_proof(self, seq: int, size: int | None = None) -> list[bytes]:
        size = self._tree_size(size)
        if not 1 <= seq <= size:
            raise InputError("seq", seq, f"a seq from 1 to {size}")
        return merkle.inclusion_proof(seq - 1, size, self.hashes)

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        size = self._tree_size(size)
        return merkle.consistency_proof(merkle.require_size("old_size", old_size, size), size, self.hashes)

    def close(self) -> None:
        self._readers.close()

    def _tree_size(self, size: int | None) -> int:
        return self.size() if size is None else merkle.require_size("size", size, self.size())

    def walk(self, size: int) -> Iterator[list[Stored]]:
        """All rows up to seq ``size`` as they stand, whatever their places, ``merkle.GROUP`` at a time."""
        query = "SELECT seq, leaf, stored FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        last = -(1 << 63)
        while True:
            with self._readers.lend() as connection:
                rows = connection.execute(query, (last, size, merkle.GROUP)).fetchall()
            if not rows:
                return
            yield [Stored(*row) for row in rows]
            last = rows[-1][0]

    def extent(self) -> tuple[int, int]:
        """The newest seq of the events, and that of their names: the same, unless some were cut off."""
        query = "SELECT (SELECT max(seq) FROM events), (SELECT max(seq) FROM names)"
        with self._readers.lend() as connection:
            events, names = connection.execute(query).fetchone()
        return events or 0, names or 0

    def is_named(self, seq: int) -> bool:
        """Whether the event at ``seq`` is registered, under its name, for that place."""
        with self._readers.lend() as connection:
            [stored] = connection.execute("SELECT stored FROM events WHERE seq = ?", (seq,)).fetchone() or [b""]
            try:
                event = decode(stored)
            except InputError:
                return False
            names = look_up(connection, "names", "name", "seq", [name_of(event.source, event.id)])
        return seq in names.values()

    def hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """Kept hashes of the tree (see ``merkle.Hashes``); DamageError when one is missing."""
        with self._readers.lend() as connection:
            return _hashes(connection, level, first, count)


class SqliteLog(SqliteReader):
    """A ``log.port.Log`` in the file ``path``, made when it is not there."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises StorageError when the file is locked, of a newer version or no log; DamageError when it is damaged."""
        self._path, self._clock = path, clock
        self._writing = open_for_writing(path, FORMAT)
        super().__init__(path)
        try:
            self._tree = self._loaded()
        except BaseException:
            super().close()
            self._writing.close()
            raise
        self._growth, self._newest = Growth(self._tree.size), Newest(self._tree.size)
        self._queue = Queue(str(path))
        self._writer = threading.Thread(target=self._write, name=f"writer of {path.name}", daemon=True)
        self._writer.start()

    def read(self, after: int, limit: int = READ_EVENTS_MAX) -> list[Recorded]:
        newest = self._newest.read(after, limit, READ_BYTES_MAX)
        return super().read(after, limit) if newest is None else newest

    def append(self, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> list[Position]:
        return self.submit(events, expected).result()

    def submit(self, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> "Future[list[Position]]":
        request = request_of(events, expected)
        self._queue.put(request)
        return request.future

    def append_stored(self, lines: Sequence[bytes]) -> list[Position]:
        request = request_of_stored(lines)
        self._queue.put(request)
        return request.future.result()

    def follow(self, after: int, stop: threading.Event) -> Iterator[list[Recorded]]:
        return self._growth.follow(self.read, after, stop)

    def size(self) -> int:
        return self._tree.size

    def close(self) -> None:
        self._queue.close()
        self._writer.join()
        self._growth.close()
        super().close()
        with faults(self._path):
            self._writing.close()

    def _loaded(self) -> merkle.Tree:
        """The tree as the file has it."""
        with faults(self._path):
            self._writing.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES_MAX}")
            self._writing.execute(f"PRAGMA cache_size=-{CACHE_KIB_MAX}")
            return merkle.Tree(_size(self._writing), lambda *place: _hashes(self._writing, *place))

    def _write(self) -> None:
        while requests := self._queue.take():
            try:
                results = self._commit(requests)
            except Exception as error:  # noqa: BLE001  Whoever waits is told, whatever it was.
                results = [error] * len(requests)
            for request, result in zip(requests, results, strict=True):
                if isinstance(result, Exception):
                    request.future.set_exception(result)
                else:
                    request.future.set_result(result)
            # Who waits for an answer goes before who follows.
            self._growth.announce(self._tree.size)

    def _commit(self, requests: Sequence[Request]) -> Sequence[list[Position] | Exception]:
        """Decides the requests and keeps what they add, in one transaction."""
        with transaction(self._writing, self._path):
            group = Group(requests, self._tree.size, _Known(self._writing), self._clock)
            results = [group.take(request) for request in requests]
            tree = self._keep(group) if group.entries else self._tree
        # In this order: who sees the size finds what it counts.
        self._newest.add([entry.stored for entry in group.entries])
        self._tree = tree
        return results

    def _keep(self, group: Group) -> merkle.Tree:
        """Writes what the group adds; returns the tree with it."""
        tree = self._tree.copy()
        seqs = range(tree.size + 1, tree.size + len(group.entries) + 1)
        leaves = [merkle.leaf_hash(entry.stored) for entry in group.entries]
        nodes = tree.extend(leaves)
        rows = [(seq, leaf, entry.stored) for seq, leaf, entry in zip(seqs, leaves, group.entries, strict=True)]
        try:
            insert(self._writing, "INTO events", 3, rows)
        except sqlite3.IntegrityError as error:
            raise StorageError(f"{self._path}: another program appends to it; stop one of the two") from error
        # Sorted, so that neighbours in the tree of names are written together.
        names = sorted((entry.name, seq) for seq, entry in zip(seqs, group.entries, strict=True))
        insert(self._writing, "INTO names", 2, names)
        insert(self._writing, "OR REPLACE INTO subjects", 2, sorted(group.versions.items()))
        insert(self._writing, "INTO nodes", 3, nodes)
        return tree


class _Known:
    """What the file holds, for the group that is being decided."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def seqs(self, names: Collection[bytes]) -> dict[bytes, int]:
        return look_up(self._connection, "names", "name", "seq", list(names))

    def stored(self, seq: int) -> bytes:
        row = self._connection.execute("SELECT stored FROM events WHERE seq = ?", (seq,)).fetchone()
        return row[0] if row else b""

    def versions(self, subjects: Collection[str]) -> dict[str, int]:
        return look_up(self._connection, "subjects", "subject", "seq", list(subjects))


# The window gives the bytes up to each row, so that a batch of large events ends early; the last bind lets one pass
# that is larger than that alone. Joined lines come in one step, see ``database``.
_READ = """
    SELECT max(seq), CAST(group_concat(stored, x'0a') AS BLOB)
    FROM (
        SELECT seq, stored, sum(length(stored)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS bytes
        FROM events WHERE seq > ? ORDER BY seq LIMIT ?
    )
    WHERE bytes <= ? OR seq = ?
"""


def _size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])


def _hashes(connection: sqlite3.Connection, level: int, first: int, count: int) -> list[bytes]:
    if level:
        query = "SELECT hash FROM nodes WHERE level = ? AND position BETWEEN ? AND ? ORDER BY position"
        rows = connection.execute(query, (level, first, first + count - 1)).fetchall()
    else:
        query = "SELECT leaf FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq"
        rows = connection.execute(query, (first + 1, first + count)).fetchall()
    if len(rows) != count:
        raise DamageError(f"hashes of the tree are missing from place {first} of level {level}; run: saqta log verify")
    return [hash for (hash,) in rows]
