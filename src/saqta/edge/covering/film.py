"""A recording that may be looked at twice: the first look learns its scenes and who never moves, the second covers."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

import av
import cv2
import numpy as np

from saqta.edge.arrays import Gray, gray
from saqta.edge.covering.chapters import Chapter, Sample, agree
from saqta.edge.covering.redaction import MARGIN_SHARE, Cover, pixels, recognised, regions
from saqta.edge.frames import Frame, luma, planes
from saqta.edge.picture.blobs import alike
from saqta.model.kinds import Box

SIDE_PX = 384
"""Frames are compared at this size of their longer side."""
JOINED_PX = 7
"""Pieces this near to each other are covered as one."""
GLANCE_PX = 96
SAMPLED_FPS = 8.0
CHAPTER_S = 60.0
REST_S = 20.0
"""A shot's last chapter is at least this long, where the shot is."""
CHAPTERS_MAX = 720
"""Longer or more often cut recordings are covered as a whole from there on."""
CUT_CORRELATION = 0.6
"""A cut is where two frames, one after the other, have less than this to do with each other."""
PLAIN_DEVIATION = 2.0
"""A picture with less contrast than this, of 255, is plain: black, or covered."""
LOOKED_FPS = 4.0
"""Models look this often."""
FOUND_HELD_S = 0.5
"""What a model finds is there this long before and after."""
MISSED_S = 5.0
"""What a model finds again in the same place within this long was there in between."""
MISSED_OVERLAP = 0.5
FOUND_MAX = 1_000_000


class Found(NamedTuple):
    """What a model found in a frame: ``person``, ``face`` or a kind of vehicle, in fractions of the picture."""

    kind: str
    box: Box


Look = Callable[[av.VideoFrame], Sequence[Found]]
"""A model's look at one frame."""


class _Held(NamedTuple):
    from_s: float
    until_s: float
    found: Found


class Film:
    """What the first look gave. ``covers`` tells of any frame of the same recording what has to be covered."""

    def __init__(self, chapters: Sequence[Chapter], held: Sequence[_Held], until_s: float) -> None:
        self._chapters, self._until_s = chapters, until_s
        self._starts_s = [chapter.from_s for chapter in chapters]
        self._held = sorted(held)
        self._held_from_s = [one.from_s for one in self._held]
        self._held_longest_s = max((one.until_s - one.from_s for one in self._held), default=0.0)

    def covers(self, picture: av.VideoFrame, at_s: float) -> tuple[list[Cover] | None, tuple[int, int]]:
        """(what has to be covered, None when everything has to be; the (width, height) in which that is told)."""
        seen = planes(picture, SIDE_PX)
        height, width = seen.y.shape
        place = bisect_right(self._starts_s, at_s) - 1
        differs = self._chapters[place].differs(seen, at_s) if place >= 0 and at_s <= self._until_s else None
        if differs is None:
            return None, (width, height)
        moves, stays = differs
        found = [recognised(one.kind, pixels(one.box, (width, height))) for one in self._found(at_s)]
        # Where somebody may stay is known by cells that reach beyond him already.
        return _merged(stays, False, 0.0) + _merged(moves, True) + found, (width, height)

    def _found(self, at_s: float) -> Iterator[Found]:
        first = bisect_left(self._held_from_s, at_s - self._held_longest_s)
        last = bisect_right(self._held_from_s, at_s)
        return (one.found for one in self._held[first:last] if at_s <= one.until_s)


def _merged(mask: Gray, classed: bool, margin_share: float = MARGIN_SHARE) -> list[Cover]:
    """Covers for what is in ``mask``; pieces that lie near are joined, all the farther the more there are."""
    side_px = JOINED_PX
    while True:
        joined = gray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side_px, side_px), np.uint8)))
        covers = regions(joined, classed, margin_share)
        if covers is not None:
            return covers
        side_px = 2 * side_px + 1


def learn(frames: Iterable[Frame], looks: Sequence[Look]) -> Film:
    """The first look, at every frame in order."""
    learner = _Learner()
    found: list[tuple[float, Found]] = []
    due_s = at_s = 0.0
    full_s = inf
    for frame in frames:
        at_s = frame.at_s
        learner.step(frame)
        if looks and at_s >= due_s and full_s == inf:
            due_s = at_s + 1 / LOOKED_FPS
            found += [(at_s, one) for look in looks for one in look(frame.picture)]
            if len(found) >= FOUND_MAX:
                full_s = at_s  # What nobody looked at from here on is covered altogether.
    chapters = learner.close()
    return Film(chapters, _held(found), min(learner.until_s, full_s))


class _Learner:
    """Parts a recording into shots and chapters."""

    def __init__(self) -> None:
        self.until_s = -1.0
        self._chapters: list[Chapter] = []
        self._shot: list[Chapter] = []
        self._samples: list[Sample] = []
        self._last: Gray | None = None

    def step(self, frame: Frame) -> None:
        if len(self._chapters) + len(self._shot) >= CHAPTERS_MAX:
            return
        glance = luma(frame.picture, GLANCE_PX)
        if frame.fresh or (self._last is not None and _is_cut(self._last, glance)):
            self._end_shot()
        self._last = glance
        if not self._samples or frame.at_s - self._samples[-1].at_s >= 1 / SAMPLED_FPS - 1e-3:
            self._samples.append(Sample(frame.at_s, planes(frame.picture, SIDE_PX)))
        if frame.at_s - self._samples[0].at_s >= CHAPTER_S + REST_S:
            self._end_chapter(CHAPTER_S)
        self.until_s = frame.at_s

    def close(self) -> list[Chapter]:
        self._end_shot()
        return self._chapters

    def _end_shot(self) -> None:
        if self._samples:
            self._end_chapter(CHAPTER_S + REST_S)
        agree(self._shot)
        self._chapters += self._shot
        self._shot, self._last = [], None

    def _end_chapter(self, seconds: float) -> None:
        end_s = self._samples[0].at_s + seconds
        count = sum(sample.at_s < end_s for sample in self._samples)
        self._shot.append(Chapter(self._samples[:count]))
        del self._samples[:count]


def _is_cut(before: Gray, after: Gray) -> bool:
    plain, plain_after = (bool(glance.std() < PLAIN_DEVIATION) for glance in (before, after))
    if plain or plain_after:
        return plain is not plain_after
    return bool(np.corrcoef(before.ravel(), after.ravel())[0, 1] < CUT_CORRELATION)


def _held(found: Sequence[tuple[float, Found]]) -> list[_Held]:
    """Each find with the time for which it holds: until it is found again in the same place, where it soon is."""
    held = []
    for place, (at_s, one) in enumerate(found):
        until_s = at_s + FOUND_HELD_S
        for later_s, other in found[place + 1 :]:
            if later_s > at_s + MISSED_S:
                break
            if later_s > at_s and other.kind == one.kind and alike(one.box, other.box) >= MISSED_OVERLAP:
                until_s = max(until_s, later_s)
                break
        held.append(_Held(at_s - FOUND_HELD_S, until_s, one))
    return held
