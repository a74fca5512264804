"""Which blob of this frame is which of the things seen before.

Association goes in stages, as in ByteTrack (Zhang et al. 2022): sure blobs first, then faint ones for the tracks that
found none; only sure blobs begin a track. Before that, blobs are made to fit what is known: pieces inside one track's
box are put together, and a blob that holds several tracks is shared out among them. What comes apart that was followed
as one thing goes on as several. A track that finds nothing coasts, for ``LOST_S`` at most.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from math import hypot, log

import numpy as np

from saqta.edge.picture.blobs import Blob, Blobs, Bounds, overlap, size
from saqta.edge.picture.pieces import may_be_one
from saqta.edge.tracking.tracks import HITS_MIN, PARTIAL_S, Detection, Track, widened

TRACKS_MAX = 64
LOST_S = 2.0
TENTATIVE_LOST_S = 0.5
PART_MIN = 0.1
EXPLAINED_MIN = 0.7
"""A blob is shared out among tracks whose boxes hold this part of its pixels; otherwise something new is in it."""
INSIDE_MIN = 0.7
"""A box is inside another with this part of it."""
PIECE_GAP = 0.35
PIECE_SPLINTER = 0.15
"""Pieces of one thing lie at most this part of its height apart; a splinter, of this part of its area, lies beside."""
APART_AREA_MIN = 0.1
"""What comes apart from a thing, and is this part of what is left of it, is another thing."""
TWIN_OVERLAP = 0.5
TWIN_S = 0.8
"""Two tracks whose boxes share this part of their union, or of which one rides inside the other, for this long follow
one thing."""
RIDES_WIDTHS_A_S = 0.5
"""One rides in another when their speeds differ by less than this."""
_SPLINTER_PX = 3


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
        parents = _come_apart(found, free)
        for track, detection in found.items():
            track.observe(detection, self._picture)
        self._begin([detection for detection in free if detection.sure], at_s, parents)
        self._end(at_s, step_s)
        return self.tracks

    def forget(self, tracks: Collection[Track]) -> None:
        """Drops tracks."""
        self.tracks = [track for track in self.tracks if track not in tracks]

    def _begin(self, found: Iterable[Detection], at_s: float, parents: Mapping[Detection, int]) -> None:
        for one in found:
            if len(self.tracks) < TRACKS_MAX:
                self.tracks.append(Track(self.next_number, one, at_s, parents.get(one)))
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
        if len(claimants) >= 2 and _explained(blob, blobs, claimants) >= EXPLAINED_MIN * blob.area:
            shares.update(_shares(blob, blobs, claimants))
        else:
            free.append(Detection(blob.bounds, blob.area, blob.sure))
    return shares, free


def _explained(blob: Blob, blobs: Blobs, tracks: Sequence[Track]) -> int:
    """How many pixels of the blob lie in the boxes of tracks."""
    x0, y0, x1, y1 = (int(value) for value in blob.bounds)
    unexplained = blobs.labels[y0:y1, x0:x1] == blob.label
    for track in tracks:
        left, top, right, bottom = (round(edge) for edge in track.bounds)
        unexplained[max(0, top - y0) : max(0, bottom - y0), max(0, left - x0) : max(0, right - x0)] = False
    return blob.area - int(np.count_nonzero(unexplained))


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
            if main.partial or not _is_piece(one, main, track):
                continue
            united = _united(main, one)
            if _fits(united.bounds, track):
                found[track] = united
                free.remove(one)
                break


def _is_piece(one: Detection, main: Detection, track: Track) -> bool:
    if overlap(widened(track.bounds, 0.15), one.bounds) < INSIDE_MIN * size(one.bounds):
        return False
    x0, y0, x1, y1 = main.bounds
    left, top, right, bottom = one.bounds
    stacked = may_be_one(one.bounds, one.area, main.bounds, main.area)
    near = max(top - y1, y0 - bottom) <= PIECE_GAP * track.height and max(left - x1, x0 - right) <= _SPLINTER_PX
    return near and (stacked or one.area < PIECE_SPLINTER * main.area)


def _match_parts(tracks: Sequence[Track], free: list[Detection], found: dict[Track, Detection]) -> None:
    """Gives a track that found nothing else, and was whole a moment ago, what is in its box: it is half hidden."""
    for track in tracks:
        if track.at_s - track.whole_s >= PARTIAL_S:
            continue
        box, least = widened(track.bounds, 0.15), PART_MIN * track.width * track.height
        inside = [
            one
            for one in free
            if size(one.bounds) >= least and overlap(box, one.bounds) >= INSIDE_MIN * size(one.bounds)
        ]
        if inside:
            part = max(inside, key=lambda one: one.area)
            found[track] = part._replace(partial=True)
            free.remove(part)


def _come_apart(found: dict[Track, Detection], free: Iterable[Detection]) -> dict[Detection, int]:
    """Which of ``free`` were one thing until now with what a track has found, by the track's number."""
    parents: dict[Detection, int] = {}
    for track, main in found.items():
        if track.confirmed and not main.partial:
            for one in free:
                if one.sure and one not in parents and _is_another(one, main, track):
                    parents[one] = track.number
                    found[track] = main._replace(apart=True)
    return parents


def _is_another(one: Detection, main: Detection, track: Track) -> bool:
    inside = overlap(widened(track.bounds, 0.15), one.bounds) >= INSIDE_MIN * size(one.bounds)
    grown = one.area >= APART_AREA_MIN * main.area
    return inside and grown and not may_be_one(one.bounds, one.area, main.bounds, main.area)


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
    if across > reach:
        return None
    upright = abs((y0 + y1) / 2 - track.y.at) / (0.5 * (track.height + y1 - y0))
    if upright > reach:
        return None
    unlike = abs(log((x1 - x0) * (y1 - y0) / (track.width * track.height)))
    return None if unlike > 1.6 else across + upright + 0.4 * unlike


def _twins(tracks: Sequence[Track]) -> set[int]:
    """Numbers of the ones that are too many where two tracks follow one thing."""
    spare: set[int] = set()
    for one, other in combinations(tracks, 2):
        if abs(one.x.at - other.x.at) < one.width and abs(one.y.at - other.y.at) < one.height:
            shared = overlap(one.bounds, other.bounds)
            small = min(one, other, key=lambda track: track.width * track.height)
            if shared > TWIN_OVERLAP * (one.width * one.height + other.width * other.height - shared):
                spare.add(max(one.number, other.number))
            elif shared > INSIDE_MIN * small.width * small.height and _rides(one, other, small.width):
                spare.add(small.number)
    return spare


def _rides(one: Track, other: Track, width: float) -> bool:
    return hypot(one.x.speed - other.x.speed, one.y.speed - other.y.speed) < RIDES_WIDTHS_A_S * width
