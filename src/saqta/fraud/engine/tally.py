"""Counts over windows: what a ring of buckets adds up to, and what an event adds to it."""

import math
from typing import Any

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import DAYS, HOURS, Record

HABIT_COUNT = 60
"""Payments after which an older one fades from the habit."""
HABIT_FROM = 4
"""Payments from which on there is a habit to stand out from."""
NOTED_DEVIATIONS = 3.0
PLAIN_DEVIATIONS = 2.0
FLOOR = 0.05
"""The least deviation of a habit, as a share of its mean: nobody pays the same amount for ever."""


@compiled
def add(ring: Record, time_hour: int, amount: float, other: int, noted: bool) -> None:
    """One event into its buckets of the hour and the day, while the ring still holds them."""
    spot = np.uint64(1) << (np.uint64(other) >> np.uint64(58))
    if time_hour > ring.hour - HOURS:
        at = time_hour % HOURS
        ring.hour_count[at] += 1
        ring.hour_others[at] |= spot
    day = time_hour // 24
    if day > ring.day - DAYS:
        at = day % DAYS
        ring.day_count[at] += 1
        ring.day_others[at] |= spot
    measure(ring, time_hour, amount, noted)


@compiled
def measure(ring: Record, time_hour: int, amount: float, noted: bool) -> None:
    """How much an event was that is in its buckets already, or is put there now."""
    if time_hour > ring.hour - HOURS:
        at = time_hour % HOURS
        ring.hour_sum[at] += amount
        ring.hour_noted[at] += noted
    day = time_hour // 24
    if day > ring.day - DAYS:
        at = day % DAYS
        ring.day_sum[at] += amount
        ring.day_square[at] += amount * amount
        ring.day_noted[at] += noted


@compiled
def add_fraud(ring: Record, day: int, plain: bool, more: int) -> None:
    """A label that came (``more`` is 1), or was taken back (-1), into the bucket of the day of what it labels."""
    if ring.day - DAYS < day <= ring.day:
        at = day % DAYS
        ring.day_frauds[at] += more
        if plain:
            ring.day_plain_frauds[at] += more


@compiled
def distinct(spots: int) -> float:
    """How many different ones a sketch of 64 spots has seen (linear counting, Whang 1990); at most 266."""
    x = np.uint64(spots)
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    set_ = (x * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return -64.0 * math.log(max(64.0 - float(set_), 1.0) / 64.0)


@compiled
def hours(ring: Record, hour: int, young: int, old: int) -> tuple[int, float, int, Any]:
    """Of the buckets that are ``young`` to ``old`` hours old: events, their sum, those noted, the sketch of the
    others."""
    count, total, noted, others = 0, 0.0, 0, np.uint64(0)
    for n in range(max(hour - old, ring.hour - HOURS + 1), min(hour - young, ring.hour) + 1):
        at = np.uint64(n) % np.uint64(HOURS)
        count += ring.hour_count[at]
        total += ring.hour_sum[at]
        noted += ring.hour_noted[at]
        others |= ring.hour_others[at]
    return count, total, noted, others


@compiled
def days(ring: Record, day: int, young: int, old: int) -> tuple[int, float, float, int, Any]:
    """Of the buckets that are ``young`` to ``old`` days old: events, sum, sum of squares, those noted, the sketch."""
    count, total, square, noted, others = 0, 0.0, 0.0, 0, np.uint64(0)
    for n in range(max(day - old, ring.day - DAYS + 1), min(day - young, ring.day) + 1):
        at = np.uint64(n) % np.uint64(DAYS)
        count += ring.day_count[at]
        total += ring.day_sum[at]
        square += ring.day_square[at]
        noted += ring.day_noted[at]
        others |= ring.day_others[at]
    return count, total, square, noted, others


@compiled
def frauds(ring: Record, day: int, young: int, old: int) -> tuple[int, int, int]:
    """Of the buckets that are ``young`` to ``old`` days old: events, known frauds, those of them that are plain."""
    count, known, plain = 0, 0, 0
    for n in range(max(day - old, ring.day - DAYS + 1), min(day - young, ring.day) + 1):
        at = np.uint64(n) % np.uint64(DAYS)
        count += ring.day_count[at]
        known += ring.day_frauds[at]
        plain += ring.day_plain_frauds[at]
    return count, known, plain


@compiled
def deviation(life: Record) -> float:
    """The habit's deviation, never nothing."""
    return float(max(math.sqrt(life.variance), FLOOR * life.mean, 0.01))


@compiled
def stands_out(life: Record, amount: float, deviations: float) -> bool:
    """Whether an amount is so many deviations above the habit; without a habit nothing stands out."""
    return bool(life.count >= HABIT_FROM and amount > life.mean + deviations * deviation(life))


@compiled
def live(life: Record, time_ms: int, amount: float) -> None:
    """One payment into the habit; one that stands out is cut, so that a thief does not shape it."""
    if life.count >= HABIT_FROM:
        amount = min(amount, life.mean + NOTED_DEVIATIONS * deviation(life))
    life.count += 1
    weight = 1.0 / min(life.count, HABIT_COUNT)
    step = amount - life.mean
    life.mean += weight * step
    life.variance = (1.0 - weight) * (life.variance + weight * step * step)
    life.last_ms = max(life.last_ms, time_ms)
