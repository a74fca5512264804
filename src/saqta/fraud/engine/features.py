"""What is known of a payment at the moment when it is decided: its names, and the one pass that reads them.

Training and deciding run ``read``; nothing else computes a feature. Windows hold what came before the payment, not
itself.
"""

import math

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.keys import known
from saqta.fraud.engine.layout import (
    DAY_MS,
    DAYS,
    DELAY_D,
    HOUR_MS,
    LISTED_ACTOR,
    LISTED_COUNTERPART,
    LISTED_IN_DOUBT,
    LISTED_SUBSCRIBER,
    WINDOW_D,
    Record,
    State,
)
from saqta.fraud.engine.tally import FLOOR, days, deviation, distinct, frauds, hours

NEVER = -1.0
"""The age of what never was."""

LEARNED = {
    "amount": "the amount, in the home currency where a rate is in force",
    "hour": "the hour of the day in UTC, with its fraction",
    "weekday": "the day of the week, Monday is 0",
    "payer_age_d": "days since the payer was first seen",
    "payer_idle_h": "hours since the payer's payment before",
    "payer_payments": "the payer's payments so far",
    "payer_count_1h": "the payer's payments in 1 h",
    "payer_count_1d": "the payer's payments in 1 d",
    "payer_count_7d": "the payer's payments in 7 d",
    "payer_count_30d": "the payer's payments in 30 d",
    "payer_sum_1d": "what the payer paid in 1 d",
    "payer_mean_7d": "the payer's mean amount over 7 d",
    "payer_mean_30d": "the payer's mean amount over 30 d",
    "payer_deviation_30d": "the standard deviation of the payer's amounts over 30 d",
    "payer_payees_1d": "different payees of the payer in 1 d",
    "payer_payees_7d": "different payees of the payer in 7 d",
    "payer_payees_30d": "different payees of the payer in 30 d",
    "payer_noted_1d": "the payer's payments far above habit in 1 d",
    "payer_noted_7d": "the payer's payments far above habit in 7 d",
    "payer_noted_14d": "the payer's payments far above habit in 14 d",
    "payer_noted_30d": "the payer's payments far above habit in 30 d",
    "habit_mean": "the mean of the payer's habit",
    "habit_deviation": "the deviation of the payer's habit",
    "amount_to_habit": "the amount over the mean of the habit",
    "amount_over_habit": "how many deviations the amount is above the habit",
    "amount_to_mean_7d": "the amount over the mean of 7 d",
    "amount_to_mean_30d": "the amount over the mean of 30 d",
    "amount_over_mean_30d": "how many deviations the amount is above the mean of 30 d",
    "sum_1d_to_habit": "what was paid in 1 d, in amounts of habit",
    "mean_7d_to_habit": "the mean of 7 d over the mean of the habit",
    "payer_frauds": "frauds known of the payer",
    "payer_frauds_14d": "frauds known of the payer's payments of 14 d",
    "payer_frauds_30d": "frauds known of the payer's payments of 30 d",
    "payer_first_fraud_d": "days since the payer's first known fraud",
    "payer_last_fraud_d": "days since the payer's last known fraud",
    "payee_age_d": "days since the payee was first seen",
    "payee_idle_h": "hours since the payee was paid before",
    "payee_count_1d": "payments to the payee in 1 d",
    "payee_count_7d": "payments to the payee in 7 d",
    "payee_count_30d": "payments to the payee in 30 d",
    "payee_mean_30d": "the mean amount to the payee over 30 d",
    "amount_to_payee_mean": "the amount over the payee's mean amount of 30 d",
    "payee_payers_7d": "different payers of the payee in 7 d",
    "payee_noted_1d": "payments to the payee far above their payers' habits in 1 d",
    "payee_noted_7d": "payments to the payee far above their payers' habits in 7 d",
    "payee_noted_30d": "payments to the payee far above their payers' habits in 30 d",
    "payee_frauds": "frauds known of the payee",
    "payee_frauds_newest": "frauds known of the payee, of days whose labels are still coming",
    "payee_frauds_1d": "frauds known of the payee on the newest day whose labels have all come",
    "payee_frauds_7d": "frauds known of the payee on the newest 7 such days",
    "payee_frauds_30d": "frauds known of the payee on the newest 30 such days",
    "payee_risk_1d": "the share of frauds at the payee on the newest day whose labels have all come",
    "payee_risk_3d": "the share of frauds at the payee on the newest 3 such days",
    "payee_risk_7d": "the share of frauds at the payee on the newest 7 such days",
    "payee_risk_14d": "the share of frauds at the payee on the newest 14 such days",
    "payee_risk_30d": "the share of frauds at the payee on the newest 30 such days",
    "payee_plain_frauds_newest": "plain frauds known of the payee, of days whose labels are still coming",
    "payee_plain_risk_7d": "the share of plain frauds at the payee on the newest 7 days whose labels have all come",
    "payee_plain_risk_14d": "the share of plain frauds at the payee on the newest 14 days whose labels have all come",
    "payee_plain_risk_30d": "the share of plain frauds at the payee on the newest 30 days whose labels have all come",
    "payee_plain_first_d": "days since the first plain fraud at the payee, of those still in the ring",
    "payee_plain_last_d": "days since the last plain fraud at the payee",
    "payee_honest_since": "payments to the payee since its last plain fraud that are known as honest",
    "payee_honest_before": "payments to the payee before its first plain fraud that are known as honest",
    "payee_first_fraud_d": "days since the payee's first known fraud",
    "payee_last_fraud_d": "days since the payee's last known fraud",
    "payee_last_risk": "the share of frauds on the payee's last day with payments whose labels have all come",
    "pair_payments": "payments of this payer to this payee so far",
    "pair_age_d": "days since the payer first paid this payee",
    "pair_idle_d": "days since the payer last paid this payee",
}
"""What the model learns from, in its order, and what it means."""

JOINED = {
    "device_new": "1 when the payer never paid with this device before, 0 else, -1 where none is told",
    "call_risk": "the last risky call to the payer's telephone: 2 a rule fired, 1 an unknown foreign number, "
    "0.5 an unknown number that a gateway alone vouches for, 0 none",
    "call_age_min": "minutes since that call began",
    "call_on": "1 while that call goes on, as far as is known; one that was held or blocked does not",
    "call_reports": "how many frauds are known of its caller",
    "account_listed": "1 when a list blocks the account that pays, 0.5 while an appeal waits",
    "payee_listed": "1 when a list blocks the account that is paid, 0.5 while an appeal waits",
    "phone_listed": "1 when a list blocks the payer's telephone number, 0.5 while an appeal waits",
    "sim_swap_h": "hours since the payer's number came to another SIM card, as far as that was told",
}
"""What rules may use besides: what a model could learn only where all of it was seen together. New ones come last:
recorded values are read again by their place."""

ROW = np.dtype([(name, "<f4") for name in (*LEARNED, *JOINED)])
NO_RISK, UNKNOWN_FOREIGNER, RULE_FIRED, UNKNOWN_UNVERIFIED = range(4)
"""Of what risk a call was, as the state keeps it."""
RISKS = (0.0, 1.0, 2.0, 0.5)
"""The same as ``call_risk`` tells it."""
CALL_ON_MIN = 60.0
"""For so long a call whose end wasn't told is taken to go on."""


@compiled
def read(
    state: State, event: Record, payer: int, payer_ring: int, payee: int, payee_ring: int, pair: int, row: Record
) -> None:
    """All features of one payment, from slots and rings that were met and rolled on to its hour."""
    row.amount = event.value
    row.hour = float(event.time_ms % DAY_MS) / HOUR_MS
    row.weekday = (event.time_ms // DAY_MS + 3) % 7
    _read_payer(state.life[payer], state.ring[payer_ring], event.time_ms, row)
    _read_habit(state.life[payer], event.value, row)
    _read_payee(state.life[payee], state.ring[payee_ring], event.time_ms, event.value, row)
    _read_shares(state.ring[payee_ring], event.time_ms // DAY_MS, state.counters[DELAY_D], row)
    _read_plain(state.ring[payee_ring], event.time_ms // DAY_MS, state.counters[DELAY_D], row)
    life = state.life[pair]
    row.pair_payments = life.count
    row.pair_age_d = days_since(life.first_ms, event.time_ms) if life.count > 0 else NEVER
    row.pair_idle_d = days_since(life.last_ms, event.time_ms) if life.count > 0 else NEVER


@compiled
def listed_as(told: int, bit: int) -> float:
    """1 where the name of that bit is listed, 0.5 where that is in doubt."""
    return 0.0 if told & bit == 0 else 0.5 if told & LISTED_IN_DOUBT else 1.0


@compiled
def read_joined(state: State, event: Record, with_device: int, called: int, swapped: int, row: Record) -> None:
    """What rules may use of a payment: slots of the payer with the device, and of the payer's telephone as one that is
    called and as one that came to another SIM card; -1 for none."""
    row.account_listed = listed_as(event.told, LISTED_ACTOR)
    row.payee_listed = listed_as(event.told, LISTED_COUNTERPART)
    row.phone_listed = listed_as(event.told, LISTED_SUBSCRIBER)
    row.sim_swap_h = NEVER
    if swapped >= 0 and state.life[swapped].last_ms <= event.time_ms:
        row.sim_swap_h = (event.time_ms - state.life[swapped].last_ms) / HOUR_MS
    row.device_new = NEVER if with_device < 0 else 1.0 if state.life[with_device].count == 0 else 0.0
    row.call_risk, row.call_on, row.call_reports = 0, 0, 0  # The row still holds the event before.
    row.call_age_min = NEVER
    if called < 0 or state.life[called].risk == NO_RISK:
        return
    life = state.life[called]
    row.call_risk = RISKS[life.risk]
    minutes = (event.time_ms - life.call_ms) / 60_000.0
    row.call_age_min = minutes
    row.call_on = 1.0 if 0.0 <= minutes < (CALL_ON_MIN if life.call_s < 0.0 else life.call_s / 60.0) else 0.0
    caller = known(state, life.last_other)
    row.call_reports = state.life[caller].frauds if caller >= 0 else 0


@compiled
def days_since(then_ms: int, now_ms: int) -> float:
    """Days, NEVER where there was no such moment."""
    return (now_ms - then_ms) / DAY_MS if then_ms != 0 else NEVER


@compiled
def _read_payer(life: Record, ring: Record, time_ms: int, row: Record) -> None:
    hour, day = time_ms // HOUR_MS, time_ms // DAY_MS
    row.payer_age_d = days_since(life.first_ms, time_ms)
    row.payer_idle_h = (time_ms - life.last_ms) / HOUR_MS if life.count > 0 else NEVER
    row.payer_payments = life.count
    count, total, noted, _ = hours(ring, hour, 0, 1)
    more, rest, others_noted, _ = hours(ring, hour, 2, 24)
    row.payer_count_1h = count
    row.payer_count_1d, row.payer_sum_1d, row.payer_noted_1d = count + more, total + rest, noted + others_noted
    c1, t1, q1, n1, o1 = days(ring, day, 0, 1)
    c7, t7, q7, n7, o7 = days(ring, day, 2, 7)
    c14, t14, q14, n14, o14 = days(ring, day, 8, 14)
    c30, t30, q30, n30, o30 = days(ring, day, 15, WINDOW_D)
    row.payer_payees_1d, row.payer_payees_7d = distinct(o1), distinct(o1 | o7)
    row.payer_payees_30d = distinct(o1 | o7 | o14 | o30)
    row.payer_count_7d = c1 + c7
    row.payer_mean_7d = (t1 + t7) / max(c1 + c7, 1)
    row.payer_noted_7d, row.payer_noted_14d = n1 + n7, n1 + n7 + n14
    row.payer_noted_30d = n1 + n7 + n14 + n30
    count, total, square = c1 + c7 + c14 + c30, t1 + t7 + t14 + t30, q1 + q7 + q14 + q30
    mean = total / max(count, 1)
    row.payer_count_30d, row.payer_mean_30d = count, mean
    row.payer_deviation_30d = math.sqrt(max(square / max(count, 1) - mean * mean, 0.0))
    _, recent, _ = frauds(ring, day, 0, 14)
    _, earlier, _ = frauds(ring, day, 15, WINDOW_D)
    row.payer_frauds_14d, row.payer_frauds_30d = recent, recent + earlier
    row.payer_frauds = life.frauds
    row.payer_first_fraud_d = days_since(life.first_fraud_ms, time_ms)
    row.payer_last_fraud_d = days_since(life.last_fraud_ms, time_ms)


@compiled
def _read_habit(life: Record, amount: float, row: Record) -> None:
    row.habit_mean = life.mean
    row.habit_deviation = deviation(life)
    row.amount_to_habit = ratio(amount, life.mean)
    row.amount_over_habit = (amount - life.mean) / deviation(life) if life.count > 0 else NEVER
    row.amount_to_mean_7d = ratio(amount, row.payer_mean_7d)
    row.amount_to_mean_30d = ratio(amount, row.payer_mean_30d)
    spread = max(row.payer_deviation_30d, FLOOR * row.payer_mean_30d, 0.01)
    row.amount_over_mean_30d = (amount - row.payer_mean_30d) / spread if row.payer_count_30d > 0 else NEVER
    row.sum_1d_to_habit = ratio(row.payer_sum_1d, life.mean)
    row.mean_7d_to_habit = ratio(row.payer_mean_7d, life.mean)


@compiled
def ratio(part: float, whole: float) -> float:
    """NEVER where there is nothing to compare with."""
    return part / whole if whole > 0.0 else NEVER


@compiled
def _read_payee(life: Record, ring: Record, time_ms: int, amount: float, row: Record) -> None:
    day = time_ms // DAY_MS
    row.payee_age_d = days_since(life.first_ms, time_ms)
    row.payee_idle_h = (time_ms - life.last_ms) / HOUR_MS if life.count > 0 else NEVER
    row.payee_count_1d, _, row.payee_noted_1d, _ = hours(ring, time_ms // HOUR_MS, 0, 24)
    count, total, _, noted, others = days(ring, day, 0, 7)
    more, rest, _, earlier, _ = days(ring, day, 8, WINDOW_D)
    row.payee_count_7d, row.payee_noted_7d, row.payee_payers_7d = count, noted, distinct(others)
    row.payee_count_30d, row.payee_noted_30d = count + more, noted + earlier
    row.payee_mean_30d = (total + rest) / max(count + more, 1)
    row.amount_to_payee_mean = ratio(amount, row.payee_mean_30d)
    row.payee_frauds = life.frauds
    row.payee_first_fraud_d = days_since(life.first_fraud_ms, time_ms)
    row.payee_last_fraud_d = days_since(life.last_fraud_ms, time_ms)


@compiled
def _read_shares(ring: Record, day: int, delay_d: int, row: Record) -> None:
    """Frauds known of the payee: of days whose labels still come, and as shares on days whose labels have all
    come."""
    _, row.payee_frauds_newest, row.payee_plain_frauds_newest = frauds(ring, day, 0, delay_d)
    c1, f1, p1 = frauds(ring, day, delay_d + 1, delay_d + 1)
    c3, f3, p3 = frauds(ring, day, delay_d + 2, delay_d + 3)
    c7, f7, p7 = frauds(ring, day, delay_d + 4, delay_d + 7)
    c14, f14, p14 = frauds(ring, day, delay_d + 8, delay_d + 14)
    c30, f30, p30 = frauds(ring, day, delay_d + 15, delay_d + WINDOW_D)
    c3, f3 = c1 + c3, f1 + f3
    c7, f7, p7 = c3 + c7, f3 + f7, p1 + p3 + p7
    c14, f14, p14 = c7 + c14, f7 + f14, p7 + p14
    c30, f30, p30 = c14 + c30, f14 + f30, p14 + p30
    row.payee_frauds_1d, row.payee_frauds_7d, row.payee_frauds_30d = f1, f7, f30
    row.payee_risk_1d, row.payee_risk_3d, row.payee_risk_7d = f1 / max(c1, 1), f3 / max(c3, 1), f7 / max(c7, 1)
    row.payee_risk_14d, row.payee_risk_30d = f14 / max(c14, 1), f30 / max(c30, 1)
    row.payee_plain_risk_7d, row.payee_plain_risk_14d = p7 / max(c7, 1), p14 / max(c14, 1)
    row.payee_plain_risk_30d = p30 / max(c30, 1)


@compiled
def _read_plain(ring: Record, day: int, delay_d: int, row: Record) -> None:
    """When plain frauds of the payee began and ended, and what was honest before and since."""
    first, last, since, before, last_risk = -1, -1, 0, 0, NEVER
    for age in range(min(delay_d + WINDOW_D, day - ring.day + DAYS - 1) + 1):
        at = np.uint64(day - age) % np.uint64(DAYS)
        complete = age > delay_d
        count = int(ring.day_count[at]) if complete else 0
        if count > 0 and last_risk == NEVER:
            last_risk = ring.day_frauds[at] / count
        if ring.day_plain_frauds[at] > 0:
            first, before = age, 0
            last = age if last < 0 else last
        elif last < 0:
            since += count
        else:
            before += count
    row.payee_plain_first_d, row.payee_plain_last_d, row.payee_last_risk = first, last, last_risk
    row.payee_honest_since = since
    row.payee_honest_before = before if first >= 0 else NEVER
