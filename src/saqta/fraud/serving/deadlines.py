"""Answers by rules alone what has waited for too long, on what was told and nothing more.

An id that is known gets what was recorded then, and no second decision: who waits for the deadline gains nothing by it.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from saqta.fraud.engine.layout import EVENT, Limits, empty
from saqta.fraud.engine.machine import digests
from saqta.fraud.publishing.books import RuleBook
from saqta.fraud.serving.judging import Judge, Judged
from saqta.fraud.serving.ledger import Ledger, Place
from saqta.fraud.serving.pseudonyms import NameKeys
from saqta.fraud.serving.reading import Batch
from saqta.fraud.serving.recording import Recorder
from saqta.fraud.serving.rows import ROW, events_of
from saqta.fraud.serving.telling import Telling
from saqta.fraud.serving.ticket import Ticket
from saqta.model.moment import Clock

POLL_S = 0.2
LIMITS = Limits(keys_max=1 << 14, busy_max=1 << 12, memos_max=1 << 12, pending_max=16)
"""Of the state of one request."""


class Deadlines:
    """The tickets that nobody claimed yet, the oldest first, and who answers them at their deadline."""

    def __init__(
        self,
        judge: Judge,
        book: RuleBook,
        ledger: Ledger,
        recorder: Recorder,
        keys_of: Callable[[str], NameKeys],
        clock: Clock,
        now_ns: Callable[[], int],
    ) -> None:
        """``judge`` knows nothing but rules."""
        self._judge, self._book, self._ledger, self._recorder = judge, book, ledger, recorder
        self._keys_of, self._clock, self._now_ns = keys_of, clock, now_ns
        self._unclaimed: deque[Ticket] = deque()
        self._due = threading.Condition(threading.Lock())

    def warm_up(self) -> None:
        """Has everything compiled before it is needed, which the first time takes long."""
        self._judge.warm_up()
        digests(np.zeros(0, EVENT))

    def expect(self, ticket: Ticket) -> None:
        """Is told of a ticket whose deadline is not before that of those before; from any thread."""
        with self._due:
            self._unclaimed.append(ticket)
            if len(self._unclaimed) == 1:
                self._due.notify()

    def run(self, stop: threading.Event) -> None:
        """Answers what is overdue, until ``stop`` is set. Blocks."""
        while not stop.is_set():
            ticket = self._overdue()
            if ticket is not None:
                self._fall_back(ticket)

    def _overdue(self) -> Ticket | None:
        """The oldest ticket that nobody claimed, once its deadline has come; waits a while for it."""
        with self._due:
            while self._unclaimed and self._unclaimed[0].claimed:
                self._unclaimed.popleft()
            wait_ns = self._unclaimed[0].due_ns - self._now_ns() if self._unclaimed else round(POLL_S * 1e9)
            if wait_ns <= 0:
                return self._unclaimed.popleft()
            self._due.wait(min(wait_ns / 1e9, POLL_S))
            return None

    def _fall_back(self, ticket: Ticket) -> None:
        """Decides what is not known, unless the ticket is claimed meanwhile; answers when all of it is durable."""
        judge, tenant, now_ms = self._judge, ticket.tenant, self._clock()
        judge.state, judge.rules = empty(0, LIMITS), self._book.current
        batch = Batch([ticket.question])
        judged = judge.judge(batch, self._keys_of(tenant), now_ms)
        with self._recorder.claim:
            if ticket.claimed:
                return
            known = self._ledger.places(judged.ids[judged.decided])
            written = self._recorder.record(tenant, judged, known, judge, "deadline", now_ms)
            ticket.places = written.by_id()
            ticket.claimed = True
            durable = self._recorder.last
        differing = self._differing(tenant, judged, known)
        told = {id: place for id, place in ticket.places.items() if id not in differing}
        telling = Telling(tenant, batch, judged, written, self._ledger, told.get)
        (answer,) = telling.answers([ticket.reader])
        self._recorder.counts.refused(telling.refused)
        durable.result()
        ticket.done(answer)

    def _differing(self, tenant: str, judged: Judged, known: Mapping[int, Place]) -> set[int]:
        """The ids that are known with other content."""
        decided = judged.ids[judged.decided].tolist()
        again = [at for at, id in enumerate(decided) if id in known]
        if not again:
            return set()
        ids = [decided[at] for at in again]
        now, then = judged.rows[again].view(ROW).reshape(-1), np.zeros(len(again), ROW)
        for at, (number, row) in enumerate(known[id] for id in ids):
            commit = self._ledger.commit(tenant, number)
            assert commit is not None  # noqa: S101 - what is noted is recorded
            then[at] = commit.rows[row]
        differs = digests(events_of(now, ())) != digests(events_of(then, ()))
        return {id for id, other in zip(ids, differs.tolist(), strict=True) if other}
