"""Files with flipped bytes, cut short or both, by the hundred, through a node that goes on whatever they do."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import deadly
from edge.rendered import Picture, Walker, encode, scene
from saqta import registry
from saqta.edge.node import CameraNode
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.model import catalogue
from saqta.model.event import Event
from saqta.model.kinds import CameraConnected, CameraLost

PLUGINS = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS, registry.GUARDS)
FORMS = [("a.mp4", "libx264"), ("b.mkv", "libx264"), ("c.ts", "mpeg2video"), ("d.avi", "mjpeg"), ("e.mp4", "mpeg4")]
AT_ONCE_MAX = 250
WAIT_S = 120.0


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("films")
    made = []
    for name, codec in FORMS:
        pix_fmt, fps = ("yuvj420p" if codec == "mjpeg" else "yuv420p"), (25 if codec == "mpeg2video" else 10)
        made.append(encode(folder / name, _small(), codec=codec, pix_fmt=pix_fmt, fps=fps).read_bytes())
    return made


def _small() -> Iterator[Picture]:
    for picture in scene([Walker((-0.1, 0.8), (1.1, 0.8), 0, 2)], 2):
        yield np.asarray(cv2.resize(picture, (160, 120)), np.uint8)


def damaged(whole: bytes, seed: int) -> bytes:
    """The file with up to a hundredth of its bytes flipped, a piece of it cut out or its end cut off."""
    rng = np.random.default_rng(seed)
    content = np.frombuffer(whole, np.uint8).copy()
    if seed % 3 != 1:
        places = rng.integers(0, len(content), rng.integers(1, max(2, len(content) // 100)))
        content[places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    if seed % 3 != 0:
        start, stop = sorted(rng.integers(0, len(content), 2))
        content = content[:stop] if seed % 2 else np.delete(content, np.s_[start:stop])
    return content.tobytes()


def played(films: Sequence[bytes], seeds: Sequence[int], folder: Path) -> dict[str, list[type]]:
    """What a node told of cameras whose files are damaged by ``seeds``, and of one that is whole; by camera."""
    told: dict[str, list[type]] = {}
    whole = folder / "whole.mp4"
    whole.write_bytes(films[0])
    cameras = [CameraSettings(camera="whole", source=str(whole), loop=True)]
    for seed in seeds:
        path = folder / f"{seed}{Path(FORMS[seed % len(FORMS)][0]).suffix}"
        path.write_bytes(damaged(films[seed % len(films)], seed))
        cameras.append(CameraSettings(camera=f"C{seed}", source=str(path), analysed_fps=2.5))

    def deliver(events: list[Event]) -> None:
        for event in events:
            told.setdefault(event.source.rpartition("/")[2], []).append(type(catalogue.read(event)))

    node = CameraNode(cameras, PLUGINS, deliver, folder / "evidence", deadly.clock, workers=2, speed=50.0)
    stop, failures = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            node.run(stop)
        except BaseException as error:  # noqa: BLE001 - the test gets it
            failures.append(error)

    running = threading.Thread(target=run)
    running.start()
    deadline_s = time.monotonic() + WAIT_S
    while running.is_alive() and time.monotonic() < deadline_s:
        if all(CameraLost in told.get(camera.camera, ()) for camera in cameras[1:]):
            break
        time.sleep(0.1)
    told.pop("whole", None)
    while running.is_alive() and time.monotonic() < deadline_s and not node.status().cameras[0].connected:
        time.sleep(0.1)
    assert node.status().cameras[0].connected
    stop.set()
    running.join()
    assert failures == []
    assert node.status().restarts == 0  # A decoder may die; of these files none has ever killed one.
    return told


def test_damaged_files_take_nothing_down_but_their_own_cameras(films: list[bytes], tmp_path: Path) -> None:
    told = played(films, range(150), tmp_path)
    assert len([camera for camera, kinds in told.items() if CameraLost in kinds]) == 150
    assert 20 < len([camera for camera, kinds in told.items() if CameraConnected in kinds]) < 150


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 10_000, AT_ONCE_MAX))
def test_ten_thousand_damaged_files(films: list[bytes], tmp_path: Path, first: int) -> None:
    told = played(films, range(first, first + AT_ONCE_MAX), tmp_path)
    assert len([camera for camera, kinds in told.items() if CameraLost in kinds]) == AT_ONCE_MAX
