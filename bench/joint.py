"""Money kept by calls and payments seen together, against each alone, where 0.1 % of honest payments are disturbed.

The simulated town's swindles, whose truth is known, go through the machine as decisions do. The same trees learn three
times from the first weeks: from what is known of the payment, from what is known of the payer's calls, and from both.
On the last week each holds the payments with the highest scores, as many as disturb HONEST_DISTURBED of the honest
ones: the share of the swindled money that it keeps is compared. ``standard rules`` are those in force, at their own
share.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from saqta.fraud.engine.features import JOINED, LEARNED
from saqta.fraud.engine.layout import DAY_MS, EVENT, FRAUD, LABEL, PAYMENT, Array, Limits, empty
from saqta.fraud.engine.machine import decide, room
from saqta.fraud.engine.rules import STANDARD, Rules, read_rules
from saqta.fraud.engine.trees import NO_TREES
from saqta.fraud.learning.training import LEAF_ROWS_MIN, SETTINGS
from saqta.fraud.wire import PACKED, Call, Packer, Payment
from saqta.model.moment import to_text
from saqta.simulate.fraud.scam import Act
from saqta.simulate.fraud.swindle import acts

SEEDS, DAYS, LEARN_FROM_D, TEST_FROM_D = (1, 2, 3), 35, 7, 28
HONEST_DISTURBED = 0.001
LABEL_DELAY_D = 7
ROUNDS = 100
START_MS = 20_454 * DAY_MS
NAMES = (*LEARNED, *JOINED)
CALLS = [n for n, name in enumerate(NAMES) if name.startswith("call_")]
PAYMENTS = list(range(len(LEARNED)))
KINDS = {"call": Call, "payment": Payment}


class Town(NamedTuple):
    """Of each payment: its features (payments, NAMES), whether it was fraud, its amount, its day, whether a rule of
    those in force stopped it."""

    values: Array
    fraud: Array
    amount: Array
    day: Array
    stopped: Array


def run() -> list[dict[str, object]]:
    """The share of swindled money that is kept, in per cent, over all SEEDS together."""
    standard = read_rules(STANDARD)
    towns = [_town(acts(seed, DAYS), standard) for seed in SEEDS]
    both, payments, calls = (
        _percent([_kept(town, columns) for town in towns]) for columns in (PAYMENTS + CALLS, PAYMENTS, CALLS)
    )
    by_rules, disturbed = _by_rules(towns)
    return [
        _record(both, "payments alone", payments),
        _record(both, "calls alone", calls),
        _record(both, f"standard rules, {disturbed:.2f} % of honest payments", by_rules),
    ]


def _town(happens: list[Act], rules: Rules) -> Town:
    """What happens, through the machine, with labels as they come to be known."""
    buffer, packer = bytearray(PACKED.size * len(happens)), Packer("KZ")
    for n, act in enumerate(happens):
        asked = act.asked | {"time": to_text(START_MS + round(act.at_s * 1000))}
        packer.pack(msgspec.convert(asked, KINDS[act.kind]), START_MS + 2 * DAYS * DAY_MS, buffer, n * PACKED.size)
    events, fraud = np.frombuffer(buffer, EVENT), np.array([act.is_fraud for act in happens])
    labels = events[fraud].copy()
    labels["kind"], labels["told"], labels["time_ms"] = LABEL, FRAUD, labels["time_ms"] + LABEL_DELAY_D * DAY_MS
    stream = np.concatenate([events, labels])
    order = np.argsort(stream["time_ms"], kind="stable")
    space = room(len(stream))
    decide(empty(LABEL_DELAY_D, Limits()), NO_TREES, rules, stream[order], space)
    paid = stream[order]["kind"] == PAYMENT
    of = order[paid]
    stops = np.uint64(sum(1 << bit for bit, rule in enumerate(rules.rules) if rule.action in ("hold", "block")))
    day = (stream[of]["time_ms"] - START_MS) // DAY_MS
    return Town(space.values[paid], fraud[of], stream[of]["amount"], day, (space.answers["mask"][paid] & stops) != 0)


def _by_rules(towns: list[Town]) -> tuple[float, float]:
    """What the standard rules keep in the test's week, and the honest payments that they stop, both in per cent."""
    money, honest = [], []
    for town in towns:
        test = town.day >= TEST_FROM_D
        at_stake = town.amount * town.fraud * test
        money.append((float((at_stake * town.stopped).sum()), float(at_stake.sum())))
        honest.append((int((test & ~town.fraud & town.stopped).sum()), int((test & ~town.fraud).sum())))
    return _percent(money), _percent(honest)


def _kept(town: Town, columns: list[int]) -> tuple[float, float]:
    """The money kept in the test's week by what learned from some columns, and the money at stake."""
    import lightgbm

    values, fraud, amount, day, _ = town
    learns = (day >= LEARN_FROM_D) & (day < TEST_FROM_D - LABEL_DELAY_D)
    test = day >= TEST_FROM_D
    fraction = 1.0 if len(columns) < 10 else SETTINGS["feature_fraction"]
    settings = SETTINGS | {"min_data_in_leaf": LEAF_ROWS_MIN, "feature_fraction": fraction}
    trees = lightgbm.train(settings, lightgbm.Dataset(values[learns][:, columns], fraud[learns]), ROUNDS)
    score = trees.predict(values[test][:, columns])
    honest = np.sort(score[~fraud[test]])[::-1]
    least = honest[int(len(honest) * HONEST_DISTURBED)]
    stopped = score > least
    money = amount[test] * fraud[test]
    return float(money[stopped].sum()), float(money.sum())


def _percent(parts: Sequence[tuple[float, float]]) -> float:
    return 100 * sum(part for part, _ in parts) / sum(whole for _, whole in parts)


def _record(value: float, reference: str, reference_value: float) -> dict[str, object]:
    return {
        "name": "joint-money-kept",
        "value": round(value, 1),
        "unit": "% of money",
        "reference": reference,
        "reference_value": round(reference_value, 1),
        "ratio": round(value / max(reference_value, 0.1), 3),
    }
