"""What a model recognises, told over to the tracks: each frame that it looked at is a vote for a class."""

from collections.abc import Iterable, Sequence

from saqta.edge.picture.blobs import alike, overlap, size
from saqta.edge.recognised import Recognised
from saqta.edge.tracking.tracks import Track

ALIKE_MIN = 0.3
"""A track and what was recognised are the same where they share this part of their union."""
INSIDE_MIN = 0.8
"""Half of ALIKE_MIN is enough for what lies with this part of its box inside the track's: shadows make boxes larger."""


def vote(tracks: Sequence[Track], recognised: Iterable[Recognised]) -> None:
    """Each thing recognised votes, with its score, for the track that it is most like."""
    for one in recognised:
        fitting = [track for track in tracks if track.seen and _is(track, one)]
        if fitting:
            best = max(fitting, key=lambda track: alike(track.bounds, one.bounds))
            best.votes[one.kind] = best.votes.get(one.kind, 0.0) + one.score


def _is(track: Track, one: Recognised) -> bool:
    inside = overlap(track.bounds, one.bounds) >= INSIDE_MIN * size(one.bounds)
    return alike(track.bounds, one.bounds) >= (ALIKE_MIN / 2 if inside else ALIKE_MIN)
