"""Which still regions are things, and who brought them.

A region is a thing when its pixels say so (``verdict``), it is small for what walks here, it lies alone, and it is no
body of somebody who walked there and stands or sits (``ways``). Somebody before it makes it wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from saqta.edge.arrays import Gray
from saqta.edge.left import alive
from saqta.edge.left.clear import Clear
from saqta.edge.left.resting import Region, Still, window_of
from saqta.edge.left.thing import Presence, Thing
from saqta.edge.left.verdict import Verdict, weigh
from saqta.edge.picture.blobs import Bounds, alike, overlap, size
from saqta.edge.tracking.tracks import Track, widened
from saqta.edge.tracking.ways import GIANT, Way, Ways

WHITE = 255.0
"""Memories of several frames look as bright as what was seen did."""
THINGS_MAX = 24
BODIES_MAX = 64
LOOK_S = 0.35
"""New things are looked for this often."""
TALL_MAX = 0.58
TALL_CALM_MAX = 0.75
WIDE_MAX = 1.0
"""A thing is less tall than this part of who walks here, than the second where it is calm, and no wider than that…"""
SMALLEST = 0.17
"""…and its longer side is no less than this: thirty centimetres."""
SMALL_MAX = 0.3
"""No side is longer than this part of the picture's height, while nobody has walked here."""
BODY_SHARE = 0.62
"""What is as tall as this part of somebody whose place it takes is their own body."""
BODY_WITHIN = 0.75
"""A region that holds this part of a body's place is that body, with what stands beside it."""
SEATED_SHARE = 0.4
"""The same where nobody went away from there: who sits, or is seen in part, is less tall."""
BODY_LIKE = 0.75
"""What lies in the place of a body is still that body until somebody was seen to go away from there, and even then
where that was a whole one and it is as tall as this part of it."""
BODY_GONE = 0.3
"""A body has gone when less than this part of its place is still foreign: who passes before it changes nothing."""
BODY_REST_MAX = 0.15
"""A whole body has gone all but for a thing where less than this part of the rest of its place is still foreign."""
LARGER = 1.25
"""A track taller than a region by this is somebody over it, not the region itself, unless it is nobody (GIANT)."""
COMPANY_MAX = 0.6
"""A thing lies alone: what else came and rests around it, as far as a person reaches, is less than this part of it."""
SUDDEN_MIN = 0.05
"""When this part of the picture changed and no track is there, the light did."""
BROUGHT_AFTER_S = 1.4
APPEARED_AFTER_S = 6.0
"""A region is judged when it has been still for this long, and longer where nobody was seen to bring it."""
STRIP = 2.8
"""What is this many times as long as wide is a strip of light or an edge, where nobody was seen to bring it."""
PASSES_S = 1.0
"""Who went on within this time passes: what has been still for longer is no part of them."""
DISMISSED_AFTER_S = 5.0
"""What has gone, or is light, becomes usual after this long: half hidden, a thing may look like it for a moment."""
SUSPECTED_S = 0.6
SUSPECTED_MAX_S = 3.5
SUSPECT_SHARE = 0.6
"""A region has looked like a thing for this long before it is one; a look without it is forgiven for that long."""
NEAR_SIZES, UPRIGHT = 0.6, 1.2
"""Who brought a thing was no further from it, in own heights, when it was put down: their feet from its foot, so that
a head over a body is nothing that somebody put down."""


class _Body(NamedTuple):
    """Where somebody came to rest, and since when; ``whole`` where they stand, or all of a vehicle is seen."""

    bounds: Bounds
    since_s: float
    whole: bool


@dataclass(eq=False)
class _Suspect:
    """What looked like a thing, from ``first_s`` to ``last_s``."""

    thing: Thing
    first_s: float
    last_s: float


class Things:
    """The things of one scene of one size: ``all`` that are known, the ``ways`` of who is there, and the ``bodies`` of
    those who stand still. ``name`` stands before their numbers, so that they are unlike those of other sessions."""

    def __init__(self, picture: tuple[int, int], name: str = "", first_number: int = 1) -> None:
        self.name = name
        self.all: list[Thing] = []
        self.ways = Ways(picture)
        self._picture = picture
        self._still: Still | None = None
        self._clear: Clear | None = None
        self.next_number, self._looked_s = first_number, 0.0
        self._suspects: list[_Suspect] = []
        self.bodies: list[_Body] = []

    @property
    def started(self) -> bool:
        """Whether there is a scene in which things are looked for."""
        return self._still is not None

    def name_of(self, thing: Thing) -> str:
        """What a thing is called in events."""
        return f"{self.name}{thing.number}"

    def start(self, usual: Gray, threshold: Gray, at_s: float) -> None:
        """The scene is known from now on. Things that were known before are kept where they are still to be seen."""
        self._clear = Clear(usual, at_s)
        usual = self._clear.lit(usual)
        self._still = Still(usual, self._clear.threshold(threshold), at_s)
        self._suspects, self.bodies = [], []
        for thing in self.all:
            thing.look(usual, WHITE, (), at_s, 0.0)
            if thing.presence is not Presence.SEEN:
                thing.seen_s = -np.inf

    def stop(self) -> None:
        """The scene is another one, and not known yet."""
        self._still = None

    def shift(self, by_s: float) -> None:
        """The stream's clock is set forward by ``by_s``."""
        self.ways.shift(by_s)
        for thing in self.all:
            thing.shift(by_s)
        if self._still is not None:
            self._still.shift(by_s)
        self._looked_s += by_s
        self._suspects = []

    def step(
        self, seen: Gray, brightest: float, threshold: Gray, tracks: Sequence[Track], at_s: float, step_s: float
    ) -> None:
        """Takes in a frame at the learned exposure, in which nothing can look brighter than ``brightest``, with the
        tracks in it."""
        self.ways.step(tracks, at_s)
        if self._still is None or self._clear is None:
            return
        seen, brightest = self._clear.seen(seen, self._still.usual, at_s), self._clear.gain * brightest
        self._still.step(seen, at_s, step_s)
        for thing in self.all:
            thing.look(seen, brightest, tracks, at_s, step_s)
        if at_s - self._looked_s >= LOOK_S:
            self._looked_s = at_s
            self._look_for_more(self._still, seen, self._clear.threshold(threshold), tracks, at_s, step_s)

    def forget(self, thing: Thing) -> None:
        """It is no more: what is held in its place becomes usual."""
        self.all.remove(thing)
        if self._still is not None:
            self._still.adopt(thing.window, thing.mask)

    def _look_for_more(
        self, still: Still, seen: Gray, threshold: Gray, tracks: Sequence[Track], at_s: float, step_s: float
    ) -> None:
        regions = still.regions(threshold, at_s, step_s)
        for thing in self.all:
            alive.watch(still, thing, tracks, at_s, LOOK_S)
        if self._light_changed(still, tracks, at_s):
            return
        self.bodies = [one for one in self.bodies if _is_still_there(one, still)]
        self._suspects = [suspect for suspect in self._suspects if at_s - suspect.last_s <= SUSPECTED_MAX_S]
        for region in regions:
            if at_s - region.since_s >= BROUGHT_AFTER_S and not self._has_to_wait(region, tracks):
                self._judge(still, region, seen, tracks, at_s)

    def _light_changed(self, still: Still, tracks: Sequence[Track], at_s: float) -> bool:
        """Whether much changed where nobody is; if so it is usual from now on."""
        if cv2.countNonZero(still.foreign) < SUDDEN_MIN * still.foreign.size:
            return False
        people: Gray = np.zeros_like(still.foreign)
        for one in (*(track.bounds for track in tracks if track.confirmed), *(body.bounds for body in self.bodies)):
            people[window_of(widened(one, 0.3))] = 255
        if cv2.countNonZero(cv2.subtract(still.foreign, people)) < SUDDEN_MIN * people.size:
            return False
        # A thing is known by its own look from now on: what was about to become one is not lost with the old light.
        for suspect in list(self._suspects):
            if suspect in self._suspects and suspect.thing.owner is not None and len(self.all) < THINGS_MAX:
                suspect.thing.number = self.next_number
                self._add(suspect.thing)
        self._suspects = []
        still.adopt_all_but(people, at_s)
        return True

    def _has_to_wait(self, region: Region, tracks: Sequence[Track]) -> bool:
        """It is a thing that is known, or somebody larger is over it, or it is a part of somebody."""
        area, tall = size(region.bounds), region.bounds[3] - region.bounds[1]
        if len(self.all) >= THINGS_MAX or any(overlap(region.bounds, one.bounds) > 0.3 * area for one in self.all):
            return True
        somebody_px = GIANT * (self.ways.tall_at(region.bounds[3]) or np.inf)
        return any(
            track.seen
            and LARGER * tall < track.height < somebody_px
            and overlap(track.bounds, region.bounds) > 0.3 * area
            for track in tracks
        )

    def _judge(self, still: Still, region: Region, seen: Gray, tracks: Sequence[Track], at_s: float) -> None:
        evidence = weigh(still.held[region.window], still.usual[region.window], region.mask)
        verdict = evidence.verdict
        if verdict in (Verdict.GHOST, Verdict.LIGHT):
            if at_s - region.since_s >= DISMISSED_AFTER_S:
                still.adopt(region.window, region.mask)
            return
        calm = alive.has_rested(region, at_s)
        if calm and alive.stirs(still, region, at_s):
            return
        owner = self._owner(region)
        tall_px = self.ways.tall_at(region.bounds[3]) or (owner.tall_px if owner else None)
        if self._is_no_thing(still, region, tall_px, calm) or self._company(still, region) > COMPANY_MAX:
            return
        plain = evidence.is_plain or (calm and evidence.is_clear)
        if verdict is not Verdict.THING or (owner is None and not self._appeared(region, plain, tracks, at_s)):
            return
        number = owner.number if owner else None
        thing = Thing.found(self.next_number, region, still.held, still.usual, evidence, number, tall_px, at_s)
        thing.look(seen, WHITE, tracks, at_s, 0.0)
        if thing.presence is Presence.SEEN and self._suspected_s(thing, at_s) >= SUSPECTED_S:
            alive.begin(still, thing)
            self._add(thing)

    def _add(self, thing: Thing) -> None:
        self._suspects = [suspect for suspect in self._suspects if overlap(suspect.thing.bounds, thing.bounds) == 0]
        self.all.append(thing)
        self.next_number = thing.number + 1

    def _suspected_s(self, thing: Thing, at_s: float) -> float:
        """For how long it has looked like a thing."""
        for suspect in self._suspects:
            if alike(suspect.thing.bounds, thing.bounds) > SUSPECT_SHARE:
                suspect.thing, suspect.last_s = thing, at_s
                return at_s - suspect.first_s
        self._suspects.append(_Suspect(thing, at_s, at_s))
        return 0.0

    def _appeared(self, region: Region, plain: bool, tracks: Sequence[Track], at_s: float) -> bool:
        """Whether it may be a thing though nobody was seen to bring it: it is plain, or calm, and no strip; it has lain
        there for a while, and nobody is near of whom it might be a part."""
        x0, y0, x1, y1 = region.bounds
        if max(x1 - x0, y1 - y0) > STRIP * min(x1 - x0, y1 - y0):
            return False
        reach_px = self.ways.tall_at(y1) or x1 - x0
        around = (x0 - reach_px, y1 - 1.5 * reach_px, x1 + reach_px, y1 + reach_px)
        resting = [track for track in tracks if track.moved and at_s - track.rests_since_s >= PASSES_S]
        alone = all(_is_on(track, region) or overlap(track.bounds, around) == 0 for track in resting)
        return alone and plain and at_s - region.since_s >= APPEARED_AFTER_S

    def _is_no_thing(self, still: Still, region: Region, tall_px: float | None, calm: bool) -> bool:
        """Whether it is a body or has not the size of a thing. Of what is calm, and no vehicle, nothing is left of a
        body that was seen to go away."""
        is_known_small = self.ways.tall_at(region.bounds[3]) is not None and self._is_small(region)
        return self._is_body(still, region, tall_px, calm and is_known_small) or self._is_out_of_scale(
            region, tall_px, TALL_CALM_MAX if calm else TALL_MAX
        )

    def _is_out_of_scale(self, region: Region, tall_px: float | None, tall_max: float) -> bool:
        x0, y0, x1, y1 = region.bounds
        if tall_px is None:
            return not self._is_small(region)
        too_small = max(y1 - y0, x1 - x0) < SMALLEST * tall_px
        return too_small or y1 - y0 > tall_max * tall_px or x1 - x0 > WIDE_MAX * tall_px

    def _is_small(self, region: Region) -> bool:
        x0, y0, x1, y1 = region.bounds
        return max(y1 - y0, x1 - x0) <= SMALL_MAX * self._picture[1]

    def _is_body(self, still: Still, region: Region, tall_px: float | None, calm: bool) -> bool:
        area, tall = size(region.bounds), region.bounds[3] - region.bounds[1]
        for body in self.bodies:
            if overlap(body.bounds, region.bounds) > 0.5 * area:
                like = body.whole and tall > BODY_LIKE * (body.bounds[3] - body.bounds[1])
                has_left = self.ways.some_left(body.bounds, body.since_s, tall_px or tall)
                if (like and not calm) or not (has_left or (not like and _is_rest_of(body, region, still))):
                    return True
        here = [
            way.tall_px
            for way in self.ways.all()
            if way.tall_px > 0
            and overlap(way.last, region.bounds) >= min(0.5 * area, BODY_WITHIN * size(way.last))
            and way.came_from_afar()
        ]
        whole = not calm and any(BODY_SHARE * height <= tall for height in here)
        seated = any(SEATED_SHARE * height <= tall for height in here)
        if whole or (seated and not self.ways.some_left(region.bounds, region.since_s, tall_px or tall)):
            self.bodies = [*self.bodies[1 - BODIES_MAX :], _Body(region.bounds, region.since_s, whole)]
            return True
        return False

    def _company(self, still: Still, region: Region) -> float:
        """How much else came and rests around a region, as a part of it."""
        x0, y0, x1, y1 = region.bounds
        tall = self.ways.tall_at(y1) or 2.5 * (y1 - y0)
        around = window_of((x0 - 0.5 * tall, y1 - 1.1 * tall, x1 + 0.5 * tall, y1 + 0.5 * tall))
        return (still.resting_px(around) - still.resting_px(region.window)) / np.count_nonzero(region.mask)

    def _owner(self, region: Region) -> Way | None:
        """Who passed by when it came to rest: the nearest."""
        near = [(_distance(way, region), way.number, way) for way in self.ways.all() if _was_about(way, region)]
        best = min(near, default=None)
        return best[2] if best is not None and best[0] < NEAR_SIZES else None


def _is_still_there(body: _Body, still: Still) -> bool:
    return cv2.countNonZero(still.foreign[window_of(body.bounds)]) > BODY_GONE * size(body.bounds)


def _is_rest_of(body: _Body, region: Region, still: Still) -> bool:
    """Whether a whole body has gone all but for a region: what is around that looks as usual again."""
    around = still.foreign[window_of(body.bounds)].copy()
    x0, y0, x1, y1 = widened(region.bounds, 0.1)
    left, top = body.bounds[:2]
    around[window_of((x0 - left, y0 - top, x1 - left, y1 - top))] = 0
    rest_px = max(1.0, size(body.bounds) - size(region.bounds))
    return body.whole and cv2.countNonZero(around) < BODY_REST_MAX * rest_px


def _was_about(way: Way, region: Region) -> bool:
    about = way.walked and way.born_s <= region.since_s + 1.0 and way.last_s >= region.since_s - 2.0
    return about and way.came_to(region.bounds)


def _is_on(track: Track, region: Region) -> bool:
    return overlap(track.bounds, region.bounds) > 0.5 * size(track.bounds)


def _distance(way: Way, region: Region) -> float:
    """How far somebody's foot was from a region when it came to rest, in own heights."""
    x, y = (region.bounds[0] + region.bounds[2]) / 2, region.bounds[3]
    x0, _, x1, y1 = way.at(region.since_s)
    return (max(x0 - x, x - x1, 0.0) + UPRIGHT * abs(y1 - y)) / way.tall_px
