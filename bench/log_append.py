"""Appends to the log: in batches on one core, and one at a time from 100 threads, beside raw SQLite in the same run.

Raw SQLite writes the same bytes under a key into one table, durable as the log is (WAL, synchronous=FULL): no names,
no versions, no tree. The log does all of that, and encodes the events.
"""

import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from saqta.log.sqlite import SqliteLog
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.event import Event, encode

EVENTS = 200_000
BATCH_EVENTS = 1_000
WRITERS = 100
SINGLES = 10_000
LIMIT_PER_S = 50_000
START_MS = 1_750_000_000_000


def run() -> list[dict[str, object]]:
    """Batches on one core against the limit and raw SQLite; single appends against raw SQLite's two ways."""
    batches = [[_counted(n) for n in range(start, start + BATCH_EVENTS)] for start in range(0, EVENTS, BATCH_EVENTS)]
    singles = [_counted(EVENTS + n) for n in range(SINGLES)]
    with _folder() as path:
        log = SqliteLog(path, lambda: START_MS)
        wall_s, cpu_s = _timed(lambda: [log.append(batch) for batch in batches])
        single_s, _ = _timed(lambda: _from_threads(singles, lambda event: log.append([event])))
        log.close()
    with _folder() as path:
        raw = _Raw(path)
        stored = [[encode(event) for event in batch] for batch in batches]
        raw_s, _ = _timed(lambda: [raw.insert(lines) for lines in stored])
        alone_s, _ = _timed(lambda: [raw.insert([encode(event)]) for event in singles])
        raw.close()
    with _folder() as path:
        group = _RawGroups(path)
        grouped_s, _ = _timed(lambda: _from_threads(singles, group.insert))
        group.close()
    return [
        _record("log-append-batches-one-core", EVENTS / cpu_s, "events/s of CPU", "limit", LIMIT_PER_S),
        _record("log-append-batches", EVENTS / wall_s, "events/s", "raw SQLite, bytes made before", EVENTS / raw_s),
        _record(
            "log-append-100-writers", SINGLES / single_s, "events/s", "raw SQLite, group commits", SINGLES / grouped_s
        ),
        _record(
            "log-append-100-writers", SINGLES / single_s, "events/s", "raw SQLite, a commit each", SINGLES / alone_s
        ),
    ]


def _record(name: str, value: float, unit: str, reference: str, reference_value: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value),
        "unit": unit,
        "reference": reference,
        "reference_value": round(reference_value),
        "ratio": round(value / reference_value, 3),
    }


def _counted(n: int) -> Event:
    return make(
        kinds.LineCounted(
            camera=f"C{n % 50}", line="gate", from_s=float(n), until_s=n + 60.0, forward={"car": n % 7}, backward={}
        ),
        id=f"{n:08d}",
        source=f"/cameras/C{n % 50}",
        actor=f"camera/C{n % 50}",
        time_ms=START_MS + n,
        recorded_ms=START_MS + n,
    )


class _Raw:
    """One table, one connection, a transaction a call."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, stored BLOB NOT NULL)")

    def insert(self, lines: Sequence[bytes]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO events (stored) VALUES (?)", [(line,) for line in lines])
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class _RawGroups:
    """The least that groups commits: a queue, a thread, an event flag for each who waits."""

    def __init__(self, path: Path) -> None:
        self._raw = _Raw(path)
        self._waiting: SimpleQueue[tuple[bytes, threading.Event] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def insert(self, event: Event) -> None:
        done = threading.Event()
        self._waiting.put((encode(event), done))
        done.wait()

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._raw.close()

    def _write(self) -> None:
        while first := self._waiting.get():
            group = [first]
            while not self._waiting.empty() and (more := self._waiting.get()):
                group.append(more)
            self._raw.insert([line for line, _ in group])
            for _, done in group:
                done.set()


def _from_threads(events: Sequence[Event], append: Callable[[Event], object]) -> None:
    """Each of WRITERS threads appends its share, one after the other."""
    threads = [
        threading.Thread(target=lambda share: [append(event) for event in share], args=(events[n::WRITERS],))
        for n in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the wall's clock, and of the processor over all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "log.db"
