"""How the state lies in memory: one record a key for its whole life, one more while it is busy.

A key is a 64-bit hash of what it names and its text: an account that pays, a payee, a pair of both, a device, a
subscriber who calls, one who is called. Keys of every kind share one table.

``LIFE`` is kept until the key was not seen for ``LIFE_D`` days. ``RING`` holds buckets by hour and by day, and is
kept while any of them is younger than ``DAYS``. Bucket ``n`` of a ring is day ``day % DAYS``. A window holds the
bucket of now and as many before it as it has hours or days: it covers its span at least.
"""

from mmap import MADV_NOHUGEPAGE, mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HOURS = 25
DAYS = 48
WINDOW_D = 30
LABEL_DELAY_D_MAX = DAYS - WINDOW_D - 2
LABEL_DELAY_D = 7
"""So long it takes until labels are known, where neither a model nor who asks says it."""
LIFE_D = 400
LATE_MS = HOUR_MS
CALL_S_MAX = 7 * 86_400
"""No call is longer."""
AT_ONCE = 8
"""Calls of one caller whose ends are remembered."""
SWEPT = 4
"""Slots that are looked at for age with each new key: so nothing ever stops to sweep."""
SEARCHED = 64
"""Slots among which the oldest gives way where no slot is free."""

PAYMENT, CALL, LABEL, SWAP, CONNECTED, ENDED = 1, 2, 3, 4, 5, 6
DECIDED, REPEATED, CONFLICT, UNKNOWN, TAKEN, FULL = 0, 1, 2, 3, 4, 5
"""What came of an event: decided, answered before, the id came with other content, a label for what isn't known; a
label taken; no room for one more that waits."""

ANSWER = np.dtype([("score", "<f8"), ("mask", "<u8"), ("shadow", "<u8"), ("status", "<u8")])
"""What came of an event: how likely it is fraud, the rules that fired as bits, those that fired and do not act, its
status."""
HONEST, FRAUD = 1, 2

EVENT = np.dtype(
    [
        ("time_ms", "<i8"),
        ("id", "<u8"),
        ("actor", "<u8"),
        ("counterpart", "<u8"),
        ("device", "<u8"),
        ("subscriber", "<u8"),
        ("place", "<u8"),
        ("amount", "<f8"),
        ("facts", "<u4"),
        ("kind", "<u1"),
        ("told", "<u1"),
        ("currency", "<u2"),
        ("value", "<f8"),
    ]
)
"""One event for the machine. ``actor`` pays or calls, ``counterpart`` is paid or called, ``subscriber`` is the
telephone of who pays, of a call the range of numbers that is called. A device is what was paid with, or the IMEI; a
place is a cell; 0 where there is none. ``amount`` is in units of the currency, or the seconds of a call, negative
while they aren't known; ``value`` is what features take a payment's amount for: its worth in the home currency where
a rate is in force, else the same. ``facts`` are the bits below. ``told`` is what others say: of a payment or call
which of its names lists block, as bits below; of a label HONEST or FRAUD. ``id`` of a label is that of what it labels,
its time when it was known. A swap tells when the ``subscriber`` came to another SIM card, and nothing else. That a
call connected or ended tells of its ``actor`` and ``counterpart``; its ``id`` is what the telecom calls it."""

FOREIGN_TRUNK, NATIONAL_TRUNK, ATTESTED_A, ATTESTED_B, ATTESTED_C = 1, 2, 4, 8, 16
CALLER_NATIONAL, CALLER_UNASSIGNED, CALLEE_NATIONAL, CALLEE_UNASSIGNED = 32, 64, 128, 256
LISTED_ACTOR, LISTED_COUNTERPART, LISTED_DEVICE, LISTED_SIM, LISTED_SUBSCRIBER = 1, 2, 4, 8, 16
LISTED_IN_DOUBT = 32
"""All that is listed of it is appealed against."""

TABLE = np.dtype([("key", "<u8"), ("slot", "<i8")])
"""Where a key's record lies: 1 + its slot, 0 in an empty place."""

LIFE = np.dtype(
    [
        ("key", "<u8"),
        ("first_ms", "<i8"),
        ("last_ms", "<i8"),
        ("met", "<i8"),
        ("first_fraud_ms", "<i8"),
        ("last_fraud_ms", "<i8"),
        ("count", "<i4"),
        ("frauds", "<i4"),
        ("ring", "<i4"),
        ("mean", "<f4"),
        ("variance", "<f4"),
        ("pace", "<f4"),
        ("run", "<i4"),
        ("last_other", "<u8"),
        ("call_ms", "<i8"),
        ("call_s", "<f4"),
        ("risk", "<i4"),
    ]
)
"""A key for its whole life. ``met`` numbers the event that met it last; ``ring`` is 1 + its place among the rings, 0
while it is quiet; ``mean`` and ``variance`` are the habit: of amounts, each cut to three deviations, older ones
fading. ``pace`` is a count that fades within a minute, for who calls a range of numbers the minutes spent with it,
fading within an hour; ``run`` how often in a row ``last_other`` was called. A subscriber who is called has in
``call`` when the last call of risk was asked about and how long it went on since, negative while that isn't known, and
in ``last_other`` who called. A pair of numbers has in ``call_s`` how long the newest call was, in ``last_other`` the
foreign range that it went to, and in ``call_ms`` when the call was asked about whose end was told last. A call that
goes on has by its name when it was asked about, and its range."""

RING = np.dtype(
    [
        ("owner", "<i4"),
        ("hour", "<i4"),
        ("day", "<i4"),
        ("spare", "<i4"),
        ("hour_others", "<u8", (HOURS,)),
        ("day_others", "<u8", (DAYS,)),
        ("hour_count", "<u4", (HOURS,)),
        ("hour_noted", "<u4", (HOURS,)),
        ("hour_sum", "<f4", (HOURS,)),
        ("day_count", "<u4", (DAYS,)),
        ("day_sum", "<f4", (DAYS,)),
        ("day_square", "<f4", (DAYS,)),
        ("day_noted", "<u4", (DAYS,)),
        ("day_frauds", "<u4", (DAYS,)),
        ("day_plain_frauds", "<u4", (DAYS,)),
        ("ends_ms", "<i8", (AT_ONCE,)),
    ]
)
"""A busy key. ``others`` are 64-bit sketches of the counterparts. ``noted`` counts what stands out: payments far
above the payer's habit, calls that were short. ``plain_frauds`` are known frauds whose amount did not stand out.
``ends_ms`` is when those of the caller's calls end that end last, as far as their lengths are known."""

MEMO = np.dtype(
    [
        ("id", "<u8"),
        ("digest", "<u8"),
        ("actor", "<u8"),
        ("counterpart", "<u8"),
        ("time_ms", "<i8"),
        ("mask", "<u8"),
        ("score", "<f8"),
        ("label", "<u1"),
        ("plain", "<u1"),
        ("used", "<u1"),
        ("spare", "<u1", (5,)),
    ]
)
"""What was decided lately: for repeats, and for labels that come later."""

PENDING = np.dtype([("known_ms", "<i8"), ("id", "<u8"), ("label", "<u8")])
"""A label that isn't known yet."""

CLOCK_MS, LIVES, LIVES_FREE, RINGS, RINGS_FREE, HAND, RING_HAND, MEMOS, PENDINGS = range(9)
EVENTS, LATE, EVICTED, DELAY_D, PAID_FROM_MS, PAID_MS = range(9, 15)
"""The last two are since when payments are known, 0 before, and the time of the newest."""
PAUSE_MS_MAX = DAY_MS
"""A time without payments makes those of before known for so long and no longer."""
COUNTERS = 16

Array = NDArray[Any]
Record = Any
"""One record of such an array, its fields as attributes: what compiled code sees, and no type of numpy's can say."""


class State(NamedTuple):
    """All that the machine knows, in arrays; their lengths are its limits. ``counters`` are named above."""

    table: Array
    life: Array
    life_free: Array
    ring: Array
    ring_free: Array
    memo_table: Array
    memo: Array
    pending: Array
    counters: Array


class Limits(NamedTuple):
    """How much the state may hold: keys, busy keys, decisions remembered, labels that wait for their day."""

    keys_max: int = 1 << 20
    busy_max: int = 1 << 18
    memos_max: int = 1 << 20
    pending_max: int = 1 << 16


def empty(label_delay_d: int, limits: Limits) -> State:
    """A state that knows nothing. Memory that was never used costs nothing: it is had page by page as it is used."""
    counters = np.zeros(COUNTERS, np.int64)
    counters[DELAY_D] = label_delay_d
    return State(
        empty_table(limits.keys_max),
        unused(limits.keys_max, LIFE),
        np.zeros(limits.keys_max, np.int32),
        unused(limits.busy_max, RING),
        np.zeros(limits.busy_max, np.int32),
        empty_table(limits.memos_max),
        unused(limits.memos_max, MEMO),
        np.zeros(limits.pending_max, PENDING),
        counters,
    )


def unused(records: int, record: np.dtype[Any]) -> Array:
    """Zeros in pages of 4 KiB: for one of 2 MiB the system looks for milliseconds, while decisions wait."""
    memory = mmap(-1, max(1, records * record.itemsize))
    memory.madvise(MADV_NOHUGEPAGE)
    return np.frombuffer(memory, record, records)


def empty_table(entries: int) -> Array:
    """A table for so many keys, whose pages are there already: keys fall anywhere, so each new one would wait for its
    page."""
    table = np.empty(_table_size(entries), TABLE)
    table.view(np.uint64).fill(0)
    return table


def _table_size(entries: int) -> int:
    """The power of two that keeps an open table at most five eighths full."""
    size = 1 << max(4, (entries - 1).bit_length())
    return size if entries <= size * 5 // 8 else size * 2
