"""Paints what stands on a camera's ground: walls, blocks, fences, trees and lamps."""

import random
from itertools import pairwise
from math import cos, hypot, pi, sin

import numpy as np

from saqta.simulate.camera.easel import HAZE_M, SCALE, Easel
from saqta.simulate.camera.layout import Box, Fence, Lamp, Spot, Standing, Tree, Wall
from saqta.simulate.camera.lens import Array
from saqta.simulate.camera.materials import BLOCKS, HAZE, Colour, front

_FENCE_STEP_M = 2.5
_LEAVES = 170
_LEAF: Colour = (66, 118, 98)


def stand(easel: Easel, thing: Standing, rng: random.Random) -> None:
    """Paints one thing; paint the far ones first."""
    match thing:
        case Wall():
            _wall(easel, thing, rng)
        case Box():
            _box(easel, thing)
        case Fence():
            _fence(easel, thing)
        case Tree():
            _tree(easel, thing, rng)
        case Lamp():
            _lamp(easel, thing)


def distance_m(thing: Standing) -> float:
    """From the camera's foot to the thing's middle."""
    match thing:
        case Wall(start=start, end=end):
            return hypot(start[0] + end[0], start[1] + end[1]) / 2
        case Fence(points=points):
            return hypot(*np.mean(points, axis=0))
        case Box(corner=corner):
            return hypot(*corner)
        case Tree(spot=spot) | Lamp(spot=spot):
            return hypot(*spot)


def _wall(easel: Easel, wall: Wall, rng: random.Random) -> None:
    (x0, y0), (x1, y1) = wall.start, wall.end
    length_m = hypot(x1 - x0, y1 - y0)
    corners, depths = easel.lens.project(
        [(x0, y0, wall.height_m), (x1, y1, wall.height_m), (x1, y1, 0.0), (x0, y0, 0.0)]
    )
    px_m = min(40.0, max(2.0, easel.lens.focal_px * SCALE / float(depths.min())))
    flat = front(wall.facade, length_m, wall.height_m, px_m, rng)
    along = np.linspace(depths[3], depths[2], flat.shape[1]).astype(np.float32)
    clear = np.exp(-along / HAZE_M)[None, :, None]
    flat = (np.array(HAZE) + (flat - np.array(HAZE)) * clear).astype(np.float32)
    easel.lay(flat, along, corners)


def _box(easel: Easel, box: Box) -> None:
    (x, y), (w, d, h) = box.corner, box.size_m
    colour = BLOCKS[box.material]
    near = hypot(x + w / 2, y)
    side_x = x if x > 0 else x + w
    faces: list[tuple[float, list[tuple[float, float, float]]]] = [
        (0.78, [(side_x, y, 0), (side_x, y + d, 0), (side_x, y + d, h), (side_x, y, h)]),
        (1.16, [(x, y, h), (x + w, y, h), (x + w, y + d, h), (x, y + d, h)]),
        (0.95, [(x, y, 0), (x + w, y, 0), (x + w, y, h), (x, y, h)]),
    ]
    if (x < 0 < x + w) or abs(side_x) < 0.1:
        del faces[0]
    for light, corners in faces:
        easel.fill(easel.lens.project(corners)[0], _lit(colour, light), near)
    ribs = np.arange(x + 0.25, x + w, 0.35) if box.material.startswith("container") else ()
    for rib in ribs:
        easel.line(easel.lens.project([(rib, y, 0.1), (rib, y, h - 0.1)])[0], _lit(colour, 0.84), 0.6, near)
    easel.line(easel.lens.on_ground([(x, y), (x + w, y)]), (60, 62, 64), 1.0, near, 0.5)


def _fence(easel: Easel, fence: Fence) -> None:
    for start, end in pairwise(fence.points):
        length_m = hypot(end[0] - start[0], end[1] - start[1])
        parts = max(1, round(length_m / _FENCE_STEP_M))
        spots = [
            (start[0] + (end[0] - start[0]) * i / parts, start[1] + (end[1] - start[1]) * i / parts)
            for i in range(parts + 1)
        ]
        for a, b in sorted(pairwise(spots), key=lambda pair: -hypot(*pair[0])):
            _FENCES[fence.style](easel, a, b, fence.height_m)


def _mesh(easel: Easel, a: Spot, b: Spot, height_m: float) -> None:
    depth_m = (hypot(*a) + hypot(*b)) / 2
    easel.fill(_upright(easel, a, b, 0.05, height_m), (150, 152, 150), depth_m, 0.16)
    for share in np.arange(0.04, 1.0, 0.08):
        easel.line(_rod(easel, a, b, float(share), height_m), (132, 136, 134), 0.35, depth_m, 0.4)
    _rail(easel, a, b, height_m, 0.06, (120, 124, 122), depth_m)
    _post(easel, a, height_m + 0.1, 0.09, (110, 114, 112))
    _post(easel, b, height_m + 0.1, 0.09, (110, 114, 112))


def _railing(easel: Easel, a: Spot, b: Spot, height_m: float) -> None:
    depth_m = (hypot(*a) + hypot(*b)) / 2
    for share in np.arange(0.05, 1.0, 0.1):
        easel.line(_rod(easel, a, b, float(share), height_m), (70, 66, 58), 0.5, depth_m, 0.75)
    _rail(easel, a, b, 0.15, 0.06, (74, 70, 62), depth_m)
    _rail(easel, a, b, height_m, 0.09, (66, 62, 54), depth_m)
    _post(easel, a, height_m + 0.12, 0.2, (150, 158, 164))
    _post(easel, b, height_m + 0.12, 0.2, (150, 158, 164))


def _barrier(easel: Easel, a: Spot, b: Spot, height_m: float) -> None:
    depth_m = (hypot(*a) + hypot(*b)) / 2
    for low in (0.3, 0.72):
        for part in range(8):
            u, v = part / 8, (part + 1) / 8
            colour = (56, 56, 196) if part % 2 else (226, 228, 230)
            left, right = _between(a, b, u), _between(a, b, v)
            easel.fill(_upright(easel, left, right, low * height_m, (low + 0.26) * height_m), colour, depth_m)
    _post(easel, a, height_m, 0.08, (90, 92, 92))
    _post(easel, b, height_m, 0.08, (90, 92, 92))


def _chain(easel: Easel, a: Spot, b: Spot, height_m: float) -> None:
    depth_m = (hypot(*a) + hypot(*b)) / 2
    sag = [(*_between(a, b, u), height_m * (0.92 - 0.8 * u * (1 - u))) for u in np.linspace(0, 1, 9)]
    easel.line(easel.lens.project(sag)[0], (60, 62, 64), 0.9, depth_m)
    _post(easel, a, height_m, 0.14, (54, 54, 54))
    _post(easel, b, height_m, 0.14, (54, 54, 54))


_FENCES = {"mesh": _mesh, "railing": _railing, "barrier": _barrier, "chain": _chain}


def _tree(easel: Easel, tree: Tree, rng: random.Random) -> None:
    x, y = tree.spot
    height, depth_m = tree.height_m, hypot(*tree.spot)
    scale = easel.lens.focal_px / depth_m
    easel.line(
        easel.lens.project([(x, y, 0), (x + 0.1, y, height * 0.55)])[0], (62, 76, 88), 0.035 * height * scale, depth_m
    )
    tint = rng.uniform(0.85, 1.12)
    round_ = np.linspace(0, 2 * np.pi, 9)[:-1]
    blob = np.column_stack([np.cos(round_), np.sin(round_) * 0.85]) * height * scale
    leaves = []
    for _ in range(_LEAVES):
        turn, up = rng.uniform(0, 2 * pi), rng.uniform(-1, 1)
        out = (1 - up * up) ** 0.5 * rng.uniform(0.35, 1) ** 0.6
        leaves.append((up, out * cos(turn), out * sin(turn), rng.uniform(0.045, 0.1), rng.uniform(0.82, 1.15)))
    for up, across, ahead, size, tone in sorted(leaves, key=lambda leaf: (leaf[2] < 0, leaf[0])):
        centre = easel.lens.project([(x + across * height * 0.27, y, height * (0.63 + 0.33 * up))])[0][0]
        light = tint * tone * (0.78 + 0.3 * up + 0.1 * across - 0.08 * ahead)
        easel.fill(centre + blob * size, _lit(_LEAF, light), depth_m)


def _lamp(easel: Easel, lamp: Lamp) -> None:
    (x, y), depth_m = lamp.spot, hypot(*lamp.spot)
    scale = easel.lens.focal_px / depth_m
    top = [
        (x, y, 0),
        (x, y, lamp.height_m * 0.97),
        (x + lamp.arm_m * 0.3, y, lamp.height_m),
        (x + lamp.arm_m, y, lamp.height_m),
    ]
    pixels = easel.lens.project(top)[0]
    easel.line(pixels[:2], (96, 98, 100), 0.13 * scale, depth_m)
    easel.line(pixels[1:], (96, 98, 100), 0.08 * scale, depth_m)
    head = easel.lens.project([(x + lamp.arm_m - 0.35, y, lamp.height_m), (x + lamp.arm_m + 0.35, y, lamp.height_m)])[0]
    easel.line(head, (206, 214, 218), 0.16 * scale, depth_m)


def _post(easel: Easel, spot: Spot, height_m: float, width_m: float, colour: Colour) -> None:
    depth_m = hypot(*spot)
    pixels = easel.lens.project([(*spot, 0.0), (*spot, height_m)])[0]
    easel.line(pixels, colour, width_m * easel.lens.focal_px / depth_m, depth_m)


def _rail(easel: Easel, a: Spot, b: Spot, height_m: float, width_m: float, colour: Colour, depth_m: float) -> None:
    pixels = easel.lens.project([(*a, height_m), (*b, height_m)])[0]
    easel.line(pixels, colour, width_m * easel.lens.focal_px / depth_m, depth_m)


def _rod(easel: Easel, a: Spot, b: Spot, share: float, height_m: float) -> Array:
    spot = _between(a, b, share)
    return easel.lens.project([(*spot, 0.05), (*spot, height_m)])[0]


def _upright(easel: Easel, a: Spot, b: Spot, low_m: float, high_m: float) -> Array:
    return easel.lens.project([(*a, low_m), (*b, low_m), (*b, high_m), (*a, high_m)])[0]


def _between(a: Spot, b: Spot, share: float) -> Spot:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _lit(colour: Colour, light: float) -> Colour:
    b, g, r = (min(255.0, tone * light) for tone in colour)
    return b, g, r
