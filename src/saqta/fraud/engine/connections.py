"""What is told of calls after they were asked about: that they connected, and that they are over.

Which call it is, who called whom and when tells: the newest between the two numbers, asked about shortly before. From
its connection to its end it goes by the telecom's own name for it, so that the end finds it whatever was dialled since.
Where two telecoms tell of one call, of who calls and of who is called, it has two names: what is told first counts.
"""

from typing import Any

import numpy as np

from saqta.fraud.engine.calls import SHORT_S, spend
from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.features import CALL_ON_MIN
from saqta.fraud.engine.keys import CALLED, NAMED, PAIR, forget, known, met
from saqta.fraud.engine.layout import CALL_S_MAX, CALLEE_NATIONAL, HOUR_MS, Record, State
from saqta.fraud.engine.tally import measure

CONNECTS_MS = 10 * 60_000
"""A call that connects so soon after it was asked about is that one."""
CLOCKS_MS = 2_000
"""So far the clocks of who asks and who tells may lie apart."""
CALL_ON_MS = int(CALL_ON_MIN * 60_000)
UNTOLD_S, GOES_ON_S = -1.0, -2.0
"""The length of a call of which nobody told it; as its pair has it, of one that is known to have connected."""


@compiled
def expect(pair: Record, event: Record) -> None:
    """A pair of numbers remembers of its newest call how long it was, and the foreign range that it went to."""
    if event.time_ms >= pair.last_ms:
        pair.call_s = event.amount
        pair.last_other = np.uint64(0) if event.facts & CALLEE_NATIONAL else event.subscriber


@compiled
def connect(state: State, event: Record) -> None:
    """The call named ``event.id`` connected: it goes on, whatever was decided."""
    slot = known(state, event.actor ^ (event.counterpart * PAIR))
    if slot < 0 or state.life[slot].call_s >= 0.0 or known(state, event.id ^ NAMED) >= 0:
        return
    asked_ms, range_ = state.life[slot].last_ms, state.life[slot].last_other
    if not -CLOCKS_MS <= event.time_ms - asked_ms <= CONNECTS_MS:
        return
    is_first = state.life[slot].call_s != GOES_ON_S
    state.life[slot].call_s = GOES_ON_S
    call = state.life[met(state, event.id ^ NAMED, event.time_ms)]
    call.call_ms, call.last_other = asked_ms, range_
    if not is_first:
        return
    _goes_on(state, event, asked_ms, UNTOLD_S)
    caller = known(state, event.actor)
    if caller >= 0 and state.life[caller].ring > 0:
        ring = state.ring[state.life[caller].ring - 1]
        ring.ends_ms[ring.ends_ms.argmin()] = asked_ms + CALL_ON_MS


@compiled
def end(state: State, event: Record) -> None:
    """The call named ``event.id`` is over: its length counts as if it had been known when it was asked about. Where
    nobody told under that name that it connected, it is the newest of the two, and began when it was asked about."""
    slot, named = known(state, event.actor ^ (event.counterpart * PAIR)), known(state, event.id ^ NAMED)
    if named >= 0:
        call = state.life[named]
        began_ms, asked_ms, range_ = call.first_ms, call.call_ms, call.last_other
        forget(state, named)
    else:
        if slot < 0 or state.life[slot].call_s >= 0.0:
            return
        began_ms = asked_ms = state.life[slot].last_ms
        range_ = state.life[slot].last_other
        if not 0 <= event.time_ms - asked_ms <= CALL_ON_MS:
            return
    seconds = max(event.time_ms - began_ms, 0) / 1000.0
    if seconds <= CALL_S_MAX and _is_first_end(state, slot, asked_ms, seconds):
        _take_end(state, event, asked_ms, seconds, range_)


@compiled
def _is_first_end(state: State, slot: int, asked_ms: int, seconds: float) -> bool:
    """Whether nobody told yet that the call between a pair is over; it is told now."""
    if slot < 0:
        return True
    pair = state.life[slot]
    if pair.call_ms == asked_ms:
        return False
    pair.call_ms = asked_ms
    if pair.last_ms == asked_ms:
        pair.call_s = seconds
    return True


@compiled
def _take_end(state: State, event: Record, asked_ms: int, seconds: float, range_: Any) -> None:
    _goes_on(state, event, asked_ms, max(event.time_ms - asked_ms, 0) / 1000.0)
    _measure(state, event.actor, asked_ms, seconds)
    _measure(state, event.counterpart ^ CALLED, asked_ms, seconds)
    caller = known(state, event.actor)
    if caller >= 0 and state.life[caller].ring > 0:
        _over(state.ring[state.life[caller].ring - 1], asked_ms + CALL_ON_MS, event.time_ms)
    if range_ != 0:
        spend(state, event.actor, range_, seconds, event.time_ms)


@compiled
def _goes_on(state: State, event: Record, asked_ms: int, seconds: float) -> None:
    """How long after it was asked about a call of risk went on, as who was called remembers it."""
    called = known(state, event.counterpart ^ CALLED)
    if called >= 0 and state.life[called].last_other == event.actor and state.life[called].call_ms == asked_ms:
        state.life[called].call_s = seconds


@compiled
def _measure(state: State, key: int, asked_ms: int, seconds: float) -> None:
    slot = known(state, key)
    if slot >= 0 and state.life[slot].ring > 0:
        measure(state.ring[state.life[slot].ring - 1], asked_ms // HOUR_MS, seconds, seconds < SHORT_S)


@compiled
def _over(ring: Record, expected_ms: int, ended_ms: int) -> None:
    """Of calls that were to end at the same time, it does not matter which one ended."""
    for n in range(ring.ends_ms.shape[0]):
        if ring.ends_ms[n] == expected_ms:
            ring.ends_ms[n] = ended_ms
            return
