"""Decides what comes through a pipe or a file: reads what is there, in small pieces, and writes the answers at once.

A decision's time is from the moment when its line was read to the moment when its answer was written.
"""

import gc
import os
from collections.abc import Callable, Iterator

import numpy as np

from saqta.fraud.deciding import BATCH_MAX, Decider
from saqta.fraud.engine.layout import Array

READ_BYTES = 640
"""Four or five lines: more would wait for each other, fewer would each pay for the whole way."""
LINE_BYTES_MAX = 64 << 10
LONGEST_US = 1_000_000


def decide_lines(
    source: int, target: int, decider: Decider, now_ms: Callable[[], int], now_ns: Callable[[], int]
) -> dict[str, float]:
    """Answers each line of the file descriptor ``source`` on ``target``, to its end; how many, and how fast."""
    took = np.zeros(LONGEST_US + 1, np.int64)
    gc.collect()
    gc.disable()  # Nothing here makes cycles, and a collection would make some line wait.
    first_ns = last_ns = 0
    try:
        for lines, read_ns in _lines(source, now_ns):
            first_ns = first_ns or read_ns
            for at in range(0, len(lines), BATCH_MAX):
                answers = decider.answer(lines[at : at + BATCH_MAX], now_ms())
                _write(target, b"\n".join(answers) + b"\n")
                last_ns = now_ns()
                took[min((last_ns - read_ns) // 1000, LONGEST_US)] += len(answers)
    finally:
        gc.enable()
    seconds = (last_ns - first_ns) / 1e9
    return {
        "decisions": decider.decisions,
        "labels": decider.labels,
        "errors": decider.errors,
        "late": decider.late,
        "seconds": round(seconds, 6),
        "decisions_per_s": round(decider.decisions / seconds, 1) if seconds else 0.0,
        "p50_us": _quantile(took, 0.5),
        "p99_us": _quantile(took, 0.99),
    }


def _lines(source: int, now_ns: Callable[[], int]) -> Iterator[tuple[list[bytes], int]]:
    """Whole lines without the empty ones, and when they were read. One that is too long comes cut: it is no JSON."""
    rest = b""
    skips = False
    while piece := os.read(source, READ_BYTES):
        read_ns = now_ns()
        *whole, rest = (rest + piece).split(b"\n")
        if skips and whole:
            whole, skips = whole[1:], False
        if skips:
            rest = b""
        elif len(rest) > LINE_BYTES_MAX:
            whole, rest, skips = [*whole, rest[:LINE_BYTES_MAX]], b"", True
        if lines := [line for line in whole if line.strip()]:
            yield lines, read_ns
    if rest.strip():
        yield [rest], now_ns()


def _write(target: int, content: bytes) -> None:
    while content:
        content = content[os.write(target, content) :]


def _quantile(took: Array, share: float) -> float:
    """The µs within which this share of the decisions was made."""
    count = int(took.sum())
    return float(np.searchsorted(np.cumsum(took), share * count)) if count else 0.0
