"""Learns from payments whose labels are known: features by the machine's own pass, trees by LightGBM.

The settings were chosen on weeks before those that any figure is told of. One thread learns: more of them wait for
each other wherever the machine has other work, and a minute is short enough.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.fraud.engine.features import LEARNED
from saqta.fraud.engine.layout import ANSWER, DAY_MS, Array, Limits, State, empty
from saqta.fraud.engine.machine import MODEL_FEATURES, decide, room
from saqta.fraud.engine.rules import Action, Rules
from saqta.fraud.engine.trees import NO_TREES, Trees, read_trees
from saqta.fraud.learning.drift import Bins, bins_of
from saqta.fraud.learning.payments import Payments, Stream, days_of, stream
from saqta.model.errors import InputError

TRAIN_D = 60
HELD_BACK_D = 7
ROUNDS = 130
CHUNK_EVENTS = 1 << 15
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "max_depth": 7,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "num_threads": 1,
    "verbose": -1,
}
LEAF_ROWS_MIN, LEAF_ROWS_MAX, LEAF_SHARE = 30, 100, 5_000
"""A leaf holds at least one of so many rows, within these bounds: few rows would make no leaves of a hundred."""
DISTURBED: dict[Action, float] = {"warn": 0.005, "hold": 0.001, "block": 0.0001}
"""The share of honest payments that each action may reach."""


class Learned(NamedTuple):
    """A model's text as LightGBM writes it, its trees, the score from which on each action is taken, what it
    learned from, how much each feature lowered the loss, and the bins of features and scores to compare with later."""

    text: str
    trees: Trees
    thresholds: dict[Action, float]
    payments: int
    frauds: int
    gains: dict[str, float]
    bins: dict[str, Bins]


class Lesson(NamedTuple):
    """Rows to learn from: ``features`` (rows, MODEL_FEATURES) float32, whether each was fraud, and when it was."""

    features: NDArray[np.float32]
    fraud: NDArray[np.bool_]
    time_ms: NDArray[np.int64]


class Decided(NamedTuple):
    """Payments in the order in which they were decided: their rows, features (payments, MODEL_FEATURES),
    layout.ANSWER."""

    rows: NDArray[np.int64]
    features: NDArray[np.float32]
    answers: Array


class Replay:
    """Payments and their labels, run through the machine from their beginning, or from where a state stands that knows
    what was before; each call goes on where the last one ended."""

    def __init__(
        self, payments: Payments, label_delay_d: int, rules: Rules, known: State | None = None, known_ms: int = 0
    ) -> None:
        self.payments, self.rules = payments, rules
        self.stream: Stream = stream(payments, label_delay_d)
        self.state: State = known or empty(label_delay_d, limits_for(payments))
        self._at = int(np.searchsorted(self.stream.events["time_ms"], known_ms))

    def until(self, until_ms: int, trees: Trees = NO_TREES, keep: bool = False) -> Decided:
        """Runs on to a moment, and gives what it decided on the way; the features only where they are to be kept."""
        end = int(np.searchsorted(self.stream.events["time_ms"], until_ms))
        rows = [np.zeros(0, np.int64)]
        features, answers = [np.zeros((0, MODEL_FEATURES), np.float32)], [np.zeros(0, ANSWER)]
        space = room(CHUNK_EVENTS)
        for start in range(self._at, end, CHUNK_EVENTS):
            events = self.stream.events[start : min(start + CHUNK_EVENTS, end)]
            decide(self.state, trees, self.rules, events, space)
            payment = self.stream.payment[start : start + len(events)]
            rows.append(payment[payment >= 0])
            answers.append(space.answers[: len(events)][payment >= 0])
            if keep:
                features.append(space.values[: len(events), :MODEL_FEATURES][payment >= 0])
        self._at = max(end, self._at)
        return Decided(np.concatenate(rows), np.concatenate(features), np.concatenate(answers))


def limits_for(payments: Payments) -> Limits:
    """Room for everything that these payments may make known."""
    count = len(payments.events)
    return Limits(keys_max=max(4 * count, 1024), busy_max=max(2 * count, 1024), memos_max=max(count, 1024))


def lesson(replay: Replay, from_ms: int, until_ms: int) -> Lesson:
    """What can be learned from payments of a span of time; InputError where there are no frauds, or nothing else."""
    replay.until(from_ms)
    rows, features, _ = replay.until(until_ms, keep=True)
    fraud = replay.payments.fraud[rows]
    if not 0 < fraud.sum() < len(fraud):
        given = f"{len(fraud)} payments, {fraud.sum()} of them fraud, whose labels were known then"
        raise InputError("payments", given, f"both kinds to learn from: the payments are of {days_of(replay.payments)}")
    return Lesson(features, fraud, replay.payments.events["time_ms"][rows])


def learn(lesson: Lesson) -> Learned:
    """Trees from all rows; thresholds from how trees that did not see the last days would have scored these."""
    held_back = lesson.time_ms >= lesson.time_ms.max() - HELD_BACK_D * DAY_MS
    thresholds, scores = dict.fromkeys(DISTURBED, 1.0), None
    if lesson.fraud[~held_back].sum() > 0:
        tried = boosted(lesson.features[~held_back], lesson.fraud[~held_back])
        scores = tried.predict(lesson.features[held_back])
        honest = scores[~lesson.fraud[held_back]]
        thresholds = {action: float(np.quantile(honest, 1 - share)) for action, share in DISTURBED.items()}
    booster = boosted(lesson.features, lesson.fraud)
    scores = booster.predict(lesson.features) if scores is None else scores
    text = booster.model_to_string()
    return Learned(
        text,
        read_trees(text, MODEL_FEATURES),
        thresholds,
        len(lesson.fraud),
        int(lesson.fraud.sum()),
        dict(zip(LEARNED, booster.feature_importance("gain").tolist(), strict=True)),
        bins_of(lesson.features, scores),
    )


def boosted(features: Array, fraud: NDArray[np.bool_], names: list[str] | None = None) -> Any:
    """A booster of LightGBM over such features."""
    import lightgbm

    data = lightgbm.Dataset(features, fraud.astype(np.int8), feature_name=names or list(LEARNED))
    least = min(max(len(fraud) // LEAF_SHARE, LEAF_ROWS_MIN), LEAF_ROWS_MAX)
    return lightgbm.train(SETTINGS | {"min_data_in_leaf": least}, data, ROUNDS)
