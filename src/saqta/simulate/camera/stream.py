"""A simulated camera as a stream of bytes: rendered, encoded (H.264) and wrapped (MPEG-TS) as it is read.

The reader sets the pace: a frame is made when its bytes are wanted. The same source gives the same pictures, always.
"""

import io
from collections.abc import Mapping
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qsl

import av

from saqta.model.errors import InputError
from saqta.simulate.camera.lens import HEIGHT, WIDTH
from saqta.simulate.camera.render import FPS, Renderer
from saqta.simulate.scenario import named

READ_OPTIONS = {"probesize": "131072", "analyzeduration": "400000"}
"""For FFmpeg's reader: it need not see seconds of the stream before it believes what it is."""
ENCODE_OPTIONS = {"preset": "ultrafast", "tune": "zerolatency", "crf": "25", "threads": "1"}
KEYFRAME_EVERY_FRAMES = 2 * FPS


class Feed(NamedTuple):
    """What FFmpeg reads of a simulated camera; not live, since the reader sets the pace."""

    file: IO[bytes]
    options: Mapping[str, str]
    live: bool


def open_feed(source: str) -> Feed:
    """Opens ``sim:SCENARIO[@SEED]/CAMERA[?seconds=N]``; endless without ``seconds``. InputError when there is none."""
    path, _, query = source.removeprefix("sim:").partition("?")
    scenario_name, _, camera = path.partition("/")
    scene = named(scenario_name).scene(camera)
    wanted = dict(parse_qsl(query))
    frames = round(_seconds(wanted.pop("seconds")) * FPS) if "seconds" in wanted else None
    if wanted:
        raise InputError("source", source, "no other option than seconds=N")
    return Feed(io.BufferedReader(Stream(Renderer(scene), frames), 1 << 16), READ_OPTIONS, live=False)


class Stream(io.RawIOBase):
    """The bytes of a camera's stream, from its first frame to its last (``frames``; endless where None)."""

    def __init__(self, renderer: Renderer, frames: int | None = None) -> None:
        self._renderer, self._frames, self._next = renderer, frames, 0
        self._sink = _Sink()
        self._encoder: Encoder | None = Encoder(self._sink, "mpegts")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Makes as many frames as it takes to have something to give; 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._sink.bytes and self._encoder is not None:
            if self._next == self._frames:
                self._encoder.close()
                self._encoder = None
            else:
                self._encoder.write(self._renderer, self._next)
                self._next += 1
        count = min(len(view), len(self._sink.bytes))
        view[:count] = self._sink.bytes[:count]
        del self._sink.bytes[:count]
        return count

    def close(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
        super().close()


class Encoder:
    """Encodes frames of a renderer, in order, into a file or a sink; ``form`` is FFmpeg's name of the container."""

    def __init__(self, file: "str | _Sink", form: str) -> None:
        self._container = av.open(file, "w", format=form, options={"flush_packets": "1"} if form == "mpegts" else {})
        self._stream = self._container.add_stream("libx264", rate=FPS, options=ENCODE_OPTIONS)
        self._stream.width, self._stream.height, self._stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._stream.codec_context.gop_size = KEYFRAME_EVERY_FRAMES

    def write(self, renderer: Renderer, number: int) -> None:
        frame = av.VideoFrame.from_ndarray(renderer.frame(number), format="yuv420p")
        frame.pts = number
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


class _Sink:
    """Takes what the muxer writes, until it is read."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def write(self, data: bytes) -> int:
        self.bytes += data
        return len(data)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise InputError("seconds", text, "a number of seconds") from error
    if not 0 < seconds < 1e7:
        raise InputError("seconds", text, "a number of seconds above 0")
    return seconds
