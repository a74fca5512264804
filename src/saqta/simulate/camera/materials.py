"""What ground, blocks and house fronts look like: colours (BGR, 0..255) and flat drawings of fronts."""

import random
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""(height, width, 3), BGR, 0..255."""
Colour = tuple[float, float, float]

HAZE: Colour = (226.0, 219.0, 209.0)
SKY: Colour = (214.0, 190.0, 160.0)
GLASS: Colour = (96.0, 84.0, 70.0)


class Ground(NamedTuple):
    """``grain`` and ``stains`` are how far fine and broad unevenness move the brightness, as a share."""

    colour: Colour
    grain: float
    stains: float


GROUND: dict[str, Ground] = {
    "asphalt": Ground((101, 100, 99), 0.07, 0.035),
    "concrete": Ground((150, 155, 158), 0.05, 0.04),
    "paving": Ground((146, 151, 156), 0.05, 0.03),
    "stone": Ground((158, 167, 174), 0.045, 0.025),
    "granite": Ground((126, 128, 132), 0.05, 0.025),
    "planks": Ground((92, 116, 138), 0.06, 0.08),
    "sand": Ground((122, 156, 178), 0.09, 0.10),
    "grass": Ground((74, 118, 104), 0.14, 0.08),
    "water": Ground((150, 132, 108), 0.05, 0.07),
    "kerb": Ground((172, 175, 178), 0.03, 0.04),
    "seam": Ground((112, 116, 119), 0.0, 0.0),
    "white": Ground((222, 224, 224), 0.05, 0.08),
    "yellow": Ground((70, 178, 214), 0.05, 0.08),
}
BLOCKS: dict[str, Colour] = {
    "container_blue": (140, 96, 52),
    "container_rust": (58, 78, 146),
    "container_green": (92, 112, 70),
    "crate": (100, 140, 172),
    "plinth": (138, 142, 148),
    "obelisk": (168, 174, 180),
    "kiosk": (120, 128, 96),
}


class Front(NamedTuple):
    """A house front: its colour, and its windows' size and spacing in metres; ``base_m`` is a darker foot."""

    colour: Colour
    window_m: tuple[float, float]
    spacing_m: tuple[float, float]
    base_m: float = 0.9
    glass: Colour = GLASS
    seams: bool = False


FRONTS: dict[str, Front] = {
    "panel": Front((168, 180, 188), (1.5, 1.5), (3.1, 2.9), 1.1, seams=True),
    "brick": Front((104, 122, 156), (1.2, 1.7), (2.8, 3.3), 1.3),
    "stone": Front((158, 178, 192), (1.3, 2.1), (3.0, 3.7), 1.6),
    "glass": Front((148, 132, 112), (2.5, 2.9), (2.8, 3.4), 4.0, (168, 148, 122)),
    "warehouse": Front((158, 152, 142), (0.0, 0.0), (6.0, 9.0), 1.0),
    "far_bank": Front((112, 124, 118), (0.0, 0.0), (9.0, 9.0), 2.0),
    "skyline": Front((166, 160, 154), (1.6, 1.8), (4.2, 4.2), 0.0),
}


def front(name: str, width_m: float, height_m: float, px_m: float, rng: random.Random) -> Picture:
    """The flat drawing of a house front at ``px_m`` pixels a metre, seen straight on."""
    style = FRONTS[name]
    picture: Picture = np.full(
        (max(2, round(height_m * px_m)), max(2, round(width_m * px_m)), 3), style.colour, np.float32
    )
    wear = np.random.default_rng(rng.getrandbits(32)).normal(1.0, 0.03, (12, 30)).astype(np.float32)
    picture *= cv2.resize(wear, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)[..., None]
    foot = max(1, round(style.base_m * px_m))
    picture[-foot:] *= 0.78
    picture[: max(1, round(0.35 * px_m))] *= 1.1
    _DRAWINGS.get(name, _windows)(picture, style, px_m, rng)
    return picture


def _windows(picture: Picture, style: Front, px_m: float, rng: random.Random) -> None:
    height, width = picture.shape[:2]
    columns = max(1, int(width / px_m / style.spacing_m[0]))
    pitch_x, pitch_y = width / columns, style.spacing_m[1] * px_m
    w, h = style.window_m[0] * px_m, style.window_m[1] * px_m
    y = height - style.base_m * px_m - pitch_y
    while y > -pitch_y * 0.15:
        if style.seams:
            cv2.line(picture, (0, round(y + pitch_y)), (width, round(y + pitch_y)), _shade(style.colour, 0.86), 1)
        for column in range(columns):
            x = (column + 0.5) * pitch_x - w / 2
            _window(picture, (x, y + (pitch_y - h) / 2, w, h), style, px_m, rng)
        y -= pitch_y


def _window(
    picture: Picture, at: tuple[float, float, float, float], style: Front, px_m: float, rng: random.Random
) -> None:
    x, y, w, h = at
    frame, light = max(0.0, 0.09 * px_m), rng.uniform(0.75, 1.3)
    curtain = rng.random() < 0.25
    cv2.rectangle(
        picture, _spot(x - frame, y - frame), _spot(x + w + frame, y + h + frame), _shade(style.colour, 1.14), -1
    )
    cv2.rectangle(picture, _spot(x, y), _spot(x + w, y + h), _shade(style.glass, light), -1)
    cv2.rectangle(
        picture, _spot(x, y), _spot(x + w, y + h * 0.42), _shade(style.glass, light * (1.7 if curtain else 1.22)), -1
    )
    if px_m > 6:
        cv2.line(
            picture, _spot(x + w / 2, y), _spot(x + w / 2, y + h), _shade(style.colour, 1.1), max(1, round(0.07 * px_m))
        )
    cv2.line(
        picture, _spot(x - frame, y + h + frame), _spot(x + w + frame, y + h + frame), _shade(style.colour, 0.68), 1
    )


def _warehouse(picture: Picture, style: Front, px_m: float, rng: random.Random) -> None:
    height, width = picture.shape[:2]
    for x in np.arange(0, width, max(2.0, 0.5 * px_m)):
        cv2.line(picture, _spot(x, 0), _spot(x, height), _shade(style.colour, 0.93), 1)
    band = round(1.1 * px_m)
    picture[band : band + max(1, round(0.5 * px_m))] = (128, 92, 48)
    doors = max(1, round(width / px_m / 8.5))
    for door in range(doors):
        x, w, h = (door + 0.5) * width / doors - 2.1 * px_m, 4.2 * px_m, 4.3 * px_m
        open_to = rng.choice((0.0, 0.0, 0.55))
        cv2.rectangle(picture, _spot(x - 3, height - h - 3), _spot(x + w + 3, height), _shade(style.colour, 0.7), -1)
        cv2.rectangle(picture, _spot(x, height - h), _spot(x + w, height), (122, 126, 130), -1)
        for row in np.arange(height - h, height, max(2.0, 0.35 * px_m)):
            cv2.line(picture, _spot(x, row), _spot(x + w, row), (104, 108, 112), 1)
        if open_to:
            cv2.rectangle(picture, _spot(x, height - h * open_to), _spot(x + w, height), (46, 46, 48), -1)


def _far_bank(picture: Picture, style: Front, px_m: float, rng: random.Random) -> None:
    height, width = picture.shape[:2]
    x = 0.0
    while x < width:
        crown = rng.uniform(3.0, 6.5) * px_m
        top = rng.uniform(0.25, 0.7) * height
        colour = (rng.uniform(78, 102), rng.uniform(104, 124), rng.uniform(86, 106))
        cv2.ellipse(picture, _spot(x, height * 0.98), _spot(crown, height - top), 0, 180, 360, colour, -1)
        x += crown * rng.uniform(0.4, 0.9)
    picture[-max(1, round(0.22 * height)) :] = (140, 144, 146)


_DRAWINGS: dict[str, Callable[[Picture, Front, float, random.Random], None]] = {
    "warehouse": _warehouse,
    "far_bank": _far_bank,
}


def _shade(colour: Colour, by: float) -> Colour:
    return (min(255.0, colour[0] * by), min(255.0, colour[1] * by), min(255.0, colour[2] * by))


def _spot(x: float, y: float) -> tuple[int, int]:
    return round(x), round(y)
