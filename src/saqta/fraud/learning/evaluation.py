"""How well fraud is found, by the Fraud Detection Handbook's protocol.

Learned is from payments whose labels were all known when the test begins. Left out of the test is each card known by
then, or by the day of a payment, as defrauded in the seven days before the delay or since: a bank has blocked it.
Card precision is the mean over the days of the share of defrauded cards among the 100 with the highest scores; a card
found counts on its first day alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.fraud.engine.layout import DAY_MS, Array
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.baselines import TRAIN_D as BASELINE_TRAIN_D
from saqta.fraud.learning.baselines import baseline_scores
from saqta.fraud.learning.payments import Payments, days_of
from saqta.fraud.learning.training import TRAIN_D, Replay, learn, lesson
from saqta.model.errors import InputError
from saqta.model.moment import to_datetime

TOP_CARDS = 100


class Figures(NamedTuple):
    """What a ranking of the test's payments is worth."""

    auc_roc: float
    average_precision: float
    card_precision_100: float


class Evaluation(NamedTuple):
    """Our figures, what they were found on, and the baselines' on the same payments."""

    auc_roc: float
    average_precision: float
    card_precision_100: float
    train_payments: int
    test_payments: int
    test_frauds: int
    baselines: dict[str, dict[str, float | int]]


class Aged(NamedTuple):
    """Of what a model (None: rules and lists alone) had raised: what was told of it from ``from_d`` days on, to before
    ``until_d``, and the share of frauds in that."""

    model: str | None
    from_d: int
    until_d: int | None
    frauds: int
    honest: int
    precision: float | None


def evaluate(payments: Payments, rules: Rules, test_from_ms: int, test_d: int, label_delay_d: int) -> Evaluation:
    """Learns from what was known at ``test_from_ms``, and decides the days from there on as ``decide`` would."""
    if test_from_ms % DAY_MS:
        raise InputError("test-from", test_from_ms, "the beginning of a day in UTC")
    time_ms = payments.events["time_ms"]
    day = time_ms // DAY_MS
    rows = np.flatnonzero((time_ms >= test_from_ms) & (time_ms < test_from_ms + test_d * DAY_MS))
    if not len(rows):
        given = f"{to_datetime(test_from_ms).date()} and {test_d} days"
        raise InputError("test-from", given, f"days with payments: these are of {days_of(payments)}")
    tested = _not_known(payments, day, rows, test_from_ms // DAY_MS, label_delay_d)
    test = rows[tested]
    fraud = payments.fraud[test]
    if not 0 < fraud.sum() < len(fraud):
        given = f"{len(fraud)} payments, {fraud.sum()} of them fraud"
        raise InputError("test-from", given, f"days with both kinds: the payments are of {days_of(payments)}")
    replay = Replay(payments, label_delay_d, rules)
    known_until_ms = test_from_ms - label_delay_d * DAY_MS
    learned = learn(lesson(replay, known_until_ms - TRAIN_D * DAY_MS, known_until_ms))
    replay.until(test_from_ms)
    scores = replay.until(test_from_ms + test_d * DAY_MS, learned.trees).answers["score"]
    known_until_d = known_until_ms // DAY_MS
    train = np.flatnonzero((day >= known_until_d - BASELINE_TRAIN_D) & (day < known_until_d))
    common = {"train_payments": len(train), "test_payments": len(test), "test_frauds": int(fraud.sum())}
    baselines: dict[str, dict[str, float | int]] = {
        name: {**figures(other, fraud, payments.account[test], day[test])._asdict(), **common}
        for name, other in baseline_scores(payments, train, test, label_delay_d).items()
    }
    ours = figures(scores[tested], fraud, payments.account[test], day[test])
    return Evaluation(*ours, learned.payments, len(test), int(fraud.sum()), baselines)


def figures(scores: Array, fraud: NDArray[np.bool_], card: Array, day: Array) -> Figures:
    """The area under the ROC curve, the average precision, and the card precision of one ranking."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    auc, precision = float(roc_auc_score(fraud, scores)), float(average_precision_score(fraud, scores))
    return Figures(auc, precision, card_precision(scores, fraud, card, day))


def card_precision(scores: Array, fraud: NDArray[np.bool_], card: Array, day: Array) -> float:
    """The mean over the days of defrauded cards among the TOP_CARDS highest; cards found before are left out."""
    found: NDArray[np.int64] = np.zeros(0, np.int64)
    shares = []
    for today in np.unique(day):
        rows = np.flatnonzero((day == today) & ~np.isin(card, found))
        cards, which = np.unique(card[rows], return_inverse=True)
        highest, defrauded = np.full(len(cards), -np.inf), np.zeros(len(cards), bool)
        np.maximum.at(highest, which, scores[rows])
        np.logical_or.at(defrauded, which, fraud[rows])
        top = np.argsort(-highest, kind="stable")[:TOP_CARDS]
        detected = cards[top][defrauded[top]]
        shares.append(len(detected) / TOP_CARDS)
        found = np.concatenate([found, detected])
    return float(np.mean(shares))


def _not_known(
    payments: Payments, day: Array, rows: NDArray[np.int64], test_from_d: int, label_delay_d: int
) -> NDArray[np.bool_]:
    """Which rows of the test are of cards that were not known as defrauded on their day."""
    tested = np.zeros(len(rows), bool)
    since = test_from_d - label_delay_d - BASELINE_TRAIN_D
    for today in np.unique(day[rows]):
        # On a day, all is known of the days before the delay; what becomes known in its course comes too late for it.
        until = max(today - label_delay_d, test_from_d - label_delay_d)
        known = payments.account[payments.fraud & (day >= since) & (day < until)]
        tested |= (day[rows] == today) & ~np.isin(payments.account[rows], known)
    return tested
