"""From keys to slots: an open table without tombstones, slots that are used again, and eviction by age.

All of it is decided by the events alone, so a state that is rebuilt from them is equal to the one that lived.
"""

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import (
    AT_ONCE,
    CLOCK_MS,
    DAY_MS,
    DAYS,
    EVENTS,
    EVICTED,
    HAND,
    HOURS,
    LIFE_D,
    LIVES,
    LIVES_FREE,
    RING_HAND,
    RINGS,
    RINGS_FREE,
    SEARCHED,
    SWEPT,
    Array,
    State,
)

PAIR, WITH_DEVICE, CALLED, CELLS, PAYEE, SWAPPED, SPENT, NAMED = (
    np.uint64(n)
    for n in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x27D4EB2F165667C5,
        0x85EBCA77C2B2AE63,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
    )
)
"""Turn a key into that of another role: so one who pays and is paid, or calls and is called, has a key
for each."""


@compiled
def find(table: Array, key: int) -> int:
    """The slot of ``key``, -1 where there is none."""
    last = np.uint64(table.shape[0] - 1)
    at = np.uint64(key) & last
    while table[at].slot != 0:
        if table[at].key == key:
            return int(table[at].slot - 1)
        at = (at + np.uint64(1)) & last
    return -1


@compiled
def put(table: Array, key: int, slot: int) -> None:
    """Enters a key that isn't in the table."""
    last = np.uint64(table.shape[0] - 1)
    at = np.uint64(key) & last
    while table[at].slot != 0:
        at = (at + np.uint64(1)) & last
    table[at].key = key
    table[at].slot = slot + 1


@compiled
def remove(table: Array, key: int) -> None:
    """Takes a key out, and moves those behind it up, as if it had never been there (Knuth, 6.4, algorithm R)."""
    last = np.uint64(table.shape[0] - 1)
    one = np.uint64(1)
    hole = np.uint64(key) & last
    while table[hole].key != key or table[hole].slot == 0:
        hole = (hole + one) & last
    at = hole
    while True:
        at = (at + one) & last
        if table[at].slot == 0:
            break
        home = table[at].key & last
        if ((at - home) & last) >= ((at - hole) & last):
            table[hole].key, table[hole].slot = table[at].key, table[at].slot
            hole = at
    table[hole].key, table[hole].slot = 0, 0


@compiled
def known(state: State, key: int) -> int:
    """The slot of a key among the lives, -1 where it is new."""
    return find(state.table, key)


@compiled
def met(state: State, key: int, time_ms: int) -> int:
    """The slot of a key, new or not; a new one first seen at ``time_ms``."""
    slot = find(state.table, key)
    counters = state.counters
    if slot >= 0:
        state.life[slot].met = counters[EVENTS]
        return slot
    for _ in range(SWEPT):
        _sweep(state)
    if counters[LIVES_FREE] > 0:
        counters[LIVES_FREE] -= 1
        slot = state.life_free[counters[LIVES_FREE]]
    elif counters[LIVES] < state.life.shape[0]:
        slot = counters[LIVES]
        counters[LIVES] += 1
    else:
        slot = _oldest(state)
        forget(state, slot)
        counters[LIVES_FREE] -= 1
    put(state.table, key, slot)
    life = state.life[slot]
    life.key = key
    life.first_ms = time_ms
    life.last_ms = time_ms
    life.met = counters[EVENTS]
    life.first_fraud_ms = 0
    life.last_fraud_ms = 0
    life.count = 0
    life.frauds = 0
    life.ring = 0
    life.mean = 0.0
    life.variance = 0.0
    life.pace = 0.0
    life.run = 0
    life.last_other = 0
    life.call_ms = 0
    life.call_s = 0.0
    life.risk = 0
    return int(slot)


@compiled
def ring_of(state: State, slot: int, hour: int) -> int:
    """The ring of a life, made where it has none, and rolled on to ``hour`` (hours since 1970)."""
    life = state.life[slot]
    if life.ring == 0:
        life.ring = 1 + _new_ring(state, slot, hour)
    ring = state.ring[life.ring - 1]
    if hour > ring.hour:
        for n in range(max(ring.hour + 1, hour - HOURS + 1), hour + 1):
            at = n % HOURS
            ring.hour_count[at] = 0
            ring.hour_noted[at] = 0
            ring.hour_sum[at] = 0.0
            ring.hour_others[at] = 0
        day = hour // 24
        for n in range(max(ring.day + 1, day - DAYS + 1), day + 1):
            at = n % DAYS
            ring.day_count[at] = 0
            ring.day_sum[at] = 0.0
            ring.day_square[at] = 0.0
            ring.day_noted[at] = 0
            ring.day_frauds[at] = 0
            ring.day_plain_frauds[at] = 0
            ring.day_others[at] = 0
        ring.hour = hour
        ring.day = day
    return int(life.ring - 1)


@compiled
def _new_ring(state: State, slot: int, hour: int) -> int:
    """A ring for the life at ``slot``, whose buckets are all older than it keeps."""
    counters = state.counters
    for _ in range(SWEPT):
        _sweep_rings(state)
    if counters[RINGS_FREE] > 0:
        counters[RINGS_FREE] -= 1
        place = state.ring_free[counters[RINGS_FREE]]
    elif counters[RINGS] < state.ring.shape[0]:
        place = counters[RINGS]
        counters[RINGS] += 1
    else:
        place = _stalest(state)
        _quieten(state, place)
        counters[RINGS_FREE] -= 1
    ring = state.ring[place]
    ring.owner = slot
    ring.hour = hour - 24 * (DAYS + 1)
    ring.day = ring.hour // 24
    for n in range(AT_ONCE):
        ring.ends_ms[n] = 0
    return int(place)


@compiled
def _sweep(state: State) -> None:
    """Looks at the next life, and forgets it when it is too old."""
    counters = state.counters
    if counters[LIVES] == 0:
        return
    counters[HAND] = (counters[HAND] + 1) % counters[LIVES]
    life = state.life[counters[HAND]]
    aged = life.last_ms < counters[CLOCK_MS] - LIFE_D * DAY_MS
    if aged and life.key != 0 and life.met != counters[EVENTS]:
        forget(state, counters[HAND])


@compiled
def _sweep_rings(state: State) -> None:
    """Looks at the next ring, and frees it when all of its buckets are too old."""
    counters = state.counters
    if counters[RINGS] == 0:
        return
    counters[RING_HAND] = (counters[RING_HAND] + 1) % counters[RINGS]
    ring = state.ring[counters[RING_HAND]]
    aged = ring.day < counters[CLOCK_MS] // DAY_MS - DAYS
    if aged and ring.owner >= 0 and state.life[ring.owner].met != counters[EVENTS]:
        _quieten(state, counters[RING_HAND])


@compiled
def forget(state: State, slot: int) -> None:
    """Frees a life and its ring."""
    life = state.life[slot]
    if life.ring > 0:
        _quieten(state, life.ring - 1)
    remove(state.table, life.key)
    life.key = 0
    state.life_free[state.counters[LIVES_FREE]] = slot
    state.counters[LIVES_FREE] += 1
    state.counters[EVICTED] += 1


@compiled
def _quieten(state: State, place: int) -> None:
    """Frees a ring; the life that it belonged to goes on without."""
    ring = state.ring[place]
    state.life[ring.owner].ring = 0
    ring.owner = -1
    state.ring_free[state.counters[RINGS_FREE]] = place
    state.counters[RINGS_FREE] += 1


@compiled
def _oldest(state: State) -> int:
    """The least lately seen of the next lives."""
    counters = state.counters
    oldest = -1
    for _ in range(SEARCHED):
        counters[HAND] = (counters[HAND] + 1) % counters[LIVES]
        if oldest < 0 or state.life[counters[HAND]].met < state.life[oldest].met:
            oldest = counters[HAND]
    return int(oldest)


@compiled
def _stalest(state: State) -> int:
    """The least lately used of the next rings."""
    counters = state.counters
    stalest = -1
    for _ in range(SEARCHED):
        counters[RING_HAND] = (counters[RING_HAND] + 1) % counters[RINGS]
        met = state.life[state.ring[counters[RING_HAND]].owner].met
        if stalest < 0 or met < state.life[state.ring[stalest].owner].met:
            stalest = counters[RING_HAND]
    return int(stalest)
