"""People and vehicles as shapes in space, seen through a lens: what is painted, where, in which order.

A person is a skeleton that walks (hips, knees, feet, shoulders, elbows, hands, head) clothed in rounded limbs; a
vehicle is its side view drawn out to its width. What throws a shadow is the same shape laid along the sun.
"""

import random
from functools import lru_cache
from math import cos, pi, sin
from typing import NamedTuple

import cv2
import numpy as np

from saqta.simulate.camera.layout import Spot
from saqta.simulate.camera.lens import Array, Lens
from saqta.simulate.camera.materials import Colour
from saqta.simulate.camera.scene import PERSON, SUITCASE, Actor, Pose
from saqta.simulate.camera.vehicles import body_of, vehicle

LOOKS_KEPT_MAX = 512
STEP_CYCLE_M = 1.45
_PLAIN_M = 55.0
"""Beyond this a vehicle has no details."""


class Part(NamedTuple):
    """Points ``start`` to ``stop`` of a figure: a filled polygon, or a rounded line where ``width_px`` is above 0."""

    start: int
    stop: int
    width_px: float
    colour: Colour


class Figure(NamedTuple):
    """What is painted of one actor: ``parts`` of ``pixels`` (n, 2), back to front; and its shadow on the ground."""

    pixels: Array
    parts: list[Part]
    shadow_pixels: Array
    shadow_parts: list[Part]
    depth_m: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) in pixels, not cut at the picture's edge."""
        grown = np.zeros(len(self.pixels))
        for part in self.parts:
            grown[part.start : part.stop] = part.width_px / 2
        low, high = (self.pixels - grown[:, None]).min(axis=0), (self.pixels + grown[:, None]).max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def figure(actor: Actor, pose: Pose, lens: Lens, sun: Spot) -> Figure:
    """How an actor looks at a pose."""
    if actor.kind == SUITCASE:
        return _suitcase(actor.look, pose, lens, sun)
    return _person(actor.look, pose, lens, sun) if actor.kind == PERSON else _vehicle(actor, pose, lens, sun)


_SUITCASE_M = (0.5, 0.3, 0.72)
_SUITCASES: tuple[Colour, ...] = ((44, 40, 122), (110, 64, 30), (52, 52, 56), (40, 96, 60))


def _suitcase(look: int, pose: Pose, lens: Lens, sun: Spot) -> Figure:
    """Its front, its lid and its handle, the broad side towards the camera."""
    colour, (wide, deep, tall) = _SUITCASES[look % len(_SUITCASES)], _SUITCASE_M
    across, ahead = (pose.x - wide / 2, pose.x + wide / 2), (pose.y, pose.y + deep)
    front = [(x, ahead[0], z) for x, z in zip((*across, *across[::-1]), (0.06, 0.06, tall, tall), strict=True)]
    lid = [(x, y, tall) for x, y in zip((*across, *across[::-1]), (ahead[0],) * 2 + (ahead[1],) * 2, strict=True)]
    handle = [(pose.x, pose.y + deep / 2, tall), (pose.x, pose.y + deep / 2, tall + 0.28)]
    solid = np.array([*front, *lid, *handle])
    thrown = solid[:, :2] + solid[:, 2:] * np.array(sun)
    pixels, depths = lens.project(np.vstack([solid, np.column_stack([thrown, np.zeros(len(thrown))])]))
    px_m = lens.focal_px / float(depths[: len(solid)].mean())
    parts = [
        Part(8, 10, 0.05 * px_m, (70, 70, 72)),
        Part(0, 4, 0.0, colour),
        Part(4, 8, 0.0, _tone(colour, 1.35)),
    ]
    return Figure(pixels[: len(solid)], parts, pixels[len(solid) :], parts[1:], float(depths[: len(solid)].mean()))


class _Clothes(NamedTuple):
    height_m: float
    stout: float
    jacket: Colour
    trousers: Colour
    skin: Colour
    hair: Colour
    shoes: Colour
    coat: bool
    bag: bool


_JACKETS: tuple[Colour, ...] = (
    (52, 46, 42), (96, 62, 38), (44, 48, 132), (70, 88, 62), (150, 146, 140), (40, 36, 36), (62, 110, 168),
    (120, 70, 92), (196, 200, 204), (48, 70, 96), (36, 44, 60), (150, 104, 60),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = ((46, 40, 36), (92, 66, 44), (58, 58, 60), (30, 30, 32), (104, 118, 128), (70, 52, 40))
_SKINS: tuple[Colour, ...] = ((138, 164, 204), (122, 148, 190), (104, 132, 176), (148, 174, 212))
_HAIRS: tuple[Colour, ...] = ((28, 30, 34), (36, 42, 54), (48, 64, 88), (90, 92, 96), (60, 40, 40))


@lru_cache(maxsize=LOOKS_KEPT_MAX)
def _clothes(look: int) -> _Clothes:
    rng = random.Random(look)
    return _Clothes(
        height_m=rng.uniform(1.6, 1.88),
        stout=rng.uniform(0.9, 1.2),
        jacket=rng.choice(_JACKETS),
        trousers=rng.choice(_TROUSERS),
        skin=rng.choice(_SKINS),
        hair=rng.choice(_HAIRS),
        shoes=rng.choice(((34, 34, 36), (60, 58, 56), (190, 192, 194))),
        coat=rng.random() < 0.3,
        bag=rng.random() < 0.35,
    )


def _person(look: int, pose: Pose, lens: Lens, sun: Spot) -> Figure:
    wear = _clothes(look)
    limbs = _limbs(wear, pose)
    ends = np.array([end for start, stop, _, _ in limbs for end in (start, stop)])
    ahead, side = (cos(pose.heading), sin(pose.heading)), (-sin(pose.heading), cos(pose.heading))
    places = np.array([pose.x, pose.y]) + ends[:, :2] @ np.array([ahead, side])
    thrown = places + ends[:, 2:] * np.array(sun)
    solid = np.column_stack([places, ends[:, 2]])
    pixels, depths = lens.project(np.vstack([solid, np.column_stack([thrown, np.zeros(len(thrown))])]))
    count = len(ends)
    near = (depths[0:count:2] + depths[1:count:2]) / 2
    widths = np.array([width_m for _, _, width_m, _ in limbs]) * lens.focal_px / near
    parts = [
        Part(2 * number, 2 * number + 2, float(widths[number]), limbs[number][3])
        for number in np.argsort(-near, kind="stable").tolist()
    ]
    return Figure(pixels[:count], parts, pixels[count:], parts, float(near.mean()))


_Limb = tuple[tuple[float, float, float], tuple[float, float, float], float, Colour]
"""From, to (ahead, to the left, up; metres), width, colour."""


def _limbs(wear: _Clothes, pose: Pose) -> list[_Limb]:
    tall, stout = wear.height_m, wear.stout
    phase = 2 * pi * pose.walked_m / STEP_CYCLE_M
    stride = min(1.0, pose.speed_ms / 1.2)
    legs: list[_Limb] = []
    for side, at in ((1, phase), (-1, phase + pi)):
        swing = 1.4 if pose.sits else 0.47 * stride * sin(at)
        shin = 0.05 if pose.sits else swing - 0.95 * stride * max(0.0, cos(at))
        hip = (0.0, side * 0.05 * tall, 0.53 * tall)
        knee = (0.25 * tall * sin(swing), hip[1], hip[2] - 0.25 * tall * cos(swing))
        ankle = (knee[0] + 0.24 * tall * sin(shin), hip[1], knee[2] - 0.24 * tall * cos(shin))
        toe = (ankle[0] + 0.15, ankle[1], ankle[2] - 0.03)
        legs += [
            (hip, knee, 0.165 * stout, wear.trousers),
            (knee, ankle, 0.12 * stout, wear.trousers),
            (ankle, toe, 0.09, wear.shoes),
        ]
        arm, bend = -0.45 * stride * sin(at) + 0.04, 0.3 + 0.25 * stride
        shoulder = (0.0, side * 0.112 * tall * stout, 0.805 * tall)
        elbow = (0.165 * tall * sin(arm), shoulder[1] + side * 0.02, shoulder[2] - 0.165 * tall * cos(arm))
        hand = (elbow[0] + 0.14 * tall * sin(arm + bend), elbow[1], elbow[2] - 0.14 * tall * cos(arm + bend))
        legs += [
            (shoulder, elbow, 0.105 * stout, _tone(wear.jacket, 0.9)),
            (elbow, hand, 0.085 * stout, _tone(wear.jacket, 0.9)),
            (hand, (hand[0] + 0.02, hand[1], hand[2] - 0.06), 0.075, wear.skin),
        ]
    lean, hem = 0.03 * tall * stride, (0.40 if wear.coat else 0.53) * tall
    body: list[_Limb] = [
        (
            (lean, side * 0.062 * tall * stout, 0.785 * tall),
            (0.0, side * 0.045 * tall * stout, hem),
            0.2 * stout,
            wear.jacket,
        )
        for side in (1, -1)
    ]
    body += [
        ((lean, 0.0, 0.80 * tall), (0.0, 0.0, hem), 0.22 * stout, _tone(wear.jacket, 1.06)),
        ((lean, 0.0, 0.84 * tall), (lean + 0.01, 0.0, 0.88 * tall), 0.11, wear.skin),
        ((lean + 0.035, 0.0, 0.915 * tall), (lean + 0.035, 0.0, 0.935 * tall), 0.155, wear.skin),
        ((lean - 0.025, 0.0, 0.935 * tall), (lean - 0.015, 0.0, 0.955 * tall), 0.175, wear.hair),
    ]
    if wear.bag:
        body.append(((lean - 0.2, 0.0, 0.76 * tall), (lean - 0.19, 0.0, 0.62 * tall), 0.24, _tone(wear.trousers, 0.8)))
    return _grounded(legs + body)


def _grounded(limbs: list[_Limb]) -> list[_Limb]:
    """Sets the lower foot on the ground."""
    low = min(end[2] for limb in limbs for end in limb[:2]) - 0.03
    return [((*a[:2], a[2] - low), (*b[:2], b[2] - low), width_m, colour) for a, b, width_m, colour in limbs]


def _vehicle(actor: Actor, pose: Pose, lens: Lens, sun: Spot) -> Figure:
    body = body_of(vehicle(actor.kind, actor.look))
    turn = np.array([[cos(pose.heading), sin(pose.heading)], [-sin(pose.heading), cos(pose.heading)]])
    spot = np.array([pose.x, pose.y])
    eye = np.array([*(turn @ -spot), lens.height_m])
    pixels, depths = lens.project(np.column_stack([spot + body.corners[:, :2] @ turn, body.corners[:, 2]]))
    seen = np.flatnonzero(np.einsum("ij,ij->i", body.normals, eye - body.corners[body.starts]) > 0)
    if depths[0] > _PLAIN_M:
        seen = seen[body.layers[seen] < 2]
    far = np.add.reduceat(depths, body.starts) / (body.stops - body.starts)
    order = seen[np.lexsort((-far[seen], body.layers[seen]))].tolist()
    parts = [Part(int(body.starts[face]), int(body.stops[face]), 0.0, body.colours[face]) for face in order]
    ground = spot + body.outline[:, :2] @ turn
    thrown = lens.on_ground(np.vstack([ground, ground + body.outline[:, 2:] * np.array(sun)]))
    hull = cv2.convexHull(thrown.astype(np.float32))[:, 0].astype(np.float64)
    return Figure(pixels, parts, hull, [Part(0, len(hull), 0.0, (0.0, 0.0, 0.0))], float(depths.mean()))


def _tone(colour: Colour, light: float) -> Colour:
    b, g, r = (min(255.0, tone * light) for tone in colour)
    return b, g, r
