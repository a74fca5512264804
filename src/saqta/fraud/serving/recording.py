"""Records what was decided.

Who decides takes the ``claim``, and within it claims its tickets, and has what it decided numbered, kept at hand, noted
and on its way into the log: so nobody ever finds an id half recorded, and what waits for ``last`` waits for all before.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np

from saqta.fraud.engine.layout import Array
from saqta.fraud.serving.counting import Counts
from saqta.fraud.serving.judging import Fallback, Judge, Judged, commits, kept
from saqta.fraud.serving.ledger import Ledger, Place, numbered
from saqta.fraud.serving.rows import Commit
from saqta.log.port import Log, Position
from saqta.model.catalogue import make
from saqta.model.event import Event

ACTOR = "saqta/fraud"


class Written(NamedTuple):
    """Where decided ids are recorded, in their order: ``places`` (ledger.PLACE), and whether in these ``commits``,
    which hold those in their order, (n,) bool."""

    ids: Array
    places: Array
    is_own: Array
    commits: Sequence[Commit]

    def by_id(self) -> dict[int, Place]:
        """The place of each id."""
        places: list[Place] = self.places.tolist()
        return dict(zip(self.ids.tolist(), places, strict=True))


class Recorder:
    """Records in one log; for any thread, that holds ``claim`` where it says so."""

    def __init__(self, log: Log, ledger: Ledger) -> None:
        self.claim = threading.Lock()
        self.last: Future[list[Position]] = Future()
        """When it is done, all that was recorded until now is durable."""
        self.last.set_result([])
        self.counts = Counts()
        self._log, self._ledger = log, ledger

    def record(
        self,
        tenant: str,
        judged: Judged,
        elsewhere: Mapping[int, Place],
        judge: Judge,
        fallback: Fallback | None,
        now_ms: int,
    ) -> Written:
        """Sends what ``judge`` decided into the log, but for what is recorded elsewhere. With the claim."""
        ids = judged.ids[judged.decided]
        is_own = np.ones(len(ids), bool)
        if elsewhere:
            is_own[:] = [id not in elsewhere for id in ids.tolist()]
            judged = kept(judged, is_own)
        self.counts.decided(judged, fallback == "deadline")
        first = self._ledger.reserve(tenant, len(judged.rows))
        places = numbered(first, ids.tolist(), elsewhere)
        made = commits(judged, tenant, first, judge.model, judge.rules, fallback)
        self._ledger.keep(made)
        self._ledger.note(ids, places)
        if made:
            self.last = self._log.submit([_event(one, now_ms) for one in made])
        return Written(ids, places, is_own, made)


def _event(one: Commit, now_ms: int) -> Event:
    return make(one.made, id=str(one.made.number), source=one.source, actor=ACTOR, time_ms=now_ms, recorded_ms=now_ms)
