"""The log's port: what every store of events does, told once for all of them.

- ``seq`` counts from 1 without gaps; leaf ``seq - 1`` of the Merkle tree is the event's stored bytes.
- A subject's version is the seq of its newest event, 0 when there is none.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from threading import Event as Flag
from typing import NamedTuple, Protocol

from saqta.model.event import Event, Recorded

BATCH_EVENTS_MAX = 10_000
READ_EVENTS_MAX = 1_000
READ_BYTES_MAX = 16 << 20
FOLLOW_WAIT_S = 0.2


class Position(NamedTuple):
    """Where an event stands; ``repeat`` when it stood there before this append."""

    seq: int
    repeat: bool


class Reader(Protocol):
    """A log to be looked at; looking adds nothing. Every method may be called from any thread."""

    def read(self, after: int, limit: int = READ_EVENTS_MAX) -> list[Recorded]:
        """Events with ``seq > after`` in order, at most ``limit`` and about READ_BYTES_MAX; empty at the end."""
        ...

    def find(self, source: str, id: str) -> Recorded | None:
        """The event of that name."""
        ...

    def version(self, subject: str) -> int:
        """The seq of the subject's newest event, 0 for none."""
        ...

    def size(self) -> int:
        """How many events there are: the newest seq."""
        ...

    def root(self, size: int | None = None) -> bytes:
        """The RFC 9162 Merkle tree hash over the first ``size`` events (all by default)."""
        ...

    def inclusion_proof(self, seq: int, size: int | None = None) -> list[bytes]:
        """RFC 9162 2.1.3: that event ``seq`` is in the tree of ``size``."""
        ...

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        """RFC 9162 2.1.4: that the tree of ``size`` begins with that of ``old_size``."""
        ...


class Log(Reader, Protocol):
    """An append-only log of events. Every method may be called from any thread."""

    def append(self, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> list[Position]:
        """Appends all of ``events`` or none, in order; returns when they are durable.

        A repeat (same source, id and content; ``recorded_ms`` is not content) is skipped and told; where all are
        repeats, ``expected`` no longer matters. Raises VersionConflict when a subject of ``expected`` is at another
        version, ContentConflict when a known (source, id) comes with other content (an ``event.refused`` is
        recorded), InputError over BATCH_EVENTS_MAX events or EVENT_BYTES_MAX bytes, StorageError when it can't be
        kept. Blocks until the commit.
        """
        ...

    def submit(self, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> "Future[list[Position]]":
        """As ``append``, without waiting for the commit; blocks only while too many appends wait before it.

        The future can't be cancelled.
        """
        ...

    def append_stored(self, lines: Sequence[bytes]) -> list[Position]:
        """As ``append``, for events that stood in a log before: their bytes are kept as they are.

        InputError too for a line that is no event.
        """
        ...

    def follow(self, after: int, stop: Flag) -> Iterator[list[Recorded]]:
        """Batches after ``after``, then new ones as they are committed, until ``stop`` is set or the log closed.

        Blocks; ``stop`` is seen within FOLLOW_WAIT_S.
        """
        ...

    def close(self) -> None:
        """Commits what was submitted, then stops."""
        ...
