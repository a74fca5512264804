"""How many streams one core watches in real time: real worker processes, pinned to it, on 640×360 films at 10 fps, 5
analysed, in which somebody moves a fifth of the time; without a model and, where one lies in ``../shared``, with it.

Streams are counted as kept up with when no frame was dropped; from STREAMS on, a quarter more of them until one is.
Told besides: what part of the core they took, what a second of one stream takes of it, how long after the frame that
decides it an alert is there, and what a further camera takes of memory. Where others use the machine, the part of the
core says more than the frames do.
"""

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from saqta import wiring
from saqta.edge.node import CameraNode
from saqta.edge.settings import CameraSettings
from saqta.model.catalogue import TYPE_OF
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised

WIDTH, HEIGHT, FPS, SECONDS, MOVING_SECONDS = 640, 360, 10, 30, 6
FILMS = 5
"""Each moves at another time."""
WARM_UP_S, MEASURED_S = 12.0, 20.0
STREAMS, STREAMS_WITH_MODEL = 50, 20
STREAMS_TRIED_MAX = 200
LATE_MS_MAX = 1000
MEMORY_MIB_MAX = 40.0
MODEL = Path(__file__).resolve().parents[2] / "shared/data/models/yolox_nano_416.onnx"


class Load(NamedTuple):
    """What some streams took of one core: the part of its time, of memory, the frames that were lost, and how late
    alerts were after their frames."""

    core_share: float
    memory_mib: float
    dropped: int
    late_ms: tuple[int, ...] = ()


def run() -> list[dict[str, object]]:
    """Streams kept up with, and MiB a further camera."""
    with tempfile.TemporaryDirectory() as made, _one_core():
        films = _films(Path(made))
        one, many = (_load(films, count, None, Path(made)) for count in (1, STREAMS))
        records = [_record("streams", STREAMS, many), _most(films, many, Path(made)), _latest(many)]
        if MODEL.exists():
            looked = _load(films, STREAMS_WITH_MODEL, MODEL, Path(made))
            records.append(_record("streams with YOLOX-Nano", STREAMS_WITH_MODEL, looked))
    further_mib = (many.memory_mib - one.memory_mib) / (STREAMS - 1)
    memory = {"name": "memory", "value": round(further_mib, 1), "unit": "MiB a camera", "reference": "limit"}
    return [*records, memory | {"reference_value": MEMORY_MIB_MAX, "ratio": round(further_mib / MEMORY_MIB_MAX, 3)}]


def _record(name: str, streams: int, load: Load) -> dict[str, object]:
    kept_up = streams if not load.dropped else 0
    told = {"name": name, "value": kept_up, "unit": "streams a core", "reference": "limit", "reference_value": streams}
    share = {
        "core_share": round(load.core_share, 3),
        "ms_a_second_of_a_stream": round(1000 * load.core_share / streams, 2),
        "dropped": load.dropped,
    }
    return told | {"ratio": round(kept_up / streams, 3)} | share


def _most(films: Sequence[Path], load: Load, folder: Path) -> dict[str, object]:
    """The most streams that were kept up with."""
    kept, tried = 0, STREAMS
    while not load.dropped and tried < STREAMS_TRIED_MAX:
        kept, tried = tried, tried * 5 // 4
        load = _load(films, tried, None, folder)
    told = {"name": "most streams", "value": kept, "unit": "streams a core", "reference": "limit"}
    return told | {"reference_value": STREAMS, "ratio": round(kept / STREAMS, 3), "dropped_at": tried}


def _latest(load: Load) -> dict[str, object]:
    late_ms = int(np.percentile(load.late_ms, 99)) if load.late_ms else 0
    told = {"name": "alert after its frame, p99", "value": late_ms, "unit": "ms", "reference": "limit"}
    return told | {
        "reference_value": LATE_MS_MAX,
        "ratio": round(late_ms / LATE_MS_MAX, 3),
        "alerts": len(load.late_ms),
    }


def _load(films: Sequence[Path], streams: int, model: Path | None, folder: Path) -> Load:
    cameras = [
        CameraSettings(
            camera=f"C{number}",
            source=str(films[number % len(films)]),
            lines={"middle": (0.5, 0.0, 0.5, 1.0)},
            zones={"street": ((0.2, 0.0), (0.8, 0.0), (0.8, 1.0), (0.2, 1.0))},
            restricted=("street",) if number < FILMS else (),  # A clip for each alert: nobody has one in every minute.
            intrusion_after_s=1.0,
            model=str(model) if model else None,
            loop=True,
        )
        for number in range(streams)
    ]
    late_ms: list[int] = []

    def deliver(events: list[Event]) -> None:
        now_ms = wiring.now_ms()
        late_ms.extend(now_ms - event.time_ms for event in events if event.type == TYPE_OF[AlertRaised])

    node = CameraNode(cameras, wiring.PLUGINS, deliver, folder / "evidence", wiring.now_ms, 1)
    stop = threading.Event()
    running = threading.Thread(target=node.run, args=(stop,))
    running.start()
    try:
        time.sleep(WARM_UP_S)
        before = _taken(node)
        time.sleep(MEASURED_S)
        after = _taken(node)
    finally:
        stop.set()
        running.join()
    core_share = (after.core_share - before.core_share) / MEASURED_S
    return Load(core_share, after.memory_mib, after.dropped - before.dropped, tuple(late_ms))


def _taken(node: CameraNode) -> Load:
    """Since the worker began; ``core_share`` in seconds."""
    (worker,) = [child for child in multiprocessing.active_children() if child.name == "saqta-edge"]
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
    memory_mib = pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    dropped = sum(camera.dropped for camera in node.status().cameras)
    return Load(ticks / os.sysconf("SC_CLK_TCK"), memory_mib, dropped)


@contextmanager
def _one_core() -> Iterator[None]:
    """Processes that are started meanwhile have one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _films(folder: Path) -> list[Path]:
    films = [folder / f"{number}.mp4" for number in range(FILMS)]
    for number, path in enumerate(films):
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for place, picture in enumerate(_pictures(number * SECONDS // FILMS)):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                frame.pts, frame.time_base = place, Fraction(1, FPS)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return films


def _pictures(moves_from_s: int) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng(5)
    ground = cv2.resize(rng.integers(80, 180, (HEIGHT // 10, WIDTH // 10, 3), dtype=np.uint8), (WIDTH, HEIGHT))
    noise = [rng.integers(0, 12, ground.shape, dtype=np.uint8) for _ in range(8)]
    for number in range(SECONDS * FPS):
        picture = cv2.add(ground, noise[number % len(noise)])
        gone = number - moves_from_s * FPS
        if 0 <= gone < MOVING_SECONDS * FPS:
            for walker in range(4):
                x, y, shade = 9 * gone + 30 * walker, 150 + 40 * walker, (20 + 20 * walker,) * 3
                cv2.ellipse(picture, (x, y - 30), (11, 30), 0, 0, 360, shade, cv2.FILLED)
                cv2.circle(picture, (x, y - 64), 7, shade, cv2.FILLED)
        yield picture
