"""Covers everything that moves or came, so that nobody is recognised and one still sees where somebody walks.

- Solid shapes with an outline and a colour for the class: blur and mosaic can be undone.
- Covered is whatever differs from the scene, tracked or not, until the scene looks as before or nothing has stirred
  there for minutes (``settled``).
- In doubt everything is covered: as long as the scene is not known, or when more differs than can be told apart.
- Persons and faces that models find are covered wherever they are, and the lower halves of vehicles, for their plates.
  Without one motion is all that it goes by: who stands in view when a scene is first learned is covered only while he
  stirs, and who came and then did not stir at all for minutes is covered only if he was tracked.
"""

from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from math import ceil, exp, floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, Real, gray
from saqta.edge.frames import Planes
from saqta.edge.picture.background import SETTLED_S
from saqta.edge.picture.blobs import Bounds, alike
from saqta.edge.picture.cells import bodies, busy_cells, cells_of, pixels_of
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene
from saqta.edge.tracking.shapes import PERSON, VEHICLE, Shape
from saqta.edge.tracking.tracks import Track, widened
from saqta.model.kinds import Box

REGIONS_MAX = 64
"""More regions than this are covered as one: the whole picture."""
REMEMBERED_FRAMES = 3
STIR_MEMORY_S, STIR_MIN_S = 10.0, 0.5
"""What has stirred for STIR_MIN_S within about STIR_MEMORY_S, without going on, is somebody who is still there."""
REMEMBERED_LOOKS = 3
"""What a model found is there until it has looked this often without finding it."""
MARGIN_SHARE = 0.012
SAME_SHARE = 0.5
"""A track is a thing where their boxes share this part of their union."""
WINDING = 0.65
"""What fills less than this of its hull winds through the picture."""
FACE = "face"
_TRACK_MARGIN, _FACE_MARGIN = 0.12, 0.35

Colour = tuple[int, int, int]
"""Y, U, V."""
_COLOURS: dict[str, Colour] = {PERSON: (150, 54, 190), VEHICLE: (120, 190, 80)}
_OTHER: Colour = (110, 128, 128)
_WHOLE: Colour = (60, 128, 128)
_OUTLINE_Y = 235
"""Outlines are bright, in the colour of what they surround."""


class Cover(NamedTuple):
    """A solid polygon: (n, 2) points in pixels of the analysed picture."""

    points: NDArray[np.float64]
    colour: Colour


class Redactor:
    """Finds what has to be covered in the frames of one stream; is shown every analysed frame, in order."""

    def __init__(self) -> None:
        self._recent: deque[Gray] = deque(maxlen=REMEMBERED_FRAMES)
        self._stirring_s: Real | None = None
        self._found: deque[Sequence[Recognised]] = deque(maxlen=REMEMBERED_LOOKS)
        self._faces: deque[Sequence[Box]] = deque(maxlen=REMEMBERED_LOOKS)

    def look(
        self, scene: Scene, things: Sequence[Bounds] = (), faces: Sequence[Box] | None = None
    ) -> list[Cover] | None:
        """What has to be covered in this frame; None when everything has to be. In the boxes of ``things``, which are
        known to be nobody, only who passes before them is covered. ``faces`` are those that a model found in it,
        None where none looked."""
        if self._recent and self._recent[-1].shape != scene.differs.shape:
            self._recent.clear()
            self._found.clear()
            self._faces.clear()
            self._stirring_s = None
        if scene.recognised is not None:
            self._found.append(scene.recognised)
        if faces is not None:
            self._faces.append(faces)
        self._recent.append(gray(cv2.bitwise_or(scene.differs, scene.unsettled)))
        if not scene.known or scene.settled_s < SETTLED_S:
            return None
        mask = self._stirs(scene)
        for one in self._recent:
            mask = gray(cv2.bitwise_or(mask, one))
        tracks = [t for t in scene.tracks if all(alike(t.bounds, thing) < SAME_SHARE for thing in things)]
        boxes = [(box, _OTHER) for box in scene.parked] + [_tracked(track) for track in tracks]
        for inside in (*things, *(box for box, _ in boxes)):  # Nobody's, or covered by a box of its own.
            x0, y0, x1, y1 = (max(0, edge) for edge in _within(inside))
            mask[y0:y1, x0:x1] = 0
        covers = regions(mask)
        if covers is None:
            return None
        found = [recognised(one.kind, one.bounds) for look in self._found for one in look]
        found += [recognised(FACE, pixels(box, scene.picture)) for look in self._faces for box in look]
        return covers + [_box(box, colour) for box, colour in boxes] + found

    def _stirs(self, scene: Scene) -> Gray:
        """255 where something has stirred in one place of late, without being part of what goes on, and its body."""
        size = scene.differs.shape
        if self._stirring_s is None:
            self._stirring_s = np.zeros(cells_of(size), np.float32)
        apart = gray(cv2.subtract(self._recent[-1], scene.moving))
        self._stirring_s *= np.float32(exp(-scene.step_s / STIR_MEMORY_S))
        self._stirring_s += busy_cells(apart, size) * np.float32(scene.step_s)
        return pixels_of(bodies(self._stirring_s >= STIR_MIN_S), size)


def regions(mask: Gray, classed: bool = False, margin_share: float = MARGIN_SHARE) -> list[Cover] | None:
    """Covers for what differs (255 in ``mask``), with a margin (a part of the longer side, a pixel or more); None where
    that is in too many pieces to be told apart.

    What fills its hull gets the hull, so that no silhouette is left; what winds through the picture keeps its outline.
    The colour is the class's that its shape speaks for, where they are ``classed``.
    """
    margin = max(1, round(margin_share * max(mask.shape)))
    wide = gray(cv2.dilate(mask, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)))
    outlines, _ = cv2.findContours(wide, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) > REGIONS_MAX:
        return None
    covers = []
    for outline in outlines:
        hull = cv2.convexHull(outline)
        winds = cv2.contourArea(outline) < WINDING * cv2.contourArea(hull)
        points = (outline if winds else hull).reshape(-1, 2)
        covers.append(Cover(points.astype(np.float64), _COLOURS[_kind(mask, outline, margin)] if classed else _OTHER))
    return covers


def _kind(mask: Gray, outline: cv2.typing.MatLike, margin: int) -> str:
    """What the shape of what differs within an outline, which is ``margin`` wider, speaks for."""
    x, y, width, height = cv2.boundingRect(outline)
    inside = mask[y : y + height, x : x + width]
    rows, columns = mask.shape
    shape = Shape()
    cut = x <= 0 or y <= 0 or x + width >= columns or y + height >= rows
    shape.add(max(1, width - 2 * margin), max(1, height - 2 * margin), cv2.countNonZero(inside), cut)
    return shape.kind


def recognised(kind: str, bounds: Bounds) -> Cover:
    """The cover of what a model found: persons and faces whole, of vehicles the lower half, where their plates are."""
    x0, y0, x1, y1 = widened(bounds, _FACE_MARGIN if kind == FACE else _TRACK_MARGIN)
    if kind in (FACE, PERSON):
        return _box((x0, y0, x1, y1), _COLOURS[PERSON])
    return _box((x0, (y0 + y1) / 2, x1, y1), _COLOURS[VEHICLE])


def cover(planes: Planes, covers: list[Cover] | None, picture: tuple[int, int]) -> Planes:
    """Draws over ``planes`` in place, and gives them back; ``picture`` is the (width, height) that ``look`` saw."""
    if covers is None:
        for plane, value in zip(planes, _WHOLE, strict=True):
            plane[:] = value
        return planes
    luma, chroma = (_corners(covers, plane, picture) for plane in planes[:2])
    for plane, corners, channel in zip(planes, (luma, chroma, chroma), range(3), strict=True):
        for one, points in zip(covers, corners, strict=True):
            # One at a time: drawn together, two that overlap would leave a hole (even-odd rule).
            cv2.fillPoly(plane, [points], one.colour[channel])
    cv2.polylines(planes.y, luma, True, _OUTLINE_Y, 2)
    return planes


def _corners(covers: list[Cover], plane: Gray, picture: tuple[int, int]) -> list[NDArray[np.int32]]:
    """The points of each cover in the pixels of a plane."""
    if not covers:
        return []
    scale = np.array([plane.shape[1] / picture[0], plane.shape[0] / picture[1]])
    points = np.rint(np.concatenate([one.points for one in covers]) * scale).astype(np.int32)
    ends = [*accumulate(len(one.points) for one in covers)]
    return [points[start:end] for start, end in zip((0, *ends), ends, strict=False)]


def _tracked(track: Track) -> tuple[Bounds, Colour]:
    return widened(track.bounds, _TRACK_MARGIN), _COLOURS[track.kind] if track.confirmed else _OTHER


def pixels(box: Box, picture: tuple[int, int]) -> Bounds:
    """A box in the pixels of a picture of (width, height)."""
    width, height = picture
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


def _within(bounds: Bounds) -> tuple[int, int, int, int]:
    """The whole pixels of a box."""
    x0, y0, x1, y1 = bounds
    return ceil(x0), ceil(y0), floor(x1), floor(y1)


def _box(bounds: Bounds, colour: Colour) -> Cover:
    x0, y0, x1, y1 = bounds
    return Cover(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour)
