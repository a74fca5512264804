"""A part of the centre that listens, run for a test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from saqta.intake.arrivals import Arrival


@contextmanager
def running(arrival: Arrival) -> Iterator[None]:
    """Runs an arrival while the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=arrival.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def until(holds: Callable[[], bool], wait_s: float = 20.0) -> None:
    """Waits until it holds; fails when it does not come to."""
    deadline_s = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < deadline_s, "it did not come in time"
        time.sleep(0.02)
