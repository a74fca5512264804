"""How old a state has to be before a model acts on what it reads there: what is usual for whom, and where frauds were,
takes that long to be known. Until then a model would raise most of those who are honest.

It goes by the payments' own times. One payment alone, whatever time it names, makes no state old: the time between two
counts for a day at most.
"""

from typing import NamedTuple

import numpy as np

from saqta.fraud.engine.layout import DAY_MS, PAUSE_MS_MAX, Array
from saqta.fraud.wire import Reason

YOUNG_D = 7
"""So many days more than labels take."""
YOUNG = Reason(
    "young_state", "too little of the past is known here yet: rules and lists alone decided, the score is told"
)


def old_from_ms(paid_from_ms: int, label_delay_d: int) -> int:
    """From when on a state that knows payments from ``paid_from_ms`` on is old enough, by the payments' own times."""
    return paid_from_ms + (label_delay_d + YOUNG_D) * DAY_MS


class Paid(NamedTuple):
    """Since when a tenant's payments are known, pauses left out, and when the newest was made."""

    from_ms: int
    newest_ms: int

    def is_young(self, label_delay_d: int) -> bool:
        return self.newest_ms < old_from_ms(self.from_ms, label_delay_d)


def and_then(paid: Paid | None, times_ms: Array) -> Paid | None:
    """The same after further payments, in the order in which they were taken, (n,) int64; in portions or at once."""
    if not len(times_ms):
        return paid
    from_ms, newest_ms = paid or (times_ms.item(0),) * 2
    newest = np.maximum.accumulate(np.concatenate(([newest_ms], times_ms)))
    pauses = np.maximum(np.diff(newest) - PAUSE_MS_MAX, 0)
    return Paid(from_ms + int(pauses.sum()), newest.item(-1))
