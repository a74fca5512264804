"""What each thread of a worker is doing just now, in memory that outlives the worker.

When a worker dies or hangs, the traces say which stream it was busy with. A trace is set before the deed and cleared
after it, never on the way out of an exception: what killed the thread stays written.
"""

import time
from collections.abc import Sequence
from ctypes import Array, c_double
from enum import IntEnum
from multiprocessing.context import SpawnContext


class Deed(IntEnum):
    """The more, the likelier it is what killed a worker."""

    NOTHING = 0
    READING = 1
    WORKING = 2


class Traces:
    """Two traces a camera: its decoding thread's (slot 2n) and its analysis's (slot 2n + 1)."""

    def __init__(self, context: SpawnContext, cameras: int) -> None:
        self._shared: Array[c_double] = context.RawArray("d", 4 * cameras)

    def set(self, slot: int, deed: Deed) -> None:
        """Says what is done from now on."""
        self._shared[2 * slot + 1] = time.monotonic()
        self._shared[2 * slot] = float(deed)

    def suspects(self, deeds: Sequence[Deed]) -> Sequence[int]:
        """The cameras with which the first of ``deeds`` was done that was done at all; none where none was."""
        for deed in deeds:
            found = [slot // 2 for slot in range(len(self._shared) // 2) if self._shared[2 * slot] == deed]
            if found:
                return sorted(set(found))
        return ()

    def hanging(self, limit_s: float) -> bool:
        """Whether a thread has been working on one thing for longer than ``limit_s``."""
        now_s = time.monotonic()
        return any(
            self._shared[2 * slot] == Deed.WORKING and now_s - self._shared[2 * slot + 1] > limit_s
            for slot in range(len(self._shared) // 2)
        )
