"""A Kalman filter for one number that changes steadily (constant velocity, white acceleration), written out.

Its uncertainties are in sizes of the thing, as in DeepSORT (Wojke et al. 2017): what is near and large jumps further.
"""

from math import sqrt
from typing import NamedTuple


class Manner(NamedTuple):
    """Standard deviations, in sizes of the thing: of a measurement, of the speed of a thing just seen (a second), of
    the acceleration (a second squared)."""

    measured: float
    speed: float
    acceleration: float


PLACE = Manner(measured=0.1, speed=3.0, acceleration=2.5)
EXTENT = Manner(measured=0.15, speed=0.7, acceleration=0.7)
"""How wide or tall a thing looks: it grows as it comes nearer, and sways as legs and arms do."""


class Axis:
    """A value ``at`` in pixels and its ``speed`` in pixels a second, with their covariance."""

    __slots__ = ("_acceleration", "_both", "_measured", "_position", "_speed", "at", "speed")

    def __init__(self, at: float, size: float, manner: Manner) -> None:
        self.at, self.speed = at, 0.0
        self._measured, self._acceleration = manner.measured, manner.acceleration
        self._position, self._both, self._speed = (manner.measured * size) ** 2, 0.0, (manner.speed * size) ** 2

    @property
    def speed_deviation(self) -> float:
        """The standard deviation of the speed."""
        return sqrt(self._speed)

    def predict(self, step_s: float, size: float) -> None:
        """Moves ``step_s`` on."""
        noise = (self._acceleration * size) ** 2
        self.at += self.speed * step_s
        self._position += step_s * (2 * self._both + step_s * self._speed) + noise * step_s**4 / 4
        self._both += step_s * self._speed + noise * step_s**3 / 2
        self._speed += noise * step_s**2

    def update(self, measured: float, size: float) -> None:
        """Takes in a measurement."""
        total = self._position + (self._measured * size) ** 2
        gain, speed_gain = self._position / total, self._both / total
        wrong_by = measured - self.at
        self.at += gain * wrong_by
        self.speed += speed_gain * wrong_by
        self._speed -= speed_gain * self._both
        self._both *= 1 - gain
        self._position *= 1 - gain
