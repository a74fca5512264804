"""Where decisions are recorded: each tenant's commits by number, and the place of every id that may be asked again."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.keys import find, put, remove
from saqta.fraud.engine.layout import Array, empty_table, unused
from saqta.fraud.engine.stored_state import enter_used
from saqta.fraud.serving.rows import SOURCE, Commit, commit_of, place_of
from saqta.fraud.serving.snapshot import NOTED
from saqta.log.port import Log
from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.kinds import ROWS_MAX, DecisionsMade

RECENT_MAX = 256
"""So many commits are kept at hand for those who ask again."""
PLACE = np.dtype([("number", "<i8"), ("row", "<i4")])
Place = tuple[int, int]
"""The number of a tenant's commit, and the row in it."""


class Ledger:
    """The commits of decisions in one log; for any thread. ``numbers`` holds each tenant's next commit."""

    def __init__(self, log: Log, ids_max: int) -> None:
        """``ids_max`` ids are known, the newest."""
        self.numbers: dict[str, int] = {}
        self._log = log
        self._recent: OrderedDict[tuple[str, int], Commit] = OrderedDict()
        self._noted, self._table, self._count = unused(ids_max, NOTED), empty_table(ids_max), 0
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

    def warm_up(self) -> None:
        """Has everything compiled before it is needed, which the first time takes long."""
        self.note([], np.zeros(0, PLACE))
        self.places([])

    def note(self, ids: Sequence[int] | Array, places: Array) -> None:
        """Where these ids are recorded from now on, (n,) PLACE; the ids noted longest ago give way."""
        asked = np.array(ids, np.uint64)
        with self._lock:
            self._count = _note(self._table, self._noted, self._count, asked, places)

    def places(self, ids: Sequence[int] | Array) -> dict[int, Place]:
        """Where those of these ids are recorded that are known."""
        slots = np.empty(len(ids), np.int64)
        with self._lock:
            _look_up(self._table, np.array(ids, np.uint64), slots)
            known = self._noted[slots[slots >= 0]]
        places: list[Place] = known[["number", "row"]].tolist()
        return dict(zip(known["id"].tolist(), places, strict=True))

    def noted(self) -> tuple[int, Array]:
        """How many ids were ever noted, and the newest of them (NOTED)."""
        with self._lock:
            return self._count, self._noted[: min(self._count, len(self._noted))].copy()

    def restore(self, count: int, noted: Array) -> None:
        """Takes what ``noted`` gave in an earlier run."""
        self._count, self._noted[: len(noted)] = count, noted
        enter_used(self._table, self._noted)


@compiled
def _note(table: Array, noted: Array, count: int, ids: Array, places: Array) -> int:
    for n in range(ids.shape[0]):
        before = find(table, ids[n])
        if before >= 0:
            if noted[before].number == places[n].number and noted[before].row == places[n].row:
                continue
            remove(table, ids[n])
            noted[before].used = 0
        at = count % noted.shape[0]
        if noted[at].used:
            remove(table, noted[at].id)
        noted[at].used = 1
        noted[at].id = ids[n]
        noted[at].number = places[n].number
        noted[at].row = places[n].row
        put(table, ids[n], at)
        count += 1
    return count


@compiled
def _look_up(table: Array, ids: Array, slots: Array) -> None:
    for n in range(ids.shape[0]):
        slots[n] = find(table, ids[n])


def numbered(first: int, ids: Sequence[int], elsewhere: Mapping[int, Place]) -> Array:
    """Where each decided id is recorded (PLACE): ROWS_MAX a commit, numbered from ``first`` on, but for those
    elsewhere."""
    places = np.empty(len(ids), PLACE)
    others = {at: elsewhere[id] for at, id in enumerate(ids) if id in elsewhere} if elsewhere else {}
    own = np.delete(np.arange(len(ids)), list(others)) if others else slice(None)
    rows = np.arange(len(ids) - len(others))
    places["number"][own], places["row"][own] = first + rows // ROWS_MAX, rows % ROWS_MAX
    for at, place in others.items():
        places[at] = place
    return places
