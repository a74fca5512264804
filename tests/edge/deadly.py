"""Sources that kill or dawdle, and a clock: what worker processes find by name."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

OPENING_S = 4.0


class Feed(NamedTuple):
    file: str | IO[bytes]
    options: Mapping[str, str]
    live: bool


def clock() -> int:
    return time.time_ns() // 1_000_000


def exits(source: str) -> Feed:
    """Ends the process that opens it."""
    os._exit(3)


def raises(source: str) -> Feed:
    """Fails as only a fault of ours does."""
    raise AssertionError(source)


def opens_slowly(source: str) -> Feed:
    """Takes a file OPENING_S to be there."""
    time.sleep(OPENING_S)
    return Feed(source.removeprefix("slow:"), {}, live=False)


def dies_while_decoding(source: str) -> Feed:
    """Gives a file whose reading kills the process, by the signal of a broken decoder."""
    return Feed(_Bomb(Path(source.removeprefix("bomb:"))), {}, live=True)


def stalls(source: str) -> Feed:
    """Gives a file whose end never comes."""
    return Feed(_Stalling(Path(source.removeprefix("stall:"))), {}, live=True)


class _Bomb:
    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def read(self, size: int) -> bytes:
        if self._file.tell() > 40_000:
            signal.raise_signal(signal.SIGSEGV)
        return self._file.read(min(size, 8192))

    def close(self) -> None:
        self._file.close()


class _Stalling(_Bomb):
    def read(self, size: int) -> bytes:
        content = self._file.read(min(size, 8192))
        if not content:
            time.sleep(600)
        return content
