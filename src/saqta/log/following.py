"""How those who follow a log wait for it to grow."""

import threading
from collections.abc import Callable, Iterator

from saqta.log.port import FOLLOW_WAIT_S
from saqta.model.event import Recorded


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
