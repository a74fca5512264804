"""A camera's main stream, which clips are cut from while a smaller stream is analysed.

- Its packets are held as they came; only those around an alert are ever decoded.
- The two streams are laid side by side by when their frames arrived, which is not exact: a frame of the main stream is
  covered wherever anything was covered within ALIGNED_S of it, and left out where that is not known.
- Streams of other shapes may not show the same view, and covers would lie beside people: then it gives no clips.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from statistics import median
from typing import NamedTuple, cast

import av
from av.error import FFmpegError

from saqta.edge.covering.redaction import cover
from saqta.edge.frames import open_video, packets_of, planes, shape_of
from saqta.edge.keeping.evidence import EVIDENCE_FPS_MAX, Cut, Still
from saqta.edge.source import Opened
from saqta.model.errors import InputError

HELD_BYTES_MAX = 48 << 20
HELD_S = 45.0
ALIGNED_S = 0.7
SIDE_PX_MAX = 1280
SHAPES_APART_MAX = 0.05
"""Encoders round sides; the next shapes in use, 4:3 and 5:4, are 7 % apart."""
RETRY_S = 5.0


class _Held(NamedTuple):
    arrived_s: float
    packet: "av.Packet[av.VideoStream]"


class MainStream(threading.Thread):
    """Holds the newest seconds of a stream until ``stop`` is set, and opens it again when it ends. What keeps it from
    that, or from fitting the analysed stream, whose shape is told as ``beside``, is its ``failure``: clips are of the
    analysed stream then."""

    def __init__(self, open: Callable[[], Opened], name: str, stop: threading.Event) -> None:
        super().__init__(name=f"main stream {name}", daemon=True)
        self.beside: float | None = None
        self._shape: float | None = None
        self._trouble: str | None = None
        self._open, self._address, self._stopping = open, name, stop
        self._held: deque[_Held] = deque()
        self._held_bytes = 0
        self._codec: tuple[str, bytes | None] | None = None
        self._changing = threading.Lock()

    def run(self) -> None:
        wait_s = 0.0
        while not self._stopping.wait(wait_s):
            wait_s = RETRY_S
            try:
                self._hold()
            except (InputError, FFmpegError, OSError) as error:
                # Not the error's own words: they hold the address, and that may hold a password.
                what = error.expected if isinstance(error, InputError) else error.strerror
                self._trouble = what or type(error).__name__

    @property
    def failure(self) -> str | None:
        """Why its clips are not of it, where they aren't."""
        return self._trouble or self._unlike()

    def _unlike(self) -> str | None:
        if self._shape is None or self.beside is None or abs(self._shape / self.beside - 1) <= SHAPES_APART_MAX:
            return None
        return (
            f"the evidence stream is {self._shape:.2f} times as wide as high, the analysed one {self.beside:.2f}; "
            "they may not show the same view, so clips are of the analysed one"
        )

    def clip(self, cut: Cut) -> Iterable[Still]:
        """The covered frames of the main stream for a cut of the analysed one; the cut's own where there are none."""
        stills = self._stills([] if self._unlike() else [still for still in cut.stills if still.hidden is not None])
        first = next(stills, None)
        return cut.stills if first is None else chain([first], stills)

    def _stills(self, told: Sequence[Still]) -> Iterator[Still]:
        hidden = [(still.at_s, still.hidden) for still in told if still.hidden is not None]
        if not hidden:
            return
        ahead_s = median(at_s - one.arrived_s for at_s, one in hidden)
        due_s = hidden[0][1].arrived_s
        for arrived_s, picture in self._frames(due_s, hidden[-1][1].arrived_s):
            near = [one for _, one in hidden if abs(one.arrived_s - arrived_s) <= ALIGNED_S]
            if arrived_s < due_s or not near or not near[0].arrived_s <= arrived_s <= near[-1].arrived_s:
                continue
            due_s = arrived_s + 1 / EVIDENCE_FPS_MAX
            shown = planes(picture, SIDE_PX_MAX)
            for one in near:
                cover(shown, one.covers, one.picture)
            yield Still(arrived_s + ahead_s, shown)

    def _hold(self) -> None:
        container, stream = open_video(self._open(), self._address)
        with container:
            with self._changing:
                self._codec = stream.codec_context.name, stream.codec_context.extradata
                self._shape = shape_of(stream)
                self._held.clear()
                self._held_bytes = 0
            for packet in packets_of(container, stream):
                if self._stopping.is_set():
                    return
                self._trouble = None
                self._add(_Held(time.monotonic(), packet))

    def _add(self, held: _Held) -> None:
        with self._changing:
            self._held.append(held)
            self._held_bytes += held.packet.size
            oldest_s = held.arrived_s - HELD_S
            while self._held and (self._held_bytes > HELD_BYTES_MAX or self._held[0].arrived_s < oldest_s):
                self._held_bytes -= self._held.popleft().packet.size

    def _frames(self, from_s: float, until_s: float) -> Iterator[tuple[float, av.VideoFrame]]:
        """(when it arrived, frame), in order; decoding begins at the key frame before ``from_s``."""
        with self._changing:
            held, codec = list(self._held), self._codec
        keys = [place for place, one in enumerate(held) if one.packet.is_keyframe]
        before = [place for place in keys if held[place].arrived_s <= from_s] or keys[:1]
        if codec is None or not before:
            return
        decoder = cast(av.VideoCodecContext, av.CodecContext.create(codec[0], "r"))
        decoder.extradata = codec[1]
        wanted = [one for one in held[before[-1] :] if one.arrived_s <= until_s]
        arrivals = {one.packet.pts: one.arrived_s for one in wanted}
        for packet in (*(one.packet for one in wanted), None):
            try:
                pictures = decoder.decode(packet)
            except FFmpegError:
                continue
            for picture in pictures:
                if isinstance(picture, av.VideoFrame) and picture.pts in arrivals and picture.width:
                    yield arrivals[picture.pts], picture
