"""What rules would have done: how often each would have fired, on how many frauds, on whose money."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.fraud.engine.layout import Array
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.payments import Payments, days_of
from saqta.fraud.learning.training import Replay
from saqta.model.errors import InputError


class Hits(NamedTuple):
    """What one rule, or all of a file together ("any"), would have stopped; amounts in units of the payments'
    currencies.

    ``honest_disturbed`` is the share of honest payments that it would have stopped, ``frauds_found`` of frauds.
    """

    rule: str
    action: str
    hits: int
    frauds: int
    amount: float
    fraud_amount: float
    precision: float
    frauds_found: float
    honest_disturbed: float


def backtest(
    payments: Payments, rules: Rules, from_ms: int, until_ms: int, label_delay_d: int
) -> tuple[list[Hits], int]:
    """Each payment rule's hits over a span of time, all together last, and how many payments that was."""
    replay = Replay(payments, label_delay_d, rules)
    replay.until(from_ms)
    rows, _, answers = replay.until(until_ms)
    masks = answers["mask"]
    if not len(rows):
        raise InputError("from", "no payment from then until then", f"a time within {days_of(payments)}")
    fraud, amount = payments.fraud[rows], payments.events["amount"][rows]
    told = [
        _hits(rule.name, rule.action, (masks >> np.uint64(bit) & np.uint64(1)) > 0, fraud, amount)
        for bit, rule in enumerate(rules.rules)
        if rule.on == "payment"
    ]
    return [*told, _hits("any", "", masks > 0, fraud, amount)], len(rows)


def _hits(name: str, action: str, hit: NDArray[np.bool_], fraud: NDArray[np.bool_], amount: Array) -> Hits:
    hits, frauds = int(hit.sum()), int((hit & fraud).sum())
    return Hits(
        name,
        action,
        hits,
        frauds,
        round(float(amount[hit].sum()), 2),
        round(float(amount[hit & fraud].sum()), 2),
        frauds / max(hits, 1),
        frauds / max(int(fraud.sum()), 1),
        (hits - frauds) / max(int((~fraud).sum()), 1),
    )
