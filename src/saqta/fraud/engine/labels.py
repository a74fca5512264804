"""What payments and calls turned out to be: each label counts from the moment when it was known, never before."""

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.keys import find, known
from saqta.fraud.engine.layout import (
    CLOCK_MS,
    DAY_MS,
    FRAUD,
    FULL,
    LATE,
    LATE_MS,
    PENDINGS,
    TAKEN,
    UNKNOWN,
    Record,
    State,
)
from saqta.fraud.engine.tally import add_fraud


@compiled
def pass_time(state: State, time_ms: int) -> None:
    """Time goes on to an event, and the labels that were known by then count."""
    counters = state.counters
    if time_ms < counters[CLOCK_MS] - LATE_MS:
        counters[LATE] += 1
    counters[CLOCK_MS] = max(counters[CLOCK_MS], time_ms)
    while counters[PENDINGS] > 0 and state.pending[0].known_ms <= counters[CLOCK_MS]:
        first = state.pending[0]
        _count(state, first.id, first.label)
        _drop_first(state)


@compiled
def take_label(state: State, event: Record) -> int:
    """Counts a label, or lets it wait until its time comes; UNKNOWN for what isn't remembered, FULL where too many
    wait."""
    counters = state.counters
    if find(state.memo_table, event.id) < 0:
        return UNKNOWN
    if event.time_ms <= counters[CLOCK_MS]:
        _count(state, event.id, event.told)
        return TAKEN
    if counters[PENDINGS] == state.pending.shape[0]:
        return FULL
    at = counters[PENDINGS]
    counters[PENDINGS] += 1
    while at > 0 and state.pending[(at - 1) // 2].known_ms > event.time_ms:
        _copy(state.pending[(at - 1) // 2], state.pending[at])
        at = (at - 1) // 2
    waiting = state.pending[at]
    waiting.known_ms, waiting.id, waiting.label = event.time_ms, event.id, event.told
    return TAKEN


@compiled
def _drop_first(state: State) -> None:
    """Takes the top off the heap of labels that wait, the earliest known first."""
    counters, pending = state.counters, state.pending
    counters[PENDINGS] -= 1
    size = counters[PENDINGS]
    last = pending[size]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and pending[child + 1].known_ms < pending[child].known_ms:
            child += 1
        if last.known_ms <= pending[child].known_ms:
            break
        _copy(pending[child], pending[at])
        at = child
    _copy(last, pending[at])


@compiled
def _copy(source: Record, target: Record) -> None:
    target.known_ms, target.id, target.label = source.known_ms, source.id, source.label


@compiled
def _count(state: State, id: int, label: int) -> None:
    place = find(state.memo_table, id)
    if place < 0:
        return
    memo = state.memo[place]
    more = (1 if label == FRAUD else 0) - (1 if memo.label == FRAUD else 0)
    memo.label = label
    if more != 0:
        _count_fraud(state, memo.actor, memo.time_ms, memo.plain != 0, more)
        _count_fraud(state, memo.counterpart, memo.time_ms, memo.plain != 0, more)


@compiled
def _count_fraud(state: State, key: int, time_ms: int, plain: bool, more: int) -> None:
    slot = known(state, key)
    if slot < 0:
        return
    life = state.life[slot]
    life.frauds += more
    if more > 0:
        if life.first_fraud_ms == 0 or time_ms < life.first_fraud_ms:
            life.first_fraud_ms = time_ms
        life.last_fraud_ms = max(life.last_fraud_ms, time_ms)
    if life.ring > 0:
        add_fraud(state.ring[life.ring - 1], time_ms // DAY_MS, plain, more)
