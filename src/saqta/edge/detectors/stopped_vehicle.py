"""A vehicle that stands on a running lane, for longer than it may: one alert a stop.

A lane runs while somebody passes the one that stands, or while it stands there alone; where several stand and nobody
passes, it is a queue.
"""

from collections.abc import Sequence

from saqta.edge.picture.blobs import Bounds, alike
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import AlertRaised, Record

STANDS_S = 2.0
"""Who has not gone on for this long stands."""
SAME_PLACE = 0.3
"""A stop in a place that is this much like one told before is the same."""
STOPS_MAX = 64
"""With more, the ones that were seen longest ago are forgotten first."""
FORGOTTEN_S = 60.0
"""A stop is forgotten when nothing has stood there for this long."""


def stopped_vehicle(settings: CameraSettings) -> "StoppedVehicle":
    """The detector for a camera's lanes."""
    return StoppedVehicle(settings)


class StoppedVehicle:
    """Remembers which stops were told, and when somebody last passed in which zone."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._told: dict[Bounds, float] = {}
        self._passed_s: dict[str, float] = {}

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The alerts of the stops that became too long with this frame."""
        alerts: list[Record] = []
        for name in self._settings.lanes:
            vehicles = [one for one in scene.inside(self._settings.zones[name]) if one.kind == "vehicle"]
            standing = [one for one in vehicles if scene.at_s - one.rests_since_s >= STANDS_S]
            if len(standing) < len(vehicles):
                self._passed_s[name] = scene.at_s
            for track in standing:
                if self._is_too_long(name, track, len(standing), scene) and not self._is_told(track, scene.at_s):
                    alerts.append(self._alert(name, track, scene))
        self._told = {place: at_s for place, at_s in self._told.items() if scene.at_s - at_s < FORGOTTEN_S}
        return alerts

    def _is_too_long(self, name: str, track: Track, standing: int, scene: Scene) -> bool:
        stands_s = scene.at_s - track.rests_since_s
        runs = standing == 1 or self._is_passed(name, track)
        return track.seen and runs and stands_s >= self._settings.stopped_after_s

    def _is_passed(self, name: str, track: Track) -> bool:
        """Whether somebody else went on in the zone since it stood."""
        return self._passed_s.get(name, 0.0) > track.rests_since_s + STANDS_S

    def _is_told(self, track: Track, at_s: float) -> bool:
        """Whether this stop was told; it is from now on."""
        same = [place for place in self._told if alike(place, track.bounds) >= SAME_PLACE]
        for place in same or list(self._told)[: 1 - STOPS_MAX]:
            del self._told[place]
        self._told[track.bounds] = at_s
        return bool(same)

    def _alert(self, name: str, track: Track, scene: Scene) -> AlertRaised:
        stands_s = scene.at_s - track.rests_since_s
        return AlertRaised(
            kind="stopped_vehicle",
            camera=self._settings.camera,
            box=scene.box(track.bounds),
            at_s=round(scene.at_s, 3),
            confidence=round(0.6 + 0.3 * track.shape.clarity, 2),
            reasons=(
                f"{track.named} stands on the lane '{name}' for {stands_s:.0f} s, "
                f"{self._settings.stopped_after_s:g} s are allowed",
                "others pass it" if self._is_passed(name, track) else "it stands there alone",
            ),
            zone=name,
            track=track.number,
        )
