"""A pinhole camera over flat ground: x to its right, y ahead, z up, in metres; it hangs over the origin."""

from math import cos, radians, sin
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 640, 360
NEAREST_M = 0.5

Array = NDArray[np.float64]


class Lens(NamedTuple):
    """Hangs ``height_m`` over the ground, looks along y and ``down_deg`` below the horizon."""

    height_m: float
    down_deg: float
    focal_px: float

    def project(self, points: ArrayLike) -> tuple[Array, Array]:
        """Pixels (n, 2) and depths (n,) in metres of points (n, 3); what is behind the camera is drawn NEAREST_M ahead.

        >>> pixels, depths = Lens(6.0, 0.0, 500.0).project([[1.0, 10.0, 6.0]])
        >>> pixels.tolist(), depths.tolist()
        ([[370.0, 180.0]], [10.0])
        """
        x, y, z = np.asarray(points, dtype=np.float64).T
        down = radians(self.down_deg)
        z = z - self.height_m
        depth = np.maximum(y * cos(down) - z * sin(down), NEAREST_M)
        below = -(y * sin(down) + z * cos(down))
        pixels = np.column_stack([WIDTH / 2 + self.focal_px * x / depth, HEIGHT / 2 + self.focal_px * below / depth])
        return pixels, depth

    def on_ground(self, points: ArrayLike) -> Array:
        """Pixels (n, 2) of places (n, 2) on the ground."""
        places = np.asarray(points, dtype=np.float64)
        return self.project(np.column_stack([places, np.zeros(len(places))]))[0]

    def ground_at(self, pixels: Array) -> tuple[Array, Array, Array]:
        """For pixels (n, 2): x and y on the ground and the depth there; infinite depth on and over the horizon."""
        down = radians(self.down_deg)
        across = (pixels[:, 0] - WIDTH / 2) / self.focal_px
        below = (pixels[:, 1] - HEIGHT / 2) / self.focal_px
        fall = below * cos(down) + sin(down)
        with np.errstate(divide="ignore"):
            depth = np.where(fall > 1e-6, self.height_m / np.maximum(fall, 1e-6), np.inf)
        reach = np.where(np.isfinite(depth), depth, 0.0)
        return across * reach, reach * (cos(down) - below * sin(down)), depth

    @property
    def horizon_px(self) -> float:
        """The row of the horizon."""
        return HEIGHT / 2 - self.focal_px * sin(radians(self.down_deg)) / cos(radians(self.down_deg))
