"""The decision path: takes what partners ask, and answers when what was decided is durable.

- One thread owns the state. It decides all that waits in one go, and goes on while the log writes.
- What waits longer than the deadline is decided by rules alone, by another thread (``deadlines``); the state learns of
  it all the same.
- A partner that asks again with an id gets what was recorded then, as long as the state remembers the id.
- What was told of decisions since is read in the log, a portion before what waits is decided.
"""

import gc
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from functools import cache, partial
from itertools import compress, groupby
from operator import not_
from pathlib import Path
from typing import Any, cast

import numpy as np

from saqta.fraud.engine import layout
from saqta.fraud.engine.layout import DELAY_D, EVENT, Array
from saqta.fraud.engine.naming import ACCOUNT, NUMBER
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.folder import feature_set
from saqta.fraud.publishing.books import RuleBook
from saqta.fraud.serving import holds
from saqta.fraud.serving.allowed import allowed_of
from saqta.fraud.serving.asked import AskedAbout
from saqta.fraud.serving.counting import Figures
from saqta.fraud.serving.deadlines import Deadlines
from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.explaining import Explained, explain
from saqta.fraud.serving.history import events_of_past
from saqta.fraud.serving.judging import Fallback, Judge
from saqta.fraud.serving.ledger import Ledger, Place, numbered
from saqta.fraud.serving.lines import LINES, line_event
from saqta.fraud.serving.pseudonyms import NameKeys, name_keys, pseudonym_of
from saqta.fraud.serving.reading import Batch, Kind, read
from saqta.fraud.serving.recording import Recorder
from saqta.fraud.serving.rows import ROW, Commit, commit_of, events_of
from saqta.fraud.serving.snapshot import Kept, read_snapshot, write_snapshot
from saqta.fraud.serving.step import QUOTED, LineTold, Swapped, Told
from saqta.fraud.serving.telling import Telling, refusal
from saqta.fraud.serving.ticket import Answer, Done, Ticket, portions
from saqta.fraud.youth import Paid, and_then
from saqta.log.personal import Keyring
from saqta.log.port import Log, Position
from saqta.log.tables import TableStore
from saqta.model import catalogue
from saqta.model.catalogue import TYPE_OF
from saqta.model.errors import BusyError, InputError
from saqta.model.event import Recorded
from saqta.model.kinds import DecisionsMade, OutcomeTold, PaymentsImported, RatesPublished
from saqta.model.moment import Clock
from saqta.model.step import Change
from saqta.model.terms import CENTRE

WAITING_MAX = 32_768
"""So many decisions may wait; who asks for more is told to come again."""
COMMITS_MAX = 4
"""So many commits are on their way into the log at a time."""
READ_MAX, LABELS_MAX = 256, 16
"""Before what waits is decided, so many events are read in search of what was told, and so much of it is taken."""
POLL_S = 0.2
MADE, OUTCOME = TYPE_OF[DecisionsMade], TYPE_OF[OutcomeTold]
TOLD = frozenset(TYPE_OF[each] for each in (OutcomeTold, *LINES))
IMPORTED = TYPE_OF[PaymentsImported]


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
        self._judge, self._folder = judge, folder
        self.label_delay_d = int(judge.state.counters[DELAY_D])
        self._log, self._keyring, self._tables = log, keyring, tables
        self._clock, self._now_ns = clock, now_ns
        self._deadline_ns = round(deadline_ms * 1e6)
        self._fallback: Fallback | None = None if judge.model else "no_model"
        self._book = book
        self._keys: dict[str, NameKeys] = {}
        self._paid: dict[str, Paid] = {}
        self._centre_key = keyring.naming_key(CENTRE)
        self._waiting: deque[Ticket] = deque()
        self._exchange = judge.exchange
        self._count = 0
        self._taken = self._told = 0
        self._more = threading.Condition(threading.Lock())
        self._commits = threading.BoundedSemaphore(COMMITS_MAX)
        self._failed: BaseException | None = None
        # The fallback may note ids before the state has them, as many as may wait twice over.
        self._ledger = Ledger(log, len(judge.state.memo) + 2 * WAITING_MAX)
        self._asked_about = AskedAbout(log)
        self._recorder = Recorder(log, self._ledger)
        self._deadlines = Deadlines(quick, book, self._ledger, self._recorder, self._keys_of, clock, now_ns)
        self.is_ready = False

    def ask(self, tenant: str, kind: Kind, is_partner: bool, body: bytes, done: Done) -> None:
        """Asks for decisions in the name of ``tenant``.

        InputError for what can't be read at all, BusyError where too much waits.
        """
        self._require_ready()
        try:
            question = read(kind, body)
        except InputError:
            self._recorder.counts.refused(1)
            raise
        reader: Reader = "analyst" if not is_partner else "bank" if kind == "payment" else "telecom"
        ticket = Ticket(tenant, reader, question, done, self._now_ns() + self._deadline_ns)
        with self._more:
            self._require_ready()
            if self._count + len(question) > WAITING_MAX:
                raise self._busy(f"{self._count} decisions wait already", len(question))
            self._count += len(question)
            self._waiting.append(ticket)
            self._deadlines.expect(ticket)
            self._more.notify()

    def _require_ready(self) -> None:
        if not self.is_ready:
            raise self._busy("the decision path is starting", 1)

    def _busy(self, why: str, count: int) -> BusyError:
        self._recorder.counts.turned_away(count)
        return BusyError(why)

    def _sent_away(self, ticket: Ticket, why: str) -> Answer:
        return refusal(ticket.question, self._busy(why, len(ticket.question)))

    def learn(self, changes: Iterable[Change], seq: int) -> None:
        """Is told of outcomes, lines and rates, as rows of the step's tables of them that changed up to ``seq``."""
        is_told = False
        for change in changes:
            is_told = is_told or isinstance(change.row, Told | Swapped | LineTold)
            if isinstance(change.row, RatesPublished):
                self._exchange.add(change.row)
        with self._more:
            if is_told:
                self._told = seq
                self._more.notify()
            elif self._taken >= self._told:
                self._taken = max(self._taken, seq)

    def follow(self, changes: Iterable[Change]) -> None:
        """Is told of rules that came into force: what is decided from now on goes by them."""
        self._book.take(changes)

    def parts(self) -> tuple[tuple[str, Callable[[threading.Event], None]], ...]:
        """What runs it: each in a thread of its own."""
        release = partial(holds.release, self._tables, self._log, self._clock)
        return (("decisions", self.run), ("deadlines", self._deadlines.run), ("holds", release))

    def subscriber(self, number: str) -> str:
        """The pseudonym of a telephone number in E.164, as decisions have it."""
        return pseudonym_of(NUMBER, number, self._centre_key)

    def account(self, account: str, partner: str) -> str:
        """The pseudonym of an account, as a partner writes it, in that one's decisions."""
        return pseudonym_of(ACCOUNT, account, self._keyring.naming_key(f"tenant/{partner}"))

    @property
    def file_rules(self) -> Rules:
        """The rules of the file, as it was read when the path was opened."""
        return self._book.file

    def look(self, decision: str, is_partner: bool) -> Explained | None:
        """The decision as a partner or an analyst may know it, however long ago; None where there is none. Blocks."""
        found = self._ledger.find(decision)
        model, book = self._judge.model, self._book
        return explain(*found, model, book, self._tables, self._log, self._keyring, is_partner) if found else None

    def allowed(self, parties: Collection[str]) -> list[dict[str, Any]]:
        """What was simply allowed of these parties lately, the newest first. Blocks."""
        return allowed_of(self._log, dict(self._ledger.numbers), parties)

    def was_asked_about(self, party: str) -> bool:
        """Whether a call of this party was asked about lately. Blocks."""
        return self._asked_about.has(party, dict(self._ledger.numbers))

    def figures(self) -> Figures:
        """What came of all that was asked."""
        return self._recorder.counts.figures(int(self._judge.state.counters[layout.LATE]), self._count)

    def load(self) -> None:
        """Takes the rules and rates that the tables hold; before anybody tells of changes to them."""
        for _, published in self._tables.scan(QUOTED):
            self._exchange.add(published)
        self._book.load(self._tables)

    def run(self, stop: threading.Event) -> None:
        """Rebuilds the state from the log, then decides what comes until ``stop`` is set. Blocks."""
        self._judge.warm_up()
        self._deadlines.warm_up()
        self._ledger.warm_up()
        self._rebuild()
        gc.collect()
        gc.freeze()  # To look again and again through all that is there by now holds decisions up for 0.2 s at a time.
        self.is_ready = True
        while not stop.is_set():
            tickets, told = self._take()
            # What was told may tell of what was answered at the deadline, which the state has to know first.
            is_answered = [ticket.claimed for ticket in tickets]
            self._decide_all(compress(tickets, is_answered))
            self._read_told(told)
            self._decide_all(compress(tickets, map(not_, is_answered)))
            if self._failed:
                raise self._failed
        self._end()

    def _take(self) -> tuple[list[Ticket], int]:
        """What waits, and up to which seq there is something that was told."""
        with self._more:
            if not self._waiting and self._taken >= self._told:
                self._more.wait(POLL_S)
            tickets = list(self._waiting)
            self._waiting.clear()
            self._count -= sum(len(ticket.question) for ticket in tickets)
            return tickets, self._told

    def _end(self) -> None:
        """Sends away those who still wait, and keeps the state for the next start once all is durable."""
        self.is_ready = False
        gc.unfreeze()
        tickets, _ = self._take()
        with self._recorder.claim:
            unanswered = [ticket for ticket in tickets if not ticket.claimed]
            for ticket in unanswered:
                ticket.claimed = True
        for ticket in unanswered:
            ticket.done(self._sent_away(ticket, "the centre is stopping"))
        self._decide_all([ticket for ticket in tickets if ticket.places is not None])
        self._recorder.last.result()
        size, (count, noted) = self._log.size(), self._ledger.noted()
        numbers, delay_d = self._ledger.numbers, self.label_delay_d
        kept = Kept(size, self._log.root(size).hex(), self._taken, numbers, self._paid, count, feature_set(), delay_d)
        write_snapshot(self._folder, kept, self._judge.state, noted)

    def _rebuild(self) -> None:
        """The state as it was, and what the log holds since, in the log's order."""
        seq, numbers = 0, {}
        found = read_snapshot(self._folder, self._log, self.label_delay_d)
        if found is not None:
            kept, self._judge.state = found.kept, found.state
            seq, numbers, self._ledger.numbers = kept.told, kept.numbers, dict(kept.numbers)
            self._paid = dict(kept.paid)
            self._ledger.restore(kept.noted, found.noted)
        while batch := self._log.read(seq):
            for recorded in batch:
                if recorded.event.type == MADE:
                    record = cast(DecisionsMade, catalogue.read(recorded.event))
                    if record.number >= numbers.get(record.tenant, 0):
                        self._fold(commit_of(record))
                elif recorded.event.type == IMPORTED:
                    past = cast(PaymentsImported, catalogue.read(recorded.event))
                    events = events_of_past(past)
                    self._judge.fold(events)
                    self._pays(past.tenant, events)
                elif recorded.event.type in TOLD:
                    for event in self._told_events(recorded):
                        self._judge.fold(event)
            seq = batch[-1].seq
        with self._more:
            self._taken = max(self._taken, seq)

    def _fold(self, commit: Commit) -> None:
        made = commit.made
        self._judge.rules = self._book.of(made.rules, self._tables)
        decided = self._judge.fold(events_of(commit.rows, made.rates))
        ids = commit.rows["id"]
        self._ledger.note(ids[decided], numbered(made.number, ids.tolist(), {})[decided])
        self._ledger.is_taken(made.tenant, made.number)
        self._pays(made.tenant, commit.rows)

    def _pays(self, tenant: str, rows: Array) -> None:
        """Notes what a tenant paid among its next rows (ROW, EVENT)."""
        paid = and_then(self._paid.get(tenant), rows["time_ms"][rows["kind"] == layout.PAYMENT])
        if paid:
            self._paid[tenant] = paid

    def _read_told(self, until: int) -> None:
        """Takes a portion of what the log tells of decisions and lines, up to the seq ``until``."""
        taken, labels = self._taken, 0
        if taken >= until:
            return
        events = []
        for recorded in self._log.read(taken, min(READ_MAX, until - taken)):
            taken = recorded.seq
            if recorded.event.type not in TOLD:
                continue
            events += self._told_events(recorded)
            labels += recorded.event.type == OUTCOME
            if labels == LABELS_MAX:
                break
        if events:
            self._judge.fold(np.concatenate(events))
        with self._more:
            self._taken = max(self._taken, taken)

    def _told_events(self, recorded: Recorded) -> list[Array]:
        """The machine's event of what was told; none for what labels nothing."""
        record = catalogue.read(recorded.event)
        if isinstance(record, LINES):
            return [line_event(recorded, record, self._centre_key)]
        label = self._labelling(cast(OutcomeTold, record))
        return [] if label is None else [label]

    def _labelling(self, told: OutcomeTold) -> Array | None:
        """The machine's event of a label; None for what labels nothing."""
        found = self._ledger.find(told.decision) if told.outcome != "unknown" else None
        if found is None:
            return None
        commit, row = found
        label = np.zeros(1, EVENT)
        label["kind"], label["time_ms"], label["id"] = layout.LABEL, told.known_ms, commit.rows["id"][row]
        label["told"] = layout.FRAUD if told.outcome == "fraud" else layout.HONEST
        return label

    def _decide_all(self, tickets: Iterable[Ticket]) -> None:
        by_tenant = sorted(tickets, key=lambda ticket: ticket.tenant)
        for tenant, group in groupby(by_tenant, key=lambda ticket: ticket.tenant):
            for some in portions(group):
                self._decide(tenant, some)

    def _decide(self, tenant: str, tickets: list[Ticket]) -> None:
        """Decides, and answers those who were not answered at their deadline, when it is durable."""
        judge, now_ms = self._judge, self._clock()
        judge.rules = self._book.current
        batch = Batch([ticket.question for ticket in tickets])
        judged = judge.judge(batch, self._keys_of(tenant), now_ms, self._paid.get(tenant))
        fallback: Fallback | None = "young_state" if judged.is_young else self._fallback
        self._pays(tenant, judged.rows.view(ROW).reshape(-1))
        while not self._commits.acquire(timeout=POLL_S):
            if self._failed:
                raise self._failed
        with self._recorder.claim:
            for ticket in tickets:
                ticket.claimed = True
            elsewhere = {id: place for ticket in tickets for id, place in (ticket.places or {}).items()}
            written = self._recorder.record(tenant, judged, elsewhere, judge, fallback, now_ms)
            durable = self._recorder.last
        here = cache(written.by_id)
        telling = Telling(tenant, batch, judged, written, self._ledger, lambda id: here().get(id) or self._known(id))
        readers = [ticket.reader if ticket.places is None else None for ticket in tickets]
        answers = list(zip(tickets, telling.answers(readers), strict=True))
        self._recorder.counts.refused(telling.refused)
        self._answer(durable, [each for each in answers if each[0].places is None])

    def _answer(self, durable: "Future[list[Position]]", answers: list[tuple[Ticket, Answer]]) -> None:
        """Tells the answers when what they tell of, and all before it, is durable."""

        def told(future: "Future[list[Position]]") -> None:
            self._commits.release()
            error = future.exception()
            if error is not None:
                self._failed = error
            for ticket, answer in answers:
                ticket.done(self._sent_away(ticket, "the log can't be written") if error else answer)

        durable.add_done_callback(told)

    def _known(self, id: int) -> Place | None:
        return self._ledger.places([id]).get(id)

    def _keys_of(self, tenant: str) -> NameKeys:
        if tenant not in self._keys:
            own, shared = (self._keyring.naming_key(whose) for whose in (f"tenant/{tenant}", CENTRE))
            self._keys[tenant] = name_keys(own, shared)
        return self._keys[tenant]
