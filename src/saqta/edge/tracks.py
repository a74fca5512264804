"""Tracks: which blob of this frame is which of the things seen before.

Association goes in stages, as in ByteTrack (Zhang et al. 2022): sure blobs first, then faint ones for the tracks that
found none; only sure blobs begin a track. Before that, blobs are made to fit what is known: pieces inside one track's
box are put together, and a blob that holds several tracks is shared out among them. A track that finds nothing
coasts, for ``LOST_S`` at most.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from saqta.edge.blobs import Blob, Blobs, Bounds, overlap, size
from saqta.edge.motion import Axis
from saqta.edge.shapes import Shape

TRACKS_MAX = 64
LOST_S = 2.0
TENTATIVE_LOST_S = 0.5
COASTING_DRAG = 0.85
"""What is left of the speed after each frame in which the thing was not found."""
HITS_MIN = 3
MOVED_SHARE = 0.5
"""A thing has moved when both of its sides went this part of its width (or height) the same way."""
MOVED_PX_MIN = 2.0
_TWIN_OVERLAP = 0.7
_TWIN_S = 0.8
_SIZE_MEMORY = 0.75
_EDGE_PX = 2


class Detection(NamedTuple):
    """What may be one thing in this frame. ``partial``: only part of it is seen, so its size tells nothing."""

    bounds: Bounds
    area: float
    sure: bool
    partial: bool = False


class Track:
    """One thing through time, in pixels of the analysed picture. ``number`` counts within the stream;
    ``rests_since_s`` is when it last went on by a good part of its own size."""

    def __init__(self, number: int, found: Detection, at_s: float) -> None:
        x0, y0, x1, y1 = found.bounds
        self.number = number
        self.born_s = self.seen_s = self.at_s = at_s
        self.width, self.height = x1 - x0, y1 - y0
        self.x = Axis((x0 + x1) / 2, self.width)
        self.y = Axis((y0 + y1) / 2, self.height)
        self.hits = self.steps = 1
        self.moved = False
        self.twin_s = 0.0
        self.shape = Shape()
        self._rest, self.rests_since_s = found.bounds, at_s

    @property
    def bounds(self) -> Bounds:
        """Where it is now: seen, or supposed while it coasts."""
        half_width, half_height = self.width / 2, self.height / 2
        return (self.x.at - half_width, self.y.at - half_height, self.x.at + half_width, self.y.at + half_height)

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
        if self.seen_s < self.at_s:
            self.x.speed *= COASTING_DRAG
            self.y.speed *= COASTING_DRAG
        self.x.predict(at_s - self.at_s, self.width)
        self.y.predict(at_s - self.at_s, self.height)
        self.at_s = at_s
        self.steps += 1

    def observe(self, found: Detection, picture: tuple[int, int]) -> None:
        """Takes in where it was found; ``picture`` is (width, height)."""
        x0, y0, x1, y1 = found.bounds
        if found.partial:
            left, top, right, bottom = self.bounds
            self.x.update(self.x.at + _agreed(x0 - left, x1 - right), 2 * self.width)
            self.y.update(self.y.at + _agreed(y0 - top, y1 - bottom), 2 * self.height)
        else:
            self.x.update((x0 + x1) / 2, self.width)
            self.y.update((y0 + y1) / 2, self.height)
            keep = _SIZE_MEMORY if self.hits >= HITS_MIN else 0.3
            self.width = keep * self.width + (1 - keep) * (x1 - x0)
            self.height = keep * self.height + (1 - keep) * (y1 - y0)
            if not _is_cut(found.bounds, picture):
                self.shape.add(x1 - x0, y1 - y0, found.area)
        self.hits += 1
        self.seen_s = self.at_s
        if self._has_moved():
            self.moved = True
            self._rest, self.rests_since_s = self.bounds, self.at_s

    def _has_moved(self) -> bool:
        rest, now = self._rest, self.bounds
        across = _together(now[0] - rest[0], now[2] - rest[2])
        upright = _together(now[1] - rest[1], now[3] - rest[3])
        return max(across, upright) >= max(MOVED_PX_MIN, MOVED_SHARE * self.width)


class Tracker:
    """The tracks of one stream."""

    def __init__(self, picture: tuple[int, int], first_number: int = 1) -> None:
        self.tracks: list[Track] = []
        self.next_number = first_number
        self._picture = picture

    def step(self, blobs: Blobs, at_s: float) -> list[Track]:
        """Takes in the blobs of the frame at ``at_s``; gives the tracks that live, the confirmed and the tentative."""
        step_s = at_s - self.tracks[0].at_s if self.tracks else 0.0
        for track in self.tracks:
            track.predict(at_s)
        owned, free = _fit_to_tracks(blobs, [track for track in self.tracks if track.hits >= HITS_MIN])
        for track, found in owned.items():
            track.observe(found, self._picture)
        waiting = [track for track in self.tracks if track not in owned]
        sure = [found for found in free if found.sure]
        faint = [found for found in free if not found.sure]
        self._associate([track for track in waiting if track.hits >= HITS_MIN], sure)
        self._associate([track for track in waiting if track.hits >= HITS_MIN and track.seen_s < at_s], faint)
        self._associate([track for track in waiting if track.hits < HITS_MIN], sure)
        self._begin(sure, at_s)
        self._end(at_s, step_s)
        return self.tracks

    def forget(self, tracks: Collection[Track]) -> None:
        """Drops tracks."""
        self.tracks = [track for track in self.tracks if track not in tracks]

    def _associate(self, tracks: Sequence[Track], found: list[Detection]) -> None:
        """Greedily by cost, nearest first; what is taken leaves ``found``."""
        pairs = sorted(
            (cost, t, f)
            for t, track in enumerate(tracks)
            for f, one in enumerate(found)
            if (cost := _cost(track, one)) is not None
        )
        taken_tracks: set[int] = set()
        taken: set[int] = set()
        for _, t, f in pairs:
            if t not in taken_tracks and f not in taken:
                taken_tracks.add(t)
                taken.add(f)
                tracks[t].observe(found[f], self._picture)
        found[:] = [one for f, one in enumerate(found) if f not in taken]

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
            if at_s - track.seen_s <= (LOST_S if track.confirmed else TENTATIVE_LOST_S)
            and 0 <= track.x.at <= width
            and 0 <= track.y.at <= height
            and track.twin_s < _TWIN_S
        ]


def _fit_to_tracks(blobs: Blobs, tracks: Sequence[Track]) -> tuple[dict[Track, Detection], list[Detection]]:
    """(what certainly belongs to a track, what is free for association)."""
    owned: dict[Track, Detection] = {}
    free: list[Detection] = []
    pieces: dict[Track, list[Blob]] = {}
    for blob in blobs.found:
        claimants = [track for track in tracks if _claims(track, blob)]
        if len(claimants) >= 2:
            owned.update(_shared_out(blob, blobs, claimants))
        elif (owner := _owner(blob, tracks)) is not None:
            pieces.setdefault(owner, []).append(blob)
        else:
            free.append(Detection(blob.bounds, blob.area, blob.sure))
    for track, parts in pieces.items():
        own, rest = _sorted_out(parts, track)
        united = _united(own)
        if track in owned or not _fits(united.bounds, track):
            rest = parts
        else:
            owned[track] = united._replace(partial=_is_partial(united.bounds, track))
        free.extend(Detection(blob.bounds, blob.area, blob.sure) for blob in rest)
    return owned, free


def _sorted_out(parts: Sequence[Blob], track: Track) -> tuple[list[Blob], list[Blob]]:
    """(pieces of the track, things of their own): one beside the main piece and almost as tall is another thing."""
    main = max(parts, key=lambda blob: blob.area / (1 + abs((blob.bounds[0] + blob.bounds[2]) / 2 - track.x.at)))
    own: list[Blob] = [main]
    others: list[Blob] = []
    for blob in parts:
        if blob is not main:
            beside = blob.bounds[0] >= main.bounds[2] - 1 or blob.bounds[2] <= main.bounds[0] + 1
            tall = blob.bounds[3] - blob.bounds[1] > 0.5 * (main.bounds[3] - main.bounds[1])
            (others if beside and tall else own).append(blob)
    return own, others


def _claims(track: Track, blob: Blob) -> bool:
    x0, y0, x1, y1 = blob.bounds
    inside = x0 <= track.x.at <= x1 and y0 <= track.y.at <= y1
    return inside and overlap(track.bounds, blob.bounds) >= 0.5 * track.width * track.height


def _owner(blob: Blob, tracks: Sequence[Track]) -> Track | None:
    """The track in whose box, a little widened, the blob lies almost wholly."""
    best: Track | None = None
    most = 0.7 * size(blob.bounds)
    for track in tracks:
        shared = overlap(widened(track.bounds, 0.15), blob.bounds)
        if shared > most:
            best, most = track, shared
    return best


def _shared_out(blob: Blob, blobs: Blobs, tracks: Sequence[Track]) -> dict[Track, Detection]:
    """Each pixel of the blob goes to the track whose supposed box it is most central in."""
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    lines, places = np.nonzero(blobs.labels[y0:y1, x0:x1] == blob.label)
    rows, columns = lines + y0 + 0.5, places + x0 + 0.5
    distances = np.stack(
        [((columns - t.x.at) / t.width) ** 2 + ((rows - t.y.at) / t.height) ** 2 for t in tracks],
    )
    nearest = distances.argmin(axis=0)
    shares: dict[Track, Detection] = {}
    for index, track in enumerate(tracks):
        mine = nearest == index
        area = int(mine.sum())
        if area >= 0.25 * blob.area / len(tracks):
            left, right = columns[mine].min() - 0.5, columns[mine].max() + 0.5
            top, bottom = rows[mine].min() - 0.5, rows[mine].max() + 0.5
            shares[track] = Detection((float(left), float(top), float(right), float(bottom)), area, blob.sure, True)
    return shares


def _united(parts: Sequence[Blob]) -> Detection:
    lows = [min(blob.bounds[axis] for blob in parts) for axis in (0, 1)]
    highs = [max(blob.bounds[axis] for blob in parts) for axis in (2, 3)]
    area = sum(blob.area for blob in parts)
    return Detection((lows[0], lows[1], highs[0], highs[1]), area, any(blob.sure for blob in parts))


def _fits(bounds: Bounds, track: Track) -> bool:
    return bounds[2] - bounds[0] <= 1.5 * track.width and bounds[3] - bounds[1] <= 1.4 * track.height


def _is_partial(bounds: Bounds, track: Track) -> bool:
    return bounds[2] - bounds[0] < 0.6 * track.width or bounds[3] - bounds[1] < 0.7 * track.height


def _cost(track: Track, found: Detection) -> float | None:
    """Distance of the centres in sizes, and how unlike the sizes are; None where it can't be the same thing."""
    x0, y0, x1, y1 = found.bounds
    reach = 1.0 if track.hits >= HITS_MIN else 1.8
    across = abs((x0 + x1) / 2 - track.x.at) / (0.5 * (track.width + x1 - x0))
    upright = abs((y0 + y1) / 2 - track.y.at) / (0.5 * (track.height + y1 - y0))
    if max(across, upright) > reach:
        return None
    unlike = abs(float(np.log((x1 - x0) * (y1 - y0) / (track.width * track.height))))
    return None if unlike > 1.6 else across + upright + 0.4 * unlike


def _twins(tracks: Sequence[Track]) -> set[int]:
    """Numbers of the younger ones where two tracks follow one thing."""
    younger: set[int] = set()
    for index, one in enumerate(tracks):
        for other in tracks[index + 1 :]:
            shared = overlap(one.bounds, other.bounds)
            if shared > _TWIN_OVERLAP * min(one.width * one.height, other.width * other.height):
                younger.add(max(one.number, other.number))
    return younger


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
