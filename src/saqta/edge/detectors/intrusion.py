"""Intrusion: somebody stays in a restricted zone longer than allowed. One alert a stay.

A stay belongs to a place as much as to a track: where a track is lost in the zone and another begins beside it, it is
the same stay. A short step outside does not end it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from saqta.edge.scene import Scene, is_inside
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.tracks import Track
from saqta.model.kinds import AlertRaised, Record

GAP_S = 2.0
"""A stay ends when nobody was seen in it for this long."""
_BESIDE_SIZES = 1.0


def intrusion(settings: CameraSettings) -> "Intrusion":
    """The detector for a camera's restricted zones."""
    return Intrusion(settings)


@dataclass
class _Stay:
    since_s: float
    last_s: float
    foot: tuple[float, float]
    frames: int = 0
    seen: int = 0
    told: bool = False


class Intrusion:
    """Remembers who stays in which zone since when."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._stays: dict[tuple[str, int], _Stay] = {}

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The alerts of the stays that became too long with this frame."""
        alerts: list[Record] = []
        for name in self._settings.restricted:
            zone = self._settings.zones[name]
            for track in scene.tracks:
                if is_inside(scene.foot(track), zone):
                    stay = self._stay(name, track, scene)
                    if self._is_too_long(stay, track, scene.at_s):
                        stay.told = True
                        alerts.append(self._alert(name, stay, track, scene))
        self._stays = {key: stay for key, stay in self._stays.items() if scene.at_s - stay.last_s <= GAP_S}
        return alerts

    def _stay(self, name: str, track: Track, scene: Scene) -> _Stay:
        key = (name, track.number)
        stay = self._stays.get(key) or self._taken_over(name, track, scene) or _Stay(scene.at_s, scene.at_s, track.foot)
        self._stays[key] = stay
        stay.last_s, stay.foot = scene.at_s, track.foot
        stay.frames += 1
        stay.seen += track.seen
        return stay

    def _taken_over(self, name: str, track: Track, scene: Scene) -> _Stay | None:
        """The stay of a track that got lost right here, shortly before this one began."""
        reach = _BESIDE_SIZES * max(track.width, track.height)
        for (zone, number), stay in self._stays.items():
            x, y = stay.foot
            near = abs(x - track.foot[0]) <= reach and abs(y - track.foot[1]) <= reach
            followed = any(other.number == number and other.seen for other in scene.tracks)
            if zone == name and near and not followed:
                del self._stays[zone, number]
                return stay
        return None

    def _is_too_long(self, stay: _Stay, track: Track, at_s: float) -> bool:
        stays_s = at_s - stay.since_s
        return track.confirmed and track.seen and not stay.told and stays_s >= self._settings.intrusion_after_s - 1e-6

    def _alert(self, name: str, stay: _Stay, track: Track, scene: Scene) -> AlertRaised:
        limit_s = self._settings.intrusion_after_s
        seen_share = stay.seen / stay.frames
        told_by = "a model" if track.votes else "its shape"
        return AlertRaised(
            kind="intrusion",
            camera=self._settings.camera,
            box=scene.box(track.bounds),
            at_s=round(scene.at_s, 3),
            confidence=round(0.5 + 0.3 * seen_share + 0.2 * track.shape.clarity, 2),
            reasons=(
                f"{track.named} inside the restricted zone '{name}' for {scene.at_s - stay.since_s:.1f} s,"
                f" {limit_s:g} s are allowed",
                f"seen in {seen_share:.0%} of the frames since it entered; told a {track.named} by {told_by}",
            ),
            zone=name,
            track=track.number,
        )
