"""Records what was decided, and puts its answers into words.

Who decides takes the ``claim``, and within it claims its tickets, and has what it decided numbered, kept at hand, noted
and on its way into the log: so nobody ever finds an id half recorded, and what waits for ``last`` waits for all before.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future

from saqta.fraud.engine.layout import DECIDED, REPEATED
from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.judging import Fallback, Judge, Judged, commits, kept
from saqta.fraud.serving.ledger import Ledger, Place, numbered
from saqta.fraud.serving.rows import Commit
from saqta.fraud.serving.tenge import Exchange
from saqta.fraud.serving.ticket import Line
from saqta.log.port import Log, Position
from saqta.model.catalogue import make
from saqta.model.errors import ContentConflict, InputError
from saqta.model.event import Event

ACTOR = "saqta/fraud"


class Recorder:
    """Records in one log; for any thread, that holds ``claim`` where it says so."""

    def __init__(self, log: Log, ledger: Ledger, exchange: Exchange) -> None:
        self.claim = threading.Lock()
        self.last: Future[list[Position]] = Future()
        """When it is done, all that was recorded until now is durable."""
        self.last.set_result([])
        self._log, self._ledger, self._exchange = log, ledger, exchange

    def record(
        self,
        tenant: str,
        judged: Judged,
        elsewhere: Mapping[int, Place],
        judge: Judge,
        fallback: Fallback | None,
        now_ms: int,
    ) -> dict[int, Place]:
        """Sends what ``judge`` decided into the log, but for what is recorded elsewhere; gives the place of each id
        that it decided. With the claim."""
        ids = judged.decided
        if elsewhere:
            judged = kept(judged, [id not in elsewhere for id in ids])
        first = self._ledger.reserve(tenant, len(judged.rows))
        places = numbered(first, ids, elsewhere)
        made = commits(judged, tenant, first, judge.model, judge.rules, self._exchange, fallback)
        self._ledger.keep(made)
        self._ledger.note(ids, places)
        if made:
            self.last = self._log.submit([_event(one, now_ms) for one in made])
        told: list[Place] = places.tolist()
        return dict(zip(ids, told, strict=True))

    def lines(
        self,
        tenant: str,
        readers: Iterable[Reader],
        out: Sequence[object],
        judged: Judged,
        place_of: Callable[[int], Place | None],
    ) -> Iterator[Line]:
        """The answer to each that was asked: what was decided, now or before, or the error. ``place_of`` tells where an
        id is recorded, and None where that is with other content."""
        came = iter(zip(judged.statuses, judged.ids.tolist(), strict=True))
        commit: Commit | None = None
        for one, reader in zip(out, readers, strict=False):
            if isinstance(one, InputError):
                yield one
                continue
            status, key = next(came)
            id = one.id  # type: ignore[attr-defined]
            place = place_of(key) if status in (DECIDED, REPEATED) else None
            if place is not None and (commit is None or commit.made.number != place[0]):
                commit = self._ledger.commit(tenant, place[0])
            if place is None or commit is None:
                yield ContentConflict(tenant, id)
            else:
                yield commit.line(id, place[1], reader)


def _event(one: Commit, now_ms: int) -> Event:
    return make(one.made, id=str(one.made.number), source=one.source, actor=ACTOR, time_ms=now_ms, recorded_ms=now_ms)
