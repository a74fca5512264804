"""Judges what one tenant asks in one go: packs it, gives names their pseudonyms, runs the machine, says why."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, cast

import msgspec
import numpy as np

from saqta.fraud.deciding import MEANS, RISK, TOP_FEATURES
from saqta.fraud.engine import layout
from saqta.fraud.engine.layout import EVENT, Array, State
from saqta.fraud.engine.machine import MODEL_FEATURES, decide, room
from saqta.fraud.engine.rules import ACTIONS, FEATURES, Action, Rule, Rules, in_words, said
from saqta.fraud.engine.scanning import NAMED
from saqta.fraud.engine.trees import NO_TREES, contributions, steps
from saqta.fraud.learning.folder import Model, feature_set
from saqta.fraud.lists.blocklist import Blocklist, Listing
from saqta.fraud.lists.listed import listed, listing_of, parties_listed, told_of, with_source
from saqta.fraud.serving.challenger import Challenged, Challenger
from saqta.fraud.serving.pseudonyms import NameKeys, name_keys, pseudonymise
from saqta.fraud.serving.reading import Asked, Batch, read
from saqta.fraud.serving.rows import ROW, Commit, packed, root_of, values_text
from saqta.fraud.serving.tenge import Exchange, Tenge, needed
from saqta.fraud.serving.wording import texts_of
from saqta.fraud.wire import PACKED, Packer, Payment, is_past
from saqta.fraud.youth import Paid, and_then
from saqta.model.errors import InputError
from saqta.model.kinds import (
    DECISION_REASONS_MAX,
    ROWS_MAX,
    DecisionReason,
    DecisionsMade,
    NotableRow,
    ShadowRow,
    UsedRate,
)

JUDGED_MAX = 2_048
"""So many are judged in one go."""
TEXT_CHARS_MAX = 300
CALLS = "call_"
"""What the names of features of a payer's calls begin with."""
_OF_CALLS = re.compile(rf"\b{CALLS}")
FEATURES_NAME = feature_set()[:16]
Fallback = Literal["no_model", "deadline", "young_state"]


class Judged(NamedTuple):
    """What came of a batch: the errors of what could not be taken, by place; the places of what could, their statuses
    (layout) and pseudonymous ids; which of these were decided, as numbers among them; and, in the order of those, rows
    (n, 88) uint8, notable rows and those of rules in shadow, numbered from 0 on over all, what the challenger says
    of each, where there is one, and whether the state was too young for the model to act, and the
    rates that they are converted by."""

    errors: Mapping[int, InputError]
    taken: Array
    statuses: Array
    ids: Array
    decided: Array
    rows: Array
    notable: list[NotableRow]
    shadow: list[ShadowRow]
    challenged: Challenged | None = None
    is_young: bool = False
    rates: Sequence[UsedRate] = ()


class Judge:
    """One model or none, one set of rules, one state, and a challenger that is only heard; for one thread."""

    def __init__(
        self,
        model: Model | None,
        rules: Rules,
        state: State,
        blocklist: Blocklist,
        home: str,
        hold_s: float,
        exchange: Exchange,
        challenger: Challenger | None = None,
    ) -> None:
        self.exchange = exchange
        self.model, self.rules, self.state = model, rules, state
        self._blocklist, self._challenger = blocklist, challenger
        self.trees = model.trees if model else NO_TREES
        self._thresholds: Mapping[Action, float] = model.manifest.thresholds if model else {}
        self._acts_from: Mapping[Action, float] = self._thresholds
        self._hold_ms = round(hold_s * 1000)
        self._packer = Packer(home)
        self._room = room(JUDGED_MAX)
        self._buffer = bytearray(PACKED.size * JUDGED_MAX)
        self._events = np.frombuffer(self._buffer, EVENT)

    def warm_up(self) -> None:
        """Has everything compiled before it is needed, which the first time takes long."""
        self.fold(self._events[:0])
        pseudonymise(np.zeros(1, EVENT), name_keys(bytes(16), bytes(16)))
        root_of(np.zeros((1, ROW.itemsize), np.uint8), ())
        nothing = np.zeros(0, np.int64)
        read("payment", b"[]")
        texts_of([b""] * 5, np.zeros(0, NAMED), nothing, np.zeros(0), nothing)
        for explain in (steps, contributions):
            explain(self.trees, np.zeros(MODEL_FEATURES, np.float32), np.zeros(MODEL_FEATURES + 1))
        if self._challenger:
            self._challenger.judge(self._events[:0], self._room.values[:0], self._room.answers[:0], self.rules, True)

    def fold(self, events: Array) -> Array:
        """Takes events as they were recorded, for what they teach; not more than JUDGED_MAX. Which of them it decided,
        (n,) bool: it remembers those, and knew the others already."""
        decide(self.state, NO_TREES, self.rules, events, self._room)
        decided: Array = self._room.answers["status"][: len(events)] == layout.DECIDED
        return decided

    def judge(self, batch: Batch, keys: NameKeys, now_ms: int, paid: Paid | None = None) -> Judged:
        """Decides a batch of at most JUDGED_MAX, but for what can't be taken; of one tenant, who ``paid`` before."""
        taken, errors = self._take(batch, now_ms)
        events = self._events[: len(taken)]
        listings = self._look_up(batch, taken, events, keys, now_ms)
        rates = self.exchange.used(events)
        Tenge(rates).value(events)
        decide(self.state, self.trees, self.rules, events, self._room)
        self._acts_from = {} if self._too_young(events, paid) else self._thresholds
        return self._judged(batch, taken, errors, listings, now_ms)._replace(rates=rates)

    def _too_young(self, events: Array, before: Paid | None) -> bool:
        """Whether there are payments, and all that were decided are not known for so long that the model may act."""
        is_decided = self._room.answers["status"][: len(events)] == layout.DECIDED
        times_ms = events["time_ms"][is_decided & (events["kind"] == layout.PAYMENT)]
        paid = and_then(before, times_ms) if self.model and len(times_ms) else None
        return bool(self.model and paid and paid.is_young(self.model.manifest.label_delay_d))

    def _take(self, batch: Batch, now_ms: int) -> tuple[Array, dict[int, InputError]]:
        """Puts what can be taken among the events, in order: the places of that, and what is wrong with all else."""
        events, errors = self._events[: len(batch)], {}
        batch.put(events)
        is_read = batch.is_plain & is_past(events["time_ms"], now_ms) if batch.has_plain else batch.is_plain
        for at in (~is_read).nonzero()[0].tolist():
            try:
                message = batch.message(at)
                if isinstance(message, InputError):
                    raise message
                self._packer.pack(message, now_ms, self._buffer, at * PACKED.size)
            except InputError as error:
                errors[at] = error
        taken = np.arange(len(batch))
        if errors:
            taken = np.delete(taken, list(errors))
            self._events[: len(taken)] = events[taken]
        return taken, errors

    def _look_up(
        self, batch: Batch, taken: Array, events: Array, keys: NameKeys, now_ms: int
    ) -> dict[int, Mapping[str, Listing]]:
        """Gives names their pseudonyms, and tells ``events`` what lists block of either; what lists say, by place."""
        listings: dict[int, Mapping[str, Listing]] = {}
        if self._blocklist.is_empty:
            pseudonymise(events, keys)
            return listings
        messages = batch.messages()
        asked = [cast(Asked, messages[at]) for at in taken.tolist()]
        for at, one in enumerate(asked):
            found = listed(one, self._blocklist, now_ms)
            if found:
                listings[at] = found
        pseudonymise(events, keys)
        if self._blocklist.has_parties:
            for at, one in enumerate(asked):
                parties = parties_listed(one, events[at], self._blocklist, now_ms)
                if parties:
                    listings[at] = {**parties, **listings.get(at, {})}
        for at, told in listings.items():
            events["told"][at] = told_of(asked[at], told)
        return listings

    def _judged(
        self,
        batch: Batch,
        taken: Array,
        errors: Mapping[int, InputError],
        listings: Mapping[int, Mapping[str, Listing]],
        now_ms: int,
    ) -> Judged:
        events, answers = self._events[: len(taken)], self._room.answers[: len(taken)]
        decided = (answers["status"] == layout.DECIDED).nonzero()[0]
        least = min(self._acts_from.values(), default=2.0)
        stands_out = (answers["mask"][decided] != 0) | (answers["score"][decided] >= least)
        notable = [
            self._notable(row, at, batch.message(taken.item(at)), listings.get(at, {}), now_ms)
            for row in stands_out.nonzero()[0].tolist()
            for at in (int(decided[row]),)
        ]
        for told in notable:
            if told.kind == "call":
                answers["score"][decided[told.row]] = RISK[told.action]
        rows = packed(events[decided], answers[decided])
        silent = answers["shadow"][decided]
        shadow = [
            ShadowRow(row=row, rules=tuple(rule.name for rule in self.rules.fired(int(silent[row]))))
            for row in silent.nonzero()[0].tolist()
        ]
        ids, challenged, is_young = events["id"].copy(), None, self._acts_from is not self._thresholds
        if self._challenger:
            values = self._room.values[decided]
            challenged = self._challenger.judge(events[decided], values, answers[decided], self.rules, not is_young)
        statuses = answers["status"].copy()
        return Judged(errors, taken, statuses, ids, decided, rows, notable, shadow, challenged, is_young)

    def _notable(self, row: int, at: int, message: object, listings: Mapping[str, Listing], now_ms: int) -> NotableRow:
        event, answer = self._events[at], self._room.answers[at]
        on_call = event["kind"] == layout.CALL
        values: Array = self._room.call_values[at] if on_call else self._room.values[at]
        fired = self.rules.fired(int(answer["mask"]))
        score = float(answer["score"])
        reasons = [_reason(rule, values, listing_of(rule.name, listings)) for rule in fired]
        actions: list[Action] = [rule.action for rule in fired]
        passed = [] if on_call else [action for action, from_ in self._acts_from.items() if score >= from_]
        if passed:
            reasons += self._by_model(values[:MODEL_FEATURES])
        action: Action = max([*actions, *passed], key=ACTIONS.index, default="allow")
        return NotableRow(
            row=row,
            kind="call" if on_call else "payment",
            action=action,
            actor=f"{event['actor']:016x}",
            counterpart=f"{event['counterpart']:016x}",
            subscriber=f"{event['subscriber']:016x}" if event["subscriber"] and not on_call else None,
            time_ms=int(event["time_ms"]),
            reasons=tuple(reasons[:DECISION_REASONS_MAX]),
            values=values_text(values),
            amount=message.amount if isinstance(message, Payment) else None,
            currency=message.currency if isinstance(message, Payment) else None,
            hold_until_ms=now_ms + self._hold_ms if action == "hold" and not on_call else None,
        )

    def _by_model(self, values: Array) -> list[DecisionReason]:
        """The features that raised the score most."""
        moved = np.zeros(MODEL_FEATURES + 1)
        steps(self.trees, values, moved)
        names = FEATURES["payment"]
        top = [int(at) for at in np.argsort(-moved[:-1])[:TOP_FEATURES] if moved[at] > 0]
        return [
            DecisionReason(
                names[at], f"{MEANS[names[at]]}: {in_words(names[at], values.item(at))} (+{moved[at]:.2f})", "payment"
            )
            for at in top
        ]


def _reason(rule: Rule, values: Array, listing: Listing | None) -> DecisionReason:
    """What a rule that fired says, and the entry of the list that it follows, with its reason and source."""
    text = said(rule, values)
    if listing is None:
        return DecisionReason(rule.name, text[:TEXT_CHARS_MAX], _about(rule))
    return DecisionReason(rule.name, with_source(text, listing)[:TEXT_CHARS_MAX], _about(rule), listing.entry)


def _about(rule: Rule) -> Literal["payment", "call", "payers_call"]:
    """What a rule that fired tells of."""
    if rule.on == "call":
        return "call"
    return "payers_call" if _OF_CALLS.search(" ".join((*rule.when, rule.expression, rule.says))) else "payment"


def kept(judged: Judged, keeps: Array) -> Judged:
    """Without the decided rows that are recorded elsewhere."""
    numbers = {row: number for number, row in enumerate(np.flatnonzero(keeps).tolist())}
    challenged = judged.challenged
    return judged._replace(
        challenged=challenged and challenged._replace(rows=challenged.rows[keeps]),
        rows=judged.rows[keeps],
        notable=[
            msgspec.structs.replace(told, row=numbers[told.row]) for told in judged.notable if told.row in numbers
        ],
        shadow=[msgspec.structs.replace(each, row=numbers[each.row]) for each in judged.shadow if each.row in numbers],
    )


def commits(
    judged: Judged,
    tenant: str,
    first: int,
    model: Model | None,
    rules: Rules,
    fallback: Fallback | None,
) -> list[Commit]:
    """What is recorded of it: ROWS_MAX rows an event, numbered from ``first`` on."""
    made = []
    for number, start in enumerate(range(0, len(judged.rows), ROWS_MAX), first):
        content = judged.rows[start : start + ROWS_MAX]
        rows = content.view(ROW).reshape(-1)
        within = [told for told in judged.notable if start <= told.row < start + ROWS_MAX]
        notable = tuple(msgspec.structs.replace(told, row=told.row - start) for told in within)
        record = DecisionsMade(
            tenant=tenant,
            number=number,
            model=model.version if model else None,
            rules=rules.version,
            features=FEATURES_NAME,
            root=root_of(content, notable),
            rows=base64.b64encode(content.tobytes()).decode(),
            notable=notable,
            fallback=fallback,
            rates=needed(judged.rates, rows),
            shadow=tuple(
                msgspec.structs.replace(each, row=each.row - start)
                for each in judged.shadow
                if start <= each.row < start + ROWS_MAX
            ),
            challenge=judged.challenged and judged.challenged.recorded(start, start + ROWS_MAX),
        )
        made.append(Commit(record, rows))
    return made
