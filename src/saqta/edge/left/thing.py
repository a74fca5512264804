"""A thing that was put down, and whether it is still there.

It is looked for by what it looks like and by what is behind it, at the light of the moment: who walks before it hides
it and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np

from saqta.edge.arrays import Gray, Real, connected, gray
from saqta.edge.left.resting import Mask, Region, Window
from saqta.edge.left.verdict import Evidence
from saqta.edge.picture.blobs import Bounds, overlap
from saqta.edge.tracking.tracks import Track
from saqta.model.terms import ObjectState

LIKE_MIN = 0.6
"""It is seen where this part of it looks like it, and gone where this part looks like what is behind it."""
LIKE_PLAINLY = 0.9
UNLIKE = 30.0
"""A pixel that differs by more than this, of 255, is like neither."""
GONE_S = 1.0
UNEXPLAINED_S = 3.0
"""What is not to be seen for this long, though nobody is before it, is no thing."""
HIDDEN_MAX_S = 300.0
"""What is hidden for longer than this is given up."""
LIGHTS = (0.4, 2.5)
"""How much darker and brighter its surroundings may have become."""
EMPTIED_S, EMPTIED_MIN = 2.0, 0.6
"""A part of it went with its owner where what is behind it was seen for this share of the last seconds…"""
WENT_MIN, REST_MIN = 0.1, 0.3
"""…it is taken away from it when it is at least this share of it, and this share of it remains in one piece."""
_ADAPTION = 0.02
_KERNEL = np.ones((3, 3), np.uint8)


class Presence(StrEnum):
    """How a thing looks in one frame."""

    SEEN = "seen"
    HIDDEN = "hidden"
    GONE = "gone"


@dataclass(eq=False)
class Thing:
    """One thing. ``there`` is what it looks like, ``empty`` what is behind it, both in ``window``.

    ``owner`` is the number of the track that brought it, ``followed`` of the one that goes on where that one ended.
    ``tall_px`` is how tall a person looks there, None where nobody has walked. Since ``known_s`` it is known, since
    ``left_s`` its owner is away, at ``seen_s`` it was last seen, since ``gone_s`` what is behind it is seen instead.
    ``like`` and ``steady`` are how much, from 0 to 1, it looks the same now, and has so far. ``is_somebody`` is what a
    model said of its place when it last looked, None where none did. ``emptied`` is for how much of the last
    seconds, from 0 to 1, what is behind it was seen at each pixel.
    """

    number: int
    bounds: Bounds
    window: Window
    mask: Mask
    there: Real
    empty: Real
    put_down_s: float
    known_s: float
    evidence: Evidence
    owner: int | None
    tall_px: float | None
    seen_s: float
    state: ObjectState | None = None
    presence: Presence = Presence.SEEN
    followed: int | None = None
    left_s: float | None = None
    gone_s: float | None = None
    unexplained_s: float = 0.0
    steady: float = 1.0
    like: float = 1.0
    is_somebody: bool | None = None
    stirs: bool = False
    accompanied_s: float = 0.0
    stirring_before: float = 0.0
    stirring_beside: float = 0.0
    emptied: Real = field(init=False)
    _shows_empty: Real = field(init=False)

    def __post_init__(self) -> None:
        self.emptied = self._shows_empty = np.zeros(self.mask.shape, np.float32)

    @classmethod
    def found(
        cls, number: int, region: Region, held: Gray, usual: Gray, evidence: Evidence, owner: int | None,
        tall_px: float | None, at_s: float,
    ) -> "Thing":  # fmt: skip
        """A region that turned out to be a thing."""
        there, empty = (memory[region.window].astype(np.float32) for memory in (held, usual))
        where = (region.bounds, region.window, region.mask)
        return cls(number, *where, there, empty, region.since_s, at_s, evidence, owner, tall_px, at_s)

    @property
    def is_shown(self) -> bool:
        """Whether it may be seen in evidence: it is known for long to be nobody, and nobody is before it."""
        settled = self.state is ObjectState.ABANDONED and not self.is_somebody
        return settled and self.presence is Presence.SEEN and min(self.like, self.steady) >= LIKE_PLAINLY

    @property
    def foot(self) -> tuple[float, float]:
        """The middle of its lower edge."""
        return (self.bounds[0] + self.bounds[2]) / 2, self.bounds[3]

    def look(self, seen: Gray, brightest: float, tracks: Sequence[Track], at_s: float, step_s: float) -> None:
        """Says whether it is there in a frame at the learned exposure, in which nothing can look brighter than
        ``brightest``."""
        self._compare(seen, brightest, at_s)
        if self.presence is Presence.SEEN:
            self.unexplained_s = max(0.0, self.unexplained_s - step_s)
        elif self.presence is Presence.HIDDEN and not any(overlap(one.bounds, self.bounds) > 0 for one in tracks):
            self.unexplained_s += step_s
        if self.owner is not None and self.left_s is not None and self.presence is not Presence.GONE:
            self._trim(step_s)

    def is_gone(self, at_s: float) -> bool:
        """Whether what is behind it has been seen for GONE_S."""
        return self.gone_s is not None and at_s - self.gone_s >= GONE_S

    def is_lost(self, at_s: float) -> bool:
        """Whether it can't be told any more that it is a thing, or where."""
        return self.unexplained_s > UNEXPLAINED_S or at_s - self.seen_s > HIDDEN_MAX_S

    def shift(self, by_s: float) -> None:
        """The stream's clock is set forward by ``by_s``."""
        self.put_down_s += by_s
        self.known_s += by_s
        self.seen_s += by_s
        self.left_s = None if self.left_s is None else self.left_s + by_s
        self.gone_s = None if self.gone_s is None else self.gone_s + by_s

    def _compare(self, seen: Gray, brightest: float, at_s: float) -> None:
        now = seen[self.window].astype(np.float32)
        around = ~self.mask
        light = (float(np.median(now[around])) + 1) / (float(np.median(self.empty[around])) + 1)
        light = min(LIGHTS[1], max(LIGHTS[0], light))
        from_there, from_empty = (
            np.abs(now - np.minimum(brightest, light * looks))[self.mask] for looks in (self.there, self.empty)
        )
        like_there = float((from_there < np.minimum(from_empty, UNLIKE)).mean())
        self.like = like_there
        is_empty = from_empty < np.minimum(from_there, UNLIKE)
        like_empty = float(is_empty.mean())
        self._shows_empty = np.zeros(self.mask.shape, np.float32)
        self._shows_empty[self.mask] = is_empty
        if like_there >= LIKE_MIN:
            self.presence, self.seen_s, self.gone_s = Presence.SEEN, at_s, None
            self.steady += _ADAPTION * (like_there - self.steady)
            if like_there > LIKE_PLAINLY:
                self.there += _ADAPTION * (now / light - self.there) * self.mask
        elif like_empty >= LIKE_MIN:
            self.presence = Presence.GONE
            self.gone_s = at_s if self.gone_s is None else self.gone_s
        else:
            self.presence, self.gone_s = Presence.HIDDEN, None

    def _trim(self, step_s: float) -> None:
        """What went with its owner was no part of it."""
        self.emptied = self.emptied + np.float32(min(1.0, step_s / EMPTIED_S)) * (self._shows_empty - self.emptied)
        went = (self.emptied > EMPTIED_MIN) & self.mask
        area_px = np.count_nonzero(self.mask)
        if np.count_nonzero(went) < WENT_MIN * area_px:
            return
        rest = (self.mask & ~went).astype(np.uint8)
        labels, stats = connected(gray(cv2.morphologyEx(rest, cv2.MORPH_OPEN, _KERNEL)))
        areas = stats[1:, cv2.CC_STAT_AREA]
        if not areas.size or areas.max() < REST_MIN * area_px:
            return
        label = int(np.argmax(areas)) + 1
        left, top, width, height = (int(value) for value in stats[label][: cv2.CC_STAT_AREA])
        x0, y0 = self.window[1].start + left, self.window[0].start + top
        self.mask, self.bounds = labels == label, (x0, y0, x0 + width, y0 + height)
        self.unexplained_s, self.steady = 0.0, 1.0
