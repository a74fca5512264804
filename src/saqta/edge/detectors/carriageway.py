"""A person on the carriageway, who walks or stands in a lane: one alert a person, as an intrusion into that zone."""

from collections.abc import Sequence

from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import AlertRaised, Record

STAYS_S = 1.5
"""A person is in the lane for this long: what looks like one for a moment only is a part of a vehicle."""
CLARITY_MIN = 0.25
SLENDER_MIN = 1.6
"""How plain a person's shape has to be, and how many times as tall as wide, where no model tells it: what comes head on
is a person's shape at times."""


def carriageway(settings: CameraSettings) -> "Carriageway":
    """The detector for a camera's lanes."""
    return Carriageway(settings)


class Carriageway:
    """Remembers who is in which lane since when, and was there last."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._stays: dict[tuple[str, int], tuple[float, float]] = {}
        self._told: set[tuple[str, int]] = set()

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The alerts of who has been in a lane for long enough with this frame."""
        alerts: list[Record] = []
        for name in self._settings.lanes:
            for track in scene.inside(self._settings.zones[name]):
                if track.seen and _is_person(track) and _walked(track, scene):
                    key = (name, track.number)
                    since_s, _ = self._stays.get(key, (scene.at_s, scene.at_s))
                    self._stays[key] = (since_s, scene.at_s)
                    if key not in self._told and scene.at_s - since_s >= STAYS_S:
                        self._told.add(key)
                        alerts.append(self._alert(name, since_s, track, scene))
        alive = {track.number for track in scene.tracks}
        self._stays = {key: stay for key, stay in self._stays.items() if scene.at_s - stay[1] <= GAP_S}
        self._told = {key for key in self._told if key[1] in alive}
        return alerts

    def _alert(self, name: str, since_s: float, track: Track, scene: Scene) -> AlertRaised:
        told_by = "a model" if track.votes else "its shape"
        return AlertRaised(
            kind="intrusion",
            camera=self._settings.camera,
            box=scene.box(track.bounds),
            at_s=round(scene.at_s, 3),
            confidence=round(0.5 + 0.4 * _clarity(track), 2),
            reasons=(
                f"person on the carriageway '{name}' for {scene.at_s - since_s:.1f} s",
                f"told a person by {told_by}",
            ),
            zone=name,
            track=track.number,
        )


def _is_person(track: Track) -> bool:
    plain = _clarity(track) >= CLARITY_MIN and track.height >= SLENDER_MIN * track.width
    return track.kind == "person" and (bool(track.votes) or plain)


def _walked(track: Track, scene: Scene) -> bool:
    """Whether it went somewhere: leaves and rails that tremble do not."""
    way = scene.things.ways.of(track.number)
    return way is not None and way.walked


def _clarity(track: Track) -> float:
    return 1.0 if track.votes else track.shape.clarity


GAP_S = 2.0
"""Who was out of the lane for longer than this begins anew."""
