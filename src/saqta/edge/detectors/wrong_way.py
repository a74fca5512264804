"""A vehicle that goes against the traffic of its lane: against the arrow that was set, or the way that was learned.

The way is learned cell by cell from the vehicles that pass: where WAYS_MIN of them went, all but a few the same way. It
is kept when the stream comes again. Two-way streets without a division of their cells teach nothing, and tell nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot

from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import AlertRaised, Record

ACROSS, DOWN = 24, 18
"""Cells of the picture."""
WAYS_MIN = 6
"""A cell's way is known from this many vehicles on."""
AGREED_MIN = 0.85
"""A cell has one way where the mean of the vehicles' directions, unit vectors, is at least this long."""
AGAINST_MAX = -0.6
"""The cosine between a way and one against it."""
AGAINST_S = 1.0
WENT_SIZES = 1.0
"""A vehicle is told once it has gone against the traffic for AGAINST_S and as far as WENT_SIZES of its own size."""
SPEED_MIN = 0.3
"""A vehicle that is slower than this, in its own heights a second, goes no way."""


def wrong_way(settings: CameraSettings) -> "WrongWay":
    """The detector for a camera's lanes."""
    return WrongWay(settings)


@dataclass
class _Cell:
    """Which way the vehicles went: the sum of their directions, and how many they were."""

    x: float = 0.0
    y: float = 0.0
    ways: int = 0


@dataclass
class _Way:
    """How a track has gone: the cells that it taught, and since when and where it goes against the traffic."""

    last_s: float
    against_s: float | None = None
    from_foot: tuple[float, float] = (0.0, 0.0)
    told: bool = False
    taught: set[tuple[str, int, int]] = field(default_factory=set)


class WrongWay:
    """Learns the ways of a camera's lanes, and remembers who goes against them."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._cells: dict[tuple[str, int, int], _Cell] = {}
        self._ways: dict[int, _Way] = {}

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The alerts of who has gone the wrong way for long enough with this frame."""
        alerts: list[Record] = []
        for name in self._settings.lanes:
            for track in scene.inside(self._settings.zones[name]):
                if track.seen and track.kind == "vehicle" and track.heights_a_s >= SPEED_MIN:
                    alerts += self._follow(name, track, scene)
        alive = {track.number for track in scene.tracks}
        self._ways = {number: way for number, way in self._ways.items() if number in alive}
        return alerts

    def begin_afresh(self) -> None:
        """The stream has come again, with other tracks in the same scene."""
        self._ways = {}

    def _follow(self, name: str, track: Track, scene: Scene) -> list[Record]:
        way = self._ways.setdefault(track.number, _Way(scene.at_s))
        x, y = scene.foot(track)
        key = (name, int(min(x, 0.999) * ACROSS), int(min(y, 0.999) * DOWN))
        heading = _unit(*track.velocity)
        right = self._right(name, key, scene)
        if right is None or heading[0] * right[0] + heading[1] * right[1] > AGAINST_MAX:
            way.against_s = None
            self._teach(key, heading, way)
            return []
        if way.against_s is None:
            way.against_s, way.from_foot = scene.at_s, track.foot
        went = hypot(track.foot[0] - way.from_foot[0], track.foot[1] - way.from_foot[1])
        far = went >= WENT_SIZES * min(track.width, track.height)
        if way.told or scene.at_s - way.against_s < AGAINST_S or not far:
            return []
        way.told = True
        return [self._alert(name, way.against_s, track, scene)]

    def _right(self, name: str, key: tuple[str, int, int], scene: Scene) -> tuple[float, float] | None:
        """The right way here, as a unit vector in pixels; None while it is not known."""
        arrow = self._settings.directions.get(name)
        if arrow is not None:
            width, height = scene.picture
            return _unit((arrow[2] - arrow[0]) * width, (arrow[3] - arrow[1]) * height)
        cell = self._cells.get(key)
        if cell is None or cell.ways < WAYS_MIN or hypot(cell.x, cell.y) < AGREED_MIN * cell.ways:
            return None
        return _unit(cell.x, cell.y)

    def _teach(self, key: tuple[str, int, int], heading: tuple[float, float], way: _Way) -> None:
        if key in way.taught:
            return
        way.taught.add(key)
        cell = self._cells.setdefault(key, _Cell())
        cell.x, cell.y, cell.ways = cell.x + heading[0], cell.y + heading[1], cell.ways + 1

    def _alert(self, name: str, since_s: float, track: Track, scene: Scene) -> AlertRaised:
        how = "against its arrow" if name in self._settings.directions else "against the way that others take"
        return AlertRaised(
            kind="wrong_way",
            camera=self._settings.camera,
            box=scene.box(track.bounds),
            at_s=round(scene.at_s, 3),
            confidence=round(0.6 + 0.3 * track.shape.clarity, 2),
            reasons=(f"{track.named} goes along the lane '{name}' {how} for {scene.at_s - since_s:.1f} s",),
            zone=name,
            track=track.number,
        )


def _unit(x: float, y: float) -> tuple[float, float]:
    length = hypot(x, y) or 1.0
    return x / length, y / length
