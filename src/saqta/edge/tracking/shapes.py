"""Person or vehicle, by shape alone: where no model looks at the pixels.

A person stands upright and fills little of its box, since legs and arms leave gaps; a vehicle lies flat or, from
above, fills its box. The evidence is summed over the frames, most of all those in which the thing was near and whole.
"""

from math import log

PERSON, VEHICLE = "person", "vehicle"
SLENDER = 0.35
"""Logarithm of height over width that speaks for neither."""
FILLED = 0.70
"""Filled part of the box that speaks for neither."""
FILLED_WEIGHT = 4.0
GAPS_MAX = 0.2
"""Gaps say little: a vehicle has them too where it is as bright as the road."""
WALKS_HEIGHTS_A_S = 2.5
"""Who goes faster than this many of his own heights a second does not walk."""
CUT_WEIGHT = 0.1
"""What a frame counts in which the picture's edge cuts the thing."""


class Shape:
    """What the frames so far say about one track."""

    __slots__ = ("_person", "_weight")

    def __init__(self) -> None:
        self._person = self._weight = 0.0

    def add(self, width: float, height: float, area: float, cut: bool, heights_a_s: float = 0.0) -> None:
        """A frame in which it was seen: its box, how many pixels of it are filled, and how fast it goes."""
        filled = FILLED_WEIGHT * (FILLED - area / (width * height))
        says = log(height / width) - SLENDER + min(GAPS_MAX, filled) - max(0.0, heights_a_s - WALKS_HEIGHTS_A_S)
        weight = (CUT_WEIGHT if cut else 1.0) * area**0.5
        self._person += weight * max(-1.0, min(1.0, says))
        self._weight += weight

    @property
    def kind(self) -> str:
        return VEHICLE if self._person < 0 else PERSON

    @property
    def clarity(self) -> float:
        """0 where the shape says nothing, 1 where it is plain."""
        return min(1.0, abs(self._person) / self._weight) if self._weight else 0.0
