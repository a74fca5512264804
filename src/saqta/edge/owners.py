"""Who a thing belongs to: whether its owner is near, since when not, and who took it.

The owner is the track that brought it, and, where that one ends near the thing, the one that goes on there. Where
nobody was seen to bring it, whoever stays near counts as its owner; who passes by does not.
"""

from collections.abc import Mapping, Sequence
from math import hypot

from saqta.edge.blobs import Bounds, overlap, size
from saqta.edge.thing import Thing
from saqta.edge.tracks import Track
from saqta.edge.ways import Points, Way, Ways

AWAY_SIZES = 1.75
"""An owner further than this from a thing, in heights of a person there, has left it: three metres (PETS 2006)."""
DEPTH = 2.0
"""A step away from the camera looks shorter than one across by about this."""
STAYS_S = 2.5
"""Who is near for this long stays."""
SUCCESSOR_S = 2.0
"""A track that begins within this time of another one's end, near by, is the same person."""
SAME_SHARE = 0.4
"""A track is held by the thing itself where their boxes share this part of their union."""
TAKING_S = 2.5
BESIDE_SIZES = 0.5
"""Who takes a thing was no further from it than this within this time before it was seen to be gone."""


def is_attended(thing: Thing, ways: Ways, tracks: Sequence[Track], at_s: float) -> bool:
    """Whether its owner is near; or, where none is known, somebody who stays."""
    others = {track.number: track for track in tracks if not _is_same(track.bounds, thing.bounds)}
    owner = ways.of(thing.owner) if thing.owner is not None else None
    if owner is None:
        known = thing.owner is not None
        return not known and any(
            _stays(ways.of(number), thing, at_s) for number, one in others.items() if one.confirmed
        )
    thing.followed = _followed(owner, thing, ways, others).number
    followed = others.get(thing.followed)
    return followed is not None and sizes_away(followed.bounds, thing) <= AWAY_SIZES


def unattended_since_s(thing: Thing, ways: Ways) -> float:
    """Since when nobody attends a thing that was found alone."""
    if thing.owner is not None:
        followed = ways.of(thing.owner if thing.followed is None else thing.followed)
        return max([thing.put_down_s, *(_near_s(followed, thing) if followed else [])])
    stays = [
        near for way in ways.all() if way.walked and (near := _near_s(way, thing)) and near[-1] - near[0] >= STAYS_S
    ]
    return max([thing.put_down_s, *(near[-1] for near in stays)])


def takers(thing: Thing, ways: Ways, at_s: float) -> Sequence[int]:
    """The tracks that were right beside it when it went; its owner's first."""
    owners = (thing.owner, thing.followed)
    beside = [way.number for way in ways.all() if _was_beside(way, thing, at_s)]
    return sorted(beside, key=lambda number: number not in owners)


def sizes_away(bounds: Bounds, thing: Thing) -> float:
    """How far the foot of a box is from a thing, in heights of a person there."""
    x0, y0, x1, y1 = bounds
    tall_px = thing.tall_px or max(1.0, y1 - y0)
    return float(hypot((x0 + x1) / 2 - thing.foot[0], DEPTH * (y1 - thing.foot[1])) / tall_px)


def _followed(owner: Way, thing: Thing, ways: Ways, others: Mapping[int, Track]) -> Way:
    """The owner's way, or the one that goes on where it ended near the thing."""
    while owner.number not in others:
        ended_s, place = _as_somebody(owner, thing)[-1]
        if sizes_away(place, thing) > AWAY_SIZES:
            break
        following = [way for way in ways.all() if way.born_s > owner.born_s and _goes_on(ended_s, place, way)]
        if not following:
            break
        owner = min(following, key=lambda way: abs(way.born_s - ended_s))
    return owner


def _goes_on(ended_s: float, place: Bounds, way: Way) -> bool:
    """Whether a way begins where, and about when, another one ended."""
    (x0, _, x1, y1), (left, top, right, foot) = way.points[0][1], place
    apart_px = hypot((x0 + x1 - left - right) / 2, y1 - foot)
    return abs(way.born_s - ended_s) <= SUCCESSOR_S and apart_px <= foot - top


def _as_somebody(way: Way, thing: Thing) -> Points:
    """The points of a way at which it was more than the thing itself: a track may stay with what was put down."""
    return [point for point in way.points if not _is_same(point[1], thing.bounds)] or way.points[:1]


def _near_s(way: Way, thing: Thing) -> list[float]:
    """The moments at which somebody was near, oldest first."""
    return [at_s for at_s, bounds in _as_somebody(way, thing) if sizes_away(bounds, thing) <= AWAY_SIZES]


def _stays(way: Way | None, thing: Thing, at_s: float) -> bool:
    if way is None or not way.walked:
        return False
    for moment_s, bounds in reversed(way.points):
        if sizes_away(bounds, thing) > AWAY_SIZES:
            return False
        if at_s - moment_s >= STAYS_S:
            return True
    return False


def _was_beside(way: Way, thing: Thing, at_s: float) -> bool:
    reach = BESIDE_SIZES * way.tall_px
    return way.walked and any(
        x0 - reach <= thing.foot[0] <= x1 + reach and abs(y1 - thing.foot[1]) <= reach
        for moment_s, (x0, _, x1, y1) in _as_somebody(way, thing)
        if at_s - TAKING_S <= moment_s <= at_s
    )


def _is_same(one: Bounds, other: Bounds) -> bool:
    both = overlap(one, other)
    return both > SAME_SHARE * (size(one) + size(other) - both)
