"""What light, weather and the sensor make of a place's picture: night, rain, a light switched on, a camera that shakes,
exposure that drifts, shadows that pass, a display that changes. All of it follows from a seed and the moment."""

import random
from math import pi, sin
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.simulate.camera.lens import HEIGHT, WIDTH
from saqta.simulate.left.places import Luma

KINDS = ("night", "rain", "light", "lamp", "shaking", "exposure", "cloud", "leaves", "display", "automatic")
_MIDDLE = 24
_SPARE = 48

Real = NDArray[np.float32]


class Weather:
    """``seen`` gives a painted picture as the camera tells it at a moment; ``kinds`` of KINDS are at work."""

    def __init__(self, seed: int, kinds: frozenset[str], seconds: float) -> None:
        rng = random.Random(f"weather {seed}")
        self.kinds = kinds
        self._random = np.random.default_rng(rng.getrandbits(32))
        self._deviation = rng.uniform(3.5, 6.5) if "night" in kinds else rng.uniform(1.0, 3.5)
        noise = self._random.normal(_MIDDLE, self._deviation, (HEIGHT + _SPARE, WIDTH + _SPARE))
        self._noise: Luma = np.clip(np.rint(noise), 0, 2 * _MIDDLE).astype(np.uint8)
        self._dark = rng.uniform(0.25, 0.45) if "night" in kinds else 1.0
        self._pools = _pools(rng) if "night" in kinds else None
        self._switched_s, self._step = rng.uniform(0.25, 0.8) * seconds, rng.choice((0.62, 0.75, 1.25, 1.4))
        self._lamp = _glow(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(60, 160)) * rng.uniform(0.3, 0.8)
        self._sway_px, self._drift = rng.uniform(0.3, 1.4), (rng.uniform(0.05, 0.25), rng.uniform(15, 90))
        self._cloud = (rng.uniform(0.55, 0.8), rng.uniform(4, 30), rng.uniform(30, 90))
        self._leaves = _leaves(rng) if "leaves" in kinds else None
        self._display = _display(rng)
        self._usual: float | None = None
        self._gain = 1.0

    def seen(self, painted: Luma, at_s: float) -> Luma:
        """The picture at ``at_s``; moments are asked for in order."""
        if "display" in self.kinds:
            painted = self._display.shown(painted, at_s)
        picture = painted
        if self._varies():
            light = self._light(at_s)
            picture = np.clip(painted * light, 0, 255).astype(np.uint8)
        if "rain" in self.kinds:
            picture = self._rained_on(picture)
        if "shaking" in self.kinds:
            picture = self._shaken(picture, at_s)
        x, y = (int(self._random.integers(0, _SPARE)) for _ in range(2))
        noisy = cv2.add(picture, self._noise[y : y + HEIGHT, x : x + WIDTH])
        return np.asarray(cv2.subtract(noisy, np.full(1, _MIDDLE, np.float64)), np.uint8)

    def _varies(self) -> bool:
        return bool(self.kinds & {"night", "light", "lamp", "exposure", "cloud", "leaves", "automatic"})

    def _light(self, at_s: float) -> Real:
        gain = self._dark
        if "light" in self.kinds and at_s >= self._switched_s:
            gain *= self._step
        if "exposure" in self.kinds:
            gain *= 1 + self._drift[0] * sin(2 * pi * at_s / self._drift[1])
        light: Real = np.full((HEIGHT, WIDTH), gain, np.float32)
        if self._pools is not None:
            light += self._pools
        if "lamp" in self.kinds and at_s >= self._switched_s:
            light *= 1 + self._lamp
        if "cloud" in self.kinds:
            depth, width_s, every_s = self._cloud
            place = (at_s % every_s) / width_s * WIDTH - np.arange(WIDTH, dtype=np.float32)
            light *= 1 - (1 - depth) * np.clip(1 - np.abs(place - 0.5 * WIDTH) / (0.4 * WIDTH), 0, 0.5)[None] * 2
        if self._leaves is not None:
            shift = np.array([[1, 0, 5 * sin(at_s * 1.3)], [0, 1, 2 * sin(at_s * 0.9 + 1)]], np.float32)
            light *= cv2.warpAffine(self._leaves, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        return light * np.float32(self._adapted(light, at_s)) if "automatic" in self.kinds else light

    def _adapted(self, light: Real, at_s: float) -> float:
        """Automatic exposure that hunts: a step of gain now and then, taken back slowly."""
        if int(at_s / 17) != int((at_s - 0.2) / 17):
            self._gain = float(self._random.uniform(0.75, 1.3))
        self._gain += (1 - self._gain) * 0.03
        return self._gain

    def _rained_on(self, picture: Luma) -> Luma:
        wet = picture.copy()
        starts = self._random.uniform((0, -20), (WIDTH, HEIGHT), (90, 2))
        for x, y in starts.astype(int).tolist():
            cv2.line(wet, (x, y), (x + 2, y + 14), 205.0, 1)
        return np.asarray(cv2.addWeighted(picture, 0.6, wet, 0.4, 0), np.uint8)

    def _shaken(self, picture: Luma, at_s: float) -> Luma:
        x, y = self._random.normal(0, 0.5 * self._sway_px, 2)
        x, y = x + self._sway_px * sin(3.1 * at_s), y + self._sway_px * sin(2.3 * at_s + 1)
        moved = cv2.warpAffine(
            picture, np.array([[1, 0, x], [0, 1, y]], np.float32), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(moved, np.uint8)


class _Display(NamedTuple):
    pictures: list[Luma]
    corner: tuple[int, int]
    every_s: float

    def shown(self, painted: Luma, at_s: float) -> Luma:
        picture = painted.copy()
        shown = self.pictures[int(at_s / self.every_s) % len(self.pictures)]
        x, y = self.corner
        picture[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
        return picture


def _display(rng: random.Random) -> _Display:
    noise = np.random.default_rng(rng.getrandbits(32))
    size = rng.randint(24, 70), rng.randint(24, 60)
    pictures = [cv2.resize(noise.uniform(20, 240, (4, 4)).astype(np.uint8), size) for _ in range(5)]
    corner = rng.randint(0, WIDTH - 75), rng.randint(0, HEIGHT // 2)
    return _Display([np.asarray(one, np.uint8) for one in pictures], corner, rng.uniform(8, 35))


def _glow(x: float, y: float, radius_px: float) -> Real:
    rows, columns = np.arange(HEIGHT, dtype=np.float32)[:, None], np.arange(WIDTH, dtype=np.float32)[None]
    glow: Real = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius_px**2))
    return glow


def _pools(rng: random.Random) -> Real:
    lamps = [_glow(rng.uniform(0, WIDTH), rng.uniform(0.3, 1) * HEIGHT, rng.uniform(50, 140)) for _ in range(3)]
    pools: Real = np.float32(rng.uniform(0.15, 0.4)) * sum(lamps, np.zeros((HEIGHT, WIDTH), np.float32))
    return pools


def _leaves(rng: random.Random) -> Real:
    noise = np.random.default_rng(rng.getrandbits(32)).uniform(0, 1, (HEIGHT // 8, WIDTH // 8)).astype(np.float32)
    spots = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) > 0.62
    where = _glow(rng.uniform(0, WIDTH), rng.uniform(0.4, 1) * HEIGHT, 120)
    dark = cv2.GaussianBlur(spots.astype(np.float32), (0, 0), 2) * where
    return np.asarray(1 - 0.4 * dark, np.float32)
