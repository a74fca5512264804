"""The decision path: takes what partners ask, and answers when what was decided is durable.

- One thread owns the state. It decides all that waits in one go, and goes on while the log writes.
- What waits longer than the deadline is decided by rules alone, by another thread, on what was told and nothing more;
  the state learns of it all the same.
- A partner that asks again with an id gets what was recorded then, as long as the state remembers the id.
"""

import gc
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import groupby, repeat
from pathlib import Path
from typing import Any

import numpy as np

from saqta.fraud import layout
from saqta.fraud.keys import find
from saqta.fraud.layout import EVENT, MEMOS, Array, Limits, empty
from saqta.fraud.naming import ACCOUNT, NUMBER
from saqta.fraud.publishing.books import RuleBook
from saqta.fraud.serving import holds
from saqta.fraud.serving.allowed import allowed_of
from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.explaining import Explained, explain
from saqta.fraud.serving.judging import Fallback, Judge, Judged, commits, kept
from saqta.fraud.serving.ledger import Ledger, numbered
from saqta.fraud.serving.pseudonyms import NameKeys, name_keys, pseudonym_of
from saqta.fraud.serving.reading import Kind, read
from saqta.fraud.serving.rows import Commit, commit_of, events_of, swapping
from saqta.fraud.serving.snapshot import Kept, read_snapshot, write_snapshot
from saqta.fraud.serving.step import QUOTED, Swapped, Told
from saqta.fraud.serving.tenge import Exchange
from saqta.fraud.serving.ticket import Done, Line, Ticket, portions
from saqta.log.personal import Keyring
from saqta.log.port import Log, Position
from saqta.log.tables import TableStore
from saqta.model import catalogue
from saqta.model.catalogue import TYPE_OF, make
from saqta.model.errors import BusyError, ContentConflict, InputError
from saqta.model.event import Event
from saqta.model.kinds import DecisionsMade, OutcomeTold, OutcomeWord, RatesPublished, SimSwapped
from saqta.model.moment import Clock
from saqta.model.step import Change
from saqta.model.terms import CENTRE

WAITING_MAX = 32_768
"""So many decisions may wait; who asks for more is told to come again."""
COMMITS_MAX = 4
"""So many commits are on their way into the log at a time."""
POLL_S = 0.2
FALLBACK_LIMITS = Limits(keys_max=1 << 14, busy_max=1 << 12, memos_max=1 << 12, pending_max=16)
ACTOR = "saqta/fraud"
FOLDED = frozenset(TYPE_OF[each] for each in (DecisionsMade, OutcomeTold, SimSwapped))
Label = tuple[str, OutcomeWord, int]
"""A decision, what it was, and since when that is known."""
Swap = tuple[str, int]
"""A subscriber, and when that number came to another SIM card."""


class DecisionPath:
    """The decision path over one log; ``ask`` may be called from any thread, and answers from others."""

    def __init__(
        self,
        judge: Judge,
        quick: Judge,
        book: RuleBook,
        log: Log,
        keyring: Keyring,
        tables: TableStore,
        folder: Path,
        clock: Clock,
        now_ns: Callable[[], int],
        deadline_ms: float,
    ) -> None:
        """``quick`` is the judge that knows nothing but rules; the state is kept in ``folder`` between two runs."""
        self._judge, self._quick, self._folder = judge, quick, folder
        self._log, self._keyring, self._tables = log, keyring, tables
        self._clock, self._now_ns = clock, now_ns
        self._deadline_ns = round(deadline_ms * 1e6)
        self._fallback: Fallback | None = None if judge.model else "no_model"
        self._book = book
        self._keys: dict[str, NameKeys] = {}
        self._waiting: deque[Ticket] = deque()
        self._unclaimed: deque[Ticket] = deque()
        self._told: deque[Label | Swap] = deque()
        self._exchange = Exchange()
        self._count = 0
        self._lock = threading.Lock()
        self._more, self._due = threading.Condition(self._lock), threading.Condition(self._lock)
        self._commits = threading.BoundedSemaphore(COMMITS_MAX)
        self._last: Future[list[Position]] = Future()
        self._last.set_result([])
        self._failed: BaseException | None = None
        self._ledger = Ledger(log, len(judge.state.memo))
        self.is_ready = False

    def ask(self, tenant: str, kind: Kind, is_partner: bool, body: bytes, done: Done) -> None:
        """Asks for decisions in the name of ``tenant``.

        InputError for what can't be read at all, BusyError where too much waits.
        """
        question = read(kind, body)
        reader: Reader = "analyst" if not is_partner else "bank" if kind == "payment" else "telecom"
        ticket = Ticket(tenant, reader, question, done, self._now_ns() + self._deadline_ns)
        with self._lock:
            if not self.is_ready:
                raise BusyError("the decision path is starting")
            if self._count + len(ticket.asked) > WAITING_MAX:
                raise BusyError(f"{self._count} decisions wait already")
            self._count += len(ticket.asked)
            self._waiting.append(ticket)
            self._unclaimed.append(ticket)
            self._more.notify()
            if len(self._unclaimed) == 1:
                self._due.notify()

    def learn(self, changes: Iterable[Change]) -> None:
        """Is told of outcomes, SIM swaps and rates, as rows of the step's tables of them that changed."""
        with self._lock:
            for change in changes:
                if isinstance(change.row, Told):
                    self._told.append((change.key, change.row.outcome, change.row.known_ms))
                elif isinstance(change.row, Swapped):
                    self._told.append((change.key, change.row.swapped_ms))
                elif isinstance(change.row, RatesPublished):
                    self._exchange.add(change.row)
            self._more.notify()

    def follow(self, changes: Iterable[Change]) -> None:
        """Is told of rules that came into force: what is decided from now on goes by them."""
        self._book.take(changes)

    def parts(self) -> tuple[tuple[str, Callable[[threading.Event], None]], ...]:
        """What runs it: each in a thread of its own."""
        release = partial(holds.release, self._tables, self._log, self._clock)
        return (("decisions", self.run), ("deadlines", self.run_deadlines), ("holds", release))

    def subscriber(self, number: str) -> str:
        """The pseudonym of a telephone number in E.164, as decisions have it."""
        return pseudonym_of(NUMBER, number, self._keyring.naming_key(CENTRE))

    def account(self, account: str, partner: str) -> str:
        """The pseudonym of an account, as a partner writes it, in that one's decisions."""
        return pseudonym_of(ACCOUNT, account, self._keyring.naming_key(f"tenant/{partner}"))

    def look(self, decision: str, is_partner: bool) -> Explained | None:
        """The decision as a partner or an analyst may know it, however long ago; None where there is none. Blocks."""
        found = self._ledger.find(decision)
        judge, book = self._judge, self._book
        return explain(*found, judge.model, book, self._tables, self._log, is_partner) if found else None

    def allowed(self, parties: Collection[str]) -> list[dict[str, Any]]:
        """What was simply allowed of these parties lately, the newest first. Blocks."""
        return allowed_of(self._log, dict(self._ledger.numbers), parties)

    def run(self, stop: threading.Event) -> None:
        """Rebuilds the state from the log, then decides what comes until ``stop`` is set. Blocks."""
        self._judge.warm_up()
        self._quick.warm_up()
        for _, published in self._tables.scan(QUOTED):
            self._exchange.add(published)
        self._book.load(self._tables)
        self._rebuild()
        gc.collect()
        gc.freeze()  # To look again and again through all that is there by now holds decisions up for 0.2 s at a time.
        self.is_ready = True
        while not stop.is_set():
            tickets, told = self._take()
            self._fold_told(told)
            tickets.sort(key=lambda ticket: ticket.tenant)
            for tenant, group in groupby(tickets, key=lambda ticket: ticket.tenant):
                for some in portions(group):
                    self._decide(tenant, some)
            if self._failed:
                raise self._failed
        self._end()

    def run_deadlines(self, stop: threading.Event) -> None:
        """Answers by the fallback what has waited for too long, until ``stop`` is set. Blocks."""
        while not stop.is_set():
            ticket = self._overdue()
            if ticket is not None:
                self._fall_back(ticket)

    def _take(self) -> tuple[list[Ticket], list[Label | Swap]]:
        with self._lock:
            if not self._waiting and not self._told:
                self._more.wait(POLL_S)
            tickets, told = list(self._waiting), list(self._told)
            self._waiting.clear()
            self._told.clear()
            self._count -= sum(len(ticket.asked) for ticket in tickets)
            return tickets, told

    def _overdue(self) -> Ticket | None:
        """The oldest ticket that nobody claimed, once its deadline has come; waits a while for it."""
        with self._lock:
            while self._unclaimed and self._unclaimed[0].claimed:
                self._unclaimed.popleft()
            wait_ns = self._unclaimed[0].due_ns - self._now_ns() if self._unclaimed else round(POLL_S * 1e9)
            if wait_ns <= 0:
                return self._unclaimed.popleft()
            self._due.wait(min(wait_ns / 1e9, POLL_S))
            return None

    def _end(self) -> None:
        """Sends away those who still wait, and keeps the state for the next start once all is durable."""
        self.is_ready = False
        gc.unfreeze()
        for ticket in self._take()[0]:
            ticket.done([BusyError("the centre is stopping")] * len(ticket.asked), ticket.many)
        self._last.result()
        size = self._log.size()
        kept = Kept(size, self._log.root(size).hex(), self._ledger.numbers)
        write_snapshot(self._folder, kept, self._judge.state, self._ledger.places)

    def _rebuild(self) -> None:
        """The state as it was, and what the log holds since: equal to one that never stopped."""
        seq = 0
        found = read_snapshot(self._folder, self._log)
        if found is not None:
            kept, self._judge.state, self._ledger.places = found
            seq, self._ledger.numbers = kept.seq, dict(kept.numbers)
        while batch := self._log.read(seq):
            for recorded in batch:
                record = catalogue.read(recorded.event) if recorded.event.type in FOLDED else None
                if isinstance(record, DecisionsMade):
                    self._fold(commit_of(record))
                elif isinstance(record, OutcomeTold):
                    self._fold_told([(record.decision, record.outcome, record.known_ms)])
                elif isinstance(record, SimSwapped):
                    self._fold_told([(record.subscriber, recorded.event.time_ms)])
            seq = batch[-1].seq

    def _fold(self, commit: Commit) -> None:
        made, first_memo = commit.made, int(self._judge.state.counters[MEMOS])
        self._judge.rules = self._book.of(made.rules, self._tables)
        decided = self._judge.fold(events_of(commit.rows))
        self._ledger.put(first_memo, numbered(made.number, commit.rows["id"].tolist(), {})[decided])
        self._ledger.is_taken(made.tenant, made.number)

    def _fold_told(self, told: Iterable[Label | Swap]) -> None:
        for each in told:
            event = self._labelling(*each) if len(each) == 3 else swapping(*each)
            if event is not None:
                self._judge.fold(event)

    def _labelling(self, decision: str, outcome: OutcomeWord, known_ms: int) -> Array | None:
        """The machine's event of a label; None for what labels nothing."""
        found = self._ledger.find(decision) if outcome != "unknown" else None
        if found is None:
            return None
        commit, row = found
        label = np.zeros(1, EVENT)
        label["kind"], label["time_ms"], label["id"] = layout.LABEL, known_ms, commit.rows["id"][row]
        label["told"] = layout.FRAUD if outcome == "fraud" else layout.HONEST
        return label

    def _decide(self, tenant: str, tickets: list[Ticket]) -> None:
        judge, now_ms = self._judge, self._clock()
        judge.rules = self._book.current
        first_memo = int(judge.state.counters[MEMOS])
        asked = [one for ticket in tickets for one in ticket.asked]
        out, judged = judge.judge(asked, self._keys_of(tenant), now_ms)
        while not self._commits.acquire(timeout=POLL_S):
            if self._failed:
                raise self._failed
        with self._lock:
            elsewhere = {id: place for ticket in tickets for id, place in (ticket.places or {}).items()}
            for ticket in tickets:
                ticket.claimed = True
            ids = judged.decided
            if elsewhere:
                judged = kept(judged, [id not in elsewhere for id in ids])
            first = self._ledger.reserve(tenant, len(judged.rows))
        places = numbered(first, ids, elsewhere)
        self._ledger.put(first_memo, places)
        told = places.tolist()
        here = dict(zip(ids, told, strict=True))
        made = commits(judged, tenant, first, judge.model, judge.rules, self._exchange, self._fallback)
        self._ledger.keep(made)
        readers = (ticket.reader for ticket in tickets for _ in ticket.asked)
        lines = self._lines(tenant, readers, out, judged, told, lambda id: here.get(id) or self._remembered(id))
        answers = [(ticket, [next(lines) for _ in ticket.asked]) for ticket in tickets]
        self._append(made, now_ms, [each for each in answers if each[0].places is None])

    def _fall_back(self, ticket: Ticket) -> None:
        """Decides by rules alone, unless the ticket is claimed meanwhile; appends, and answers."""
        now_ms = self._clock()
        self._quick.state, self._quick.rules = empty(0, FALLBACK_LIMITS), self._book.current
        out, judged = self._quick.judge(ticket.asked, self._keys_of(ticket.tenant), now_ms)
        with self._lock:
            if ticket.claimed:
                return
            ticket.claimed = True
            first = self._ledger.reserve(ticket.tenant, len(judged.rows))
            places = numbered(first, judged.decided, {}).tolist()
            ticket.places = dict(zip(judged.decided, places, strict=True))
        made = commits(judged, ticket.tenant, first, None, self._quick.rules, self._exchange, "deadline")
        self._ledger.keep(made)
        lines = list(self._lines(ticket.tenant, repeat(ticket.reader), out, judged, places, ticket.places.get))
        self._log.append(list(self._events(made, now_ms)))
        ticket.done(lines, ticket.many)

    def _lines(
        self,
        tenant: str,
        readers: Iterable[Reader],
        out: Sequence[object],
        judged: Judged,
        places: Iterable[tuple[int, int]],
        repeated: Callable[[int], tuple[int, int] | None],
    ) -> Iterator[Line]:
        """The answer to each that was asked: what was decided, now or before, or the error. ``places`` are those of
        what was decided now, in order."""
        decided, came = iter(places), iter(zip(judged.statuses, judged.ids.tolist(), strict=True))
        commit: Commit | None = None
        for one, reader in zip(out, readers, strict=False):
            if isinstance(one, InputError):
                yield one
                continue
            status, key = next(came)
            id = one.id  # type: ignore[attr-defined]
            place = next(decided) if status == layout.DECIDED else repeated(key) if status == layout.REPEATED else None
            if place is not None and (commit is None or commit.made.number != place[0]):
                commit = self._ledger.commit(tenant, place[0])
            if place is None or commit is None:
                yield ContentConflict(tenant, id)
            else:
                yield commit.line(id, place[1], reader)

    def _append(self, made: list[Commit], now_ms: int, answers: list[tuple[Ticket, list[Line]]]) -> None:
        """Hands the commits to the log; the answers are told when these, and all before them, are durable."""

        def told(future: "Future[list[Position]]") -> None:
            self._commits.release()
            error = future.exception()
            if error is not None:
                self._failed = error
            for ticket, lines in answers:
                ticket.done([BusyError("the log can't be written")] * len(lines) if error else lines, ticket.many)

        if made:
            self._last = self._log.submit(list(self._events(made, now_ms)))
        self._last.add_done_callback(told)

    def _events(self, made: Sequence[Commit], now_ms: int) -> Iterator[Event]:
        for one in made:
            yield make(
                one.made,
                id=str(one.made.number),
                source=one.source,
                actor=ACTOR,
                time_ms=now_ms,
                recorded_ms=now_ms,
            )

    def _remembered(self, id: int) -> tuple[int, int] | None:
        state = self._judge.state
        memo = find(state.memo_table, np.uint64(id))  # type: ignore[arg-type]
        return self._ledger.places[memo].item() if memo >= 0 else None

    def _keys_of(self, tenant: str) -> NameKeys:
        if tenant not in self._keys:
            own, shared = (self._keyring.naming_key(whose) for whose in (f"tenant/{tenant}", CENTRE))
            self._keys[tenant] = name_keys(own, shared)
        return self._keys[tenant]
