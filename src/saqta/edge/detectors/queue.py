"""A queue at a stop line that is longer than it may be: in metres where the ground is known, in vehicles elsewhere.

A zone with a limit is where the queue stands. One alert a queue: it is over when it is well below its limit.
"""

from collections.abc import Sequence
from itertools import combinations

from saqta.edge.scene import Scene, around, is_inside
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.ground import GroundMap
from saqta.edge.tracking.overfull import Overfull
from saqta.model.kinds import AlertRaised, Polygon, Record

STANDS_S = 1.5
"""Who has not gone on for this long stands in the queue."""
LASTS_S = 5.0
"""A queue has to be too long for this long."""
OVER_SHARE = 0.7
"""It is over below this part of its limit."""
VEHICLE_M = 5.0
"""What the last vehicle adds to the distance between the first and the last foot."""


def queue(settings: CameraSettings) -> "Queue":
    """The detector for a camera's zones with a ``queue_max``."""
    return Queue(settings)


class Queue:
    """Remembers which queues are too long."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._overfull = Overfull(LASTS_S)

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The alerts of the queues that became too long with this frame."""
        alerts: list[Record] = []
        for name, limit in self._settings.queue_max.items():
            standing = _standing(scene, self._settings.zones[name])
            length = _length(standing, scene.ground)
            if self._overfull.is_due(name, length >= limit, length < OVER_SHARE * limit, scene.at_s):
                alerts.append(self._alert(name, limit, length, len(standing), scene))
        return alerts

    def _alert(self, name: str, limit: float, length: float, vehicles: int, scene: Scene) -> AlertRaised:
        unit = "m" if self._settings.ground else "vehicles"
        return AlertRaised(
            kind="queue",
            camera=self._settings.camera,
            box=around(self._settings.zones[name]),
            at_s=round(scene.at_s, 3),
            confidence=0.8,
            reasons=(
                f"the queue in '{name}' is {length:.0f} {unit} long, {limit:g} {unit} are usual",
                f"{vehicles} vehicles stand there",
            ),
            zone=name,
        )


def _length(standing: Sequence[tuple[float, float]], ground: GroundMap | None) -> float:
    if ground is None:
        return float(len(standing))
    apart = [ground.distance_m(one, other) for one, other in combinations(standing, 2)]
    return max(apart, default=0.0) + VEHICLE_M * bool(standing)


def _standing(scene: Scene, zone: Polygon) -> list[tuple[float, float]]:
    """Feet, in pixels, of the vehicles that stand in a zone, those that became part of the empty scene too."""
    feet = [
        track.foot
        for track in scene.inside(zone)
        if track.kind == "vehicle" and scene.at_s - track.rests_since_s >= STANDS_S
    ]
    width, height = scene.picture
    parked = [((x0 + x1) / 2, y1) for x0, _, x1, y1 in scene.parked]
    return feet + [(x, y) for x, y in parked if is_inside((x / width, min(1.0, y / height)), zone)]
