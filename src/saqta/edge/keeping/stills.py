"""The stills that show what became of a thing: the place before, when it was put down, and now.

They are covered frames out of the ring, set aside when a thing becomes known, since nobody knows yet whether it will be
abandoned long after the ring has forgotten them.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from saqta.edge.covering.redaction import Cover
from saqta.edge.keeping.evidence import Cut, Ring, Still
from saqta.edge.picture.blobs import overlap
from saqta.edge.scene import Scene
from saqta.model.kinds import AlertRaised, ObjectStateChanged
from saqta.model.object import is_over

BEFORE_S = 2.0
"""The place is shown as it was this long before a thing was put down."""
NOW_WAIT_S = 3.0
"""Where somebody is before a thing when its alert is raised, it is shown as soon as they have gone, or after this."""
THINGS_MAX = 12
"""Stills of no more things than these are set aside, the newest, and no more are waited for."""


class _Aside(NamedTuple):
    before: Still
    drop: Still


class _Awaited(NamedTuple):
    alert: str
    object: str
    until_s: float


class Stills:
    """What is set aside for the things of one stream, and the alerts whose thing is still to be shown."""

    def __init__(self) -> None:
        self._aside: dict[str, _Aside] = {}
        self._awaited: list[_Awaited] = []

    @property
    def waits(self) -> bool:
        """Whether the next frame is wanted."""
        return bool(self._awaited)

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

    def expect(self, alert: AlertRaised, key: str, now: Still) -> Sequence[Cut]:
        """What shall be kept at once for an alert about a thing, ``key`` its event's; how it looks now comes later, or,
        of the oldest of too many, at once."""
        name = alert.object or ""
        awaited = [*self._awaited, _Awaited(key, name, now.at_s + NOW_WAIT_S)]
        self._awaited, hurried = awaited[-THINGS_MAX:], awaited[:-THINGS_MAX]
        aside = self._aside.get(name)
        cuts = [Cut(key, (aside.before,), "before"), Cut(key, (aside.drop,), "drop")] if aside else []
        return [*cuts, *(Cut(one.alert, (now,), "now") for one in hurried)]

    def due(self, now: Still, in_view: Collection[str]) -> Sequence[Cut]:
        """The stills of things that are to be seen in a covered frame, or can't be waited for any longer."""
        ready = [one for one in self._awaited if one.object in in_view or now.at_s >= one.until_s]
        self._awaited = [one for one in self._awaited if one not in ready]
        return [Cut(one.alert, (now,), "now") for one in ready]

    def rest(self, ring: Ring) -> Sequence[Cut]:
        """The stream is over: what is still waited for is shown as it was last."""
        last, awaited, self._awaited = ring.newest, self._awaited, []
        return [Cut(one.alert, (last,), "now") for one in awaited] if last is not None else []


def in_view(scene: Scene, covers: Sequence[Cover] | None) -> set[str]:
    """The things that may be shown and that no cover reaches."""
    boxes = [(*cover.points.min(axis=0), *cover.points.max(axis=0)) for cover in covers or ()]
    return {
        scene.things.name_of(thing)
        for thing in scene.things.all
        if covers is not None and thing.is_shown and all(overlap(box, thing.bounds) == 0 for box in boxes)
    }
