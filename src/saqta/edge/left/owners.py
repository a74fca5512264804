"""Who a thing belongs to: whether its owner is near, since when not, and who took it.

The owner is the track that brought it, and, where that one ends near the thing, the one that goes on there. Who
has not been seen to go away is still there, though their track and the thing are one. Where nobody was seen to bring
it, who has stayed near for most of the time counts as its owner; who passes by, or stops there later, does not.
"""

from collections.abc import Mapping, Sequence
from math import hypot, inf

from saqta.edge.left.thing import Thing
from saqta.edge.picture.blobs import Bounds, alike, overlap, size
from saqta.edge.tracking.tracks import Track
from saqta.edge.tracking.ways import EDGE_PX, GIANT, Points, Way, Ways
from saqta.model.terms import ObjectState

AWAY_SIZES = 1.55
"""An owner whose side is further than this from a thing, in heights of a person there, has left it: that is three
metres from the middle of somebody (PETS 2006)."""
DEPTH = 2.0
"""A step away from the camera looks shorter than one across by about this."""
STAYS_S, STAYING_SIZES = 2.5, 0.5
"""Who went no further than this, in heights, within this time stays."""
SUCCESSOR_S = 2.0
"""A track that begins within this time of another one's end, near by, is the same person; where that one stood still,
at any time: who stands still for long becomes part of the scene."""
SAME_SHARE, INSIDE_SHARE = 0.4, 0.7
"""A track is held by the thing itself where their boxes share this part of their union, or this part of the track's
lies inside."""
LEAVING_S = 1.0
"""Who was near a thing from this long before it was put down may be seen to leave it."""
BODY_SHARE = 0.58
"""A track less tall than this part of its owner may be no more than what they put down."""
MISTAKEN_S = 4.0
"""Whether the owner or somebody they met has left shows within this time."""
COMPANION_SHARE = 0.67
"""Who was near for this part of the time since a thing was put down may have brought it unseen."""
SEATED_SHARE = 0.45
"""Who sits is at least as tall as this part of a person there."""
TALLER = 1.3
"""A track taller than a thing by this is not the thing itself."""
TAKING_S = 2.5
BESIDE_SIZES = 0.5
"""Who takes a thing was no further from it than this within this time before it was seen to be gone."""


def is_attended(thing: Thing, ways: Ways, tracks: Sequence[Track], at_s: float) -> bool:
    """Whether its owner is near, or somebody whose track may have been exchanged with theirs, or nobody was seen to go
    away. Where no owner is known, that is somebody who has stayed for most of the time."""
    others = {track.number: track for track in tracks if not _is_same(track.bounds, thing.bounds)}
    there = [way for number in others if (way := ways.of(number)) is not None and _is_somebody(way, thing)]
    staying = [way for way in there if _stays(way, thing, at_s)]
    if thing.owner is None:
        return any(way.walked and _came_with(way, thing, at_s) for way in staying)
    owner = ways.of(thing.owner if thing.followed is None else thing.followed)
    if owner is None:
        return False
    followed = _followed(owner, thing, ways, others)
    thing.followed = followed.number
    has_gone = followed.walked and _has_left(followed.last, thing, ways)
    has_left = has_gone or thing.state is ObjectState.UNATTENDED or _is_left(thing, ways)
    if not has_left and any(_is_body_of(track, owner) for track in tracks):
        return True
    if followed.number in others and sizes_away(others[followed.number].bounds, thing) <= AWAY_SIZES:
        return thing.state is not ObjectState.UNATTENDED or _stays(followed, thing, at_s)
    if thing.left_s is None or at_s - thing.left_s <= MISTAKEN_S:
        met = next((way for way in staying if way.number == thing.owner or _met(followed, way, thing)), None)
        thing.followed = met.number if met else thing.followed
        if met is not None or not (has_left or _some_left(thing, ways)):
            return True
    return any(_was_there(way, thing, ways) for way in staying)


def unattended_since_s(thing: Thing, ways: Ways) -> float:
    """Since when nobody attends a thing that was found alone."""
    if thing.owner is not None:
        followed = ways.of(thing.owner if thing.followed is None else thing.followed)
        return max([thing.put_down_s, *(_near_s(followed, thing) if followed else [])])
    near = [moments for way in ways.all() if way.walked and (moments := _near_s(way, thing))]
    came_with = [moments for moments in near if moments[0] <= thing.put_down_s + LEAVING_S]
    return max([thing.put_down_s, *(moments[-1] for moments in came_with if moments[-1] - moments[0] >= STAYS_S)])


def takers(thing: Thing, ways: Ways, at_s: float) -> Sequence[int]:
    """The tracks that were right beside it when it went; its owner's first."""
    owners = (thing.owner, thing.followed)
    beside = [way.number for way in ways.all() if _was_beside(way, thing, at_s)]
    return sorted(beside, key=lambda number: number not in owners)


def sizes_away(bounds: Bounds, thing: Thing) -> float:
    """How far somebody's foot is from a thing, in heights of a person there: below the box where that shows only their
    upper part, unless the picture's upper edge cuts them off."""
    x0, y0, x1, y1 = bounds
    tall_px = thing.tall_px or max(1.0, y1 - y0)
    aside_px = max(x0 - thing.foot[0], thing.foot[0] - x1, 0.0)
    lowest = max(y1, y0 + tall_px) if y0 > EDGE_PX else y1
    below_px = max(y1 - thing.foot[1], thing.foot[1] - lowest, 0.0)
    return float(hypot(aside_px, DEPTH * below_px) / tall_px)


def _is_somebody(way: Way, thing: Thing) -> bool:
    """Whether it is as tall as who sits: pieces, and what flickers or trembles, are not."""
    return way.walked if thing.tall_px is None else way.tall_px >= SEATED_SHARE * thing.tall_px


def _some_left(thing: Thing, ways: Ways) -> bool:
    return ways.some_left(thing.bounds, thing.put_down_s, thing.tall_px or thing.bounds[3] - thing.bounds[1])


def _came_with(way: Way, thing: Thing, at_s: float) -> bool:
    """Whether somebody has been near for most of the time since it was put down: who stops by it later has not."""
    near = _near_s(way, thing)
    return bool(near) and at_s - max(near[0], thing.put_down_s) >= COMPANION_SHARE * (at_s - thing.put_down_s)


def _was_there(way: Way, thing: Thing, ways: Ways) -> bool:
    """Whether somebody came from nowhere but beside a thing: who was not seen to come was there before."""
    _, first = way.points[0]
    tall_px = thing.tall_px or way.tall_px
    is_whole = way.walked and BODY_SHARE * tall_px <= way.tall_px <= GIANT * tall_px
    return is_whole and not _has_left(first, thing, ways)


def _is_body_of(track: Track, owner: Way) -> bool:
    """Whether it is the owner's, and shows more than what they put down."""
    return track.number == owner.number and track.seen and track.height > BODY_SHARE * owner.tall_px


def _is_left(thing: Thing, ways: Ways) -> bool:
    """Whether somebody was seen to go away from a thing since it was put down."""
    return any(
        any(at_s >= thing.put_down_s - LEAVING_S for at_s in _near_s(way, thing)) and _has_left(way.last, thing, ways)
        for way in ways.all()
    )


def _followed(owner: Way, thing: Thing, ways: Ways, others: Mapping[int, Track]) -> Way:
    """The owner's way, or the one that goes on where it ended near the thing."""
    while owner.number not in others:
        ended_s, place = _as_somebody(owner, thing)[-1]
        if _has_left(place, thing, ways):
            break
        within_s = inf if owner.rested_at(ended_s) else SUCCESSOR_S
        later = [way for way in ways.all() if way.born_s > owner.born_s and abs(way.born_s - ended_s) <= within_s]
        following = [way for way in later if _goes_on(place, way) and _may_be_the_owner(way, thing)]
        if not following:
            break
        owner = min(following, key=lambda way: abs(way.born_s - ended_s))
    return owner


def _has_left(place: Bounds, thing: Thing, ways: Ways) -> bool:
    """Whether somebody who was last seen there has left a thing: far from it, or out of view."""
    return sizes_away(place, thing) > AWAY_SIZES or ways.leads_out(place)


def _goes_on(place: Bounds, way: Way) -> bool:
    """Whether a way begins where another one ended."""
    (x0, _, x1, y1), (left, top, right, foot) = way.points[0][1], place
    return hypot((x0 + x1 - left - right) / 2, y1 - foot) <= foot - top


def _as_somebody(way: Way, thing: Thing) -> Points:
    """The points of a way at which it was more than the thing itself: a track may stay with what was put down."""
    return [point for point in way.points if not _is_same(point[1], thing.bounds)] or way.points[:1]


def _met(owner: Way, other: Way, thing: Thing) -> bool:
    """Whether two were seen as one near a thing, or one began where the other one was: their tracks may be confused.
    What came from nowhere and is small or never walked, as leaves that tremble, is nobody."""
    tall_px = thing.tall_px or owner.tall_px
    is_whole = other.walked and BODY_SHARE * tall_px <= other.tall_px <= GIANT * tall_px
    return (is_whole or other.came_from_afar()) and any(
        overlap(bounds, other.at(at_s)) > 0 and other.born_s - SUCCESSOR_S <= at_s <= other.last_s
        for at_s, bounds in _as_somebody(owner, thing)
        if sizes_away(bounds, thing) <= AWAY_SIZES
    )


def _may_be_the_owner(way: Way, thing: Thing) -> bool:
    """Whether it is somebody, and not the thing itself."""
    return _is_somebody(way, thing) and not any(_is_same(bounds, thing.bounds) for _, bounds in way.points)


def _near_s(way: Way, thing: Thing) -> list[float]:
    """The moments at which somebody was near, oldest first."""
    return [at_s for at_s, bounds in _as_somebody(way, thing) if sizes_away(bounds, thing) <= AWAY_SIZES]


def _stays(way: Way, thing: Thing, at_s: float) -> bool:
    """Whether somebody is near, and has not gone on for STAYS_S."""
    before = way.at(at_s - STAYS_S)
    if at_s - way.born_s < STAYS_S or sizes_away(way.last, thing) > AWAY_SIZES or _is_same(before, thing.bounds):
        return False
    (x0, _, x1, y1), (left, _, right, foot) = way.last, before
    went_px = hypot((x0 + x1 - left - right) / 2, DEPTH * (y1 - foot))
    return went_px <= STAYING_SIZES * (thing.tall_px or way.tall_px)


def _was_beside(way: Way, thing: Thing, at_s: float) -> bool:
    reach = BESIDE_SIZES * way.tall_px
    return way.walked and any(
        x0 - reach <= thing.foot[0] <= x1 + reach and abs(y1 - thing.foot[1]) <= reach
        for moment_s, (x0, _, x1, y1) in _as_somebody(way, thing)
        if at_s - TAKING_S <= moment_s <= at_s
    )


def _is_same(track: Bounds, thing: Bounds) -> bool:
    if track[3] - track[1] > TALLER * (thing[3] - thing[1]):
        return False
    return alike(track, thing) > SAME_SHARE or overlap(track, thing) > INSIDE_SHARE * size(track)
