"""Paints the frames of a camera: the backdrop, then who is there, then what the sensor makes of it.

A frame follows from the scene and its number alone.
"""

from functools import cached_property
from math import pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.simulate.camera.backdrop import SHADOW_DEPTH, backdrop
from saqta.simulate.camera.easel import Backdrop
from saqta.simulate.camera.figures import Figure, Part, figure
from saqta.simulate.camera.lens import HEIGHT, WIDTH, Array
from saqta.simulate.camera.scene import Scene

FPS = 10
NOISE_DEVIATION = 2.0
_NOISE_MIDDLE = 16
_NOISE_SPARE = 64
_SHIFT = 4

Frame = NDArray[np.uint8]


class Renderer:
    """Makes the frames of one scene, 640x360 at FPS; about 2 ms each, after a backdrop that takes about a second."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def frame(self, number: int) -> Frame:
        """Planar YUV 4:2:0 (I420), (HEIGHT * 3 / 2, WIDTH) uint8, of frame ``number``."""
        at_s = number / FPS
        return self._sensed(np.asarray(cv2.cvtColor(self.picture(at_s), cv2.COLOR_BGR2YUV_I420), np.uint8), number)

    def picture(self, at_s: float) -> Frame:
        """What is there at a moment, (HEIGHT, WIDTH, 3) BGR uint8, without the sensor's noise and light."""
        layout = self._scene.layout
        picture = self.backdrop.picture.copy()
        figures = [figure(actor, pose, layout.lens, layout.sun) for actor, pose in self._scene.actors(at_s)]
        figures = [seen for seen in figures if seen.depth_m > 1.0]
        for thrown in figures:
            _shade(picture, thrown, SHADOW_DEPTH * sunlight(at_s))
        for seen in sorted(figures, key=lambda seen: -seen.depth_m):
            _paint(picture, seen, self.backdrop)
        return picture

    @cached_property
    def backdrop(self) -> Backdrop:
        return backdrop(self._scene.layout, self._scene.seed)

    @cached_property
    def _noise(self) -> Frame:
        rng = np.random.default_rng([self._scene.seed, len(self._scene.name)])
        noise = rng.normal(_NOISE_MIDDLE, NOISE_DEVIATION, (HEIGHT + _NOISE_SPARE, WIDTH + _NOISE_SPARE))
        return np.clip(np.rint(noise), 0, 2 * _NOISE_MIDDLE).astype(np.uint8)

    def _sensed(self, yuv: Frame, number: int) -> Frame:
        """Exposure, then noise: a part of one large picture of noise, another part each frame."""
        luma = yuv[:HEIGHT]
        levels = np.clip(np.arange(256) * exposure(number / FPS), 0, 255).astype(np.uint8)
        x, y = (number * 37) % _NOISE_SPARE, (number * 23) % _NOISE_SPARE
        noisy = cv2.add(cv2.LUT(luma, levels), self._noise[y : y + HEIGHT, x : x + WIDTH])
        cv2.subtract(noisy, np.full(1, _NOISE_MIDDLE, np.float64), dst=luma)
        return yuv


def sunlight(at_s: float) -> float:
    """How clear the sun is, 0.55 to 1: clouds pass within a minute or two."""
    return 0.78 + 0.16 * sin(2 * pi * at_s / 97) + 0.06 * sin(2 * pi * at_s / 41 + 1)


def exposure(at_s: float) -> float:
    """What the sensor makes of the light, about 1: its control follows the sun late and not wholly."""
    return 1.0 + 0.30 * (sunlight(at_s) - 0.78) - 0.22 * (sunlight(at_s - 4.0) - 0.78)


def _paint(picture: Frame, seen: Figure, behind: Backdrop) -> None:
    x0, y0, x1, y1 = _cut(seen.box, 1)
    if x0 >= x1 or y0 >= y1:
        return
    finer = 3 if x1 - x0 < 90 and y1 - y0 < 130 else 2
    canvas = np.zeros(((y1 - y0) * finer, (x1 - x0) * finer, 4), np.uint8)
    _draw(canvas, seen.pixels, seen.parts, (x0, y0), finer)
    patch = cv2.resize(canvas, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA).astype(np.float32)
    where = slice(y0, y1), slice(x0, x1)
    hidden = np.where(behind.cover_depth[where] < seen.depth_m, behind.cover_alpha[where], 0)
    patch *= (1 - hidden)[..., None]
    there = picture[where]
    there[:] = (there * (1 - patch[..., 3:] / 255) + patch[..., :3]).astype(np.uint8)


def _shade(picture: Frame, thrown: Figure, depth: float) -> None:
    low, high = thrown.shadow_pixels.min(axis=0), thrown.shadow_pixels.max(axis=0)
    x0, y0, x1, y1 = _cut((low[0], low[1], high[0], high[1]), 8)
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    _draw(mask, thrown.shadow_pixels, thrown.shadow_parts, (x0, y0), 1)
    soft = cv2.GaussianBlur(mask[..., 3], (5, 5), 0)
    there = picture[y0:y1, x0:x1]
    there[:] = (there * (1 - soft[..., None] * np.float32(depth / 255))).astype(np.uint8)


def _draw(canvas: Frame, pixels: Array, parts: list[Part], corner: tuple[int, int], finer: int) -> None:
    """Parts in their colours, with opacity as the fourth channel."""
    points = np.round((pixels - corner) * (finer * 2**_SHIFT)).astype(np.int32)
    for start, stop, width_px, colour in parts:
        if width_px:
            a, b = points[start:stop].tolist()
            cv2.line(canvas, a, b, (*colour, 255.0), max(1, round(width_px * finer)), cv2.LINE_8, _SHIFT)
        else:
            cv2.fillPoly(canvas, [points[start:stop]], (*colour, 255.0), cv2.LINE_8, _SHIFT)


def _cut(box: tuple[float, float, float, float], margin_px: int) -> tuple[int, int, int, int]:
    """Whole pixels around a box, within the picture."""
    x0, y0, x1, y1 = box
    return (
        max(0, int(x0) - margin_px),
        max(0, int(y0) - margin_px),
        min(WIDTH, int(x1) + 1 + margin_px),
        min(HEIGHT, int(y1) + 1 + margin_px),
    )
