"""Knows of which numbers calls were asked about lately: it stands in no table, only in the rows of the commits.

Each commit is read once, however many ask; the numbers least lately asked about are forgotten first.
"""

import base64
import threading
from collections.abc import Mapping

import numpy as np

from saqta.fraud.engine.layout import CALL
from saqta.fraud.serving.allowed import LOOKED_AT_MAX, made_in
from saqta.fraud.serving.rows import ROW
from saqta.log.port import Log
from saqta.model.kinds import DecisionsMade

ASKED_ABOUT_MAX = 100_000


class AskedAbout:
    """For any thread."""

    def __init__(self, log: Log) -> None:
        self._log, self._lock = log, threading.Lock()
        self._next: dict[str, int] = {}
        self._parties: dict[int, None] = {}

    def has(self, party: str, numbers: Mapping[str, int]) -> bool:
        """Whether a call of this party, a pseudonym, was asked about. ``numbers`` are those of each tenant's next
        commit. Blocks."""
        with self._lock:
            each = LOOKED_AT_MAX // max(len(numbers), 1)
            for tenant, number in numbers.items():
                self._catch_up(tenant, max(self._next.get(tenant, 0), number - each), number)
            return int(party, 16) in self._parties

    def _catch_up(self, tenant: str, since: int, until: int) -> None:
        self._next[tenant] = since
        for number in range(since, until):
            made = made_in(self._log, tenant, number)
            if made is None:  # It is on its way into the log: the next question finds it.
                return
            self._next[tenant] = number + 1
            self._note(made)

    def _note(self, made: DecisionsMade) -> None:
        rows = np.frombuffer(base64.b64decode(made.rows), ROW)
        calls = rows[rows["kind"] == CALL]
        for party in np.concatenate((calls["actor"], calls["counterpart"])).tolist():
            self._parties.pop(party, None)
            self._parties[party] = None
        while len(self._parties) > ASKED_ABOUT_MAX:
            del self._parties[next(iter(self._parties))]
