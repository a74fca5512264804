"""Person or vehicle, by shape alone: where no model looks at the pixels.

A person stands upright and fills little of its box, since legs and arms leave gaps; a vehicle lies flat or, from
above, fills its box. The evidence is summed over all frames in which the thing was seen whole.
"""

from math import log

PERSON, VEHICLE = "person", "vehicle"


class Shape:
    """What the frames so far say about one track."""

    __slots__ = ("_frames", "_upright")

    def __init__(self) -> None:
        self._upright = 0.0
        self._frames = 0

    def add(self, width: float, height: float, area: float) -> None:
        """A frame in which it was seen whole: its box and how many pixels of it are filled."""
        slender = log(height / width / 1.25)
        gaps = 0.72 - area / (width * height)
        self._upright += max(-1.0, min(1.0, slender + 2 * gaps))
        self._frames += 1

    @property
    def kind(self) -> str:
        return VEHICLE if self._upright < 0 else PERSON

    @property
    def clarity(self) -> float:
        """0 where the shape says nothing, 1 where it is plain."""
        return min(1.0, abs(self._upright) / self._frames) if self._frames else 0.0
