"""Where decisions are recorded: each tenant's commits by number, and in which row stands what the state remembers."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np

from saqta.fraud.layout import Array
from saqta.fraud.serving.rows import SOURCE, Commit, commit_of, place_of
from saqta.fraud.serving.snapshot import PLACE
from saqta.log.port import Log
from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.kinds import ROWS_MAX, DecisionsMade

RECENT_MAX = 256
"""So many commits are kept at hand for those who ask again."""


class Ledger:
    """The commits of decisions in one log; for any thread, but for ``places``, which belong to the state's.

    ``numbers`` holds each tenant's next commit, ``places`` (PLACE) has a record beside each memo of the state.
    """

    def __init__(self, log: Log, memos: int) -> None:
        self.numbers: dict[str, int] = {}
        self.places: Array = np.zeros(memos, PLACE)
        self._log = log
        self._recent: OrderedDict[tuple[str, int], Commit] = OrderedDict()
        self._lock = threading.Lock()

    def reserve(self, tenant: str, rows: int) -> int:
        """The number of the first of the commits that so many rows take."""
        with self._lock:
            first = self.numbers.get(tenant, 0)
            self.numbers[tenant] = first + -(-rows // ROWS_MAX)
        return first

    def is_taken(self, tenant: str, number: int) -> None:
        """Is told of a commit that stands in the log."""
        self.numbers[tenant] = max(self.numbers.get(tenant, 0), number + 1)

    def keep(self, made: Sequence[Commit]) -> None:
        """Keeps commits at hand; the oldest give way."""
        with self._lock:
            for one in made:
                self._recent[one.made.tenant, one.made.number] = one
            while len(self._recent) > RECENT_MAX:
                self._recent.popitem(last=False)

    def commit(self, tenant: str, number: int) -> Commit | None:
        """A tenant's commit, however long ago; None where there is none. Blocks for an old one."""
        with self._lock:
            commit = self._recent.get((tenant, number))
        if commit is None:
            found = self._log.find(f"{SOURCE}/{tenant}", str(number))
            record = catalogue.read(found.event) if found else None
            commit = commit_of(record) if isinstance(record, DecisionsMade) else None
        return commit

    def find(self, decision: str) -> tuple[Commit, int] | None:
        """A decision's commit and row, however long ago; None where there is none. Blocks."""
        try:
            tenant, place = place_of(decision)
        except InputError:
            return None
        commit = self.commit(tenant, place.number)
        return (commit, place.row) if commit is not None and place.row < len(commit.rows) else None

    def put(self, first_memo: int, places: Array) -> None:
        """Where the newest decisions of the state are recorded (PLACE), by their place among those it remembers."""
        memos = np.arange(first_memo, first_memo + len(places)) % len(self.places)
        self.places[memos] = places


def numbered(first: int, ids: Sequence[int], elsewhere: Mapping[int, tuple[int, int]]) -> Array:
    """Where each decided id is recorded (PLACE): ROWS_MAX a commit, numbered from ``first`` on, but for those
    elsewhere."""
    own = ((first + row // ROWS_MAX, row % ROWS_MAX) for row in count())
    return np.array([elsewhere.get(id) or next(own) for id in ids], PLACE)
