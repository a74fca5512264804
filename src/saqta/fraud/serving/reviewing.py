"""Reviews decisions by what was told of them since: the model in force beside its challenger, and how precise what was
raised proved to be, by how long it took until that was known.

- A payment that nobody told anything of for ``label_delay_d`` days is taken for honest, as training takes it; a younger
  one is left out where models are ranked.
- Precision by label age counts what was told alone: frauds become known late, so a young figure is no final one.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.fraud.engine.layout import DAY_MS, PAYMENT, Array
from saqta.fraud.engine.rules import ACTIONS
from saqta.fraud.learning.evaluation import Aged, card_precision
from saqta.fraud.serving.challenger import challenged_of
from saqta.fraud.serving.rows import commit_of
from saqta.model import catalogue
from saqta.model.errors import BusyError, InputError
from saqta.model.event import Recorded
from saqta.model.kinds import DecisionsMade, OutcomeTold, OutcomeWord

REVIEWED_MAX = 5_000_000
"""So many decisions are reviewed at most."""
AGES_D = (0, 1, 3, 7, 14, 30)
"""Where the spans begin of days from a decision until it was known what it was."""
_BOTH = np.dtype(
    [
        ("time_ms", "<i8"),
        ("actor", "<u8"),
        ("score", "<f8"),
        ("action", "u1"),
        ("other_score", "<f8"),
        ("other_action", "u1"),
    ]
)


class Ranked(NamedTuple):
    """One model's side of a comparison: how it ranks the payments whose labels are known or taken for known, None where
    they are not of both kinds; what it raised, it or the rules beside it, and how much of that is known as fraud."""

    model: str
    average_precision: float | None
    card_precision_100: float | None
    raised: int
    raised_frauds: int
    alone: int
    alone_frauds: int


class Match(NamedTuple):
    """A model in force and its challenger over the same payments, of which ``ranked`` are old enough or told of.

    ``alone`` of either is what it raised and the other did not.
    """

    payments: int
    ranked: int
    frauds: int
    in_force: Ranked
    challenger: Ranked


class Review:
    """Takes recorded events in order; then tells what came of the decisions of a span of time."""

    def __init__(self, from_ms: int, until_ms: int, label_delay_d: int) -> None:
        self._from_ms, self._until_ms, self._delay_ms = from_ms, until_ms, label_delay_d * DAY_MS
        self._told: dict[str, tuple[OutcomeWord, int]] = {}
        self._raised: dict[str, tuple[str | None, int]] = {}
        self._both: defaultdict[tuple[str, str], list[Array]] = defaultdict(list)
        self._places: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        self.decisions = 0

    def take(self, recorded: Recorded) -> None:
        """The next event; InputError after REVIEWED_MAX decisions."""
        if recorded.event.type not in _FOLDED or recorded.event.time_ms < self._from_ms:
            return
        record = catalogue.read(recorded.event)
        if isinstance(record, OutcomeTold):
            self._told[record.decision] = (record.outcome, record.known_ms)
        elif isinstance(record, DecisionsMade) and recorded.event.time_ms < self._until_ms:
            self._take(record)

    def matches(self, now_ms: int) -> list[Match]:
        """Of each model that was in force and each challenger beside it."""
        return [self._match(pair, now_ms) for pair in sorted(self._both)]

    def by_label_age(self) -> list[Aged]:
        """Of each model that raised something, the spans of AGES_D."""
        counts: Counter[tuple[str | None, int, str]] = Counter()
        for decision, (model, time_ms) in self._raised.items():
            outcome, known_ms = self._told.get(decision, ("unknown", 0))
            if outcome != "unknown":
                days = max(known_ms - time_ms, 0) // DAY_MS
                counts[model, max(each for each in AGES_D if each <= days), outcome] += 1
        return [
            _aged(model, from_d, until_d, counts[model, from_d, "fraud"], counts[model, from_d, "honest"])
            for model in sorted({model for model, _ in self._raised.values()}, key=lambda each: each or "")
            for from_d, until_d in zip(AGES_D, (*AGES_D[1:], None), strict=True)
        ]

    @property
    def raised(self) -> int:
        """How many were warned of, held or blocked."""
        return len(self._raised)

    @property
    def untold(self) -> int:
        """How many of these nobody told anything of."""
        return sum(self._told.get(decision, ("unknown",))[0] == "unknown" for decision in self._raised)

    def _take(self, made: DecisionsMade) -> None:
        commit = commit_of(made)
        self.decisions += len(commit.rows)
        if self.decisions > REVIEWED_MAX:
            raise InputError("log", f"more than {REVIEWED_MAX} decisions", "a shorter span of days")
        for row in made.notable:
            if row.action != "allow":
                self._raised[f"{made.tenant}-{made.number}-{row.row}"] = (made.model, row.time_ms)
        if made.challenge is None or made.model is None:
            return
        both, pair = np.zeros(len(commit.rows), _BOTH), (made.model, made.challenge.model)
        for name in ("time_ms", "actor", "score"):
            both[name] = commit.rows[name]
        both["action"][[row.row for row in made.notable]] = [ACTIONS.index(row.action) for row in made.notable]
        challenged = challenged_of(made.challenge)
        both["other_score"], both["other_action"] = challenged["score"], challenged["action"]
        paid = np.flatnonzero(commit.rows["kind"] == PAYMENT)
        self._both[pair].append(both[paid])
        self._places[pair] += ((f"{made.tenant}-{made.number}", row) for row in paid.tolist())

    def _match(self, pair: tuple[str, str], now_ms: int) -> Match:
        both = np.concatenate(self._both[pair])
        told = [self._told.get(f"{commit}-{row}", ("unknown",))[0] for commit, row in self._places[pair]]
        fraud, known = np.array([each == "fraud" for each in told]), np.array([each != "unknown" for each in told])
        ranked = known | (both["time_ms"] < now_ms - self._delay_ms)
        raised, other = both["action"] > 0, both["other_action"] > 0
        return Match(
            len(both),
            int(ranked.sum()),
            int(fraud.sum()),
            _ranked(pair[0], both[ranked], fraud[ranked], "score", raised, other, fraud),
            _ranked(pair[1], both[ranked], fraud[ranked], "other_score", other, raised, fraud),
        )


def review(read: Callable[[int], Sequence[Recorded]], from_ms: int, until_ms: int, label_delay_d: int) -> Review:
    """Reviews a whole log, of which ``read`` gives the events after a seq; blocks."""
    found, seq = Review(from_ms, until_ms, label_delay_d), 0
    while batch := read(seq):
        for recorded in batch:
            found.take(recorded)
        seq = batch[-1].seq
    return found


class ReviewDesk:
    """Reviews one log for who asks; any thread may."""

    def __init__(self, read: Callable[[int], Sequence[Recorded]], label_delay_d: int) -> None:
        """``read`` gives the log's events after a seq; labels take ``label_delay_d`` days, as decisions have it."""
        self._read, self._label_delay_d, self._reviewing = read, label_delay_d, threading.Lock()

    def review(self, from_ms: int, now_ms: int) -> Mapping[str, Any]:
        """How the models did from a moment until now; BusyError while another review runs. Blocks, for seconds where
        the log is long."""
        if not self._reviewing.acquire(blocking=False):
            raise BusyError("another review is under way")
        try:
            found = review(self._read, from_ms, now_ms + 1, self._label_delay_d)
            matches = [
                each._asdict() | {"in_force": each.in_force._asdict(), "challenger": each.challenger._asdict()}
                for each in found.matches(now_ms)
            ]
        finally:
            self._reviewing.release()
        aged = [each._asdict() for each in found.by_label_age()]
        counts = {"decisions": found.decisions, "raised": found.raised, "untold": found.untold}
        return counts | {"matches": matches, "by_label_age": aged}


_FOLDED = frozenset(catalogue.TYPE_OF[kind] for kind in (DecisionsMade, OutcomeTold))


def _ranked(
    model: str,
    rows: Array,
    fraud: NDArray[np.bool_],
    score: str,
    raised: NDArray[np.bool_],
    other: NDArray[np.bool_],
    frauds: NDArray[np.bool_],
) -> Ranked:
    precision = cards = None
    if 0 < fraud.sum() < len(fraud):
        from sklearn.metrics import average_precision_score

        precision = float(average_precision_score(fraud, rows[score]))
        cards = card_precision(rows[score], fraud, rows["actor"], rows["time_ms"] // DAY_MS)
    alone = raised & ~other
    counts = (int(each.sum()) for each in (raised, raised & frauds, alone, alone & frauds))
    return Ranked(model, precision, cards, *counts)


def _aged(model: str | None, from_d: int, until_d: int | None, frauds: int, honest: int) -> Aged:
    return Aged(model, from_d, until_d, frauds, honest, frauds / (frauds + honest) if frauds + honest else None)
