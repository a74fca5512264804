"""Decides lines in small batches: each is read, goes through the machine, and is answered, in order; a bad one
gets its error."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from saqta.fraud.engine import layout
from saqta.fraud.engine.calls import HEARD
from saqta.fraud.engine.features import JOINED, LEARNED
from saqta.fraud.engine.layout import EVENT, Array, State
from saqta.fraud.engine.machine import MODEL_FEATURES, decide, room
from saqta.fraud.engine.rules import ACTIONS, FEATURES, Action, Rule, Rules, in_words, said
from saqta.fraud.engine.trees import contributions, steps
from saqta.fraud.learning.folder import Model
from saqta.fraud.lists.blocklist import Blocklist, Listing
from saqta.fraud.lists.listed import listed, listing_of, told_of, with_source
from saqta.fraud.wire import PACKED, Answer, Label, Message, Packer, Reason, decode, encode, name_of, refused
from saqta.fraud.youth import YOUNG, old_from_ms
from saqta.model.errors import InputError

BATCH_MAX = 64
TOP_FEATURES = 3
ANSWERED_MAX = 1 << 16
"""Answers with reasons that are kept word for word, for those who ask again."""
MEANS = LEARNED | JOINED | HEARD
RISK = {"allow": 0.0, "warn": 0.5, "hold": 0.8, "block": 1.0}
"""The score of a call, whose rules alone decide: that of its strictest rule."""


class Decider:
    """Answers for one model, one set of rules, one state. ``why`` names features by their SHAP values, which takes
    longer."""

    def __init__(
        self,
        model: Model,
        rules: Rules,
        state: State,
        home: str,
        why: bool = False,
        blocklist: Blocklist | None = None,
    ) -> None:
        self.model, self.rules, self.state, self._blocklist = model, rules, state, blocklist
        self._listings: dict[int, Mapping[str, Listing]] = {}
        self._room = room(BATCH_MAX)
        self._buffer = bytearray(PACKED.size * BATCH_MAX)
        self._events = np.frombuffer(self._buffer, EVENT)
        self._packer = Packer(home)
        self._warn = model.manifest.thresholds["warn"]
        self._explain = contributions if why else steps
        self._answered: dict[int, bytes] = {}
        self._late_before = int(state.counters[layout.LATE])
        self.errors = self.labels = self.decisions = 0
        decide(state, model.trees, rules, self._events[:0], self._room)  # So that it is compiled before it is needed.
        self._explain(model.trees, np.zeros(MODEL_FEATURES, np.float32), np.zeros(MODEL_FEATURES + 1))

    @property
    def late(self) -> int:
        """Events that came more than layout.LATE_MS behind the newest."""
        return int(self.state.counters[layout.LATE]) - self._late_before

    def answer(self, lines: Sequence[bytes], now_ms: int) -> list[bytes]:
        """One line of JSON for each of at most BATCH_MAX lines, in their order."""
        taken: list[Message] = []
        out: list[bytes | None] = []
        for line in lines:
            try:
                message = decode(line)
                self._packer.pack(message, now_ms, self._buffer, len(taken) * PACKED.size)
            except (InputError, ValueError, RecursionError) as error:
                out.append(self.refuse(name_of(line), refused(line, error)))
                continue
            taken.append(message)
            out.append(None)
        if not taken:
            return [line for line in out if line is not None]
        if self._blocklist:
            self._look_up(taken, self._blocklist)
        decide(self.state, self.model.trees, self.rules, self._events[: len(taken)], self._room)
        answered = iter(self._answers(taken))
        return [next(answered) if line is None else line for line in out]

    def _look_up(self, taken: list[Message], blocklist: Blocklist) -> None:
        """Tells the events what lists blocked of them at their time."""
        self._listings.clear()
        for at, message in enumerate(taken):
            found = listed(message, blocklist, int(self._events["time_ms"][at]))
            if found:
                self._events["told"][at], self._listings[at] = told_of(message, found), found

    def _answers(self, taken: list[Message]) -> list[bytes]:
        answers = self._room.answers[: len(taken)]
        statuses, masks, scores = answers["status"].tolist(), answers["mask"].tolist(), answers["score"].tolist()
        ids = self._events["id"][: len(taken)].tolist()
        warn, model, rules = self._warn, self.model.version, self.rules.version
        times, old_from = self._events["time_ms"][: len(taken)].tolist(), self._old_from_ms
        lines = []
        for at, message in enumerate(taken):
            is_allowed = statuses[at] == layout.DECIDED and masks[at] == 0 and scores[at] < warn
            if is_allowed and times[at] >= old_from:
                answer = Answer(message.id, "allow", scores[at], (), model, rules, f"{ids[at]:016x}")
                lines.append(encode(answer))
            else:
                lines.append(self._unusual(at, message, ids[at], statuses[at], masks[at], scores[at]))
        self.decisions += len(taken)
        return lines

    def _unusual(self, at: int, message: Message, id: int, status: int, mask: int, score: float) -> bytes:
        """What isn't simply allowed: a label, an error, a repeat, or a decision with reasons."""
        if isinstance(message, Label):
            self.decisions -= 1
            self.labels += 1
            return self._label(message, status)
        if status == layout.CONFLICT:
            self.decisions -= 1
            unused = "an id that was not used for other content, nor in what the model learned from"
            return self.refuse(message.id, InputError("id", message.id, unused))
        if status == layout.REPEATED and id in self._answered:
            return self._answered[id]
        line = encode(self._reasoned(at, message, id, status, mask, score))
        if mask or score >= self._warn:
            if len(self._answered) >= ANSWERED_MAX:
                del self._answered[next(iter(self._answered))]
            self._answered[id] = line
        return line

    def _reasoned(self, at: int, message: Message, id: int, status: int, mask: int, score: float) -> Answer:
        on_call = self._events["kind"][at] == layout.CALL
        values: Array = self._room.call_values[at] if on_call else self._room.values[at]
        fired = self.rules.fired(mask) if mask else ()
        decided = status == layout.DECIDED
        is_young = not on_call and self._events["time_ms"].item(at) < self._old_from_ms
        listings = self._listings.get(at, {})
        reasons = [
            _reason(rule, said(rule, values) if decided else rule.says, listing_of(rule.name, listings))
            for rule in fired
        ]
        actions: list[Action] = [rule.action for rule in fired]
        if on_call:
            score = max((RISK[action] for action in actions), default=0.0)
        elif is_young:
            reasons.append(YOUNG)
        else:
            actions += [action for action, from_ in self.model.manifest.thresholds.items() if score >= from_]
            if decided and score >= self._warn:
                reasons += self._by_model(values[:MODEL_FEATURES])
        action: Action = max(actions, key=ACTIONS.index, default="allow")
        return Answer(message.id, action, score, tuple(reasons), self.model.version, self.rules.version, f"{id:016x}")

    @property
    def _old_from_ms(self) -> int:
        return old_from_ms(self.state.counters.item(layout.PAID_FROM_MS), self.model.manifest.label_delay_d)

    def _by_model(self, values: Array) -> list[Reason]:
        """The features that raised the score most."""
        moved = np.zeros(MODEL_FEATURES + 1)
        self._explain(self.model.trees, values, moved)
        names, means = FEATURES["payment"], MEANS
        top = [at for at in moved[:-1].argsort()[: -TOP_FEATURES - 1 : -1].tolist() if moved[at] > 0.0]
        return [
            Reason(names[at], f"{means[names[at]]}: {in_words(names[at], values.item(at))} (+{moved.item(at):.2f})")
            for at in top
        ]

    def _label(self, message: Label, status: int) -> bytes:
        if status == layout.TAKEN:
            return encode({"id": message.id, "of": message.of, "taken": True})
        if status == layout.FULL:
            waiting = f"a label that is known sooner: {len(self.state.pending)} wait already"
            return self.refuse(message.id, InputError("known", message.known.isoformat(), waiting))
        return self.refuse(message.id, InputError("of", message.of, "the id of a payment or call decided before"))

    def refuse(self, id: str | None, error: InputError) -> bytes:
        """Counts what can't be taken, and gives its answer."""
        self.errors += 1
        told: dict[str, Any] = {"field": error.field, "given": error.given_text, "expected": error.expected}
        return encode({"id": id, "error": told})


def _reason(rule: Rule, text: str, listing: Listing | None) -> Reason:
    return Reason(rule.name, text if listing is None else with_source(text, listing))
