"""Counts what came of all that was asked since the start."""

import threading
from collections import Counter
from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from saqta.fraud.engine.layout import CALL
from saqta.fraud.engine.rules import ACTIONS
from saqta.fraud.serving.judging import Judged
from saqta.fraud.serving.rows import ROW


class Figures(NamedTuple):
    """How much was ``decided`` by kind and action, how much of it ``at_deadline`` by rules alone, how much was
    ``refused``, how much ``turned_away`` for want of room or of a path that runs; since the start. How much came
    ``late``, more than layout.LATE_MS behind the newest; since the log began. How much is ``waiting`` now."""

    decided: Mapping[tuple[str, str], int]
    at_deadline: int
    refused: int
    turned_away: int
    late: int
    waiting: int


class Counts:
    """For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decided = Counter(dict.fromkeys(product(("payment", "call"), ACTIONS), 0))
        self._at_deadline = self._refused = self._turned_away = 0

    def decided(self, judged: Judged, at_deadline: bool) -> None:
        """Counts all of the rows."""
        rows, calls = len(judged.rows), int(np.count_nonzero(judged.rows.view(ROW)["kind"] == CALL))
        with self._lock:
            self._decided["call", "allow"] += calls
            self._decided["payment", "allow"] += rows - calls
            for told in judged.notable:
                self._decided[told.kind, "allow"] -= 1
                self._decided[told.kind, told.action] += 1
            self._at_deadline += rows if at_deadline else 0

    def refused(self, count: int) -> None:
        """Counts what could not be decided."""
        with self._lock:
            self._refused += count

    def turned_away(self, count: int) -> None:
        """Counts what was good, but came when there was no room or the path did not run."""
        with self._lock:
            self._turned_away += count

    def figures(self, late: int, waiting: int) -> Figures:
        """All of it now, with what is known elsewhere."""
        with self._lock:
            return Figures(dict(self._decided), self._at_deadline, self._refused, self._turned_away, late, waiting)
