"""Covers everything that moves or came, so that nobody is recognised and one still sees where somebody walks.

- Solid shapes with an outline and a colour for the class: blur and mosaic can be undone.
- Covered is whatever differs from the scene, tracked or not, until the scene looks as before or nothing has stirred
  there for minutes (``settled``).
- In doubt everything is covered: as long as the scene is not known, or when more differs than can be told apart.
- Motion is all that it goes by: who stands in view when a scene is first learned, and stays motionless, belongs to
  the scene and is not covered; nor is who came and then did not stir at all for minutes and was never tracked.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, gray
from saqta.edge.background import SETTLED_S
from saqta.edge.blobs import Bounds, overlap, size
from saqta.edge.frames import Planes
from saqta.edge.scene import Scene
from saqta.edge.shapes import PERSON, VEHICLE
from saqta.edge.tracks import Track, widened

REGIONS_MAX = 64
"""More regions than this are covered as one: the whole picture."""
REMEMBERED_FRAMES = 3
MARGIN_SHARE = 0.012
SAME_SHARE = 0.5
"""A track is a thing where their boxes share this part of their union."""
_TRACK_MARGIN = 0.12

Colour = tuple[int, int, int]
"""Y, U, V."""
_COLOURS: dict[str, Colour] = {PERSON: (150, 54, 190), VEHICLE: (120, 190, 80)}
_OTHER: Colour = (110, 128, 128)
_WHOLE: Colour = (60, 128, 128)
_OUTLINE: Colour = (235, 128, 128)


class Cover(NamedTuple):
    """A solid convex polygon: (n, 2) points in pixels of the analysed picture."""

    points: NDArray[np.float64]
    colour: Colour


class Redactor:
    """Finds what has to be covered in the frames of one stream; is shown every analysed frame, in order."""

    def __init__(self) -> None:
        self._recent: deque[Gray] = deque(maxlen=REMEMBERED_FRAMES)

    def look(self, scene: Scene, things: Sequence[Bounds] = ()) -> list[Cover] | None:
        """What has to be covered in this frame; None when everything has to be. In the boxes of ``things``, which are
        known to be nobody, only who passes before them is covered."""
        if self._recent and self._recent[-1].shape != scene.differs.shape:
            self._recent.clear()
        self._recent.append(gray(cv2.bitwise_or(scene.differs, scene.unsettled)))
        if not scene.known or scene.settled_s < SETTLED_S:
            return None
        mask = self._recent[0]
        for one in self._recent:
            mask = gray(cv2.bitwise_or(mask, one))
        for thing in things:
            x0, y0, x1, y1 = (max(0, round(edge)) for edge in thing)
            mask[y0:y1, x0:x1] = 0
        margin = max(1, round(MARGIN_SHARE * max(scene.picture)))
        mask = gray(cv2.dilate(mask, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if len(outlines) > REGIONS_MAX:
            return None
        hulls = [Cover(cv2.convexHull(outline).reshape(-1, 2).astype(np.float64), _OTHER) for outline in outlines]
        tracks = [track for track in scene.tracks if not any(_is_same(track.bounds, thing) for thing in things)]
        return hulls + [_box(box, _OTHER) for box in scene.parked] + _tracked(tracks)


def cover(planes: Planes, covers: list[Cover] | None, picture: tuple[int, int]) -> Planes:
    """Draws over ``planes`` in place, and gives them back; ``picture`` is the (width, height) that ``look`` saw."""
    if covers is None:
        for plane, value in zip(planes, _WHOLE, strict=True):
            plane[:] = value
        return planes
    for plane, channel in zip(planes, range(3), strict=True):
        scale = np.array([plane.shape[1] / picture[0], plane.shape[0] / picture[1]])
        for one in covers:
            # One at a time: drawn together, two that overlap would leave a hole (even-odd rule).
            corners = np.rint(one.points * scale).astype(np.int32)
            cv2.fillConvexPoly(plane, corners, one.colour[channel])
            cv2.polylines(plane, [corners], True, _OUTLINE[channel], 2 if channel == 0 else 1)
    return planes


def _tracked(tracks: Sequence[Track]) -> list[Cover]:
    return [
        _box(widened(track.bounds, _TRACK_MARGIN), _COLOURS[track.kind] if track.confirmed else _OTHER)
        for track in tracks
    ]


def _is_same(one: Bounds, other: Bounds) -> bool:
    shared = overlap(one, other)
    return shared > SAME_SHARE * (size(one) + size(other) - shared)


def _box(bounds: Bounds, colour: Colour) -> Cover:
    x0, y0, x1, y1 = bounds
    return Cover(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour)
