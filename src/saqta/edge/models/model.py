"""A model that is ready: an ONNX graph in ONNX Runtime, shown parts of frames, telling what is in them.

A graph that takes any number of pictures gets a whole batch at once, BATCH_MAX at most; others one after another.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.edge.models.form import Candidates, Form, Output, thinned
from saqta.edge.models.manifest import Manifest
from saqta.edge.models.view import View, fitted
from saqta.edge.recognised import CLASSES
from saqta.edge.tracking.shapes import PERSON
from saqta.model.kinds import Box

BATCH_MAX = 32
CANDIDATES_MAX = 1_000
"""More boxes than this in one picture are not compared with each other: the best are taken."""
THINGS_MAX = 100
OVERLAP_MAX = 0.5
"""Two persons, or two vehicles of whatever class, whose boxes share more of their union than this are one."""


class Entry(NamedTuple):
    """A graph's input; ``many`` when it takes any number of pictures at once."""

    name: str
    width: int
    height: int
    many: bool


class Thing(NamedTuple):
    """One thing that a model found: its class, its score, and its box in fractions of the whole picture."""

    kind: str
    score: float
    box: Box


class Model:
    """Made by ``open_model``. ``name`` is the file's, with the beginning of its SHA-256."""

    def __init__(
        self, name: str, session: Any, entry: Entry, form: Form, manifest: Manifest, classes: Sequence[str]
    ) -> None:
        self.name, self.entry, self.licence = name, entry, manifest.licence
        self._session, self._form, self._manifest = session, form, manifest
        self._kinds = classes
        self._ours = np.array([kind in CLASSES for kind in classes])
        self._people = np.array([kind == PERSON for kind in classes])
        self._score_min = manifest.score_min or form.score_min
        self._mean = np.array(manifest.mean or form.mean, np.float32).reshape(3, 1, 1)
        self._scale = np.array(manifest.scale or form.scale, np.float32).reshape(3, 1, 1)

    def recognise(self, views: Sequence[View]) -> list[list[Thing]]:
        """What is in each view, best first, THINGS_MAX at most. Spends CPU, or blocks while a GPU works."""
        found: list[list[Thing]] = []
        step = BATCH_MAX if self.entry.many else 1
        for first in range(0, len(views), step):
            batch = views[first : first + step]
            fits = [fitted(view, self.entry.width, self.entry.height) for view in batch]
            outputs = self.run(np.stack([fit.colour for fit in fits]))
            for index, (view, fit) in enumerate(zip(batch, fits, strict=True)):
                one = self.read([output[index : index + 1] for output in outputs])
                found.append([self._thing(one, row, view.part, fit.to_picture) for row in range(len(one.scores))])
        return found

    def run(self, colours: NDArray[np.uint8]) -> list[Output]:
        """(n, height, width, 3) uint8 BGR through the graph: its outputs, each with n as its first dimension."""
        told = self._manifest
        pictures = colours[..., ::-1] if told.channels == "rgb" else colours
        fed = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=np.float32)
        fed -= self._mean
        fed *= self._scale
        if told.layout == "nhwc":
            fed = np.ascontiguousarray(fed.transpose(0, 2, 3, 1))
        return list(self._session.run(None, {self.entry.name: fed}))

    def read(self, outputs: Sequence[Output]) -> Candidates:
        """What stands in the outputs for one picture: of our classes, thinned out, best first."""
        width, height = self.entry.width, self.entry.height
        found = self._form.decode(outputs, width, height, self._score_min)
        sound = np.flatnonzero(self._ours[found.classes] & np.isfinite(found.boxes).all(axis=1))
        best = sound[np.argsort(-found.scores[sound], kind="stable")[:CANDIDATES_MAX]]
        found = Candidates(found.boxes[best], found.scores[best], found.classes[best])
        inside = np.clip(found.boxes, 0.0, (width, height) * 2)
        kept = thinned(found.boxes, self._people[found.classes], OVERLAP_MAX)
        kept = kept[(inside[kept, 2:] > inside[kept, :2]).all(axis=1)][:THINGS_MAX]
        return Candidates(inside[kept], found.scores[kept], found.classes[kept])

    def _thing(self, found: Candidates, row: int, part: Box, to_picture: tuple[float, float]) -> Thing:
        box = np.clip(found.boxes[row] * (to_picture * 2) + np.array(part[:2] * 2), 0.0, 1.0)
        kind, score = self._kinds[found.classes[row]], min(1.0, float(found.scores[row]))
        return Thing(kind, score, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))


def merged(things: Sequence[Thing]) -> list[Thing]:
    """What several views of one frame gave, each thing once, best first.

    >>> near, again = Thing("car", 0.9, (0.1, 0.1, 0.3, 0.3)), Thing("car", 0.8, (0.1, 0.1, 0.3, 0.29))
    >>> merged([again, near]) == [near]
    True
    """
    ordered = sorted(things, key=lambda thing: -thing.score)
    boxes = np.array([thing.box for thing in ordered]).reshape(-1, 4)
    kept = thinned(boxes, np.array([thing.kind == PERSON for thing in ordered]), OVERLAP_MAX)
    return [ordered[row] for row in kept[:THINGS_MAX]]
