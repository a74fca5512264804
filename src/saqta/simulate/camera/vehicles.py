"""The shapes of vehicles: a side view drawn out to a width, with glass, wheels and lights.

Places are (x ahead, y to the left, z up) from the middle of the vehicle on the ground, in metres.
"""

import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import hypot
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.simulate.camera.lens import Array
from saqta.simulate.camera.materials import Colour

SHAPES_KEPT_MAX = 256
_PAINTS: tuple[Colour, ...] = (
    (222, 222, 222), (222, 222, 222), (190, 192, 194), (150, 148, 146), (44, 42, 40), (52, 50, 48), (110, 66, 40),
    (52, 44, 140), (130, 150, 160), (92, 84, 60),
)  # fmt: skip
_GLASS: Colour = (82, 70, 58)
_RUBBER: Colour = (34, 34, 36)
_HEADLIGHT: Colour = (225, 238, 245)
_TAIL_LIGHT: Colour = (40, 36, 190)
_SUN_LIGHT = 1.12


class Body(NamedTuple):
    """A vehicle's faces: ``corners`` (n, 3) one face after the other, face ``i`` from ``starts[i]`` to
    ``stops[i]``, with its ``normals``, ``layers`` (a higher one is painted over a lower) and ``colours``; and
    ``outline`` (n, 3), whose shadow is the vehicle's."""

    corners: Array
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    normals: Array
    layers: NDArray[np.int64]
    colours: tuple[Colour, ...]
    outline: Array


class _Face(NamedTuple):
    corners: Array
    colour: Colour
    light: float
    layer: int
    normal: tuple[float, float, float]


class Vehicle(NamedTuple):
    """``side`` is the side view, (x, z) from the rear bumper over the roof to the front one; ``glazed`` are the
    numbers of its slopes that are windows; ``windows`` lie on the sides; ``roof_in`` is how far it narrows above
    ``waist_m``."""

    width_m: float
    side: tuple[tuple[float, float], ...]
    glazed: tuple[int, ...]
    windows: tuple[tuple[tuple[float, float], ...], ...]
    wheels: tuple[float, ...]
    wheel_m: float
    waist_m: float
    roof_in: float
    paint: Colour
    stripe: Colour | None = None

    def half(self, z: float) -> float:
        """Half the width at a height: less above the waist."""
        top = max(height for _, height in self.side)
        rise = max(0.0, z - self.waist_m) / max(0.01, top - self.waist_m)
        return self.width_m / 2 * (1 - self.roof_in * rise)


@lru_cache(maxsize=SHAPES_KEPT_MAX)
def vehicle(kind: str, look: int) -> Vehicle:
    """A car, van, bus or truck; ``look`` chooses its paint and its body."""
    rng = random.Random(look)
    paint = rng.choice(_PAINTS)
    if kind == "bus":
        return _bus(rng.choice(((70, 150, 60), (60, 170, 210), (170, 120, 40))))
    if kind == "truck":
        return _truck(paint)
    if kind == "van":
        return _van(paint)
    return rng.choice((_saloon, _saloon, _hatchback, _estate))(paint)


@lru_cache(maxsize=SHAPES_KEPT_MAX)
def body_of(shape: Vehicle) -> Body:
    """The faces of a vehicle."""
    faces = [*_hull(shape), *_lights(shape), *_flank(shape, 1.0), *_flank(shape, -1.0)]
    outline = [(x, sign * shape.half(z), z if z > 0.4 else 0.05) for x, z in shape.side for sign in (1, -1)]
    stops = np.cumsum([len(face.corners) for face in faces])
    return Body(
        corners=np.vstack([face.corners for face in faces]),
        starts=np.concatenate([[0], stops[:-1]]),
        stops=stops,
        normals=np.array([face.normal for face in faces]),
        layers=np.array([face.layer for face in faces]),
        colours=tuple(_lit(face.colour, face.light) for face in faces),
        outline=np.array(outline),
    )


def _hull(shape: Vehicle) -> list[_Face]:
    faces = []
    for number, ((x0, z0), (x1, z1)) in enumerate(pairwise(shape.side)):
        a, b, length = shape.half(z0), shape.half(z1), hypot(x1 - x0, z1 - z0)
        normal, up = (-(z1 - z0) / length, 0.0, (x1 - x0) / length), (x1 - x0) / length
        corners = np.array([(x0, a, z0), (x1, b, z1), (x1, -b, z1), (x0, -a, z0)])
        faces.append(_Face(corners, shape.paint, 0.8 + 0.36 * max(0.0, up), 0, normal))
        if number in shape.glazed:
            faces.append(_Face(_inset(corners, 0.1), _GLASS, 1.0 + 0.5 * up, 1, normal))
    return faces


def _lights(shape: Vehicle) -> list[_Face]:
    faces = []
    for x, colour, towards in ((shape.side[-1][0], _HEADLIGHT, 1.0), (shape.side[0][0], _TAIL_LIGHT, -1.0)):
        out, normal, wide = x + 0.01 * towards, (towards, 0.0, 0.0), shape.width_m
        for sign in (1, -1):
            y0, y1 = sign * wide * 0.46, sign * wide * 0.3
            lamp = np.array([(out, y0, 0.6), (out, y1, 0.6), (out, y1, 0.78), (out, y0, 0.78)])
            faces.append(_Face(lamp, colour, 1.0, 1, normal))
        y = wide * 0.16
        plate = np.array([(out, -y, 0.42), (out, y, 0.42), (out, y, 0.54), (out, -y, 0.54)])
        faces.append(_Face(plate, (215, 220, 222), 1.0, 2, normal))
    return faces


def _flank(shape: Vehicle, sign: float) -> list[_Face]:
    """One side: to the left where ``sign`` is 1."""
    light, rear, front = _SUN_LIGHT if sign > 0 else 0.86, shape.side[0][0], shape.side[-1][0]

    def face(points: Sequence[tuple[float, float]], colour: Colour, light: float, layer: int) -> _Face:
        corners = np.array([(x, sign * (shape.half(z) + 0.01 * layer), z) for x, z in points])
        return _Face(corners, colour, light, layer, (0.0, sign, 0.0))

    faces = [face(shape.side, shape.paint, light, 0)]
    faces.append(face(((rear, 0.3), (front, 0.3), (front, 0.42), (rear, 0.42)), _RUBBER, 1.2, 1))
    if shape.stripe is not None:
        faces.append(face(((rear, 0.75), (front, 0.75), (front, 1.1), (rear, 1.1)), shape.stripe, light, 1))
    faces += [face(window, _GLASS, light, 1) for window in shape.windows]
    turn = np.linspace(0, 2 * np.pi, 15)[:-1]
    for at in shape.wheels:
        for share, colour, layer in ((1.12, (26.0, 26.0, 28.0), 2), (0.55, (150.0, 152.0, 154.0), 3)):
            radius = shape.wheel_m * share
            rim = zip(at + radius * np.cos(turn), shape.wheel_m + radius * np.sin(turn), strict=True)
            faces.append(face(list(rim), colour, 1.0, layer))
    return faces


def _lit(colour: Colour, light: float) -> Colour:
    b, g, r = (min(255.0, tone * light) for tone in colour)
    return b, g, r


def _inset(corners: Array, by: float) -> Array:
    inner: Array = corners + (corners.mean(axis=0) - corners) * by
    return inner


def _saloon(paint: Colour) -> Vehicle:
    side = (
        (-2.2, 0.3), (-2.24, 0.62), (-2.15, 0.93), (-1.45, 1.0), (-0.8, 1.42), (0.35, 1.44), (1.1, 1.0), (2.05, 0.82),
        (2.25, 0.6), (2.22, 0.3),
    )  # fmt: skip
    windows = (
        ((-1.25, 1.02), (-0.76, 1.34), (-0.2, 1.37), (-0.2, 1.02)),
        ((-0.1, 1.02), (-0.1, 1.37), (0.3, 1.36), (0.86, 1.02)),
    )
    return Vehicle(1.8, side, (3, 5), windows, (-1.35, 1.38), 0.32, 0.95, 0.24, paint)


def _hatchback(paint: Colour) -> Vehicle:
    side = (
        (-1.95, 0.3), (-2.0, 0.7), (-1.9, 1.0), (-1.5, 1.46), (0.2, 1.5), (0.98, 1.04), (1.8, 0.88),
        (2.0, 0.62), (1.97, 0.3),
    )  # fmt: skip
    windows = (
        ((-1.5, 1.05), (-1.3, 1.38), (-0.35, 1.42), (-0.35, 1.05)),
        ((-0.25, 1.05), (-0.25, 1.42), (0.15, 1.41), (0.74, 1.05)),
    )
    return Vehicle(1.74, side, (2, 4), windows, (-1.25, 1.25), 0.31, 1.0, 0.2, paint)


def _estate(paint: Colour) -> Vehicle:
    side = (
        (-2.3, 0.36), (-2.36, 0.75), (-2.26, 1.1), (-1.95, 1.66), (0.3, 1.7), (1.05, 1.16), (2.05, 1.02),
        (2.3, 0.75), (2.26, 0.36),
    )  # fmt: skip
    windows = (
        ((-1.9, 1.18), (-1.72, 1.56), (-0.45, 1.6), (-0.45, 1.18)),
        ((-0.35, 1.18), (-0.35, 1.6), (0.25, 1.58), (0.82, 1.18)),
    )
    return Vehicle(1.9, side, (2, 4), windows, (-1.42, 1.42), 0.37, 1.12, 0.18, paint)


def _van(paint: Colour) -> Vehicle:
    side = ((-2.5, 0.35), (-2.5, 2.05), (-2.4, 2.15), (1.2, 2.15), (1.95, 1.3), (2.5, 1.08), (2.55, 0.35))
    windows = (((0.75, 1.3), (0.75, 1.85), (1.2, 1.85), (1.65, 1.3)),)
    return Vehicle(1.98, side, (3,), windows, (-1.6, 1.7), 0.34, 1.3, 0.1, paint)


def _bus(paint: Colour) -> Vehicle:
    side = ((-5.6, 0.35), (-5.6, 2.95), (-5.45, 3.08), (5.3, 3.08), (5.6, 2.9), (5.65, 0.95), (5.62, 0.35))
    windows = tuple(
        ((x, 1.35), (x, 2.6), (x + 1.55, 2.6), (x + 1.55, 1.35)) for x in np.arange(-5.3, 4.6, 1.75).tolist()
    )
    return Vehicle(2.5, side, (4,), windows, (-3.2, 3.6), 0.48, 2.9, 0.03, paint, (226, 228, 230))


def _truck(paint: Colour) -> Vehicle:
    side = ((-3.6, 0.5), (-3.6, 3.05), (1.55, 3.05), (1.6, 2.35), (2.9, 2.3), (3.35, 1.45), (3.4, 0.45))
    windows = (((2.0, 1.45), (2.0, 2.12), (2.75, 2.12), (3.05, 1.45)),)
    return Vehicle(2.35, side, (4,), windows, (-2.3, -1.3, 2.35), 0.45, 2.9, 0.04, paint)
