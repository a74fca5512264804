"""Real, encoded video of boxes that walk through noise, with their truth: what the camera tests look at."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""

WIDTH, HEIGHT, FPS = 320, 240, 10


class Walker(NamedTuple):
    """Something upright that goes from ``start`` to ``end`` (fractions, its foot) from ``from_s`` to ``until_s``; it is
    not there before, and gone after."""

    start: tuple[float, float]
    end: tuple[float, float]
    from_s: float
    until_s: float
    width: float = 0.06
    height: float = 0.2
    shade: int = 30

    def box(self, at_s: float, width: int = WIDTH, height: int = HEIGHT) -> tuple[int, int, int, int] | None:
        """Its box in pixels."""
        if not self.from_s <= at_s <= self.until_s:
            return None
        share = (at_s - self.from_s) / (self.until_s - self.from_s)
        x = (self.start[0] + share * (self.end[0] - self.start[0])) * width
        y = (self.start[1] + share * (self.end[1] - self.start[1])) * height
        return (
            round(x - self.width * width / 2),
            round(y - self.height * height),
            round(x + self.width * width / 2),
            round(y),
        )


def scene(
    walkers: Sequence[Walker], seconds: float, *, light: Callable[[float], float] = lambda _: 1.0
) -> Iterator[Picture]:
    """The pictures of a scene at FPS, always the same for the same walkers; ``light`` is a gain over time."""
    rng = np.random.default_rng(1)
    ground = cv2.resize(rng.integers(90, 170, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8), (WIDTH, HEIGHT))
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        picture = ground.astype(np.float32)
        for walker in walkers:
            _draw(picture, walker, at_s, number)
        picture = picture * light(at_s) + rng.normal(0, 2.0, picture.shape)
        yield np.clip(picture, 0, 255).astype(np.uint8)


def _draw(picture: NDArray[np.float32], walker: Walker, at_s: float, number: int) -> None:
    box = walker.box(at_s)
    if box is None:
        return
    x0, y0, x1, y1 = box
    middle, head = (x0 + x1) // 2, max(2, (x1 - x0) // 3)
    shade = (walker.shade,) * 3
    cv2.circle(picture, (middle, y0 + head), head, shade, cv2.FILLED)
    cv2.rectangle(picture, (x0, y0 + 2 * head), (x1, y0 + (y1 - y0) * 3 // 5), shade, cv2.FILLED)
    walks = abs(walker.start[0] - walker.end[0]) + abs(walker.start[1] - walker.end[1]) > 0.01
    stride = (number % 4 - 1) * (x1 - x0) // 6 if walks else 0
    for leg in (x0 + (x1 - x0) // 4 - stride, x1 - (x1 - x0) // 4 + stride):
        cv2.rectangle(picture, (leg - 2, y0 + (y1 - y0) * 3 // 5), (leg + 2, y1), shade, cv2.FILLED)


def encode(
    path: Path, pictures: Iterable[Picture], *, codec: str = "libx264", fps: int = FPS, pix_fmt: str = "yuv420p"
) -> Path:
    """Writes a video file; the container is told by its name."""
    with av.open(str(path), "w") as container:
        stream = None
        for number, picture in enumerate(pictures):
            if stream is None:
                stream = container.add_stream(codec, rate=fps)
                stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], pix_fmt
                stream.options = {"preset": "ultrafast", "g": "20", "bf": "0"} if codec == "libx264" else {"g": "20"}
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        assert stream is not None
        container.mux(stream.encode(None))
    return path


def access_units(path: Path) -> list[list[bytes]]:
    """The access units of an H.264 file, as lists of their NAL units."""
    with av.open(str(path)) as container:
        return [
            [nal for nal in bytes(packet).replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if nal]
            for packet in container.demux(video=0)
            if packet.size
        ]
