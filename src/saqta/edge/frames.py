"""From a source to frames with their times, decoding on one thread and converting nothing that isn't analysed.

- ``at_s`` counts from the first frame, never goes back, and passes over jumps of the stream's own clock.
- Damage ends a stream, or costs a frame; it never raises once the source is open. ``ended`` says in words why it ended.
"""

import time
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple, Protocol

import av
import cv2
from av.error import FFmpegError

from saqta.edge.arrays import Gray, gray, rows_of
from saqta.edge.source import OPEN_WAIT_S, READ_WAIT_S, Opened
from saqta.edge.trace import Deed
from saqta.model.errors import InputError
from saqta.model.kinds import Box

JUMP_S = 10.0
BROKEN_PACKETS_MAX = 250
SIDE_PX_MAX = 8192
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
FPS_MIN, FPS_MAX = 1 / JUMP_S, 1_000.0
_FPS_UNKNOWN = 25.0
_PLANAR_420 = frozenset({"yuv420p", "yuvj420p"})
_STILL_FORMATS = ("tty", "image2", "_pipe")
_CUT_SHORT_S = 1.0


class Frame(NamedTuple):
    """A decoded frame that is due for analysis. ``fresh``: what came before has no bearing on it (the first frame,
    another size, a jump of the stream's clock). ``arrived_s`` is when it came, by this machine's monotonic clock."""

    picture: av.VideoFrame
    at_s: float
    fresh: bool
    arrived_s: float = 0.0


class Planes(NamedTuple):
    """A colour picture as I420: ``y`` (height, width), ``u`` and ``v`` (height / 2, width / 2), all uint8."""

    y: Gray
    u: Gray
    v: Gray


class PacketTaker(Protocol):
    """Who wants a stream's packets as they came."""

    def add(self, packet: "av.Packet[av.VideoStream]", at_s: float) -> None: ...
    def end(self) -> None: ...


class FrameReader:
    """Opens a source and gives the frames that are due, in order. Iterating blocks for at most READ_WAIT_S a read.

    ``decoded`` counts every frame, ``broken`` packets that could not be decoded and frames that the decoder had to
    guess in part (``picture.is_corrupt``), which are given ``with_guessed`` alone. ``decode_cpu_s`` is the CPU time
    that this thread spent on them. ``trace`` is told what is being done. ``packets`` gets every packet once it was
    decoded, and is told before the source is given back. InputError when the source can't be opened or holds no video.
    """

    def __init__(
        self,
        opened: Opened,
        name: str,
        analysed_fps: float,
        trace: Callable[[Deed], None] = lambda _: None,
        packets: PacketTaker | None = None,
        with_guessed: bool = False,
    ) -> None:
        self._trace, self._packets, self._with_guessed = trace, packets, with_guessed
        trace(Deed.WORKING)
        self.decoded = self.broken = 0
        self.decode_cpu_s = self.at_s = 0.0
        self.ended: str | None = None
        self._live, self.name, self._step_s = opened.live, name, 1.0 / analysed_fps
        self._file = opened.file
        self._container, self._stream = open_video(opened, name)
        self._stream.thread_type = "NONE"
        self._stream.thread_count = 1
        self.fps = _believed(float(self._stream.average_rate or self._stream.guessed_rate or 0))
        self.width, self.height = self._stream.width, self._stream.height
        trace(Deed.NOTHING)

    def __iter__(self) -> Iterator[Frame]:
        clock = _StreamClock(1 / self.fps)
        due_s = 0.0
        size: tuple[int, int] | None = None
        for picture in self._pictures():
            self.at_s, jumped = clock.tick(picture)
            fresh = jumped or (picture.width, picture.height) != size
            size = self.width, self.height = picture.width, picture.height
            # A frame is taken when the next one would come later than half a frame after the due time.
            if fresh or self.at_s + 0.5 * clock.interval_s > due_s:
                due_s = max(due_s + self._step_s, self.at_s + 0.5 * self._step_s)
                yield Frame(picture, self.at_s, fresh, time.monotonic())

    @property
    def shape(self) -> float:
        """Width over height of what is shown."""
        return shape_of(self._stream)

    def packets(self) -> tuple["av.container.InputContainer", "av.VideoStream"]:
        """The container and its video stream, to be demuxed instead of iterated over."""
        return self._container, self._stream

    def close(self) -> None:
        """Gives the source back."""
        if self._packets is not None:
            self._packets.end()
        self._container.close()
        if not isinstance(self._file, str):
            self._file.close()

    def _pictures(self) -> Iterator[av.VideoFrame]:
        packets = packets_of(self._container, self._stream)
        broken_in_a_row = 0
        while self.ended is None:
            started_s = time.thread_time()
            self._trace(Deed.READING)
            try:
                packet = next(packets)
            except StopIteration:
                self.ended = self._how_it_ended()
                return
            except (FFmpegError, OSError) as error:
                self.ended = f"the stream broke off or stalled ({error.strerror or error})"
                return
            self._trace(Deed.WORKING)
            pictures = self._decoded(packet)
            broken_in_a_row = 0 if pictures is not None else broken_in_a_row + 1
            if self._packets is not None and packet.size:
                self._packets.add(packet, self.at_s)
            self._trace(Deed.NOTHING)
            self.decode_cpu_s += time.thread_time() - started_s
            if broken_in_a_row > BROKEN_PACKETS_MAX:
                self.ended = f"{broken_in_a_row} packets one after another could not be decoded"
            yield from pictures or ()

    def _decoded(self, packet: "av.Packet[av.VideoStream]") -> list[av.VideoFrame] | None:
        """The frames that a packet completes; None when they can't be decoded, or are all guessed in part and not
        asked for."""
        try:
            pictures = [one for one in packet.decode() if isinstance(one, av.VideoFrame) and one.width and one.height]
        except FFmpegError:
            self.broken += 1
            return None
        self.decoded += len(pictures)
        whole = [one for one in pictures if not one.is_corrupt]
        self.broken += len(pictures) - len(whole)
        given = pictures if self._with_guessed else whole
        return given if given or not pictures else None

    def _how_it_ended(self) -> str:
        if self._live:
            return "the stream ended"
        told_s = max((self._container.duration or 0) / av.time_base, self._stream.frames / self.fps)
        if self.decoded == 0:
            return "the file holds no frame that can be decoded"
        if self.at_s + 1 / self.fps < 0.95 * told_s - _CUT_SHORT_S:
            return f"the file is cut short: it ends after {self.at_s:.1f} s of {told_s:.1f} s"
        return "the file ended"


def open_video(opened: Opened, name: str) -> "tuple[av.container.InputContainer, av.VideoStream]":
    """Opens a source: its container, and the stream of it that holds video. InputError where there is none."""
    container = _open(opened, name)
    try:
        return container, _video_stream(container, name)
    except InputError:
        container.close()
        _close(opened.file)
        raise


def shape_of(stream: "av.VideoStream") -> float:
    """Width over height of what a stream shows: its pixels need not be square."""
    context = stream.codec_context
    return float(context.width / context.height * (context.sample_aspect_ratio or 1))


def packets_of(
    container: "av.container.InputContainer", stream: "av.VideoStream"
) -> "Iterator[av.Packet[av.VideoStream]]":
    """A stream's packets in their order, the last of them empty. FFmpegError and OSError where it breaks off."""
    try:
        yield from container.demux(stream)
    except IndexError:  # PyAV at the very end, where the container began to hold more streams on the way.
        return


def luma(picture: av.VideoFrame, side_px: int) -> Gray:
    """The brightness of a frame, (height, width) uint8, shrunk until its longer side has at most ``side_px``."""
    return _shrunk(_plane(_planar(picture), 0, 1), side_px)


def planes(picture: av.VideoFrame, side_px: int, part: Box = WHOLE) -> Planes:
    """A part of the frame in colour, shrunk until its longer side has at most ``side_px``; sides are even. A copy of
    its own. ``part`` is in fractions of the picture, at least two pixels a side."""
    planar = _planar(picture)
    y, u, v = (_cut(_plane(planar, index, divisor), part) for index, divisor in ((0, 1), (1, 2), (2, 2)))
    width, height = _fitting(y.shape[1], y.shape[0], side_px)
    width, height = max(2, width & ~1), max(2, height & ~1)
    u, v = (_resized(chroma, width // 2, height // 2) for chroma in (u, v))
    return Planes(_resized(y, width, height), u, v)


class _StreamClock:
    """Seconds since the first frame, from presentation times, or from decoding times where those are out of order
    (AVI with B-frames; as FFmpeg's ``guess_correct_pts``). A frame without a time, with that of the last, or after a
    jump, comes one interval after it."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._at_s = -interval_s
        self._last: int | None = None
        self._last_pts = self._last_dts = -(1 << 62)
        self._faulty_pts = self._faulty_dts = 0

    def tick(self, picture: av.VideoFrame) -> tuple[float, bool]:
        """(at_s, whether the stream's clock jumped)."""
        last, self._last = self._last, self._stamp(picture)
        step_s = self.interval_s
        if last is not None and self._last is not None and picture.time_base is not None:
            step_s = float((self._last - last) * picture.time_base)
        jumped = not -1 <= step_s <= JUMP_S
        self._at_s += step_s if step_s > 0 and not jumped else self.interval_s
        return self._at_s, jumped

    def _stamp(self, picture: av.VideoFrame) -> int | None:
        pts, dts = picture.pts, picture.dts
        if pts is not None:
            self._faulty_pts += pts <= self._last_pts
            self._last_pts = pts
        if dts is not None:
            self._faulty_dts += dts <= self._last_dts
            self._last_dts = dts
        if pts is not None and (dts is None or self._faulty_pts <= self._faulty_dts):
            return pts
        return dts


def _open(opened: Opened, name: str) -> "av.container.InputContainer":
    try:
        return av.open(
            opened.file,
            "r",
            options=dict(opened.options),
            metadata_errors="replace",  # a damaged title is no reason not to look at the pictures
            timeout=(OPEN_WAIT_S, READ_WAIT_S),
        )
    except (FFmpegError, OSError) as error:
        _close(opened.file)
        what = "a stream that answers" if opened.live else "a video file, whole enough to be read"
        raise InputError("source", name, f"{what} ({error.strerror or error})") from error


def _close(file: str | IO[bytes]) -> None:
    if not isinstance(file, str):
        file.close()


def _video_stream(container: "av.container.InputContainer", name: str) -> "av.VideoStream":
    if container.format.name.endswith(_STILL_FORMATS):
        raise InputError("source", name, f"a video, not a still picture or a text ({container.format.name})")
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.codec_context is None:
                raise InputError("source", name, "a video in a form that there is a decoder for")
            if not (0 < stream.width <= SIDE_PX_MAX and 0 < stream.height <= SIDE_PX_MAX):
                raise InputError("source", name, f"a video of 1 to {SIDE_PX_MAX} pixels a side")
            return stream
    raise InputError("source", name, "a file or stream that holds video")


def _believed(fps: float) -> float:
    """The rate that is told, unless nobody films so: frames without times of their own would be hours apart."""
    return fps if FPS_MIN <= fps <= FPS_MAX else _FPS_UNKNOWN


def _planar(picture: av.VideoFrame) -> av.VideoFrame:
    return picture if picture.format.name in _PLANAR_420 else picture.reformat(format="yuv420p")


def _plane(picture: av.VideoFrame, index: int, divisor: int) -> Gray:
    plane = picture.planes[index]
    width, height = -(-picture.width // divisor), -(-picture.height // divisor)
    return rows_of(plane, plane.line_size)[:height, :width]


def _cut(plane: Gray, part: Box) -> Gray:
    height, width = plane.shape
    x0, y0, x1, y1 = (round(edge * side) for edge, side in zip(part, (width, height) * 2, strict=True))
    return plane[y0:y1, x0:x1]


def _fitting(width: int, height: int, side_px: int) -> tuple[int, int]:
    scale = min(1.0, side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shrunk(plane: Gray, side_px: int) -> Gray:
    height, width = plane.shape
    return _resized(plane, *_fitting(width, height, side_px))


def _resized(plane: Gray, width: int, height: int) -> Gray:
    """A shrunk copy. Whole factors are averaged, the rest is interpolated: a tenth of the cost of averaging alone."""
    factor = min(plane.shape[1] // width, plane.shape[0] // height)
    if factor > 1:
        whole = plane[: plane.shape[0] // factor * factor, : plane.shape[1] // factor * factor]
        size = (whole.shape[1] // factor, whole.shape[0] // factor)
        plane = gray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
    if plane.shape == (height, width):
        return plane if factor > 1 else plane.copy()
    return gray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR))
