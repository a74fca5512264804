"""What is known of a call at the moment when it is to be connected, and afterwards when its length is told."""

import math
from typing import Any

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.features import NEVER, days_since, listed_as
from saqta.fraud.engine.keys import SPENT, known, met
from saqta.fraud.engine.layout import (
    AT_ONCE,
    ATTESTED_A,
    ATTESTED_B,
    ATTESTED_C,
    CALLEE_NATIONAL,
    CALLEE_UNASSIGNED,
    CALLER_NATIONAL,
    CALLER_UNASSIGNED,
    FOREIGN_TRUNK,
    HOUR_MS,
    LISTED_ACTOR,
    LISTED_COUNTERPART,
    LISTED_DEVICE,
    LISTED_SIM,
    NATIONAL_TRUNK,
    WINDOW_D,
    Record,
    State,
)
from saqta.fraud.engine.tally import days, distinct, hours, live

SHORT_S = 5.0
"""A call that rings so long only wants to be called back."""
MINUTE_MS = 60_000.0
SPENT_S_MAX = 3600.0
"""So much of a call counts as spent with its range within an hour."""
ATTESTED_BY_GATEWAY = 1.0
"""Attestation C: the gateway knows where the call came in, and nothing of who calls."""

HEARD = {
    "trunk_foreign": "1 when it comes over a foreign trunk",
    "trunk_national": "1 when it comes over a national trunk",
    "attestation": "STIR/SHAKEN (RFC 8588): A is 3, B is 2, C is 1, none is 0",
    "caller_national": "1 when the caller's number is of the home country",
    "caller_unassigned": "1 when the caller's number lies in no range that its country assigns",
    "callee_national": "1 when the number called is of the home country",
    "callee_unassigned": "1 when the number called lies in no range that its country assigns",
    "seconds": "how long it was, -1 while that isn't known",
    "caller_age_h": "hours since the caller was first heard of",
    "caller_calls": "calls of the caller so far",
    "caller_pace_1m": "calls a minute, as a count that fades",
    "caller_calls_1h": "calls of the caller in 1 h",
    "caller_calls_1d": "calls of the caller in 1 d",
    "caller_callees_1h": "different numbers called in 1 h",
    "caller_callees_1d": "different numbers called in 1 d",
    "caller_callees_30d": "different numbers called in 30 d",
    "caller_short_1h": "calls under 5 s in 1 h",
    "caller_short_1d": "calls under 5 s in 1 d",
    "caller_mean_s_1d": "the mean length of the calls in 1 d, where it is known",
    "caller_received_30d": "calls that the caller's number received in 30 d",
    "caller_run": "how often in a row this number was called",
    "caller_reports": "frauds known of the caller",
    "caller_last_report_d": "days since the caller's last known fraud",
    "pair_calls": "calls of this caller to this number so far",
    "called_before": "calls of this number to the caller so far",
    "imei_callers_30d": "different callers on this device in 30 d",
    "imei_cells_30d": "different cells that this device was in over 30 d",
    "imei_calls_1d": "calls from this device in 1 d",
    "caller_listed": "1 when a list blocks the caller's number, 0.5 while an appeal waits",
    "callee_listed": "1 when a list blocks the number called, 0.5 while an appeal waits",
    "imei_listed": "1 when a list blocks the device, 0.5 while an appeal waits",
    "imsi_listed": "1 when a list blocks the SIM card, 0.5 while an appeal waits",
    "caller_at_once": "calls of the caller that go on, this one included, as far as lengths are known; at most 9",
    "range_minutes_1h": "minutes the caller spent with a foreign range of ten thousand numbers, fading within an hour",
}
"""What rules on calls may use, and what it means. New ones come last, as in features.JOINED."""

CALL_ROW = np.dtype([(name, "<f4") for name in HEARD])


@compiled
def read_facts(event: Record, row: Record) -> None:
    """What the call says of itself, and what lists say of it."""
    facts = event.facts
    row.trunk_foreign = (facts & FOREIGN_TRUNK) != 0
    row.trunk_national = (facts & NATIONAL_TRUNK) != 0
    row.attestation = 3 if facts & ATTESTED_A else 2 if facts & ATTESTED_B else 1 if facts & ATTESTED_C else 0
    row.caller_national = (facts & CALLER_NATIONAL) != 0
    row.caller_unassigned = (facts & CALLER_UNASSIGNED) != 0
    row.callee_national = (facts & CALLEE_NATIONAL) != 0
    row.callee_unassigned = (facts & CALLEE_UNASSIGNED) != 0
    row.seconds = event.amount if event.amount >= 0.0 else NEVER
    row.caller_listed = listed_as(event.told, LISTED_ACTOR)
    row.callee_listed = listed_as(event.told, LISTED_COUNTERPART)
    row.imei_listed = listed_as(event.told, LISTED_DEVICE)
    row.imsi_listed = listed_as(event.told, LISTED_SIM)


@compiled
def read_caller(state: State, event: Record, caller: int, ring_at: int, row: Record) -> None:
    """What the caller did before."""
    life, ring = state.life[caller], state.ring[ring_at]
    hour, day = event.time_ms // HOUR_MS, event.time_ms // (24 * HOUR_MS)
    row.caller_age_h = (event.time_ms - life.first_ms) / HOUR_MS
    row.caller_calls = life.count
    row.caller_pace_1m = faded(life.pace, event.time_ms - life.last_ms, MINUTE_MS)
    row.caller_at_once = 1 + _going_on(ring, event.time_ms)
    row.caller_run = life.run if life.last_other == event.counterpart else 0
    row.caller_reports = life.frauds
    row.caller_last_report_d = days_since(life.last_fraud_ms, event.time_ms)
    count, total, short, others = hours(ring, hour, 0, 1)
    row.caller_calls_1h, row.caller_short_1h, row.caller_callees_1h = count, short, distinct(others)
    more, rest, shorter, further = hours(ring, hour, 2, 24)
    row.caller_calls_1d, row.caller_short_1d = count + more, short + shorter
    row.caller_mean_s_1d = (total + rest) / max(count + more, 1)
    row.caller_callees_1d = distinct(others | further)
    _, _, _, _, others = days(ring, day, 0, WINDOW_D)
    row.caller_callees_30d = distinct(others)


@compiled
def _going_on(ring: Record, time_ms: int) -> int:
    """How many calls of the caller have not ended."""
    count = 0
    for n in range(AT_ONCE):
        count += ring.ends_ms[n] > time_ms
    return count


@compiled
def spent(state: State, caller: int, range_: Any, time_ms: int) -> float:
    """Minutes that a caller spent with a range of numbers, as they have faded since."""
    slot = known(state, caller ^ (range_ * SPENT))
    return faded(state.life[slot].pace, time_ms - state.life[slot].last_ms, HOUR_MS) if slot >= 0 else 0.0


@compiled
def spend(state: State, caller: int, range_: Any, seconds: float, time_ms: int) -> None:
    """What is added to that is seen by the next call."""
    life = state.life[met(state, caller ^ (range_ * SPENT), time_ms)]
    life.pace = faded(life.pace, time_ms - life.last_ms, HOUR_MS) + min(seconds, SPENT_S_MAX) / 60.0
    live(life, time_ms, 0.0)


@compiled
def faded(pace: float, elapsed_ms: int, within_ms: float) -> float:
    """A count of what happens, as it has faded since: what is steady, n within that time, holds it near n."""
    return pace * math.exp(-max(elapsed_ms, 0) / within_ms)
