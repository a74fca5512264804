"""Paints what stands still before a camera, once: sky, ground, houses, trees, fences and their shadows."""

import random
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.simulate.camera import materials
from saqta.simulate.camera.easel import HAZE_M, SCALE, SHIFT, Backdrop, Easel, hazy
from saqta.simulate.camera.layout import Box, Fence, Lamp, Layout, Standing, Stripe, Tree, Wall
from saqta.simulate.camera.lens import Array
from saqta.simulate.camera.materials import HAZE
from saqta.simulate.camera.standing import distance_m, stand

SHADOW_DEPTH = 0.42


def backdrop(layout: Layout, seed: int) -> Backdrop:
    """The backdrop of a layout; ``seed`` moves leaves, windows and stains."""
    rng = random.Random(f"backdrop {seed}")
    easel = Easel(layout.lens)
    _sky(easel, rng)
    _ground(easel, layout, rng)
    _shadows(easel, layout)
    for thing in sorted(layout.standing, key=lambda thing: -distance_m(thing)):
        stand(easel, thing, rng)
    return easel.finished()


def _sky(easel: Easel, rng: random.Random) -> None:
    height, width = easel.canvas.shape[:2]
    up = np.clip(np.linspace(easel.lens.horizon_px / 60 + 0.2, 0, height), 0, 1)[:, None, None]
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 1, (9, 14)).astype(np.float32)
    clouds = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)[..., None] * 6
    easel.canvas[:] = np.array(HAZE) * (1 - up) + np.array(materials.SKY) * up + clouds


def _ground(easel: Easel, layout: Layout, rng: random.Random) -> None:
    height, width = easel.canvas.shape[:2]
    ground = np.zeros_like(easel.canvas)
    kinds = np.zeros((height, width), np.uint8)
    names = list(materials.GROUND)
    for area in layout.areas:
        points = np.round(layout.lens.on_ground(area.ring) * SCALE * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(ground, [points], materials.GROUND[area.material].colour, cv2.LINE_AA, SHIFT)
        cv2.fillPoly(kinds, [points], names.index(area.material) + 1, cv2.LINE_8, SHIFT)
    rows, columns = np.mgrid[0:height, 0:width].reshape(2, -1) / SCALE
    x, y, depth = (part.reshape(height, width) for part in layout.lens.ground_at(np.column_stack([columns, rows])))
    grain, stains = (
        np.array([0.0, *(getattr(materials.GROUND[name], part) for name in names)], np.float32)[kinds]
        for part in ("grain", "stains")
    )
    flat = np.where(kinds == names.index("water") + 1, 5.0, 1.0)
    fine, broad = (_noise(rng, x / size, y / size * flat) for size in (0.045, 0.9))
    rough = 1 + grain * fine * np.clip(16 / depth, 0, 1.2) + stains * broad * np.clip(45 / depth, 0, 1)
    clear = np.exp(-depth / HAZE_M)[..., None]
    seen = np.array(HAZE) + (ground * rough[..., None] - np.array(HAZE)) * clear
    easel.canvas[:] = np.where((kinds > 0)[..., None] & np.isfinite(depth)[..., None], seen, easel.canvas)
    for stripe in layout.stripes:
        _stripe(easel, stripe)


def _noise(rng: random.Random, x: Array, y: Array) -> NDArray[np.float32]:
    """Smooth noise of mean 0 and deviation about 1, one cell a unit."""
    tile = np.random.default_rng(rng.getrandbits(32)).normal(0, 1.4, (512, 512)).astype(np.float32)
    maps = [np.mod(axis, 512).astype(np.float32) for axis in (x, y)]
    return cv2.remap(tile, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)  # type: ignore[return-value]


def _stripe(easel: Easel, stripe: Stripe) -> None:
    (x0, y0), (x1, y1) = stripe.points[0], stripe.points[-1]
    length = hypot(x1 - x0, y1 - y0)
    on, off = stripe.dash_m or (length, 1.0)
    along = np.array([x1 - x0, y1 - y0]) / length
    across = np.array([-along[1], along[0]]) * stripe.width_m / 2
    for start in np.arange(0.0, length, on + off):
        a = np.array([x0, y0]) + along * start
        b = np.array([x0, y0]) + along * min(start + on, length)
        depth_m = float(hypot(*(a + b) / 2))
        colour = hazy(materials.GROUND[stripe.material].colour, depth_m)
        easel.fill(easel.lens.on_ground([a - across, b - across, b + across, a + across]), colour, alpha=0.82)


def _shadows(easel: Easel, layout: Layout) -> None:
    """Shadows of what stands, thrown along the sun and soft at the rim; and the dark at the foot of walls."""
    dark = np.zeros(easel.canvas.shape[:2], np.uint8)
    sun = np.array(layout.sun)
    for thing in layout.standing:
        for ring in _shadow_rings(thing, sun):
            points = np.round(layout.lens.on_ground(ring) * SCALE * 2**SHIFT).astype(np.int32)
            cv2.fillPoly(dark, [points], 255, cv2.LINE_AA, SHIFT)
    soft = cv2.GaussianBlur(dark, (0, 0), 2.2 * SCALE)
    dark[: round(max(0.0, layout.lens.horizon_px) * SCALE)] = 0
    easel.canvas *= (1 - SHADOW_DEPTH * soft.astype(np.float32) / 255)[..., None]


def _shadow_rings(thing: Standing, sun: Array) -> list[Array]:
    match thing:
        case Wall(start=start, end=end, height_m=height_m):
            a, b = np.array(start), np.array(end)
            throw = sun * min(height_m, 14.0)
            return [np.array([a, b, b + throw, a + throw])]
        case Box(corner=(x, y), size_m=(w, d, h)):
            base = np.array([[x, y], [x + w, y], [x + w, y + d], [x, y + d]])
            hull = cv2.convexHull(np.vstack([base, base + sun * h]).astype(np.float32))
            return [hull[:, 0, :].astype(np.float64)]
        case Tree(spot=spot, height_m=height_m):
            turn = np.linspace(0, 2 * np.pi, 24)
            crown = np.column_stack([np.cos(turn), np.sin(turn)]) * height_m * 0.27
            return [np.array(spot) + sun * height_m * 0.62 + crown]
        case Lamp(spot=spot, height_m=height_m):
            foot = np.array(spot)
            side = np.array([-sun[1], sun[0]]) * 0.07
            return [np.array([foot - side, foot + side, foot + sun * height_m + side, foot + sun * height_m - side])]
        case Fence(points=points, height_m=height_m, style="barrier" | "railing"):
            line = np.array(points)
            return [np.vstack([line, (line + sun * height_m * 0.9)[::-1]])]
        case _:
            return []
