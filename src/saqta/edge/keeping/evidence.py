"""Evidence: the covered seconds around an alert, kept as an H.264 clip, and single covered frames, as JPEG stills.

The ring holds covered frames only, so nothing else can get out of it. A file is written under a temporary name,
flushed to the disk and renamed to its own SHA-256: a file with a hash for a name is whole.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple, cast

import av
import cv2
import numpy as np
from av.error import FFmpegError

from saqta.edge.arrays import rows_of
from saqta.edge.covering.redaction import Cover
from saqta.edge.frames import Planes
from saqta.edge.keeping.whole import begun, put_under_its_hash
from saqta.model.errors import StorageError
from saqta.model.terms import EVIDENCE_SUFFIX

RING_BYTES_MAX = 24 << 20
"""Frames in memory; where the seconds asked for need more, fewer frames a second are kept."""
CLIPS_WAITING_MAX = 16
"""Alerts whose seconds afterwards are still to come; one more, and the oldest clip is cut short."""
CLIPS_QUEUED_MAX = 8
EVIDENCE_FPS_MAX = 10.0
CLIP_TYPE, STILL_TYPE = "video/mp4", "image/jpeg"
STILL_QUALITY = 90
ENCODERS = ("libopenh264", "libx264", "h264_videotoolbox")
_TICKS_A_SECOND = 1000


class Hidden(NamedTuple):
    """What was covered in a frame, in pixels of the analysed ``picture`` (width, height); None when everything was.
    ``arrived_s`` is when the frame came."""

    covers: list[Cover] | None
    picture: tuple[int, int]
    arrived_s: float


class Still(NamedTuple):
    """One covered frame, and what was covered in it, where that may matter for another stream."""

    at_s: float
    planes: Planes
    hidden: Hidden | None = None


class Kept(NamedTuple):
    """A file in the evidence folder, under ``sha256`` and the suffix of its ``media_type``."""

    sha256: str
    media_type: str
    size_bytes: int
    from_s: float
    until_s: float


class Cut(NamedTuple):
    """What shall be kept for an alert (``alert`` is its event key): a clip of these frames, or, where ``shows`` says
    what a still shows, the last of them alone."""

    alert: str
    stills: Sequence[Still]
    shows: str = ""


class Ring:
    """The newest seconds of one stream, and the alerts that wait for theirs to be complete."""

    def __init__(self, before_s: float, after_s: float) -> None:
        self._before_s, self._after_s = before_s, after_s
        self._stills: deque[Still] = deque()
        self._waiting: deque[tuple[str, float]] = deque()

    def wants(self, at_s: float) -> bool:
        """Whether a frame of that time is due."""
        return not self._stills or at_s - self._stills[-1].at_s >= self._interval_s() - 1e-3

    def add(self, still: Still) -> None:
        """Takes in a covered frame, newer than the last."""
        if self._stills and self._stills[-1].planes.y.shape != still.planes.y.shape:
            self._stills.clear()
        self._stills.append(still)
        while still.at_s - self._stills[0].at_s > self._before_s + self._after_s + 1e-3:
            self._stills.popleft()

    @property
    def waits(self) -> bool:
        """Whether alerts wait for their seconds to be complete."""
        return bool(self._waiting)

    @property
    def newest(self) -> Still | None:
        """The last frame; None while there is none."""
        return self._stills[-1] if self._stills else None

    def nearest(self, at_s: float) -> Still | None:
        """The frame that was taken nearest to a moment; None while there is none."""
        return min(self._stills, key=lambda still: abs(still.at_s - at_s), default=None)

    def expect(self, alert: str, at_s: float) -> list[Cut]:
        """A clip around ``at_s`` is wanted; gives the one that has to be cut short for it, if any."""
        self._waiting.append((alert, at_s))
        return [self._cut()] if len(self._waiting) > CLIPS_WAITING_MAX else []

    def due(self, at_s: float) -> list[Cut]:
        """The clips that are complete at ``at_s``."""
        cuts = []
        while self._waiting and at_s >= self._waiting[0][1] + self._after_s:
            cuts.append(self._cut())
        return cuts

    def rest(self) -> list[Cut]:
        """The stream is over: the clips that still wait, with what there is."""
        return [self._cut() for _ in range(len(self._waiting))]

    def _cut(self) -> Cut:
        alert, at_s = self._waiting.popleft()
        low, high = at_s - self._before_s - 1e-3, at_s + self._after_s + 1e-3
        return Cut(alert, tuple(still for still in self._stills if low <= still.at_s <= high))

    def _interval_s(self) -> float:
        frame_bytes = sum(plane.nbytes for plane in self._stills[0].planes)
        return max(1 / EVIDENCE_FPS_MAX, (self._before_s + self._after_s) * frame_bytes / RING_BYTES_MAX)


class _Job(NamedTuple):
    do: Callable[[], None]
    lost: Callable[[str], None]


class ClipWriter:
    """Writes clips in a thread of its own, so that analysis goes on. While CLIPS_QUEUED_MAX wait for the disk,
    ``submit`` blocks where the writer ``waits``, which may change; where it doesn't, the clip is lost.

    ``failed`` counts clips that could not be kept and ``failure`` says why the last one couldn't: alerts go on without.
    """

    def __init__(self, waits: bool) -> None:
        self.failed = 0
        self.failure: str | None = None
        self.waits = waits
        self._jobs: queue.Queue[_Job | None] = queue.Queue(CLIPS_QUEUED_MAX)
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether anything submitted is still to be done."""
        return self._jobs.unfinished_tasks > 0

    def submit(self, do: Callable[[], None], lost: Callable[[str], None]) -> None:
        """Has something done. Where it can't be, or raises, ``lost`` is told why, in this thread or the writer's."""
        job = _Job(do, lost)
        try:
            self._jobs.put(job, block=self.waits)
        except queue.Full:
            self._fail(job, f"{CLIPS_QUEUED_MAX} clips wait for the disk already")

    def close(self) -> None:
        """Returns when everything submitted is done."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job.do()
            except StorageError as error:
                self._fail(job, str(error))
            except Exception as error:  # noqa: BLE001 - a clip that can't be written must not end those after it
                self._fail(job, f"{type(error).__name__}: {error}")
            self._jobs.task_done()

    def _fail(self, job: _Job, why: str) -> None:
        self.failed += 1
        self.failure = why
        job.lost(why)


def keep(folder: Path, cut: Cut, frames: Iterable[Still] | None = None) -> Kept:
    """Encodes covered frames (at least one) and keeps them: those of the cut, or for a clip ``frames`` in their place.

    Blocks until they are on the disk; StorageError if not.
    """
    stills = cut.stills[-1:] if cut.shows else frames or cut.stills
    media_type, write = (STILL_TYPE, _picture) if cut.shows else (CLIP_TYPE, _encode)
    part = begun(folder, f"{id(cut):x}", EVIDENCE_SUFFIX[media_type])
    try:
        from_s, until_s = write(part, stills)
        digest, size_bytes = put_under_its_hash(part)
    except (OSError, FFmpegError) as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"evidence can't be kept in {folder}: {error.strerror or error}") from error
    return Kept(digest, media_type, size_bytes, from_s, until_s)


def _picture(path: Path, stills: Iterable[Still]) -> tuple[float, float]:
    (still,) = stills
    (height, width), packed = still.planes.y.shape, b"".join(plane.tobytes() for plane in still.planes)
    picture = cv2.cvtColor(np.frombuffer(packed, np.uint8).reshape(height * 3 // 2, width), cv2.COLOR_YUV2BGR_I420)
    path.write_bytes(cv2.imencode(path.suffix, picture, (cv2.IMWRITE_JPEG_QUALITY, STILL_QUALITY))[1].tobytes())
    return still.at_s, still.at_s


def _encode(path: Path, stills: Iterable[Still]) -> tuple[float, float]:
    """(the first frame's seconds, the last one's); ends where the frames change their size."""
    rest = iter(stills)
    first = last = next(rest)
    height, width = first.planes.y.shape
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = cast(av.VideoStream, container.add_stream(encoder(), rate=Fraction(10)))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS_A_SECOND)
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"preset": "veryfast", "crf": "27"}
        for still in chain([first], rest):
            if still.planes.y.shape != (height, width):
                break
            last = still
            picture = av.VideoFrame(width, height, "yuv420p")
            for plane, pixels in zip(picture.planes, still.planes, strict=True):
                rows_of(plane, plane.line_size)[: pixels.shape[0], : pixels.shape[1]] = pixels
            picture.pts = round((still.at_s - first.at_s) * _TICKS_A_SECOND)
            picture.time_base = Fraction(1, _TICKS_A_SECOND)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return first.at_s, last.at_s


@cache
def encoder() -> str:
    for name in ENCODERS:
        if name in av.codecs_available:
            return name
    raise StorageError(f"evidence can't be encoded: FFmpeg has none of {', '.join(ENCODERS)}")
