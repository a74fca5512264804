"""Detectors that tell what they are told to: worker processes find them by name."""

from collections.abc import Sequence

from saqta.edge.plugins import Detector
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.model.kinds import AlertRaised, Box, Record

ALERTS = 12


def tells_fixtures(settings: CameraSettings) -> Detector:
    """One alert with the box of each fixture, whenever there are others than before."""
    before: Sequence[Box] = ()

    def look(scene: Scene) -> Sequence[Record]:
        nonlocal before
        changed, before = scene.fixtures != before, scene.fixtures
        return [AlertRaised(kind="fixture", box=box, at_s=scene.at_s) for box in scene.fixtures if changed]

    return look


def tells_at_once(settings: CameraSettings) -> Detector:
    """ALERTS alerts with the first frame in which something can be seen."""
    left = ALERTS

    def look(scene: Scene) -> Sequence[Record]:
        nonlocal left
        told, left = left if scene.known else 0, 0 if scene.known else left
        return [AlertRaised(kind="test", at_s=scene.at_s) for _ in range(told)]

    return look
