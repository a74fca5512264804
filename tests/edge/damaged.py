"""Cameras that somebody covers, turns or freezes: what becomes of a rendered picture, from a moment on."""

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np

from edge.rendered import FPS, Picture

Damage = Callable[[Picture], Picture]


def damaged(pictures: Iterable[Picture], damage: Damage, from_s: float, until_s: float = np.inf) -> Iterator[Picture]:
    """The pictures, those from ``from_s`` to ``until_s`` with the damage."""
    for number, picture in enumerate(pictures):
        yield damage(picture) if from_s <= number / FPS < until_s else picture


def covered(picture: Picture) -> Picture:
    """A hand or a cloth on the lens: nearly plain, and the sensor's noise."""
    noise = np.random.default_rng(int(picture.sum()) % 9999).normal(0, 2, picture.shape)
    shade = np.linspace(70, 95, picture.shape[1])[None, :, None]
    return np.clip(shade + noise, 0, 255).astype(np.uint8)


def sprayed(picture: Picture) -> Picture:
    """Paint on nine tenths of the lens."""
    painted = picture.copy()
    painted[:, : picture.shape[1] * 9 // 10] = (40, 60, 150)
    return painted


def half_covered(picture: Picture) -> Picture:
    """A cloth over the left half of the lens."""
    half = picture.copy()
    half[:, : picture.shape[1] // 2] = covered(picture)[:, : picture.shape[1] // 2]
    return half


def defocused(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)


def exposed(gain: float, offset: float = 0.0) -> Damage:
    return lambda picture: np.asarray(cv2.convertScaleAbs(picture, alpha=gain, beta=offset), np.uint8)


def turned(across: float, down: float, degrees: float = 0.0, zoom: float = 1.0) -> Damage:
    """Another view: moved by parts of the width and the height, turned and zoomed about the middle."""

    def turn(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        to = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
        to[:, 2] += across * width, down * height
        return np.asarray(cv2.warpAffine(picture, to, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)

    return turn


def frozen() -> Damage:
    """The first picture again and again."""
    kept: list[Picture] = []

    def freeze(picture: Picture) -> Picture:
        kept.append(picture)
        del kept[1:]
        return kept[0]

    return freeze


def shaken(share: float) -> Damage:
    """Wind on the pole."""
    moments = iter(range(1_000_000))

    def shake(picture: Picture) -> Picture:
        at_s = next(moments) / FPS
        return turned(share * np.sin(9.1 * at_s), share * np.sin(7.7 * at_s))(picture)

    return shake


def passed_by() -> Damage:
    """A bus that comes, stands before the camera for three seconds, and goes on."""
    moments = iter(range(1_000_000))

    def bus(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        at_s = next(moments) / FPS
        side = np.full((height, 2 * width, 3), (60, 60, 180), np.uint8)
        for x in range(10, 2 * width, width // 4):
            cv2.rectangle(side, (x, height // 5), (x + width // 5, height // 2), (40, 30, 30), cv2.FILLED)
            cv2.rectangle(side, (x + 20, height * 3 // 5), (x + 40, height * 9 // 10), (210, 210, 210), 2)
        noise = np.random.default_rng(round(at_s * FPS)).normal(0, 2, side.shape)
        side = np.clip(side + noise, 0, 255).astype(np.uint8)
        x = round(width * (np.interp(at_s, (0, 2, 5, 7), (-2.0, -0.5, -0.5, 1.0))))
        passing = picture.copy()
        left, right = max(0, x), min(width, x + 2 * width)
        if left < right:
            passing[height // 30 :, left:right] = side[height // 30 :, left - x : right - x]
        return passing

    return bus


def rained_on(picture: Picture) -> Picture:
    """Streaks, elsewhere in each picture."""
    streaks = picture.copy()
    height, width = picture.shape[:2]
    for x, y in np.random.default_rng(int(picture.sum()) % 9999).integers(0, (width, height), (200, 2)):
        cv2.line(streaks, (int(x), int(y)), (int(x) + 2, int(y) + height // 16), (200, 200, 200), 1)
    return np.asarray(cv2.addWeighted(picture, 0.5, streaks, 0.5, 0), np.uint8)
