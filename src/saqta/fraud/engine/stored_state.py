"""A state on disk: what is in use of its arrays, without the tables, which are filled again from the keys.

What is read again decides as what was written: handed over to another process, or kept for the next start.
"""

from pathlib import Path

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.keys import put
from saqta.fraud.engine.layout import (
    DELAY_D,
    LIVES,
    LIVES_FREE,
    MEMOS,
    PENDINGS,
    RINGS,
    RINGS_FREE,
    Array,
    Limits,
    State,
    empty,
)


def in_use(state: State) -> dict[str, Array]:
    """The parts of the arrays that hold something; two states that hold the same decide the same."""
    counters = state.counters
    return {
        "life": state.life[: counters[LIVES]],
        "life_free": state.life_free[: counters[LIVES_FREE]],
        "ring": state.ring[: counters[RINGS]],
        "ring_free": state.ring_free[: counters[RINGS_FREE]],
        "memo": state.memo[: min(counters[MEMOS], len(state.memo))],
        "pending": state.pending[: counters[PENDINGS]],
        "counters": counters,
    }


def write_state(path: Path, state: State) -> None:
    """Writes a state; OSError when it can't be."""
    limits = np.array([len(state.life), len(state.ring), len(state.memo), len(state.pending)])
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, limits=limits, **in_use(state))


def read_state(path: Path) -> State:
    """The state that was written, in arrays of its own; OSError, ValueError, KeyError or BadZipFile when it is
    none."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        counters = kept["counters"]
        state = empty(int(counters[DELAY_D]), Limits(*(int(limit) for limit in kept["limits"])))
        for name in in_use(state):
            array, part = getattr(state, name), kept[name]
            if part.dtype != array.dtype:
                raise ValueError(name)
            array[: len(part)] = part
    _enter_lives(state.table, state.life, int(counters[LIVES]))
    enter_used(state.memo_table, state.memo)
    return state


@compiled
def _enter_lives(table: Array, life: Array, count: int) -> None:
    for slot in range(count):
        if life[slot].key != 0:
            put(table, life[slot].key, slot)


@compiled
def enter_used(table: Array, records: Array) -> None:
    """Enters the ids of those records that are used."""
    for slot in range(records.shape[0]):
        if records[slot].used:
            put(table, records[slot].id, slot)
