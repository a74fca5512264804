"""What a detector gets to see: one analysed frame, what is known of the scene, and the tracks in it."""

from collections.abc import Sequence
from typing import NamedTuple

from saqta.edge.arrays import Gray
from saqta.edge.left.finding import Things
from saqta.edge.picture.blobs import Bounds
from saqta.edge.recognised import Recognised
from saqta.edge.tracking.ground import GroundMap
from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import Box, Polygon


class Scene(NamedTuple):
    """One analysed frame. ``picture`` is (width, height) of the arrays and of the tracks' pixels.

    ``at_s`` counts from the source's first frame, ``step_s`` from the last analysed one. ``luma`` is the frame,
    ``expected`` the empty scene at its exposure, ``differs`` 255 where the two differ, ``unsettled`` 255 where it looks
    otherwise than before anything came (see ``settled``), ``moving`` 255 around what moves. ``tracks`` holds the
    confirmed and the tentative; it is empty, and the masks mean nothing, while the scene is not ``known``. ``parked``
    holds the boxes of things that came, stayed and became part of the empty scene. ``settled_s`` is for how long the
    empty scene has been learned. ``recognised`` is what a model made of this frame, None where none looked at it.
    ``fixtures`` are boxes, in fractions of the picture, of things of which a person said that they belong there.
    ``ground`` measures on the ground, None where the camera's is not known.
    """

    at_s: float
    step_s: float
    picture: tuple[int, int]
    luma: Gray
    expected: Gray
    differs: Gray
    unsettled: Gray
    moving: Gray
    tracks: Sequence[Track]
    parked: Sequence[Bounds]
    known: bool
    settled_s: float
    things: Things
    recognised: Sequence[Recognised] | None = None
    fixtures: Sequence[Box] = ()
    ground: GroundMap | None = None

    def box(self, bounds: Bounds) -> Box:
        """Pixels as fractions of the picture, cut at its edges."""
        width, height = self.picture
        x0, x1 = (min(1.0, max(0.0, round(x / width, 4))) for x in (bounds[0], bounds[2]))
        y0, y1 = (min(1.0, max(0.0, round(y / height, 4))) for y in (bounds[1], bounds[3]))
        return x0, y0, x1, y1

    def inside(self, zone: Polygon) -> list[Track]:
        """The confirmed tracks that stand in a zone."""
        return [track for track in self.tracks if track.confirmed and is_inside(self.foot(track), zone)]

    def foot(self, track: Track) -> tuple[float, float]:
        """Where the track stands, in fractions of the picture."""
        x, y = track.foot
        return x / self.picture[0], min(1.0, y / self.picture[1])


def around(zone: Polygon) -> Box:
    """The box around a zone.

    >>> around(((0.2, 0.5), (0.6, 0.1), (0.4, 0.9)))
    (0.2, 0.1, 0.6, 0.9)
    """
    xs, ys = zip(*zone, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def is_inside(point: tuple[float, float], zone: Polygon) -> bool:
    """Whether a point lies in a polygon (even-odd rule).

    >>> is_inside((0.2, 0.2), ((0, 0), (1, 0), (0, 1))), is_inside((0.9, 0.9), ((0, 0), (1, 0), (0, 1)))
    (True, False)
    """
    x, y = point
    odd = False
    for (x0, y0), (x1, y1) in zip(zone, (*zone[1:], zone[0]), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            odd = not odd
    return odd
