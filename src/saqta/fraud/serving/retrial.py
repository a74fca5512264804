"""Tries rules on what the log holds: every decision again, in its order, through the pass that made it.

The state is rebuilt from the log's rows, labels and what was told of lines, with the rules that are in force and those
that are tried beside them, so that features are those of then. What the tried rules would have stopped stands beside
what was done.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from saqta.fraud.engine import layout
from saqta.fraud.engine.layout import EVENT, PAYMENT, Array, Limits, empty
from saqta.fraud.engine.machine import decide, room
from saqta.fraud.engine.naming import CURRENCIES
from saqta.fraud.engine.rules import BITS, Rule, Rules, with_published
from saqta.fraud.engine.trees import NO_TREES
from saqta.fraud.publishing.books import as_rule
from saqta.fraud.serving.history import events_of_past
from saqta.fraud.serving.lines import LINES, line_event
from saqta.fraud.serving.rows import commit_of, events_of, place_of
from saqta.model import catalogue, rule
from saqta.model.errors import InputError
from saqta.model.event import Recorded
from saqta.model.kinds import ROWS_MAX, DecisionsMade, NotableRow, OutcomeTold, PaymentsImported, Record
from saqta.model.money import EXPONENTS, decimal_text
from saqta.model.rule import WrittenRule

NO_KEY = bytes(16)
"""Names calls well enough for a state that is kept nowhere."""
RETRIED_MAX = 5_000_000
"""So many decisions are tried again at most."""
ANY, NOW, WITH = "any", "now", "with"
"""The tried rules together; what was done in truth; what would have been done with the tried ones in their places."""


class Effect(NamedTuple):
    """What stops a share of the decisions: ``rule`` is its name, or ANY, NOW or WITH.

    ``hits`` are those stopped, ``already`` those of them that were warned of, held or blocked then, ``frauds`` and
    ``honest`` what was told of them. Those of whom no fraud is told were ``disturbed``, out of ``customers``. Amounts
    are decimal texts by currency.
    """

    rule: str
    hits: int
    already: int
    frauds: int
    honest: int
    disturbed: int
    customers: int
    amounts: dict[str, str]
    fraud_amounts: dict[str, str]


class _Hit(NamedTuple):
    decision: str
    customer: int
    already: bool
    currency: int
    amount: float


class Retrial:
    """Tries rules on recorded events, given in order; then ``effects`` says what came of it."""

    def __init__(self, in_force: Rules, tried: Iterable[Rule], label_delay_d: int, from_ms: int, until_ms: int) -> None:
        """``in_force`` are those of the file; what was published is learned from the events themselves."""
        self._file, self._tried = in_force, tuple(tried)
        self._names = frozenset(rule.name for rule in self._tried)
        if taken := self._names & {ANY, NOW, WITH}:
            raise InputError("rule", ", ".join(sorted(taken)), f"another name: {ANY}, {NOW}, {WITH} are no rules'")
        self._from_ms, self._until_ms = from_ms, until_ms
        self._written: dict[str, WrittenRule] = {}
        self._state, self._room = empty(label_delay_d, Limits()), room(ROWS_MAX)
        self._ids: dict[tuple[str, int], Array] = {}
        self._outcomes: dict[str, str] = {}
        self._hits: dict[str, list[_Hit]] = defaultdict(list)
        self._customers: set[int] = set()
        self.decisions = self._seen = 0
        self._rules = self._together()

    def take(self, recorded: Recorded) -> None:
        """The next event; InputError after RETRIED_MAX decisions."""
        record = catalogue.read(recorded.event) if recorded.event.type in _FOLDED else None
        if isinstance(record, DecisionsMade):
            self._decide(record)
        elif isinstance(record, OutcomeTold):
            self._outcomes[record.decision] = record.outcome
            self._learn(record)
        elif isinstance(record, LINES):
            self._run(line_event(recorded, record, NO_KEY))
        elif isinstance(record, PaymentsImported):
            events = events_of_past(record)
            for start in range(0, len(events), ROWS_MAX):
                self._run(events[start : start + ROWS_MAX])
        elif record is not None:
            after = rule.apply(self._written.get(record.rule), recorded, record)  # type: ignore[attr-defined]
            if after is not None:
                self._written[after.name] = after
                self._rules = self._together()

    def effects(self) -> list[Effect]:
        """Of each tried rule, of all of them together, of what was done, and of what would have been done with them."""
        names = [*(rule.name for rule in self._tried), ANY, NOW, WITH]
        return [self._effect(name, self._hits[name]) for name in names]

    def _together(self) -> Rules:
        """What was in force then, and what is tried, which takes the place of its name."""
        published = [
            as_rule(each.name, each.terms, each.snoozed_until_ms) for each in self._written.values() if each.terms
        ]
        rules = [*(rule for rule in published if rule.name not in self._names), *self._tried]
        if len({rule.name for rule in (*self._file.rules, *rules)}) > BITS:
            raise InputError("rule", len(self._tried), f"fewer rules: {BITS} with those in force")
        return with_published(self._file, 0, rules)

    def _decide(self, made: DecisionsMade) -> None:
        commit = commit_of(made)
        self._seen += len(commit.rows)
        if self._seen > RETRIED_MAX:
            raise InputError("log", f"more than {RETRIED_MAX} decisions", "a log, or a copy of one, that holds fewer")
        self._ids[made.tenant, made.number] = commit.rows["id"]
        events = events_of(commit.rows, made.rates)
        answers = self._run(events)
        masks = (answers["mask"] | answers["shadow"]).tolist()
        bits = {rule.name: at for at, rule in enumerate(self._rules.rules)}
        tried = [(each.name, 1 << bits[each.name]) for each in self._tried]
        for row, event in enumerate(events):
            if not self._from_ms <= event["time_ms"] < self._until_ms:
                continue
            self.decisions += 1
            told = commit.notable.get(row)
            already = told is not None and told.action != "allow"
            hit = _hit(f"{made.tenant}-{made.number}-{row}", event, already)
            self._customers.add(hit.customer)
            fired = [name for name, bit in tried if masks[row] & bit]
            remains = already and not self._alone(told)
            together = {ANY: bool(fired), NOW: already, WITH: bool(fired) or remains}
            for name in (*fired, *(name for name, stops in together.items() if stops)):
                self._hits[name].append(hit)

    def _alone(self, told: NotableRow | None) -> bool:
        """Whether nothing but rules in whose places tried ones stand stopped it then."""
        codes = {reason.code for reason in told.reasons} if told else set()
        return bool(codes) and codes <= self._names

    def _learn(self, told: OutcomeTold) -> None:
        tenant, place = place_of(told.decision)
        ids = self._ids.get((tenant, place.number))
        if ids is not None and place.row < len(ids) and told.outcome != "unknown":
            label = np.zeros(1, EVENT)
            label["kind"], label["time_ms"], label["id"] = layout.LABEL, told.known_ms, ids[place.row]
            label["told"] = layout.FRAUD if told.outcome == "fraud" else layout.HONEST
            self._run(label)

    def _run(self, events: Array) -> Array:
        decide(self._state, NO_TREES, self._rules, events, self._room)
        return self._room.answers[: len(events)]

    def _effect(self, name: str, hits: list[_Hit]) -> Effect:
        frauds = [hit for hit in hits if self._outcomes.get(hit.decision) == "fraud"]
        return Effect(
            rule=name,
            hits=len(hits),
            already=sum(hit.already for hit in hits),
            frauds=len(frauds),
            honest=sum(self._outcomes.get(hit.decision) == "honest" for hit in hits),
            disturbed=len({hit.customer for hit in hits} - {hit.customer for hit in frauds}),
            customers=len(self._customers),
            amounts=_amounts(hits),
            fraud_amounts=_amounts(frauds),
        )


def retry(
    read: Callable[[int], Sequence[Recorded]],
    in_force: Rules,
    tried: Iterable[Rule],
    label_delay_d: int,
    from_ms: int,
    until_ms: int,
) -> Retrial:
    """Tries rules on a whole log, of which ``read`` gives the events after a seq; blocks."""
    retrial, seq = Retrial(in_force, tried, label_delay_d, from_ms, until_ms), 0
    while batch := read(seq):
        for recorded in batch:
            retrial.take(recorded)
        seq = batch[-1].seq
    return retrial


_KINDS: tuple[type[Record], ...] = (DecisionsMade, OutcomeTold, PaymentsImported, *LINES, *rule.EVENTS)
_FOLDED = frozenset(catalogue.TYPE_OF[kind] for kind in _KINDS)


def _hit(decision: str, event: Any, already: bool) -> _Hit:
    """The customer is who pays, or who is called."""
    on_payment = int(event["kind"]) == PAYMENT
    customer = int(event["actor"] if on_payment else event["counterpart"])
    return _Hit(decision, customer, already, int(event["currency"]), float(event["amount"]) if on_payment else 0.0)


def _amounts(hits: Iterable[_Hit]) -> dict[str, str]:
    """Sums in the smallest unit of each currency, in which they are exact."""
    sums: defaultdict[str, int] = defaultdict(int)
    for hit in hits:
        if hit.currency:
            code = CURRENCIES[hit.currency]
            sums[code] += round(hit.amount * 10 ** EXPONENTS[code])
    return {code: decimal_text(minor, code) for code, minor in sorted(sums.items())}
