"""When a model looks at a camera's frames, and what it made of them: it costs far more than everything else.

- It looks at the first frame, for who stands in view from the beginning on, and then at frames that hold movement.
- It looks again now and then while something is there that does not move; an empty scene in which nothing stirs costs
  nothing.
- Frames of several cameras that are due together are looked at together.
- A look is put off where there is no time for it: no frame is lost for one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from saqta.edge.frames import Frame
from saqta.edge.models.model import Model, Thing
from saqta.edge.models.view import View
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene

MOVING_EVERY_S = 0.3
"""While something moves: every other frame at five analysed a second."""
STILL_EVERY_S = 10.0
"""While something is there that does not move."""
RESTS_S = 1.0
"""A track that went on more lately than this moves."""


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
    found: list[Sequence[Recognised]] = [()] * len(looks)
    for model in {id(one.model): one.model for one in looks}.values():
        places = [place for place, one in enumerate(looks) if one.model is model]
        things = model.recognise([View(looks[place].frame.picture) for place in places])
        for place, seen in zip(places, things, strict=True):
            found[place] = [_recognised(thing, looks[place].scene) for thing in seen]
    return found


def _moves(scene: Scene) -> bool:
    return any(track.seen and scene.at_s - track.rests_since_s < RESTS_S for track in scene.tracks)


def _recognised(thing: Thing, scene: Scene) -> Recognised:
    width, height = scene.picture
    x0, y0, x1, y1 = thing.box
    return Recognised(thing.kind, thing.score, (x0 * width, y0 * height, x1 * width, y1 * height))
