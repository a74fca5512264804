"""How those who follow a log wait for it to grow, and have its newest events read once for all of them."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from saqta.log.appending import recorded_at
from saqta.log.port import FOLLOW_WAIT_S
from saqta.model.event import Recorded

NEWEST_EVENTS_MAX = 1_024
NEWEST_BYTES_MAX = 8 << 20
"""So many of the newest events are kept at hand, in so many bytes."""


class Growth:
    """The log's size, and who waits for more."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._grown = threading.Condition()
        self._closed = False

    def announce(self, size: int) -> None:
        with self._grown:
            self.size = size
            self._grown.notify_all()

    def close(self) -> None:
        with self._grown:
            self._closed = True
            self._grown.notify_all()

    def follow(
        self, read: Callable[[int], list[Recorded]], after: int, stop: threading.Event
    ) -> Iterator[list[Recorded]]:
        """What ``read`` gives after ``after``, again and again, until ``stop`` is set or the log closed."""
        while not stop.is_set() and not self._closed:
            if self.size > after:
                batch = read(after)
                after = batch[-1].seq
                yield batch
            else:
                self._wait(after)

    def _wait(self, after: int) -> None:
        with self._grown:
            self._grown.wait_for(lambda: self.size > after or self._closed, FOLLOW_WAIT_S)


class Newest:
    """The newest events of a log; one is decoded when somebody first asks for it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, stored: Sequence[bytes]) -> None:
        """What was appended, in order."""
        with self._lock:
            self._kept.extend(_Kept(seq, each) for seq, each in enumerate(stored, self._size + 1))
            self._size += len(stored)
            self._bytes += sum(map(len, stored))
            while len(self._kept) > NEWEST_EVENTS_MAX or self._bytes > NEWEST_BYTES_MAX:
                self._bytes -= len(self._kept.popleft().stored)

    def read(self, after: int, limit: int, bytes_max: int) -> list[Recorded] | None:
        """Events as ``Reader.read``; None where the first after ``after`` is no longer here."""
        with self._lock:
            start = after - self._size + len(self._kept)
            if start < 0:
                return None
            kept = list(islice(self._kept, start, start + limit))
        batch: list[Recorded] = []
        for each in kept:
            bytes_max -= len(each.stored)
            if batch and bytes_max < 0:
                break
            batch.append(each.recorded())
        return batch


class _Kept:
    """Stored bytes, and the event in them once it was asked for."""

    __slots__ = ("_recorded", "_seq", "stored")

    def __init__(self, seq: int, stored: bytes) -> None:
        self._seq, self.stored = seq, stored
        self._recorded: Recorded | None = None

    def recorded(self) -> Recorded:
        if self._recorded is None:
            self._recorded = recorded_at(self._seq, self.stored)
        return self._recorded
