"""What tells somebody who stands or sits from a thing: nobody is as still as a thing.

Who stays for long becomes part of the scene and has no track, but what the short memory holds of them changes with
every breath. Who passes before a thing changes nothing of what is held.
"""

from collections.abc import Sequence

import numpy as np

from saqta.edge.left.resting import ALIVE_S, STIRS_S, Region, Still, window_of
from saqta.edge.left.thing import Thing
from saqta.edge.picture.blobs import Bounds, overlap
from saqta.edge.tracking.tracks import Track

STIRRED_MAX = 0.06
"""What stirs in more than this part of it is somebody. What doesn't, for long enough to tell, is calm: no body is."""
SETTLES_S, ALONE_AFTER_S = 3.0, 1.0
"""Whether it stirs is told from so long after it came to rest on, and after its owner left."""
ALIVE_SHARE, ALIVE_FACTOR = 0.02, 1.5
"""Somebody who rests stirs in at least this part of the square over their height, beyond this many times as much as
stirred there before."""
KNOWN_SHARE = 0.62
"""A track as tall as this part of a person is somebody who is known to be there."""


def has_rested(region: Region, at_s: float) -> bool:
    """Whether a region has been still for long enough to tell whether it stirs."""
    return at_s - region.since_s >= STIRS_S + SETTLES_S


def stirs(still: Still, region: Region, at_s: float) -> bool:
    """Whether a region that has rested is somebody."""
    return still.stirred(region.window, region.mask, region.since_s + SETTLES_S, at_s) > STIRRED_MAX


def begin(still: Still, thing: Thing) -> None:
    """Notes what stirs where a thing is, and beside it, as leaves do: that does not count later."""
    thing.stirring_before = still.usually_stirring(thing.window)
    thing.stirring_beside = still.usually_stirring(window_of(_beside(thing)))


def watch(still: Still, thing: Thing, tracks: Sequence[Track], at_s: float, step_s: float) -> None:
    """Says whether a thing stirs, and whether somebody does who stays beside it since it was left; ``step_s`` after the
    last time."""
    alone_since_s = max(thing.put_down_s + SETTLES_S, (thing.left_s or 0.0) + ALONE_AFTER_S)
    stirred = still.stirred(thing.window, thing.mask, alone_since_s, at_s)
    thing.stirs = stirred > STIRRED_MAX + STIRS_S / ALIVE_S * thing.stirring_before
    if thing.left_s is None:
        thing.accompanied_s = 0.0
    elif _is_accompanied(still, thing, thing.left_s, tracks, at_s):
        thing.accompanied_s += step_s


def _is_accompanied(still: Still, thing: Thing, left_s: float, tracks: Sequence[Track], at_s: float) -> bool:
    """Whether somebody who has no track rests beside it."""
    place, tall_px = _beside(thing), _tall_px(thing)
    if any(one.confirmed and one.height > KNOWN_SHARE * tall_px and overlap(one.bounds, place) > 0 for one in tracks):
        return False
    window = window_of(place)
    itself = np.count_nonzero(thing.mask) if thing.stirs else 0
    usual = ALIVE_FACTOR * thing.stirring_beside * still.foreign[window].size
    return still.stirring_px(window, left_s + ALONE_AFTER_S, at_s) - itself - usual >= ALIVE_SHARE * tall_px**2


def _tall_px(thing: Thing) -> float:
    return thing.tall_px or 2.5 * (thing.bounds[3] - thing.bounds[1])


def _beside(thing: Thing) -> Bounds:
    """Where somebody is who stays beside it."""
    (x0, _, x1, y1), tall = thing.bounds, _tall_px(thing)
    return x0 - tall, y1 - 1.2 * tall, x1 + tall, y1 + 0.5 * tall
