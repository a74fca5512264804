"""From the picture to the ground: a homography through four points whose places in metres are known, or the scale of
one stretch whose length is.

A speed's uncertainty is that of the filtered speed in the picture, carried over by the same map, and CALIBRATION_SHARE
for the four points; for a stretch SCALE_SHARE, since it looks shorter at its far end.
"""

from collections.abc import Sequence
from math import hypot
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import Ground, KnownLength

CALIBRATION_SHARE = 0.03
"""What measuring the four points leaves uncertain."""
SCALE_SHARE = 0.1
"""What is left uncertain by taking one scale for a whole stretch."""
ALONG_MIN = 0.8
"""What goes along a stretch does so with this part of its speed."""
REACH = 0.5
"""A stretch tells of what is beside it, and of what is beyond its ends by this part of its length."""
KMH = 3.6
_STEP_S = 0.05


class Speed(NamedTuple):
    """A speed over ground, and its standard uncertainties: of its own, and of the scale, which all speeds of a camera
    share."""

    kmh: float
    own_kmh: float
    scale_share: float


def mean(speeds: Sequence[Speed]) -> tuple[float, float]:
    """The mean of speeds, one at least, and its standard uncertainty, in km/h: only what is their own averages out.

    >>> mean([Speed(40.0, 3.0, 0.1), Speed(60.0, 4.0, 0.1)])[0]
    50.0
    """
    kmh = sum(speed.kmh for speed in speeds) / len(speeds)
    own_kmh = hypot(*(speed.own_kmh for speed in speeds)) / len(speeds)
    return kmh, hypot(own_kmh, max(speed.scale_share for speed in speeds) * kmh)


class Measure(Protocol):
    """What tells speeds over ground."""

    def speed(self, track: Track) -> Speed | None:
        """How fast a track goes where it is now; None where that can't be told."""
        ...


class GroundMap:
    """The ground that a camera sees; ``picture`` is (width, height) of the analysed picture."""

    def __init__(self, ground: Ground, picture: tuple[int, int]) -> None:
        seen = np.array([(x * picture[0], y * picture[1]) for x, y, _, _ in ground], np.float32)
        there = np.array([(across, along) for _, _, across, along in ground], np.float32)
        self._homography = np.asarray(cv2.getPerspectiveTransform(seen, there), np.float64)

    def metres(self, x: float, y: float) -> tuple[float, float]:
        """The place on the ground of a point of the picture, in pixels."""
        across, along, scale = (float(value) for value in self._homography @ (x, y, 1.0))
        return across / scale, along / scale

    def distance_m(self, one: tuple[float, float], other: tuple[float, float]) -> float:
        """Between two points of the picture, in pixels."""
        (x0, y0), (x1, y1) = self.metres(*one), self.metres(*other)
        return hypot(x1 - x0, y1 - y0)

    def speed(self, track: Track) -> Speed:
        """How fast a track goes where it is now."""
        x, y = track.foot
        across, along = track.velocity
        kmh = self.distance_m((x, y), (x + across * _STEP_S, y + along * _STEP_S)) / _STEP_S * KMH
        off_x, off_y = track.velocity_deviation
        apart = hypot(
            self.distance_m((x, y), (x + off_x * _STEP_S, y)), self.distance_m((x, y), (x, y + off_y * _STEP_S))
        )
        return Speed(kmh, apart / _STEP_S * KMH, CALIBRATION_SHARE)


class Stretch:
    """A stretch of known length along which things go; ``picture`` is (width, height) of the analysed picture."""

    def __init__(self, known: KnownLength, picture: tuple[int, int]) -> None:
        x0, y0, x1, y1, length_m = known
        self._from = x0 * picture[0], y0 * picture[1]
        across, down = (x1 - x0) * picture[0], (y1 - y0) * picture[1]
        self._length_px = hypot(across, down)
        self._way = across / self._length_px, down / self._length_px
        self._kmh_a_px = length_m / self._length_px * KMH

    def speed(self, track: Track) -> Speed | None:
        """How fast a track goes along the stretch, by the scale that this has on the whole; None for what is elsewhere
        or goes another way."""
        along_px = self._along(track.foot[0] - self._from[0], track.foot[1] - self._from[1])
        speed_px = abs(self._along(*track.velocity))
        near = -REACH * self._length_px <= along_px <= (1 + REACH) * self._length_px
        if not near or speed_px < ALONG_MIN * hypot(*track.velocity):
            return None
        off_x, off_y = track.velocity_deviation
        own_px = hypot(off_x * self._way[0], off_y * self._way[1])
        return Speed(speed_px * self._kmh_a_px, own_px * self._kmh_a_px, SCALE_SHARE)

    def _along(self, x: float, y: float) -> float:
        return x * self._way[0] + y * self._way[1]
