"""The CPU that the analysis of a 640×360 frame takes, without its decoding, against two MOG2 passes and a limit.

The film is rendered: ten people who walk through noise. Everything that a camera's session does with an analysed frame
counts (shrinking, background, tracks, lines, zones, covering, the evidence ring); user and system time of one thread,
frame by frame in turn with the reference.
"""

import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from saqta import registry
from saqta.edge.frames import FrameReader, luma
from saqta.edge.plugins import Plugins
from saqta.edge.session import Session
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file

WIDTH, HEIGHT, FPS, SECONDS, WALKERS = 640, 360, 10, 40, 10
WARM_UP_FRAMES = 25
LIMIT_MS = 2.5


def run() -> list[dict[str, object]]:
    """Milliseconds of CPU an analysed frame."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        _film(path)
        value_ms, mog2_ms = _measure(path)
    return [
        {
            "name": "watch",
            "value": round(value_ms, 3),
            "unit": "ms a frame",
            "reference": reference,
            "reference_value": round(reference_ms, 3),
            "ratio": round(value_ms / reference_ms, 3),
        }
        for reference, reference_ms in (("two MOG2 passes at 320x180", mog2_ms), ("limit", LIMIT_MS))
    ]


def _measure(path: Path) -> tuple[float, float]:
    settings = CameraSettings(
        camera="bench",
        source=str(path),
        lines={"middle": (0.5, 0.0, 0.5, 1.0)},
        zones={"yard": ((0.3, 0.3), (0.7, 0.3), (0.7, 0.9), (0.3, 0.9))},
        restricted=("yard",),
    )
    session = Session(
        settings,
        Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS, registry.GUARDS),
        lambda: 0,
        lambda _: None,
        lambda _: None,
    )
    mog2 = [cv2.createBackgroundSubtractorMOG2(), cv2.createBackgroundSubtractorMOG2()]
    spent_s, mog2_s = [], []
    reader = FrameReader(open_file(str(path)), str(path), settings.analysed_fps)
    for frame in reader:
        gray = luma(frame.picture, 320)
        began_s = time.thread_time()
        for model in mog2:
            model.apply(gray)
        between_s = time.thread_time()
        session.step(frame)
        spent_s.append(time.thread_time() - between_s)
        mog2_s.append(between_s - began_s)
    reader.close()
    return 1000 * float(np.mean(spent_s[WARM_UP_FRAMES:])), 1000 * float(np.mean(mog2_s[WARM_UP_FRAMES:]))


def _ignore(_: object) -> None:
    """Takes events and clips: none of them is looked at here."""


def _film(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, picture in enumerate(_pictures()):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures() -> Iterator["np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"]:
    rng = np.random.default_rng(5)
    ground = cv2.resize(rng.integers(80, 180, (HEIGHT // 10, WIDTH // 10, 3), dtype=np.uint8), (WIDTH, HEIGHT))
    noise = [rng.integers(0, 12, ground.shape, dtype=np.uint8) for _ in range(8)]
    for number in range(FPS * SECONDS):
        picture = cv2.add(ground, noise[number % len(noise)])
        for walker in range(WALKERS):
            x = int((number * (3 + walker % 4) + walker * 97) % (WIDTH + 80)) - 40
            y = 100 + 22 * walker
            shade = (20 + 23 * walker,) * 3
            cv2.ellipse(picture, (x, y - 30), (11, 30), 0, 0, 360, shade, cv2.FILLED)
            cv2.circle(picture, (x, y - 64), 7, shade, cv2.FILLED)
        yield picture
