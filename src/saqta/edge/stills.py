"""The stills that show what became of a thing: the place before, when it was put down, and now.

They are covered frames out of the ring, set aside when a thing becomes known, since nobody knows yet whether it will be
abandoned long after the ring has forgotten them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from saqta.edge.evidence import Cut, Ring, Still
from saqta.model.kinds import AlertRaised, ObjectStateChanged
from saqta.model.object import is_over

BEFORE_S = 2.0
"""The place is shown as it was this long before a thing was put down."""
THINGS_MAX = 12
"""Stills of no more things than these are set aside, the newest."""


class _Aside(NamedTuple):
    before: Still
    drop: Still


class Stills:
    """What is set aside for the things of one stream."""

    def __init__(self) -> None:
        self._aside: dict[str, _Aside] = {}

    def changed(self, record: ObjectStateChanged, ring: Ring) -> None:
        """A thing is known, or something became of it."""
        if is_over(record.state):
            self._aside.pop(record.object, None)
        elif record.object not in self._aside:
            before, drop = ring.nearest(record.put_down_s - BEFORE_S), ring.nearest(record.put_down_s)
            if before is not None and drop is not None:
                self._aside[record.object] = _Aside(before, drop)
            for oldest in list(self._aside)[:-THINGS_MAX]:
                del self._aside[oldest]

    def of(self, alert: AlertRaised, key: str, now: Still) -> Sequence[Cut]:
        """What shall be kept for an alert about a thing; ``key`` is its event's, ``now`` the covered frame that raised
        it."""
        aside = self._aside.get(alert.object or "")
        shown = {"before": aside.before, "drop": aside.drop, "now": now} if aside else {"now": now}
        return [Cut(key, (still,), shows) for shows, still in shown.items()]
