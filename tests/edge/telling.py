"""A detector that tells what it was told: worker processes find it by name."""

from collections.abc import Sequence

from saqta.edge.plugins import Detector
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.model.kinds import AlertRaised, Box, Record


def tells_fixtures(settings: CameraSettings) -> Detector:
    """One alert with the box of each fixture, whenever there are others than before."""
    before: Sequence[Box] = ()

    def look(scene: Scene) -> Sequence[Record]:
        nonlocal before
        changed, before = scene.fixtures != before, scene.fixtures
        return [AlertRaised(kind="fixture", box=box, at_s=scene.at_s) for box in scene.fixtures if changed]

    return look
