"""A Kalman filter for one axis of a thing that moves steadily (constant velocity, white acceleration), written out.

Its uncertainties are in sizes of the thing, as in DeepSORT (Wojke et al. 2017): what is near and large jumps further.
"""

ACCELERATION = 1.5
"""Standard deviation of the acceleration, in sizes a second squared."""
MEASURED = 0.12
"""Standard deviation of a measured position, in sizes."""
SPEED = 3.0
"""Standard deviation of the speed of a thing just seen, in sizes a second."""


class Axis:
    """Position ``at`` in pixels and ``speed`` in pixels a second, with their covariance."""

    __slots__ = ("_both", "_position", "_speed", "at", "speed")

    def __init__(self, at: float, size: float) -> None:
        self.at, self.speed = at, 0.0
        self._position, self._both, self._speed = (MEASURED * size) ** 2, 0.0, (SPEED * size) ** 2

    def predict(self, step_s: float, size: float) -> None:
        """Moves ``step_s`` on."""
        noise = (ACCELERATION * size) ** 2
        self.at += self.speed * step_s
        self._position += step_s * (2 * self._both + step_s * self._speed) + noise * step_s**4 / 4
        self._both += step_s * self._speed + noise * step_s**3 / 2
        self._speed += noise * step_s**2

    def update(self, measured: float, size: float) -> None:
        """Takes in a measured position."""
        total = self._position + (MEASURED * size) ** 2
        gain, speed_gain = self._position / total, self._both / total
        wrong_by = measured - self.at
        self.at += gain * wrong_by
        self.speed += speed_gain * wrong_by
        self._speed -= speed_gain * self._both
        self._both *= 1 - gain
        self._position *= 1 - gain
