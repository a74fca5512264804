"""What really happened before a simulated camera, kept apart from its stream: who was where, what they crossed,
where they stayed.

Boxes are fractions of the picture's width and height, cut at its edge, just as they are painted.
"""

from collections.abc import Iterator
from typing import Literal

import cv2
import msgspec
import numpy as np

from saqta.model.kinds import Box
from saqta.simulate.camera.figures import figure
from saqta.simulate.camera.layout import Ring, Spot
from saqta.simulate.camera.lens import HEIGHT, WIDTH
from saqta.simulate.camera.render import FPS
from saqta.simulate.camera.scene import PERSON, Actor, Pose, Scene

INSIDE_SHARE = 0.5
"""A box counts as seen when at least this share of it is inside the picture."""


class Seen(msgspec.Struct, frozen=True):
    """One actor in one frame."""

    id: str
    kind: str
    box: Box


class Moment(msgspec.Struct, frozen=True):
    """Everybody who is seen in the frame at ``at_s``."""

    at_s: float
    seen: tuple[Seen, ...]


class Crossing(msgspec.Struct, frozen=True):
    """``forward`` is from the line's left to its right, looking from its first point to its second."""

    line: str
    id: str
    kind: str
    direction: Literal["forward", "backward"]
    at_s: float


class Stay(msgspec.Struct, frozen=True):
    """Somebody's feet were in a restricted zone, from the first frame to the last."""

    zone: str
    id: str
    from_s: float
    until_s: float


class Truth(msgspec.Struct, frozen=True):
    """What a camera could have seen, in order of time."""

    camera: str
    seconds: float
    fps: int
    width: int
    height: int
    moments: tuple[Moment, ...]
    crossings: tuple[Crossing, ...]
    stays: tuple[Stay, ...]


def truth(scene: Scene, seconds: float, every_frames: int = 5) -> Truth:
    """The truth of the first ``seconds`` of a camera's stream; boxes for every ``every_frames``-th frame."""
    moments: list[Moment] = []
    crossings: list[Crossing] = []
    before: dict[str, Pose] = {}
    stays: dict[tuple[str, str], list[float]] = {}
    ended: list[Stay] = []
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        there = list(scene.actors(at_s))
        if number % every_frames == 0:
            moments.append(Moment(at_s, tuple(_seen(scene, there))))
        for actor, pose in there:
            if actor.id in before:
                crossings += _crossed(scene, actor, before[actor.id], pose, at_s)
        now = {(zone, actor.id) for actor, pose in there if actor.kind == PERSON for zone in _zones(scene, pose)}
        for key in now:
            stays.setdefault(key, [at_s, at_s])[1] = at_s
        for key in [key for key in stays if key not in now]:
            ended.append(Stay(*key, *stays.pop(key)))
        before = {actor.id: pose for actor, pose in there}
    ended += [Stay(*key, *span) for key, span in stays.items()]
    ended.sort(key=lambda stay: (stay.from_s, stay.id))
    return Truth(scene.name, seconds, FPS, WIDTH, HEIGHT, tuple(moments), tuple(crossings), tuple(ended))


def _seen(scene: Scene, there: list[tuple[Actor, Pose]]) -> Iterator[Seen]:
    for actor, pose in there:
        x0, y0, x1, y1 = figure(actor, pose, scene.layout.lens, scene.layout.sun).box
        cut = max(x0, 0.0), max(y0, 0.0), min(x1, float(WIDTH)), min(y1, float(HEIGHT))
        inside = max(0.0, cut[2] - cut[0]) * max(0.0, cut[3] - cut[1])
        if inside >= INSIDE_SHARE * (x1 - x0) * (y1 - y0):
            shares = [round(side / size, 4) for side, size in zip(cut, (WIDTH, HEIGHT) * 2, strict=True)]
            yield Seen(actor.id, actor.kind, (shares[0], shares[1], shares[2], shares[3]))


def _crossed(scene: Scene, actor: Actor, before: Pose, after: Pose, at_s: float) -> Iterator[Crossing]:
    for name, (a, b) in scene.layout.lines.items():
        was, now = _side(a, b, before), _side(a, b, after)
        if was * now <= 0 and was != now and _between(a, b, before, after):
            # On the ground y points away from the camera, in the picture down: left and right change places.
            yield Crossing(name, actor.id, actor.kind, "forward" if now < was else "backward", at_s)


def _side(a: Spot, b: Spot, pose: Pose) -> float:
    return (b[0] - a[0]) * (pose.y - a[1]) - (b[1] - a[1]) * (pose.x - a[0])


def _between(a: Spot, b: Spot, before: Pose, after: Pose) -> bool:
    start, end = (before.x, before.y), (after.x, after.y)
    ends = [(end[0] - start[0]) * (p[1] - start[1]) - (end[1] - start[1]) * (p[0] - start[0]) for p in (a, b)]
    return ends[0] * ends[1] <= 0


def _zones(scene: Scene, pose: Pose) -> list[str]:
    return [name for name in scene.layout.restricted if _inside(scene.layout.zones[name], pose)]


def _inside(ring: Ring, pose: Pose) -> bool:
    return cv2.pointPolygonTest(np.array(ring, np.float32), (pose.x, pose.y), False) > 0
