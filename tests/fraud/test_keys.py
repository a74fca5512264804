"""Keys to slots: the table against a dict, and what gives way where there is no room."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from saqta.fraud.engine.keys import find, known, met, put, remove, ring_of
from saqta.fraud.engine.layout import (
    CLOCK_MS,
    DAY_MS,
    EVENTS,
    EVICTED,
    LIFE_D,
    LIVES,
    RINGS,
    TABLE,
    Limits,
    State,
    empty,
)

SMALL = Limits(keys_max=1024, busy_max=128, memos_max=1024, pending_max=16)


def meet(state: State, key: int, time_ms: int) -> int:
    """One event meets one key."""
    state.counters[EVENTS] += 1
    state.counters[CLOCK_MS] = time_ms
    slot = met(state, np.uint64(key), time_ms)
    state.life["last_ms"][slot] = time_ms
    return slot


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40))))
def test_the_table_is_a_dict(steps: list[tuple[bool, int]]) -> None:
    table = np.zeros(64, TABLE)
    plain: dict[int, int] = {}
    for enters, number in steps:
        key = np.uint64(number % 8 + 64 * number)  # Many share a home.
        if enters and int(key) not in plain:
            put(table, key, number)
            plain[int(key)] = number
        elif not enters and int(key) in plain:
            remove(table, key)
            del plain[int(key)]
    for number in range(1, 41):
        key = number % 8 + 64 * number
        assert find(table, np.uint64(key)) == plain.get(key, -1)


def test_where_no_slot_is_free_one_of_the_least_lately_met_gives_way() -> None:
    state = empty(7, SMALL)
    for key in range(1, 2 * SMALL.keys_max + 1):
        meet(state, key, key)
    assert state.counters[LIVES] == SMALL.keys_max
    assert state.counters[EVICTED] == SMALL.keys_max
    kept = [key for key in range(1, 2 * SMALL.keys_max + 1) if known(state, np.uint64(key)) >= 0]
    assert len(kept) == SMALL.keys_max
    assert {*range(2 * SMALL.keys_max - 60, 2 * SMALL.keys_max + 1)} <= set(kept)


def test_rings_give_way_too_and_their_lives_go_on() -> None:
    state = empty(7, SMALL)
    for key in range(1, 301):
        slot = meet(state, key, key)
        ring_of(state, slot, 0)
    assert state.counters[RINGS] == SMALL.busy_max
    owners = [int(life["ring"]) for life in state.life[:300] if life["ring"]]
    assert len(owners) == len(set(owners)) == SMALL.busy_max
    assert all(known(state, np.uint64(key)) >= 0 for key in range(1, 301))


def test_what_was_not_seen_for_long_is_forgotten_by_and_by() -> None:
    state = empty(7, SMALL)
    for key in range(1, 101):
        meet(state, key, DAY_MS)
    for key in range(1001, 1101):
        meet(state, key, (LIFE_D + 3) * DAY_MS)
    assert sum(known(state, np.uint64(key)) >= 0 for key in range(1, 101)) == 0
    assert all(known(state, np.uint64(key)) >= 0 for key in range(1001, 1101))
