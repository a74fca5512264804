"""Covering a whole recording: every frame, at the source's size and times, by what two looks at it tell.

Sound is left out: voices identify.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
import cv2
import msgspec
import numpy as np
from av.video.frame import PictureType

from saqta.edge.arrays import rows_of
from saqta.edge.covering.film import Film, Look, learn
from saqta.edge.covering.redaction import Cover, cover
from saqta.edge.frames import Frame, FrameReader, Planes
from saqta.edge.keeping.evidence import encoder
from saqta.edge.keeping.whole import whole
from saqta.edge.plugins import Plugins
from saqta.model.errors import InputError

EVERY_FRAME_FPS = 1e6
TICKS_A_SECOND = 90_000


class RedactSummary(msgspec.Struct, frozen=True, kw_only=True):
    """``regions`` were drawn in all frames together, ``whole_frames`` covered altogether; ``share_of_pixels`` is what
    covers take of all pixels. ``fps`` are frames a second of the clock on the wall, both looks and encoding included.
    """

    frames: int
    regions: int
    share_of_pixels: float
    fps: float
    seconds: float
    whole_frames: int
    ended: str


def redact(
    source: str,
    out: Path,
    plugins: Plugins,
    looks: Sequence[Look] = (),
    progress: Callable[[float], None] = lambda at_s: None,
) -> RedactSummary:
    """Writes ``source``, covered, to ``out`` as H.264 in MP4; blocks until it is on the disk, whole or not at all.

    ``looks`` are models' looks; ``progress`` gets the seconds of the source looked at, twice over. InputError when the
    source can't be read, is live, holds no frame or is what ``out`` is, StorageError when ``out`` can't be written.
    """
    started_s = time.perf_counter()
    if out.exists() and Path(source).exists() and out.samefile(source):
        raise InputError("out", str(out), "another file than the source")
    with closing(_reader(source, plugins)) as reader:
        film = learn(_whole_ones(_told(reader, progress)), looks)
    tally = Tally()
    with whole(out) as part, closing(_reader(source, plugins)) as reader:
        _write(part, reader, film, tally, progress)
    seconds = time.perf_counter() - started_s
    return RedactSummary(
        frames=tally.frames,
        regions=tally.regions,
        share_of_pixels=round(tally.share / tally.frames, 4),
        fps=round(tally.frames / seconds, 1),
        seconds=round(seconds, 3),
        whole_frames=tally.whole_frames,
        ended=reader.ended or "",
    )


class Tally:
    """What was covered so far."""

    def __init__(self) -> None:
        self.frames = self.regions = self.whole_frames = 0
        self.share = 0.0

    def add(self, covers: Sequence[Cover] | None, picture: tuple[int, int]) -> None:
        """A frame's covers, told in a picture of (width, height)."""
        self.frames += 1
        self.whole_frames += covers is None
        self.regions += 1 if covers is None else len(covers)
        self.share += 1.0 if covers is None else _share(covers, picture)


def _share(covers: Sequence[Cover], picture: tuple[int, int]) -> float:
    taken = np.zeros(picture[::-1], np.uint8)
    for one in covers:
        cv2.fillPoly(taken, [np.rint(one.points).astype(np.int32)], (1,))
    return float(taken.mean())


def _reader(source: str, plugins: Plugins) -> FrameReader:
    opened = plugins.open(source)
    if opened.live:
        raise InputError("source", source, "a recording: a live stream is covered while it is watched")
    return FrameReader(opened, source, EVERY_FRAME_FPS, with_guessed=True)


def _told(reader: FrameReader, progress: Callable[[float], None]) -> Iterator[Frame]:
    for frame in reader:
        progress(frame.at_s)
        yield frame


def _whole_ones(frames: Iterator[Frame]) -> Iterator[Frame]:
    """All but those that the decoder guessed in part: nothing is learned from them, and they are covered altogether."""
    fresh = False
    for frame in frames:
        fresh = fresh or frame.fresh
        if not frame.picture.is_corrupt:
            yield frame._replace(fresh=fresh)
            fresh = False


def _write(path: Path, reader: FrameReader, film: Film, tally: Tally, progress: Callable[[float], None]) -> None:
    frames = _told(reader, progress)
    first = next(frames, None)
    if first is None:
        raise InputError("source", reader.name, "a video with at least one frame that can be decoded")
    width, height = first.picture.width, first.picture.height
    form = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = cast(
            av.VideoStream, container.add_stream(encoder(), rate=Fraction(reader.fps).limit_denominator(1001))
        )
        stream.width, stream.height, stream.pix_fmt = width, height, form
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS_A_SECOND)
        context.options = {"preset": "veryfast", "crf": "23"}
        context.color_range = first.picture.color_range
        last_pts = -1
        for frame in chain([first], frames):
            picture = frame.picture.reformat(width, height, form)
            covers, told_in = film.covers(frame.picture, frame.at_s)
            covers = None if frame.picture.is_corrupt else covers
            tally.add(covers, told_in)
            picture.make_writable()
            cover(_planes(picture), covers, told_in)
            picture.pts = last_pts = max(last_pts + 1, round(frame.at_s * TICKS_A_SECOND))
            picture.time_base = context.time_base
            picture.pict_type = PictureType.NONE
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _planes(picture: av.VideoFrame) -> Planes:
    y, u, v = (rows_of(plane, plane.line_size)[: plane.height, : plane.width] for plane in picture.planes)
    return Planes(y, u, v)
