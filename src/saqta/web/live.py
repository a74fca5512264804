"""The live picture: one copy of the live tables, sent to every reader as a snapshot and then as changes.

- Only the event loop touches the copy, the ring and the readers, so a snapshot and the stream after it meet without
  a gap or a repeat. ``publish`` hands commits over from whichever thread the views run in.
- A row is encoded once when it changes, a batch once for all readers.
- The first change after a pause goes out at once; those within ``gather_s`` of it go together.
- A reader that can't keep up is let go: it comes back with the last id it saw.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, Self

import msgspec

from saqta.log.runner import Commit
from saqta.log.tables import TableStore
from saqta.model.moment import Clock, to_text
from saqta.model.step import Table
from saqta.views import STEP as VIEWS
from saqta.views.tables import LIVE_TABLES
from saqta.web.present import json_bytes, present


class LiveLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long changes are gathered, and how much is kept for readers."""

    gather_s: float = 0.05
    heartbeat_s: float = 1.0
    ring_changes_max: int = 20_000
    reader_frames_max: int = 64
    readers_max: int = 500


class ReadersFull(Exception):
    """As many readers as the limits allow are there already, or the server is stopping."""


class Reader:
    """One open stream: frames to send, in order. Leaving the ``with`` block ends it."""

    def __init__(self, live: "Broadcaster", session: str | None, until_ms: int | None) -> None:
        self.session, self.until_ms = session, until_ms
        self._live = live
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(live.limits.reader_frames_max)
        self.let_go: Callable[[], None] = lambda: None
        """Called when the reader is too slow: stops whatever sends to it, at once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._live.leave(self)

    async def next(self) -> bytes | None:
        """The next frame; None when the stream is over."""
        return await self._frames.get()

    def offer(self, frame: bytes | None) -> bool:
        """Takes a frame, or says that there is no room for it."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            return False
        return True


class Broadcaster:
    """Takes the views' commits and sends its readers those of the tables ``shown``, from how ``tables`` stand now.

    Give its ``publish`` to the views' runner, or commits of before it are missed: what the copy holds is passed over.
    """

    def __init__(
        self,
        tables: TableStore,
        clock: Clock,
        limits: LiveLimits | None = None,
        shown: Iterable[Table[Any]] = LIVE_TABLES,
    ) -> None:
        self.limits = limits or LiveLimits()
        self.let_go_total = 0
        self.batches_total = 0
        self._clock = clock
        with tables.snapshot() as snapshot:
            self._copy = {table.name: {key: _encoded(row) for key, row in snapshot.scan(table)} for table in shown}
            seq = snapshot.cursor(VIEWS.name)
        self._seq = self._ring_from = seq
        self._ring: deque[_Batch] = deque()
        self._ring_changes = 0
        self._readers: set[Reader] = set()
        self._snapshot: bytes | None = None
        self._closed = False

        self._arrived = threading.Condition()
        self._published = seq
        self._pending: dict[tuple[str, str], msgspec.Struct | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def publish(self, commit: Commit) -> None:
        """What the views committed; every commit, in order, from any thread."""
        with self._arrived:
            if commit.seq <= self._published:
                return
            self._published = commit.seq
            for table, key, row in commit.changes:
                if table in self._copy:
                    self._pending[table, key] = row
            self._arrived.notify_all()
            if self._loop:
                self._loop.call_soon_threadsafe(self._wake.set)

    def reached(self, seq: int, wait_s: float) -> bool:
        """Whether the views have taken in event ``seq``; waits for them up to ``wait_s``. Blocks."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._published >= seq, wait_s)

    @property
    def seq(self) -> int:
        """The newest event that the views have taken in."""
        return self._published

    @property
    def running(self) -> bool:
        return self._loop is not None

    @property
    def readers(self) -> int:
        return len(self._readers)

    async def run(self) -> None:
        """Sends batches and heartbeats until it is cancelled; takes place in the loop that serves."""
        with self._arrived:
            self._loop = asyncio.get_running_loop()
            self._wake.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._gather())
                tasks.create_task(self._beat())
        finally:
            with self._arrived:
                self._loop = None

    def join(self, last_seen: int | None, session: str | None = None, until_ms: int | None = None) -> Reader:
        """A new reader, who saw everything up to ``last_seen`` (None: nothing). ReadersFull where there is no room."""
        if self._closed or len(self._readers) >= self.limits.readers_max:
            raise ReadersFull
        reader = Reader(self, session, until_ms)
        if last_seen is not None and self._ring_from <= last_seen <= self._seq:
            reader.offer(self._since(last_seen))
        else:
            reader.offer(self._snapshot_frame())
        reader.offer(self._heartbeat())
        self._readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        self._readers.discard(reader)

    def end_session(self, session: str) -> None:
        """Ends the streams of a session that is over; from any thread."""
        with self._arrived:
            if self._loop:
                self._loop.call_soon_threadsafe(self._end, lambda reader: reader.session == session)

    def close(self) -> None:
        """Ends every stream and takes no new reader; called in the loop, when the server stops."""
        self._closed = True
        self._end(lambda reader: True)

    async def _gather(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._send_pending()
            await asyncio.sleep(self.limits.gather_s)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.limits.heartbeat_s)
            now_ms = self._clock()
            self._end(partial(_is_over, now_ms))
            self._send(self._heartbeat())

    def _send_pending(self) -> None:
        with self._arrived:
            pending, self._pending, seq = self._pending, {}, self._published
        if pending:
            rows = {name: None if row is None else _encoded(row) for name, row in pending.items()}
            self._keep(_Batch(seq, rows))
            self.batches_total += 1
            self._send(self._changes_frame(seq, rows))
        self._seq, self._snapshot = seq, None

    def _keep(self, batch: "_Batch") -> None:
        for (table, key), row in batch.rows.items():
            if row is None:
                self._copy[table].pop(key, None)
            else:
                self._copy[table][key] = row
        self._ring.append(batch)
        self._ring_changes += len(batch.rows)
        while self._ring_changes > self.limits.ring_changes_max:
            oldest = self._ring.popleft()
            self._ring_changes -= len(oldest.rows)
            self._ring_from = oldest.seq

    def _send(self, frame: bytes) -> None:
        for reader in list(self._readers):
            if not reader.offer(frame):
                self.let_go_total += 1
                self.leave(reader)
                reader.let_go()

    def _end(self, which: Callable[[Reader], bool]) -> None:
        for reader in [reader for reader in self._readers if which(reader)]:
            self.leave(reader)
            if not reader.offer(None):
                reader.let_go()

    def _since(self, seq: int) -> bytes:
        rows: dict[tuple[str, str], msgspec.Raw | None] = {}
        for batch in self._ring:
            if batch.seq > seq:
                rows |= batch.rows
        return self._changes_frame(self._seq, rows)

    def _snapshot_frame(self) -> bytes:
        if self._snapshot is None:
            self._snapshot = _frame("snapshot", self._stamp(self._seq) | {"tables": self._copy}, self._seq)
        return self._snapshot

    def _changes_frame(self, seq: int, rows: Mapping[tuple[str, str], msgspec.Raw | None]) -> bytes:
        changes = [{"table": table, "key": key, "row": row} for (table, key), row in rows.items()]
        return _frame("changes", self._stamp(seq) | {"changes": changes}, seq)

    def _heartbeat(self) -> bytes:
        return _frame("heartbeat", self._stamp(self._seq))

    def _stamp(self, seq: int) -> dict[str, object]:
        return {"seq": seq, "at": to_text(self._clock())}


def _is_over(now_ms: int, reader: Reader) -> bool:
    return reader.until_ms is not None and reader.until_ms <= now_ms


class _Batch(NamedTuple):
    seq: int
    rows: dict[tuple[str, str], msgspec.Raw | None]


def _encoded(row: msgspec.Struct) -> msgspec.Raw:
    return msgspec.Raw(json_bytes(present(row)))


def _frame(event: str, data: dict[str, object], id: int | None = None) -> bytes:
    """One server-sent event (HTML Standard, 9.2); JSON has no line feed of its own."""
    name = b"" if id is None else b"id: %d\n" % id
    return name + b"event: " + event.encode() + b"\ndata: " + json_bytes(data) + b"\n\n"
