"""When a model looks at a camera's frames, and what it made of them: it costs far more than everything else.

- It looks at the first frame, for who stands in view from the beginning on, and then at frames that hold movement.
- It looks again now and then while something is there that does not move; an empty scene in which nothing stirs costs
  nothing.
- In a picture far larger than the model's input it looks twice: at the whole, and more closely where somebody moves.
- Frames of several cameras that are due together are looked at together.
- A look is put off where there is no time for it: no frame is lost for one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saqta.edge.frames import Frame
from saqta.edge.models.model import Model, Thing, merged
from saqta.edge.models.view import View
from saqta.edge.picture.blobs import size
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene
from saqta.model.kinds import Box

MOVING_EVERY_S = 0.3
"""While something moves: every other frame at five analysed a second."""
STILL_EVERY_S = 10.0
"""While something is there that does not move."""
RESTS_S = 1.0
"""A track that went on more lately than this moves."""


CLOSER_FROM = 2.0
"""A picture that is more than this many times as large as the model's input is looked at more closely, too."""
CLOSER_SHARE_MAX = 0.6
"""The closer view is no wider than this part of the picture: otherwise it would not be closer."""
_EDGE = 0.002
"""A box that is less than this part of the picture away from the edge of a view reaches over it."""
_AROUND = 0.5


class Look(NamedTuple):
    """A frame that a model should look at, and the scene that it shows."""

    model: Model
    frame: Frame
    scene: Scene


class Looks:
    """Says for one stream whether a frame is to be looked at; is asked for every analysed frame, in order."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._before_s: float | None = None
        self._found = False

    def due(self, scene: Scene, fresh: bool) -> bool:
        """Whether a model shall look at this frame; it is taken to do so."""
        if self._last_s is None or scene.at_s < self._last_s:
            every_s = 0.0
        elif fresh or _moves(scene):
            every_s = MOVING_EVERY_S
        elif self._found or scene.tracks or scene.parked or not scene.known or scene.unsettled.any():
            every_s = STILL_EVERY_S
        else:
            return False
        if self._last_s is not None and 0 <= scene.at_s - self._last_s < every_s:
            return False
        self._before_s, self._last_s = self._last_s, scene.at_s
        return True

    def found(self, recognised: Sequence[Recognised] | None) -> None:
        """What the model made of the frame that was due; None where there was no time for it: the next one is due."""
        if recognised is None:
            self._last_s = self._before_s
        else:
            self._found = bool(recognised)


def taken(looks: Sequence[Look]) -> list[Sequence[Recognised]]:
    """What the models make of the frames that they should look at, in one batch a model."""
    found: list[list[Thing]] = [[] for _ in looks]
    for model in {id(one.model): one.model for one in looks}.values():
        views = [(place, view) for place, one in enumerate(looks) if one.model is model for view in _views(one)]
        for (place, view), things in zip(views, model.recognise([view for _, view in views]), strict=True):
            found[place] += [thing for thing in things if not _is_cut(thing.box, view.part)]
    return [[_recognised(thing, look.scene) for thing in merged(seen)] for look, seen in zip(looks, found, strict=True)]


def _views(look: Look) -> list[View]:
    picture, entry = look.frame.picture, look.model.entry
    closer = _closer(look.scene, max(picture.width, picture.height) / max(entry.width, entry.height))
    return [View(picture)] + ([View(picture, closer)] if closer is not None else [])


def _closer(scene: Scene, times: float) -> Box | None:
    """The part of the picture around all who move, or around the smallest of them; None where it would be no closer.

    ``times`` is how many times as large as the model's input the picture is.
    """
    moving = [track.bounds for track in scene.tracks if track.seen]
    if times < CLOSER_FROM or not moving:
        return None
    side = max(scene.picture)
    for boxes in (moving, [min(moving, key=size)]):
        edges = np.array(boxes)
        (x0, y0), (x1, y1) = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
        extent = max(side / times, (1 + _AROUND) * max(x1 - x0, y1 - y0))
        if extent <= CLOSER_SHARE_MAX * side:
            x, y, half = (x0 + x1) / 2, (y0 + y1) / 2, extent / 2
            return scene.box((x - half, y - half, x + half, y + half))
    return None


def _moves(scene: Scene) -> bool:
    return any(track.seen and scene.at_s - track.rests_since_s < RESTS_S for track in scene.tracks)


def _recognised(thing: Thing, scene: Scene) -> Recognised:
    width, height = scene.picture
    x0, y0, x1, y1 = thing.box
    return Recognised(thing.kind, thing.score, (x0 * width, y0 * height, x1 * width, y1 * height))


def _is_cut(box: Box, part: Box) -> bool:
    """Whether a thing reaches over the edge of the part that is looked at, inside the picture: the rest is not seen."""
    low = any(edge > 0 and side - edge < _EDGE for side, edge in zip(box[:2], part[:2], strict=True))
    return low or any(edge < 1 and edge - side < _EDGE for side, edge in zip(box[2:], part[2:], strict=True))
