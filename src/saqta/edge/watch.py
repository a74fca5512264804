"""Watching one source to its end, as fast as it comes, and telling what was seen and what it cost."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import msgspec

from saqta.edge.covering.faces import faces_of
from saqta.edge.frames import FrameReader
from saqta.edge.keeping.evidence import ClipWriter, Cut
from saqta.edge.plugins import Plugins
from saqta.edge.session import Session
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.figures import Directions
from saqta.model.catalogue import TYPE_OF
from saqta.model.errors import InputError, StorageError
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised
from saqta.model.login import joined
from saqta.model.moment import Clock


class WatchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """``seconds`` and ``fps`` (decoded frames a second) are the clock on the wall's, ``stream_s`` the stream's.

    ``decode_cpu_ms`` is user and system time for a decoded frame, ``analysis_cpu_ms`` for an analysed one with
    everything but its decoding. ``ended`` says in words why the stream ended.
    """

    frames: int
    analysed: int
    seconds: float
    stream_s: float
    fps: float
    decode_cpu_ms: float
    analysis_cpu_ms: float
    alerts: dict[str, int]
    counts: dict[str, Directions]
    ended: str


def watch(
    settings: CameraSettings,
    plugins: Plugins,
    on_event: Callable[[Event], None],
    clock: Clock,
    evidence_dir: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> WatchSummary:
    """Watches ``settings.source`` until it ends; blocks until then.

    ``on_event`` gets alerts, counts and, with ``evidence_dir``, the clips that were kept there; never two at a time, a
    clip's event from another thread. ``progress`` gets the stream's seconds after each analysed frame. InputError when
    the source can't be read or holds no frame, StorageError when evidence can't be kept.
    """
    cv2.setNumThreads(1)
    told, writer = _Told(on_event), ClipWriter(waits=True)

    def keep(cut: Cut) -> None:
        writer.submit(partial(session.kept, cut, evidence_dir or Path()), partial(session.lost, cut))

    started_s = time.perf_counter()
    opened = plugins.open(joined(settings.source, settings.login))
    reader = FrameReader(opened, settings.source, settings.analysed_fps)
    session = Session(
        settings,
        plugins,
        clock,
        told.emit,
        keep if evidence_dir else None,
        faces=faces_of(settings.faces, settings.model_threads),
    )
    try:
        analysed, analysis_s = _analyse(reader, session, progress)
        session.close()
    finally:
        reader.close()
        writer.close()
    if writer.failure is not None:
        raise StorageError(writer.failure)
    if not analysed:
        raise InputError("source", settings.source, "a video with at least one frame that can be decoded")
    seconds = time.perf_counter() - started_s
    return WatchSummary(
        frames=reader.decoded,
        analysed=analysed,
        seconds=round(seconds, 3),
        stream_s=round(reader.at_s, 3),
        fps=round(reader.decoded / seconds, 1),
        decode_cpu_ms=round(1000 * reader.decode_cpu_s / reader.decoded, 3),
        analysis_cpu_ms=round(1000 * analysis_s / analysed, 3),
        alerts=told.alerts,
        counts=session.counts,
        ended=reader.ended or "",
    )


class _Told:
    """Passes events on, one at a time whichever thread they come from, and counts the alerts among them by kind."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.alerts: dict[str, int] = {}
        self._on_event, self._one_at_a_time = on_event, threading.Lock()

    def emit(self, events: Sequence[Event]) -> None:
        with self._one_at_a_time:
            for event in events:
                if event.type == TYPE_OF[AlertRaised]:
                    kind = msgspec.json.decode(event.data)["kind"]
                    self.alerts[kind] = self.alerts.get(kind, 0) + 1
                self._on_event(event)


def _analyse(reader: FrameReader, session: Session, progress: Callable[[float], None] | None) -> tuple[int, float]:
    """(how many frames were analysed, the CPU seconds that it took)."""
    analysed, analysis_s = 0, 0.0
    for frame in reader:
        before_s = time.thread_time()
        session.step(frame)
        analysis_s += time.thread_time() - before_s
        analysed += 1
        if progress is not None:
            progress(frame.at_s)
    return analysed, analysis_s
