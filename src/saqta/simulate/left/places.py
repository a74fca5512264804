"""Public places in brightness alone, each of a seed: floor, back wall, furniture, and how deep each pixel lies.

Cheap to make and unlike each other, where ``backdrop`` is made once and to be looked at.
"""

import random
from math import cos, pi, sin
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.simulate.camera.layout import Spot
from saqta.simulate.camera.lens import HEIGHT, WIDTH, Array, Lens

Luma = NDArray[np.uint8]
"""(HEIGHT, WIDTH) uint8."""
Depths = NDArray[np.float32]
_SHIFT = 4
_FLOORS = ("tiles", "planks", "asphalt", "terrazzo", "carpet", "plain")
_WALLS = ("bricks", "panels", "windows", "plain")


class Block(NamedTuple):
    """A block on the ground: the middle of its foot, (across, ahead, up) in metres, how it is turned (radians), how
    bright it is, and a seed for what is drawn on it."""

    spot: Spot
    size_m: tuple[float, float, float]
    turn: float
    shade: float
    look: int


class Place(NamedTuple):
    """What stands still: ``picture`` and, where something stands, its ``depth`` in metres (infinite elsewhere)."""

    lens: Lens
    picture: Luma
    depth: Depths
    back_m: float


def place(seed: int) -> Place:
    """The place of a seed."""
    rng = random.Random(f"place {seed}")
    lens = Lens(rng.uniform(2.8, 7.0), rng.uniform(14, 32), rng.uniform(360, 620))
    back_m = rng.uniform(14, 30)
    picture = _wall(rng, lens, back_m)
    _lay_floor(picture, rng, lens, back_m)
    picture = np.clip(picture, 0, 255)
    found = Place(lens, picture.astype(np.uint8), np.full((HEIGHT, WIDTH), np.inf, np.float32), back_m)
    blocks = [_furniture(rng, found) for _ in range(rng.randint(0, 6))]
    for block in sorted(blocks, key=lambda block: -block.spot[1]):
        paint_block(found.picture, block, lens, found.depth)
    return found


def spot_at(lens: Lens, x_px: float, y_px: float) -> Spot:
    """The place on the ground that a pixel shows."""
    x, y, _ = lens.ground_at(np.array([[x_px, y_px]], np.float64))
    return float(x[0]), float(y[0])


def paint_block(picture: Luma, block: Block, lens: Lens, depth: Depths | None = None) -> None:
    """Paints a block, with the dark at its foot; notes its depth where ``depth`` is given."""
    foot, top = _corners(block, 0.0), _corners(block, block.size_m[2])
    low, high = lens.project(foot)[0], lens.project(top)[0]
    spot = np.array([*block.spot, 0.0])
    around = cv2.convexHull(lens.project(spot + 1.25 * (foot - spot))[0].astype(np.float32))[:, 0]
    cv2.fillConvexPoly(picture, _fixed(around), float(block.shade * 0.45), cv2.LINE_AA, _SHIFT)
    rng = random.Random(block.look)
    for side in sorted(range(4), key=lambda side: -float(np.hypot(*(foot[side] + foot[side - 1])[:2])))[2:]:
        face = np.array([low[side - 1], low[side], high[side], high[side - 1]])
        shade = block.shade * (0.82 + 0.25 * abs(sin(block.turn + side * pi / 2)))
        cv2.fillConvexPoly(picture, _fixed(face), min(250.0, shade), cv2.LINE_AA, _SHIFT)
        _decorate(picture, face, shade, rng)
    cv2.fillConvexPoly(picture, _fixed(high), min(252.0, block.shade * 1.18), cv2.LINE_AA, _SHIFT)
    if depth is not None:
        outline = cv2.convexHull(np.vstack([low, high]).astype(np.float32))[:, 0]
        cv2.fillConvexPoly(depth, _fixed(outline), block.spot[1], cv2.LINE_8, _SHIFT)


def block_box(block: Block, lens: Lens) -> tuple[float, float, float, float]:
    """Its box in the picture, as fractions."""
    corners = np.vstack([_corners(block, 0.0), _corners(block, block.size_m[2])])
    pixels = lens.project(corners)[0] / (WIDTH, HEIGHT)
    (x0, y0), (x1, y1) = pixels.min(axis=0), pixels.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _corners(block: Block, z: float) -> Array:
    """The corners (4, 3) of a block at a height."""
    across, ahead, _ = block.size_m
    around = np.array([(-across, -ahead), (across, -ahead), (across, ahead), (-across, ahead)]) / 2
    turn = np.array([[cos(block.turn), sin(block.turn)], [-sin(block.turn), cos(block.turn)]])
    return np.column_stack([around @ turn + np.array(block.spot), np.full(4, z)])


def _fixed(points: NDArray[Any]) -> NDArray[np.int32]:
    return np.asarray(np.round(points * 2**_SHIFT), np.int32)


def _decorate(picture: Luma, face: Array, shade: float, rng: random.Random) -> None:
    """A pocket, a stripe or nothing on a face."""
    low, high = rng.uniform(0.1, 0.35), rng.uniform(0.5, 0.9)
    left, right = rng.uniform(0.05, 0.25), rng.uniform(0.75, 0.95)
    a, b, c, d = face
    inner = np.array(
        [
            (a + (b - a) * u) + ((d + (c - d) * u) - (a + (b - a) * u)) * v
            for u, v in ((left, low), (right, low), (right, high), (left, high))
        ]
    )
    tone = min(250.0, max(4.0, shade * rng.choice((0.6, 0.8, 1.0, 1.3, 1.7))))
    cv2.fillConvexPoly(picture, _fixed(inner), tone, cv2.LINE_AA, _SHIFT)


def _wall(rng: random.Random, lens: Lens, back_m: float) -> NDArray[np.float32]:
    base, style = rng.uniform(70, 190), rng.choice(_WALLS)
    noise = np.random.default_rng(rng.getrandbits(32))
    across, up = (lens.focal_px / back_m * size for size in (rng.uniform(0.6, 3.0), rng.uniform(0.3, 2.0)))
    picture = np.full((HEIGHT, WIDTH), base, np.float32)
    rows, columns = np.arange(HEIGHT)[:, None] / up, np.arange(WIDTH)[None] / across
    if style == "bricks":
        shifted = columns + 0.5 * (np.floor(rows) % 2)
        tones = noise.uniform(0.85, 1.15, (64, 64)).astype(np.float32)
        picture *= tones[np.floor(rows).astype(int) % 64, np.floor(shifted).astype(int) % 64]
        picture[((rows % 1 < 0.12) | (shifted % 1 < 0.06))] *= 0.85
    elif style == "panels":
        picture *= noise.uniform(0.8, 1.2, 64).astype(np.float32)[np.floor(columns).astype(int) % 64]
    elif style == "windows":
        picture[(rows % 1 > 0.25) & (columns % 1 > 0.2)] *= rng.choice((0.45, 0.6, 1.35))
    for _ in range(rng.randint(0, 4)):
        x, y, w, h = rng.randint(0, WIDTH - 60), rng.randint(0, HEIGHT // 3), rng.randint(25, 70), rng.randint(20, 60)
        poster = cv2.resize(noise.uniform(30, 230, (5, 4)).astype(np.float32), (w, h))
        picture[y : y + h, x : x + w] = poster[: HEIGHT - y, : WIDTH - x]
    return picture


def _lay_floor(picture: NDArray[np.float32], rng: random.Random, lens: Lens, back_m: float) -> None:
    style, base, size = rng.choice(_FLOORS), rng.uniform(60, 185), rng.uniform(0.35, 1.4)
    noise = np.random.default_rng(rng.getrandbits(32))
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64)
    x, y, _ = (part.reshape(HEIGHT, WIDTH) for part in lens.ground_at(pixels))
    on_floor = (y > 0) & (y < back_m)
    u, v = np.where(on_floor, x, 0) / size, np.where(on_floor, y, 0) / size
    tones = noise.normal(1, 0.09 if style != "plain" else 0.01, (64, 64)).astype(np.float32)
    cells = tones[np.floor(v).astype(int) % 64, np.floor(u if style != "planks" else u / 4).astype(int) % 64]
    if style == "asphalt":
        cells = cv2.GaussianBlur(noise.normal(1, 0.25, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.2)
    floor = base * cells
    if style in ("tiles", "planks"):
        floor *= np.where((u % 1 < 0.06) | (v % 1 < 0.06), 0.8, 1.0)
    elif style == "carpet":
        floor *= 1 + 0.18 * np.sin(u * 9) * np.sin(v * 9)
    elif style == "terrazzo":
        floor *= 1 + 0.12 * cv2.GaussianBlur(noise.normal(0, 1.5, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 0.8)
    pools = cv2.resize(
        noise.uniform(0.8, 1.2, (4, 6)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    picture[on_floor] = (floor * pools)[on_floor]


def _furniture(rng: random.Random, found: Place) -> Block:
    x_px, y_px = rng.uniform(0, WIDTH), rng.uniform(0.35, 1.0) * HEIGHT
    spot = spot_at(found.lens, x_px, y_px)
    kind = rng.choice(((0.5, 0.5, 3.0), (1.8, 0.5, 0.45), (0.5, 0.5, 0.9), (1.0, 0.8, 1.1), (0.4, 0.4, 0.05)))
    near = found.back_m - 1
    return Block((spot[0], min(spot[1], near)), kind, rng.uniform(-0.5, 0.5), rng.uniform(30, 220), rng.getrandbits(32))
