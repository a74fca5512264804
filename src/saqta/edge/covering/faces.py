"""Faces in a frame, found only to be covered: YuNet (Wu et al. 2023), a single-shot detector in ONNX.

Its outputs are, for the strides 8, 16 and 32, a class score and an objectness a cell, both from 0 to 1, and a box: the
middle's offset from the cell, the size as a logarithm, both in strides. Its five landmarks are not read.
"""

from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path

import av
import numpy as np

from saqta.edge.covering.film import Found
from saqta.edge.covering.redaction import FACE
from saqta.edge.frames import Frame
from saqta.edge.models.form import Output, thinned
from saqta.edge.models.manifest import manifest_of, read_model
from saqta.edge.models.opening import entry_of, start_session, tried
from saqta.edge.models.view import GREY, Colour, View, fitted
from saqta.model.errors import InputError
from saqta.model.kinds import Box

STRIDES = (8, 16, 32)
SCORE_MIN = 0.4
"""Low: a face too many costs a few pixels, one too few a person."""
OVERLAP_MAX = 0.4
PART_SIDES = 1.5
"""A picture larger than this many inputs is also looked at in parts, so that small faces are found."""
_PARTS_OVERLAP = 0.2
LOOKED_EVERY_S = 0.5
"""A live stream is looked at this often: who moves between two looks is covered for that, and a look costs far more
than everything else."""


class Faces:
    """A face model that is ready, tried on a grey picture. A graph that takes any size is run at the one that its
    manifest tells. InputError when ``path`` holds none of YuNet's form, or it can't be run."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        told = manifest_of(path)
        content, _ = read_model(path, told)
        self._session = start_session(content, path, threads)
        self._outputs = [f"{name}_{stride}" for name in ("cls", "obj", "bbox") for stride in STRIDES]
        known = {output.name for output in self._session.get_outputs()}
        if not known.issuperset(self._outputs):
            raise InputError("faces", sorted(known), f"YuNet's outputs {', '.join(self._outputs)}")
        self._entry, self._width, self._height, _ = entry_of(self._session, told)
        for field, side_px in (("width", self._width), ("height", self._height)):
            if side_px % max(STRIDES):
                raise InputError(f"manifest.{field}", side_px, f"a multiple of {max(STRIDES)} pixels")
        self._try_out(path)

    def look(self, picture: av.VideoFrame) -> Sequence[Found]:
        """The faces in a frame."""
        return [Found(FACE, box) for part in self._parts(picture) for box in self._find(View(picture, part))]

    def _find(self, view: View) -> Iterator[Box]:
        fit = fitted(view, self._width, self._height)
        outputs = self._run(fit.colour)
        boxes, scores = (np.concatenate(parts) for parts in zip(*(self._at(outputs, s) for s in STRIDES), strict=True))
        best = np.argsort(-scores)
        kept = thinned(boxes[best], np.zeros(len(best)), OVERLAP_MAX)
        left, top = view.part[:2]
        for x0, y0, x1, y1 in boxes[best][kept] * np.array(fit.to_picture * 2):
            yield float(left + x0), float(top + y0), float(left + x1), float(top + y1)

    def _run(self, colour: Colour) -> dict[str, Output]:
        fed = np.ascontiguousarray(colour.transpose(2, 0, 1)[None], np.float32)
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._entry: fed}), strict=True))

    def _try_out(self, path: Path) -> None:
        with tried(path):
            outputs = self._run(np.full((self._height, self._width, 3), GREY, np.uint8))
        for name, output in outputs.items():
            kind, stride = name.split("_")
            cells = (self._width // int(stride)) * (self._height // int(stride))
            shape = (1, cells, 4 if kind == "bbox" else 1)
            if output.shape != shape:
                raise InputError("faces", f"{name} {output.shape}", f"an output of the shape {shape}")

    def _at(self, outputs: dict[str, Output], stride: int) -> tuple[Output, Output]:
        """(boxes in pixels of the input, scores) of one stride."""
        columns = self._width // stride
        scores = np.sqrt(np.clip(outputs[f"cls_{stride}"][0, :, 0] * outputs[f"obj_{stride}"][0, :, 0], 0, 1))
        cells = np.flatnonzero(scores >= SCORE_MIN)
        box = outputs[f"bbox_{stride}"][0, cells]
        middle = (np.stack([cells % columns, cells // columns], axis=1) + box[:, :2]) * stride
        half = np.exp(np.minimum(box[:, 2:], 10)) * stride / 2
        return np.hstack([middle - half, middle + half]).astype(np.float32), scores[cells]

    def _parts(self, picture: av.VideoFrame) -> Iterator[Box]:
        yield (0.0, 0.0, 1.0, 1.0)
        across, upright = (-(-side // round(PART_SIDES * self._width)) for side in (picture.width, picture.height))
        if across * upright > 1:
            width, height = ((1 + _PARTS_OVERLAP * (n > 1)) / n for n in (across, upright))
            for row in range(upright):
                for column in range(across):
                    x, y = min(column / across, 1 - width), min(row / upright, 1 - height)
                    yield (max(0.0, x), max(0.0, y), min(1.0, x + width), min(1.0, y + height))


def faces_of(path: str | None, threads: int) -> Faces | None:
    """A camera's face model, None where it goes without; opened afresh. InputError when the file can't be used."""
    return Faces(Path(path), threads) if path is not None else None


class Glimpses:
    """A face model's looks at the frames of one stream, which are told in order; none where it goes without."""

    def __init__(self, faces: Faces | None) -> None:
        self._faces, self._last_s = faces, -inf

    def take(self, frame: Frame, wanted: bool) -> Sequence[Found] | None:
        """The faces in a frame that is looked at because that is due, or because it is ``wanted``; else None."""
        if self._faces is None or not (wanted or frame.fresh or frame.at_s - self._last_s >= LOOKED_EVERY_S):
            return None
        self._last_s = frame.at_s
        return self._faces.look(frame.picture)
