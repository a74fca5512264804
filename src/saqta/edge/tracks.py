"""Tracks: which blob of this frame is which of the things seen before.

Association goes in stages, as in ByteTrack (Zhang et al. 2022): sure blobs first, then faint ones for the tracks that
found none; only sure blobs begin a track. Before that, blobs are made to fit what is known: pieces inside one track's
box are put together, and a blob that holds several tracks is shared out among them. A track that finds nothing
coasts, for ``LOST_S`` at most.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations
from math import hypot, log
from typing import NamedTuple

import numpy as np

from saqta.edge.blobs import Blob, Blobs, Bounds, overlap, size
from saqta.edge.motion import EXTENT, PLACE, Axis
from saqta.edge.shapes import Shape

TRACKS_MAX = 64
LOST_S = 2.0
TENTATIVE_LOST_S = 0.5
COASTING_DRAG = 0.94
"""What is left of the speed after each frame in which the thing was not found."""
PART_MIN = 0.1
HIDDEN_SHARE = 0.5
PARTIAL_S = 1.5
"""A thing that is seen in part only keeps its size for this long; then what is seen is all there is."""
HITS_MIN = 3
MOVED_SHARE = 0.5
WENT_SHARE = 0.8
"""A thing has moved when both of its sides, or its top and foot, went MOVED_SHARE of its width the same way, or when
its foot went WENT_SHARE of it, as that of a thing that comes nearer."""
MOVED_PX_MIN = 2.0
EXPLAINED_MIN = 0.7
"""A blob is shared out among tracks whose boxes make up this part of its own; otherwise something new is in it."""
PIECE_GAP = 0.35
PIECE_SPLINTER = 0.15
"""Pieces of one thing lie at most this part of its height apart; a splinter, of this part of its area, lies beside."""
TWIN_OVERLAP = 0.5
TWIN_S = 0.8
"""Two tracks whose boxes share this part of their union for this long follow one thing."""
_SPLINTER_PX = 3
_EDGE_PX = 2


class Detection(NamedTuple):
    """What may be one thing in this frame. ``partial``: only part of it is seen, so its size tells nothing."""

    bounds: Bounds
    area: float
    sure: bool
    partial: bool = False


class Track:
    """One thing through time, in pixels of the analysed picture.

    ``number`` counts within the stream. ``bounds`` is where it is now, seen or supposed while it coasts;
    ``rests_since_s`` is when it last went on by a good part of its own size.
    """

    def __init__(self, number: int, found: Detection, at_s: float) -> None:
        x0, y0, x1, y1 = found.bounds
        self.number = number
        self.born_s = self.seen_s = self.at_s = self.whole_s = at_s
        width, height = x1 - x0, y1 - y0
        self.x, self.y = Axis((x0 + x1) / 2, width, PLACE), Axis((y0 + y1) / 2, height, PLACE)
        self._across, self._upright = Axis(width, width, EXTENT), Axis(height, height, EXTENT)
        self._settle()
        self.hits = 1
        self.moved = False
        self.twin_s = 0.0
        self.shape = Shape()
        self._rest, self.rests_since_s = found.bounds, at_s

    @property
    def foot(self) -> tuple[float, float]:
        """The middle of its lower edge, where it touches the ground."""
        return self.x.at, self.y.at + self.height / 2

    @property
    def seen(self) -> bool:
        """It was found in this frame; otherwise it coasts."""
        return self.seen_s == self.at_s

    @property
    def confirmed(self) -> bool:
        """It moved as one thing for long enough to be something."""
        return self.moved and self.hits >= HITS_MIN

    @property
    def kind(self) -> str:
        """``person`` or ``vehicle``."""
        return self.shape.kind

    def predict(self, at_s: float) -> None:
        """Moves on to ``at_s`` by its own speed."""
        width, height = self.width, self.height
        if not self.seen:
            self.x.speed *= COASTING_DRAG
            self.y.speed *= COASTING_DRAG
        if self.whole_s < self.at_s:
            self._across.speed = self._upright.speed = 0.0
        for axis, extent in ((self.x, width), (self.y, height), (self._across, width), (self._upright, height)):
            axis.predict(at_s - self.at_s, extent)
        self.at_s = at_s
        self._settle()

    def observe(self, found: Detection, picture: tuple[int, int]) -> None:
        """Takes in where it was found; ``picture`` is (width, height)."""
        x0, y0, x1, y1 = found.bounds
        left, top, right, bottom = self.bounds
        may_be_partial = self.at_s - self.whole_s < PARTIAL_S
        hidden_across = may_be_partial and (found.partial or _is_hidden(x0 - left, x1 - right, self.width))
        hidden_upright = may_be_partial and (found.partial or _is_hidden(y0 - top, y1 - bottom, self.height))
        _observe(self.x, self._across, x0, x1, hidden_across)
        _observe(self.y, self._upright, y0, y1, hidden_upright)
        if not (hidden_across or hidden_upright):
            self.whole_s = self.at_s
            self.shape.add(x1 - x0, y1 - y0, found.area, _is_cut(found.bounds, picture))
        self._settle()
        self.hits += 1
        self.seen_s = self.at_s
        if self._has_moved():
            self.moved = True
            self._rest, self.rests_since_s = self.bounds, self.at_s

    def _settle(self) -> None:
        self.width, self.height = max(1.0, self._across.at), max(1.0, self._upright.at)
        x, y, half_width, half_height = self.x.at, self.y.at, self.width / 2, self.height / 2
        self.bounds: Bounds = (x - half_width, y - half_height, x + half_width, y + half_height)

    def _has_moved(self) -> bool:
        rest, now = self._rest, self.bounds
        width = min(self.width, rest[2] - rest[0])
        across = _together(now[0] - rest[0], now[2] - rest[2])
        upright = _together(now[1] - rest[1], now[3] - rest[3])
        went = hypot(self.foot[0] - (rest[0] + rest[2]) / 2, self.foot[1] - rest[3])
        return max(across, upright, went * MOVED_SHARE / WENT_SHARE) >= max(MOVED_PX_MIN, MOVED_SHARE * width)


class Tracker:
    """The tracks of one stream."""

    def __init__(self, picture: tuple[int, int], first_number: int = 1) -> None:
        self.tracks: list[Track] = []
        self.next_number = first_number
        self._picture = picture

    def step(self, blobs: Blobs, at_s: float) -> list[Track]:
        """Takes in the blobs of the frame at ``at_s``; gives the tracks that live, the confirmed and the tentative."""
        step_s = at_s - self.tracks[0].at_s if self.tracks else 0.0
        self.tracks = [track for track in self.tracks if at_s - track.seen_s <= _patience_s(track)]
        for track in self.tracks:
            track.predict(at_s)
        steady = [track for track in self.tracks if track.hits >= HITS_MIN]
        found, free = _shared_out(blobs, steady)
        for sure in (True, False):
            _match([track for track in steady if track not in found], free, sure, found)
        _add_pieces(found, free)
        _match_parts([track for track in steady if track not in found], free, found)
        _match([track for track in self.tracks if track.hits < HITS_MIN], free, True, found)
        for track, detection in found.items():
            track.observe(detection, self._picture)
        self._begin([detection for detection in free if detection.sure], at_s)
        self._end(at_s, step_s)
        return self.tracks

    def forget(self, tracks: Collection[Track]) -> None:
        """Drops tracks."""
        self.tracks = [track for track in self.tracks if track not in tracks]

    def _begin(self, found: Iterable[Detection], at_s: float) -> None:
        for one in found:
            if len(self.tracks) < TRACKS_MAX:
                self.tracks.append(Track(self.next_number, one, at_s))
                self.next_number += 1

    def _end(self, at_s: float, step_s: float) -> None:
        width, height = self._picture
        twins = _twins(self.tracks)
        for track in self.tracks:
            track.twin_s = track.twin_s + step_s if track.number in twins else 0.0
        self.tracks = [
            track
            for track in self.tracks
            if 0 <= track.x.at <= width and 0 <= track.y.at <= height and track.twin_s < TWIN_S
        ]


def _patience_s(track: Track) -> float:
    return LOST_S if track.confirmed else TENTATIVE_LOST_S


def _shared_out(blobs: Blobs, tracks: Sequence[Track]) -> tuple[dict[Track, Detection], list[Detection]]:
    """(shares of the blobs that hold several tracks, by track; the other blobs)."""
    shares: dict[Track, Detection] = {}
    free: list[Detection] = []
    for blob in blobs.found:
        claimants = [track for track in tracks if track not in shares and _claims(track, blob)]
        explained = sum(overlap(track.bounds, blob.bounds) for track in claimants)
        if len(claimants) >= 2 and explained >= EXPLAINED_MIN * size(blob.bounds):
            shares.update(_shares(blob, blobs, claimants))
        else:
            free.append(Detection(blob.bounds, blob.area, blob.sure))
    return shares, free


def _claims(track: Track, blob: Blob) -> bool:
    x0, y0, x1, y1 = blob.bounds
    inside = x0 <= track.x.at <= x1 and y0 <= track.y.at <= y1
    return inside and overlap(track.bounds, blob.bounds) >= 0.5 * track.width * track.height


def _shares(blob: Blob, blobs: Blobs, tracks: Sequence[Track]) -> dict[Track, Detection]:
    """Each pixel of the blob goes to the track whose supposed box it is most central in."""
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    lines, places = np.nonzero(blobs.labels[y0:y1, x0:x1] == blob.label)
    rows, columns = lines + y0 + 0.5, places + x0 + 0.5
    nearest = np.stack(
        [((columns - t.x.at) / t.width) ** 2 + ((rows - t.y.at) / t.height) ** 2 for t in tracks],
    ).argmin(axis=0)
    shares: dict[Track, Detection] = {}
    for index, track in enumerate(tracks):
        mine = nearest == index
        area = int(mine.sum())
        if area >= 0.25 * blob.area / len(tracks):
            left, right = columns[mine].min() - 0.5, columns[mine].max() + 0.5
            top, bottom = rows[mine].min() - 0.5, rows[mine].max() + 0.5
            shares[track] = Detection((float(left), float(top), float(right), float(bottom)), area, blob.sure, True)
    return shares


def _match(tracks: Sequence[Track], free: list[Detection], sure: bool, found: dict[Track, Detection]) -> None:
    """Greedily by cost, nearest first; what is taken goes from ``free`` to ``found``."""
    pairs = sorted(
        (cost, t, f)
        for t, track in enumerate(tracks)
        for f, one in enumerate(free)
        if one.sure == sure and (cost := _cost(track, one)) is not None
    )
    taken: set[int] = set()
    for _, t, f in pairs:
        if tracks[t] not in found and f not in taken:
            taken.add(f)
            found[tracks[t]] = free[f]
    free[:] = [one for f, one in enumerate(free) if f not in taken]


def _add_pieces(found: dict[Track, Detection], free: list[Detection]) -> None:
    """Adds to what was found for a track the pieces right above or below it, and splinters, if it stays in size."""
    for one in sorted(free, key=lambda one: -one.area):
        for track, main in found.items():
            united = _united(main, one)
            if not main.partial and _is_piece(one, main, track) and _fits(united.bounds, track):
                found[track] = united
                free.remove(one)
                break


def _is_piece(one: Detection, main: Detection, track: Track) -> bool:
    if overlap(widened(track.bounds, 0.15), one.bounds) < 0.7 * size(one.bounds):
        return False
    x0, y0, x1, y1 = main.bounds
    left, top, right, bottom = one.bounds
    stacked = min(x1, right) - max(x0, left) >= 0.5 * min(x1 - x0, right - left)
    near = max(top - y1, y0 - bottom) <= PIECE_GAP * track.height and max(left - x1, x0 - right) <= _SPLINTER_PX
    return near and (stacked or one.area < PIECE_SPLINTER * main.area)


def _match_parts(tracks: Sequence[Track], free: list[Detection], found: dict[Track, Detection]) -> None:
    """Gives a track that found nothing else, and was whole a moment ago, what is in its box: it is half hidden."""
    for track in tracks:
        inside = [
            one
            for one in free
            if overlap(widened(track.bounds, 0.15), one.bounds) >= 0.7 * size(one.bounds)
            and size(one.bounds) >= PART_MIN * track.width * track.height
        ]
        if inside and track.at_s - track.whole_s < PARTIAL_S:
            part = max(inside, key=lambda one: one.area)
            found[track] = part._replace(partial=True)
            free.remove(part)


def _united(one: Detection, other: Detection) -> Detection:
    (x0, y0, x1, y1), (left, top, right, bottom) = one.bounds, other.bounds
    bounds = (min(x0, left), min(y0, top), max(x1, right), max(y1, bottom))
    return Detection(bounds, one.area + other.area, one.sure or other.sure, one.partial)


def _fits(bounds: Bounds, track: Track) -> bool:
    return bounds[2] - bounds[0] <= 1.5 * track.width and bounds[3] - bounds[1] <= 1.4 * track.height


def _cost(track: Track, found: Detection) -> float | None:
    """Distance of the centres in sizes, and how unlike the sizes are; None where it can't be the same thing."""
    x0, y0, x1, y1 = found.bounds
    reach = 1.0 if track.hits >= HITS_MIN else 1.8
    across = abs((x0 + x1) / 2 - track.x.at) / (0.5 * (track.width + x1 - x0))
    upright = abs((y0 + y1) / 2 - track.y.at) / (0.5 * (track.height + y1 - y0))
    if max(across, upright) > reach:
        return None
    unlike = abs(log((x1 - x0) * (y1 - y0) / (track.width * track.height)))
    return None if unlike > 1.6 else across + upright + 0.4 * unlike


def _twins(tracks: Sequence[Track]) -> set[int]:
    """Numbers of the younger ones where two tracks follow one thing."""
    younger: set[int] = set()
    for one, other in combinations(tracks, 2):
        if abs(one.x.at - other.x.at) < one.width and abs(one.y.at - other.y.at) < one.height:
            shared = overlap(one.bounds, other.bounds)
            if shared > TWIN_OVERLAP * (one.width * one.height + other.width * other.height - shared):
                younger.add(max(one.number, other.number))
    return younger


def _observe(middle: Axis, extent: Axis, low: float, high: float, hidden: bool) -> None:
    """Updates one axis of a track; of a thing that is half hidden, only the edge that is where it was supposed."""
    size = max(1.0, extent.at)
    if hidden:
        half = size / 2
        middle.update(middle.at + _agreed(low - (middle.at - half), high - (middle.at + half)), 2 * size)
    else:
        middle.update((low + high) / 2, size)
        extent.update(high - low, size)


def _is_hidden(low: float, high: float, size: float) -> bool:
    """Whether one edge is where it was supposed and the other far inside: how both are off is given."""
    return low - high > HIDDEN_SHARE * size and min(abs(low), abs(high)) < HIDDEN_SHARE / 2 * size


def _agreed(low: float, high: float) -> float:
    """How far it went, by the edge that went less: the other one is where it is hidden."""
    return low if abs(low) < abs(high) else high


def _together(low: float, high: float) -> float:
    """How far both edges went the same way."""
    return min(abs(low), abs(high)) if low * high > 0 else 0.0


def _is_cut(bounds: Bounds, picture: tuple[int, int]) -> bool:
    x0, y0, x1, y1 = bounds
    return x0 < _EDGE_PX or y0 < _EDGE_PX or x1 > picture[0] - _EDGE_PX or y1 > picture[1] - _EDGE_PX


def widened(bounds: Bounds, share: float) -> Bounds:
    x, y = share * (bounds[2] - bounds[0]), share * (bounds[3] - bounds[1])
    return bounds[0] - x, bounds[1] - y, bounds[2] + x, bounds[3] + y
