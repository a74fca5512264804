"""More people in a zone than there may be: one alert each time it fills up.

Where people hide one another their tracks are too few: then how much of the zone they cover tells more, by how large
who walks there looks.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from saqta.edge.arrays import Gray
from saqta.edge.scene import Scene, around
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.overfull import Overfull
from saqta.model.kinds import AlertRaised, Polygon, Record

LASTS_S = 3.0
"""There have to be too many for this long."""
OVER_SHARE = 0.8
"""It is over below this part of the limit."""
COVERS = 0.2
"""Somebody covers this part of the square of their height."""


def crowd(settings: CameraSettings) -> "Crowd":
    """The detector for a camera's zones with a ``crowd_max``."""
    return Crowd(settings)


class Crowd:
    """Remembers which zones are too full."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._overfull = Overfull(LASTS_S)
        self._masks: dict[str, Gray] = {}

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The alerts of the zones that became too full with this frame."""
        alerts: list[Record] = []
        for name, limit in self._settings.crowd_max.items():
            tracked = sum(track.kind == "person" for track in scene.inside(self._settings.zones[name]))
            people = max(tracked, round(self._covered(name, scene)))
            if self._overfull.is_due(name, people > limit, people < OVER_SHARE * limit, scene.at_s):
                alerts.append(self._alert(name, limit, people, tracked, scene))
        return alerts

    def _covered(self, name: str, scene: Scene) -> float:
        """How many people would cover as much of the zone as is covered; 0 while their size is not known."""
        foot = scene.picture[1]
        if scene.things.ways.tall_at(foot) is None:
            return 0.0
        mask = self._masks.get(name)
        if mask is None or mask.shape != scene.differs.shape:
            mask = self._masks[name] = _filled(self._settings.zones[name], scene.picture)
        rows = np.count_nonzero(cv2.bitwise_and(scene.differs, mask), axis=1)
        talls = ((row, scene.things.ways.tall_at(row)) for row in np.flatnonzero(rows).tolist())
        return float(sum(rows[row] / (COVERS * tall * tall) for row, tall in talls if tall))

    def _alert(self, name: str, limit: float, people: int, tracked: int, scene: Scene) -> AlertRaised:
        how = "counted one by one" if tracked >= people else "told by how much of it they cover"
        return AlertRaised(
            kind="crowd",
            camera=self._settings.camera,
            box=around(self._settings.zones[name]),
            at_s=round(scene.at_s, 3),
            confidence=0.8 if tracked >= people else 0.6,
            reasons=(f"about {people} people in '{name}', {limit:g} are allowed", how),
            zone=name,
        )


def _filled(zone: Polygon, picture: tuple[int, int]) -> Gray:
    width, height = picture
    mask: Gray = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.array([(round(x * width), round(y * height)) for x, y in zone], np.int32)], 255)
    return mask
