"""From the picture to the ground: a homography through four points whose places in metres are known.

A speed's uncertainty is that of the filtered speed in the picture, carried over by the same map, and CALIBRATION_SHARE
for the four points.
"""

from math import hypot
from typing import NamedTuple

import cv2
import numpy as np

from saqta.edge.tracks import Track
from saqta.model.kinds import Ground

CALIBRATION_SHARE = 0.03
"""What measuring the four points leaves uncertain."""
KMH = 3.6
_STEP_S = 0.05


class Speed(NamedTuple):
    """A speed over ground, and its standard uncertainty."""

    kmh: float
    uncertainty_kmh: float


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
        return Speed(kmh, hypot(apart / _STEP_S * KMH, CALIBRATION_SHARE * kmh))
