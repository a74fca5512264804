"""The one pass: each event reads its features, is scored and judged, and changes the state, in the order of the
log."""

from typing import Any, NamedTuple

import numpy as np

from saqta.fraud.engine.calls import (
    ATTESTED_BY_GATEWAY,
    CALL_ROW,
    MINUTE_MS,
    SHORT_S,
    faded,
    read_caller,
    read_facts,
    spend,
    spent,
)
from saqta.fraud.engine.compiled import allocating, compiled, prefetch
from saqta.fraud.engine.connections import connect, end, expect
from saqta.fraud.engine.features import (
    LEARNED,
    NO_RISK,
    RISKS,
    ROW,
    RULE_FIRED,
    UNKNOWN_FOREIGNER,
    UNKNOWN_UNVERIFIED,
    read,
    read_joined,
)
from saqta.fraud.engine.keys import (
    CALLED,
    CELLS,
    PAIR,
    PAYEE,
    SWAPPED,
    WITH_DEVICE,
    find,
    known,
    met,
    put,
    remove,
    ring_of,
)
from saqta.fraud.engine.labels import pass_time, take_label
from saqta.fraud.engine.layout import (
    ANSWER,
    CALL,
    CALLEE_NATIONAL,
    CONFLICT,
    CONNECTED,
    DECIDED,
    ENDED,
    EVENTS,
    HOUR_MS,
    LABEL,
    MEMOS,
    PAID_FROM_MS,
    PAID_MS,
    PAUSE_MS_MAX,
    REPEATED,
    RING,
    SWAP,
    TABLE,
    TAKEN,
    WINDOW_D,
    Array,
    Record,
    State,
)
from saqta.fraud.engine.program import STACK_MAX
from saqta.fraud.engine.rules import Ranges, Rules, judge, stops
from saqta.fraud.engine.tally import NOTED_DEVIATIONS, PLAIN_DEVIATIONS, add, days, distinct, hours, live, stands_out
from saqta.fraud.engine.trees import Trees, raw_score, share

RISK_STAYS_MS = HOUR_MS
"""For so long a call of less risk does not take the place of one of more."""
MODEL_FEATURES = len(LEARNED)
AHEAD = 16
LINE_BYTES, RING_BYTES, TABLE_BYTES = 64, RING.itemsize, TABLE.itemsize


class Room(NamedTuple):
    """Where a batch's features and answers go; ``values`` and ``call_values`` are the rows as float32, (events,
    features). ``stack`` is what programs of rules reckon on."""

    rows: Array
    values: Array
    call_rows: Array
    call_values: Array
    answers: Array
    stack: Array


def room(events: int) -> Room:
    """Room for so many events; features of payments stand in ``rows``, of calls in ``call_rows``."""
    rows, calls = np.zeros(events, ROW), np.zeros(events, CALL_ROW)
    values, call_values = rows.view(np.float32).reshape(events, -1), calls.view(np.float32).reshape(events, -1)
    return Room(rows, values, calls, call_values, np.zeros(events, ANSWER), np.zeros(STACK_MAX))


def decide(state: State, trees: Trees, rules: Rules, events: Array, room: Room) -> None:
    """Takes ``events`` (layout.EVENT) in order: features and answers go into ``room``, what they teach into
    ``state``."""
    run(state, trees, rules.ranges, events, room)


@compiled
def run(state: State, trees: Trees, rules: Ranges, events: Array, room: Room) -> None:
    for n in range(events.shape[0]):
        if n % AHEAD == 0:
            _fetch(state, events, n, min(n + AHEAD, events.shape[0]))
        event, answer = events[n], room.answers[n]
        state.counters[EVENTS] += 1
        answer.mask, answer.shadow, answer.score = 0, 0, 0.0
        if event.kind == LABEL:
            answer.status = take_label(state, event)
            continue
        if SWAP <= event.kind <= ENDED:
            _take(state, event)
            answer.status = TAKEN
            continue
        pass_time(state, event.time_ms)
        memo = find(state.memo_table, event.id)
        if memo >= 0:
            _repeat(state.memo[memo], event, answer)
        elif event.kind == CALL:
            _call(state, rules, event, room.call_rows[n], room.call_values[n], room.stack, answer)
        else:
            _pay(state, trees, rules, event, room.rows[n], room.values[n], room.stack, answer)


@compiled
def _fetch(state: State, events: Array, first: int, last: int) -> None:
    """Asks for the records of the next events all at once: memory is slow to answer, not slow to deliver."""
    for n in range(first, last):
        _fetch_place(state.table, events[n].actor)
        _fetch_place(state.table, events[n].counterpart ^ PAYEE)
        _fetch_place(state.table, events[n].actor ^ (events[n].counterpart * PAIR))
        _fetch_place(state.memo_table, events[n].id)
    for n in range(first, last):
        _fetch_records(state, events[n].actor)
        _fetch_records(state, events[n].counterpart ^ PAYEE)


@compiled
def _fetch_place(table: Array, key: int) -> None:
    last = np.uint64(table.shape[0] - 1)
    prefetch(np.uint64(table.ctypes.data) + (np.uint64(key) & last) * np.uint64(TABLE_BYTES))


@compiled
def _fetch_records(state: State, key: int) -> None:
    slot = known(state, key)
    if slot >= 0 and state.life[slot].ring > 0:
        start = np.uint64(state.ring.ctypes.data) + np.uint64((state.life[slot].ring - 1) * RING_BYTES)
        for line in range(0, RING_BYTES, LINE_BYTES):
            prefetch(start + np.uint64(line))


@compiled
def _repeat(memo: Record, event: Record, answer: Record) -> None:
    if memo.digest == _digest(event):
        answer.status, answer.score, answer.mask = REPEATED, memo.score, memo.mask
    else:
        answer.status = CONFLICT


@compiled
def _digest(event: Record) -> Any:
    """What an event says, in one number: by it a repeat is told from other content under the same id."""
    digest = np.uint64(event.time_ms) * PAIR + np.uint64(event.kind)
    subscriber = event.subscriber if event.kind != CALL else np.uint64(0)
    for part in (event.actor, event.counterpart, event.device, subscriber, event.place):
        digest = (digest ^ (digest >> np.uint64(29)) ^ part) * PAIR
    digest ^= (np.uint64(event.facts) << np.uint64(16)) | np.uint64(event.currency)
    return (digest ^ (digest >> np.uint64(32))) * PAIR + np.uint64(np.int64(event.amount * 10_000.0))


@allocating
def digests(events: Array) -> Array:
    """What each event says, in one number, (n,) uint64: those that are equal are repeats of each other."""
    found = np.empty(events.shape[0], np.uint64)
    for n in range(events.shape[0]):
        found[n] = _digest(events[n])
    return found


@compiled
def _pay(
    state: State,
    trees: Trees,
    rules: Ranges,
    event: Record,
    row: Record,
    values: Array,
    stack: Array,
    answer: Record,
) -> None:
    hour, amount, time_ms = event.time_ms // HOUR_MS, event.value, event.time_ms
    _grow_old(state.counters, time_ms)
    payer = met(state, event.actor, time_ms)
    payee = met(state, event.counterpart ^ PAYEE, time_ms)
    pair = met(state, event.actor ^ (event.counterpart * PAIR), time_ms)
    device = met(state, event.actor ^ (event.device * WITH_DEVICE), time_ms) if event.device != 0 else -1
    called = known(state, event.subscriber ^ CALLED) if event.subscriber != 0 else -1
    swapped = known(state, event.subscriber ^ SWAPPED) if event.subscriber != 0 else -1
    payer_ring = ring_of(state, payer, hour)
    payee_ring = ring_of(state, payee, hour)
    read(state, event, payer, payer_ring, payee, payee_ring, pair, row)
    read_joined(state, event, device, called, swapped, row)
    answer.mask, answer.shadow = judge(rules, event, values, stack)
    if trees.root.shape[0] > 0:
        answer.score = share(raw_score(trees, values))
    answer.status = DECIDED
    noted = stands_out(state.life[payer], amount, NOTED_DEVIATIONS)
    plain = not stands_out(state.life[payer], amount, PLAIN_DEVIATIONS)
    add(state.ring[payer_ring], hour, amount, event.counterpart, noted)
    add(state.ring[payee_ring], hour, amount, event.actor, noted)
    live(state.life[payer], time_ms, amount)
    live(state.life[payee], time_ms, amount)
    live(state.life[pair], time_ms, amount)
    if device >= 0:
        live(state.life[device], time_ms, amount)
    _remember(state, event, event.counterpart ^ PAYEE, plain, answer)


@compiled
def _grow_old(counters: Array, time_ms: int) -> None:
    """For how long payments are known by now."""
    if counters[PAID_FROM_MS] == 0:
        counters[PAID_FROM_MS], counters[PAID_MS] = time_ms, time_ms
    counters[PAID_FROM_MS] += max(time_ms - counters[PAID_MS] - PAUSE_MS_MAX, 0)
    counters[PAID_MS] = max(counters[PAID_MS], time_ms)


@compiled
def _call(state: State, rules: Ranges, event: Record, row: Record, values: Array, stack: Array, answer: Record) -> None:
    hour, time_ms = event.time_ms // HOUR_MS, event.time_ms
    caller = met(state, event.actor, time_ms)
    called = met(state, event.counterpart ^ CALLED, time_ms)
    pair = met(state, event.actor ^ (event.counterpart * PAIR), time_ms)
    caller_ring = ring_of(state, caller, hour)
    called_ring = ring_of(state, called, hour)
    read_facts(event, row)
    read_caller(state, event, caller, caller_ring, row)
    row.pair_calls = state.life[pair].count
    back = known(state, event.counterpart ^ (event.actor * PAIR))
    row.called_before = state.life[back].count if back >= 0 else 0
    received = known(state, event.actor ^ CALLED)
    if received >= 0 and state.life[received].ring > 0:
        row.caller_received_30d = days(state.ring[state.life[received].ring - 1], hour // 24, 0, WINDOW_D)[0]
    else:
        row.caller_received_30d = 0
    _device(state, event, hour, row)
    _spend(state, event, row)
    answer.mask, answer.shadow = judge(rules, event, values, stack)
    answer.status = DECIDED
    _mark(rules, state.life[called], event, row, answer.mask)
    short = 0.0 <= event.amount < SHORT_S
    seconds = max(event.amount, 0.0)
    _dial(state.life[caller], state.ring[caller_ring], event)
    add(state.ring[caller_ring], hour, seconds, event.counterpart, short)
    add(state.ring[called_ring], hour, seconds, event.actor, short)
    live(state.life[caller], time_ms, seconds)
    live(state.life[called], time_ms, seconds)
    expect(state.life[pair], event)
    live(state.life[pair], time_ms, seconds)
    _remember(state, event, event.counterpart ^ CALLED, True, answer)


@compiled
def _take(state: State, event: Record) -> None:
    """What is told of a line. A number came to another SIM card: the newest counts, in whatever order it is told."""
    if event.kind == CONNECTED:
        connect(state, event)
        return
    if event.kind == ENDED:
        end(state, event)
        return
    life = state.life[met(state, event.subscriber ^ SWAPPED, event.time_ms)]
    life.last_ms = max(life.last_ms, event.time_ms)


@compiled
def _device(state: State, event: Record, hour: int, row: Record) -> None:
    """Whom a device spoke for, and from where; the call itself counts as well."""
    row.imei_callers_30d, row.imei_cells_30d, row.imei_calls_1d = 0, 0, 0
    if event.device == 0:
        return
    device = met(state, event.device, event.time_ms)
    ring = ring_of(state, device, hour)
    add(state.ring[ring], hour, 0.0, event.actor, False)
    live(state.life[device], event.time_ms, 0.0)
    row.imei_callers_30d = distinct(days(state.ring[ring], hour // 24, 0, WINDOW_D)[4])
    row.imei_calls_1d = hours(state.ring[ring], hour, 0, 24)[0]
    if event.place != 0:
        cells = met(state, event.device ^ CELLS, event.time_ms)
        ring = ring_of(state, cells, hour)
        add(state.ring[ring], hour, 0.0, event.place, False)
        live(state.life[cells], event.time_ms, 0.0)
        row.imei_cells_30d = distinct(days(state.ring[ring], hour // 24, 0, WINDOW_D)[4])


@compiled
def _spend(state: State, event: Record, row: Record) -> None:
    """How long the caller spoke with a foreign range; what this call adds is seen by the next."""
    row.range_minutes_1h = 0
    if event.facts & CALLEE_NATIONAL or event.subscriber == 0:
        return
    row.range_minutes_1h = spent(state, event.actor, event.subscriber, event.time_ms)
    if event.amount > 0.0:
        spend(state, event.actor, event.subscriber, event.amount, event.time_ms)


@compiled
def _dial(life: Record, ring: Record, event: Record) -> None:
    """The caller's pace, how often in a row the same number was called, and when the call is over."""
    life.pace = faded(life.pace, event.time_ms - life.last_ms, MINUTE_MS) + 1.0
    life.run = life.run + 1 if life.last_other == event.counterpart else 1
    life.last_other = event.counterpart
    if event.amount > 0.0:
        ring.ends_ms[ring.ends_ms.argmin()] = event.time_ms + int(event.amount * 1000.0)


@compiled
def _mark(rules: Ranges, life: Record, event: Record, row: Record, mask: int) -> None:
    """A subscriber remembers the last call of risk, and who called. What is stopped is not connected: it goes on for no
    time, unless its length is known all the same."""
    risk = NO_RISK
    if mask != 0:
        risk = RULE_FIRED
    elif row.pair_calls == 0.0 and row.called_before == 0.0:
        if row.caller_national == 0.0:
            risk = UNKNOWN_FOREIGNER
        elif row.attestation == ATTESTED_BY_GATEWAY:
            risk = UNKNOWN_UNVERIFIED
    stays = event.time_ms - life.call_ms < RISK_STAYS_MS and RISKS[life.risk] > RISKS[risk]
    if risk != NO_RISK and not stays:
        life.risk = risk
        life.call_ms = event.time_ms
        life.call_s = 0.0 if event.amount < 0.0 and stops(rules, mask) else event.amount
        life.last_other = event.actor


@compiled
def _remember(state: State, event: Record, counterpart: int, plain: bool, answer: Record) -> None:
    """Keeps a decision for repeats and labels; the oldest gives way."""
    at = state.counters[MEMOS] % state.memo.shape[0]
    state.counters[MEMOS] += 1
    memo = state.memo[at]
    if memo.used:
        remove(state.memo_table, memo.id)
    memo.used = 1
    memo.id = event.id
    memo.digest = _digest(event)
    memo.actor = event.actor
    memo.counterpart = counterpart
    memo.time_ms = event.time_ms
    memo.label = 0
    memo.plain = plain
    memo.score = answer.score
    memo.mask = answer.mask
    put(state.memo_table, event.id, at)
