"""What a group of appends does, decided in one place for every store: places, repeats, refusals.

- Requests are taken in the order in which they came; each is taken whole or refused alone.
- A refusal for other content is an event itself. Its id comes from both digests, so the same refusal is recorded once.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol

import msgspec

from saqta.log.port import BATCH_EVENTS_MAX, Position
from saqta.model import catalogue, kinds
from saqta.model.errors import ContentConflict, DamageError, InputError, SaqtaError, StorageError, VersionConflict
from saqta.model.event import EVENT_BYTES_MAX, Event, Recorded, decode, derive_id, encode
from saqta.model.moment import Clock

QUEUE_REQUESTS_MAX = 4_096
"""A caller waits when as many requests wait before it."""
GROUP_REQUESTS_MAX = 1_024
GROUP_EVENTS_MAX = 10_000
"""One commit takes at most so many requests, and no further one once it holds so many events."""

LOG_SOURCE = "/saqta/log"
LOG_ACTOR = "saqta/log"


class Entry(NamedTuple):
    """An event on its way in: ``name`` is the digest of its source and id."""

    name: bytes
    subject: str
    stored: bytes


class Request(NamedTuple):
    """One append; ``future`` gives its positions when they are durable, or why it was refused."""

    entries: list[Entry]
    expected: Mapping[str, int]
    future: "Future[list[Position]]"


def request_of(events: Sequence[Event], expected: Mapping[str, int] | None = None) -> Request:
    """The request of ``append``; InputError when the batch or one of its events is too large."""
    _require_batch(len(events))
    entries = [Entry(name_of(event.source, event.id), event.subject, encode(event)) for event in events]
    return Request(entries, expected or {}, _promise())


def request_of_stored(lines: Sequence[bytes]) -> Request:
    """The request of ``append_stored``; InputError for what is no stored event."""
    _require_batch(len(lines))
    entries = []
    for line in lines:
        if len(line) > EVENT_BYTES_MAX:
            raise InputError("event", f"{len(line)} bytes", f"at most {EVENT_BYTES_MAX} bytes")
        if b"\n" in line:
            raise InputError("event", line[:40], "one line")
        event = decode(line)
        entries.append(Entry(name_of(event.source, event.id), event.subject, bytes(line)))
    return Request(entries, {}, _promise())


def name_of(source: str, id: str) -> bytes:
    """16 bytes of SHA-256 over source and id: how a store finds an event by its name."""
    return hashlib.sha256(f"{source}\0{id}".encode()).digest()[:16]


class Known(Protocol):
    """What a store holds already."""

    def seqs(self, names: Collection[bytes]) -> dict[bytes, int]:
        """Where the events of these names stand; no entry for those that it does not hold."""
        ...

    def stored(self, seq: int) -> bytes:
        """The stored bytes of the event at ``seq``."""
        ...

    def versions(self, subjects: Collection[str]) -> dict[str, int]:
        """The versions of these subjects; no entry for those that it does not know."""
        ...


class Group:
    """Decides requests one after the other; then ``entries`` are to be kept from seq ``size`` + 1 on, in one commit.

    ``versions`` holds the new versions of their subjects.
    """

    def __init__(self, requests: Sequence[Request], size: int, known: Known, clock: Clock) -> None:
        self.entries: list[Entry] = []
        self.versions: dict[str, int] = {}
        self._size, self._known, self._clock = size, known, clock
        self._seqs = known.seqs([entry.name for request in requests for entry in request.entries])
        self._seen = known.versions({subject for request in requests for subject in request.expected})

    def take(self, request: Request) -> list[Position] | SaqtaError:
        """The request's positions; or why it is refused, which leaves no trace of it but the event of a refusal."""
        start = len(self.entries)
        positions: list[Position] = []
        for entry in request.entries:
            seq = self._seqs.get(entry.name)
            if seq is None:
                positions.append(Position(self._add(entry), repeat=False))
            elif self._is_repeat(seq, entry):
                positions.append(Position(seq, repeat=True))
            else:
                known = recorded_at(seq, self._stored(seq))
                self._take_back(start)
                self._record(self._refusal(known, entry.stored))
                return ContentConflict(known.event.source, known.event.id)
        conflict = self._conflict(request.expected) if len(self.entries) > start else None
        if conflict:
            self._take_back(start)
            return conflict
        for seq, entry in enumerate(self.entries[start:], self._size + start + 1):
            self.versions[entry.subject] = seq
        return positions

    def _add(self, entry: Entry) -> int:
        self.entries.append(entry)
        seq = self._size + len(self.entries)
        self._seqs[entry.name] = seq
        return seq

    def _take_back(self, start: int) -> None:
        for entry in self.entries[start:]:
            del self._seqs[entry.name]
        del self.entries[start:]

    def _stored(self, seq: int) -> bytes:
        return self._known.stored(seq) if seq <= self._size else self.entries[seq - self._size - 1].stored

    def _conflict(self, expected: Mapping[str, int]) -> VersionConflict | None:
        for subject, version in expected.items():
            actual = self.versions.get(subject) or self._seen.get(subject, 0)
            if actual != version:
                return VersionConflict(subject, version, actual)
        return None

    def _is_repeat(self, seq: int, entry: Entry) -> bool:
        stored = self._stored(seq)
        if stored == entry.stored:
            return True
        known = recorded_at(seq, stored).event
        return encode(known) == _with_recorded(entry.stored, known.recorded_ms)

    def _refusal(self, known: Recorded, offered: bytes) -> Event:
        digest = hashlib.sha256(known.stored).hexdigest()
        # When it was recorded is no content: without it, the same refusal has the same digests.
        offered_digest = hashlib.sha256(_with_recorded(offered, known.event.recorded_ms)).hexdigest()
        return catalogue.make(
            kinds.EventRefused(
                refused_source=known.event.source,
                refused_id=known.event.id,
                stored_sha256=digest,
                offered_sha256=offered_digest,
            ),
            id=derive_id(known.event.key, "refused", digest, offered_digest),
            source=LOG_SOURCE,
            actor=LOG_ACTOR,
            time_ms=decode(offered).time_ms,
            recorded_ms=self._clock(),
        )

    def _record(self, refusal: Event) -> None:
        entry = Entry(name_of(refusal.source, refusal.id), refusal.subject, encode(refusal))
        if entry.name not in self._seqs and not self._known.seqs([entry.name]):
            self.versions[entry.subject] = self._add(entry)


class Queue:
    """Requests that wait for the writer, at most QUEUE_REQUESTS_MAX."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._waiting: deque[Request] = deque()
        self._lock = threading.Lock()
        self._more, self._room = threading.Condition(self._lock), threading.Condition(self._lock)
        self._closed = False

    def put(self, request: Request) -> None:
        """Blocks while the queue is full; StorageError after ``close``."""
        with self._lock:
            while len(self._waiting) >= QUEUE_REQUESTS_MAX and not self._closed:
                self._room.wait()
            if self._closed:
                raise StorageError(f"{self._what} is closed")
            self._waiting.append(request)
            self._more.notify()

    def take(self) -> list[Request]:
        """The next group, in order; blocks until there is one; empty once closed and drained."""
        with self._lock:
            while not self._waiting and not self._closed:
                self._more.wait()
            group: list[Request] = []
            events = 0
            while self._waiting and len(group) < GROUP_REQUESTS_MAX and events < GROUP_EVENTS_MAX:
                group.append(self._waiting.popleft())
                events += len(group[-1].entries)
            self._room.notify(len(group))
            return group

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._more.notify_all()
            self._room.notify_all()


def _promise() -> "Future[list[Position]]":
    """A future that can't be cancelled: what was handed to the writer is appended, whether or not anybody waits."""
    future: Future[list[Position]] = Future()
    future.set_running_or_notify_cancel()
    return future


def _require_batch(count: int) -> None:
    if count > BATCH_EVENTS_MAX:
        raise InputError("events", f"{count} events", f"at most {BATCH_EVENTS_MAX} in one append")


def recorded_at(seq: int, stored: bytes) -> Recorded:
    """The event that a store holds at ``seq``; DamageError when its bytes are no event."""
    try:
        return Recorded(seq, stored, decode(stored))
    except InputError as error:
        raise DamageError(f"the event at seq {seq} can't be read ({error}); run: saqta log verify", seq) from error


def _with_recorded(stored: bytes, recorded_ms: int) -> bytes:
    """The bytes as our own ``encode`` makes them, with another time of recording."""
    return encode(msgspec.structs.replace(decode(stored), recorded_ms=recorded_ms))
