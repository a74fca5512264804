"""A node and its desk, as fixtures."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge import deadly
from edge.rendered import encode, scene
from edge.running import PLUGINS, WALK, Desk, Running
from saqta.edge.node import CameraNode
from saqta.edge.settings import CameraSettings


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def start(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    nodes: list[Running] = []

    def started(cameras: Sequence[CameraSettings], workers: int = 1, **more: Any) -> Running:
        options = {"deliver": desk.deliver, "speed": 4.0, "plugins": PLUGINS} | more
        node = CameraNode(cameras, evidence_dir=tmp_path / "evidence", clock=deadly.clock, workers=workers, **options)
        nodes.append(Running(node))
        return nodes[-1]

    yield started
    for node in nodes:
        node.stop()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("film") / "walk.mp4", scene(WALK, 12))
