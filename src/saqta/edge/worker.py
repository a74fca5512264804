"""A worker process of the camera node: a decoding thread for each of its cameras, one thread that analyses them all.

Frames of different cameras that wait together are one round, in which a model looks at all that need it at once.

It sends what happens over a pipe and stops when it is told to, or when nobody holds the other end any more. Whatever a
stream can do to it is the node's to mend: the worker itself keeps no state that outlives it.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import structlog

from saqta.edge.analysis import Analyser, Findings, Glance
from saqta.edge.covering.faces import Faces, faces_of
from saqta.edge.frames import Frame, FrameReader
from saqta.edge.keeping.evidence import ClipWriter, Cut
from saqta.edge.keeping.main_stream import MainStream
from saqta.edge.keeping.originals import Group, Originals
from saqta.edge.looks import Look, taken
from saqta.edge.mailbox import Mailbox
from saqta.edge.models.model import Model
from saqta.edge.plugins import Plugins
from saqta.edge.recognised import Recognised
from saqta.edge.session import Session
from saqta.edge.settings import CameraSettings
from saqta.edge.source import READ_WAIT_S
from saqta.edge.trace import Deed, Traces
from saqta.model.errors import InputError
from saqta.model.event import Event, encode
from saqta.model.kinds import Box
from saqta.model.login import joined
from saqta.model.moment import Clock

RETRY_S = 1.0
RETRY_MAX_S = 60.0
"""A stream is opened again after RETRY_S, then after twice as long each time, up to RETRY_MAX_S."""
HEALTHY_S = 10.0
"""A stream that ran for this long starts over with RETRY_S."""
REPORT_EVERY_S = 1.0
SETTLE_WAIT_S = 1.5
OWED_WAIT_S = 2 * READ_WAIT_S + 1
"""When it stops, a stream has SETTLE_WAIT_S to end; or, where alerts wait for what it still has, OWED_WAIT_S: of one
that has gone silent, a read gives at last what was held back, and only the next one ends it."""
T = TypeVar("T")
logger = structlog.get_logger()


class Seat(NamedTuple):
    """A camera in a worker; its stream is first opened after ``wait_s``. ``lost`` when an alert has told so already."""

    settings: CameraSettings
    wait_s: float
    lost: bool


class Orders(NamedTuple):
    """What all workers of a node have in common; pickled on the way to them."""

    plugins: Plugins
    clock: Clock
    evidence_dir: Path
    speed: float


class Report(NamedTuple):
    """How one camera fares: frames decoded and analysed, dropped because analysis could not keep up, broken packets,
    and why evidence could not be kept, where it couldn't."""

    camera: str
    decoded: int
    analysed: int
    dropped: int
    broken: int
    evidence_failure: str | None


def logged(report: Report, before: Report | None) -> Report:
    """The report; a log line says when evidence begins or ceases not to be kept as it was set."""
    if report.evidence_failure != (before.evidence_failure if before is not None else None):
        logger.warning("evidence", camera=report.camera, failure=report.evidence_failure or "none any more")
    return report


Message = list[bytes] | list[Report]
"""What comes over the pipe: encoded events, or reports."""


class Said(NamedTuple):
    """What goes the other way, what people said of a camera's picture: all that belongs into it, from now on, and when
    its view was last accepted as meant. None tells a worker to stop."""

    camera: str
    fixtures: tuple[Box, ...]
    view_accepted_ms: int = 0


def run(seats: Sequence[Seat], orders: Orders, pipe: Connection, traces: Traces) -> None:
    """The process: works until it is told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.excepthook = _end
    _Worker(seats, orders, pipe, traces).run()
    os._exit(0)  # a thread may still sit in a read that nothing can end


def _end(failed: threading.ExceptHookArgs) -> None:
    """No thread fails unseen: the process ends with it, and its traces tell the node whose stream that was."""
    threading.__excepthook__(failed)
    os._exit(1)


class _Worker:
    def __init__(self, seats: Sequence[Seat], orders: Orders, pipe: Connection, traces: Traces) -> None:
        self._pipe, self._sending, self._traces = pipe, threading.Lock(), traces
        self.stop = threading.Event()
        self.orders, self.writer, self.mailbox = orders, ClipWriter(waits=False), Mailbox(len(seats))
        self._models: dict[str | None, Model | None] = {}
        self._faces: dict[str | None, Faces | None] = {}
        self._streams = [_Stream(index, seat, self, traces) for index, seat in enumerate(seats)]
        threading.Thread(target=self._obey, name="orders", daemon=True).start()

    def run(self) -> None:
        for stream in self._streams:
            stream.start()
        reported_s = time.monotonic()
        while not self.stop.is_set():
            self._work(0.2)
            if time.monotonic() - reported_s >= REPORT_EVERY_S:
                reported_s = time.monotonic()
                self._send([stream.report() for stream in self._streams])
        self._finish()
        self.writer.close()
        self._send([stream.report() for stream in self._streams])
        self._pipe.close()

    def _finish(self) -> None:
        """Takes in what the streams still hand over, so that a stop loses no clip that was begun: it waits for the
        writer, and for a stream that owes something until a read of it must have ended."""
        owing = [stream for stream in self._streams if stream.owes]
        idle_s = time.monotonic()
        while self._work(0.05) or any(
            not stream.settled and time.monotonic() - idle_s < (OWED_WAIT_S if stream in owing else SETTLE_WAIT_S)
            for stream in self._streams
        ):
            if self.writer.busy:
                idle_s = time.monotonic()
        while self._work(0.0):
            pass

    def model(self, settings: CameraSettings) -> Model | None:
        """The camera's model; cameras that have the same share it."""
        if settings.model not in self._models:
            self._models[settings.model] = self.orders.plugins.model(settings)
        return self._models[settings.model]

    def faces(self, settings: CameraSettings) -> Faces | None:
        """The camera's face model; cameras that have the same share it."""
        if settings.faces not in self._faces:
            self._faces[settings.faces] = faces_of(settings.faces, settings.model_threads)
        return self._faces[settings.faces]

    def emit(self, events: Sequence[Event]) -> None:
        self._send([encode(event) for event in events])

    def _work(self, wait_s: float) -> bool:
        """One round: something of each camera, and one look of the model at all frames of the round that need it."""
        round_ = self.mailbox.take(wait_s)
        glances = [(camera, self._traced(camera, parcel.open)) for camera, parcel in round_]
        found = self._looked({camera: glance.look for camera, glance in glances if glance and glance.look})
        for camera, glance in glances:
            if glance is not None:
                self._traced(camera, partial(glance.conclude, found.get(camera)))
        return bool(round_)

    def _looked(self, looks: Mapping[int, Look]) -> dict[int, Sequence[Recognised]]:
        """What the models make of those frames; of none while other frames have waited for too long already."""
        if not looks or self.mailbox.behind():
            return {}
        for camera in looks:
            self._trace(camera, Deed.WORKING)
        found = dict(zip(looks, taken(list(looks.values())), strict=True))
        for camera in looks:
            self._trace(camera, Deed.NOTHING)
        return found

    def _traced(self, camera: int, act: Callable[[], T]) -> T:
        self._trace(camera, Deed.WORKING)
        done = act()
        self._trace(camera, Deed.NOTHING)
        return done

    def _trace(self, camera: int, deed: Deed) -> None:
        self._traces.set(2 * camera + 1, deed)

    def _send(self, message: Message) -> None:
        with self._sending:
            try:
                self._pipe.send(message)
            except OSError:
                os._exit(1)  # nobody listens any more

    def _obey(self) -> None:
        try:
            while (told := self._pipe.recv()) is not None:
                for stream in self._streams:
                    stream.obey(told)
        except (EOFError, OSError):
            os._exit(1)
        self.writer.waits = True  # From here on nothing is lost for want of time.
        self.stop.set()


class _Stream(threading.Thread):
    """Opens a camera's stream, hands its frames over, and opens it again when it ends.

    It is ``settled`` once it hands nothing over any more; until then it ``owes`` what alerts of it wait for.
    """

    def __init__(self, index: int, seat: Seat, worker: _Worker, traces: Traces) -> None:
        super().__init__(name=f"camera {seat.settings.camera}", daemon=True)
        self._index, self._settings, self._wait_s, self._lost = index, seat.settings, seat.wait_s, seat.lost
        self._worker, self._orders = worker, worker.orders
        self._trace = partial(traces.set, 2 * index)
        plugins, began_ms = worker.orders.plugins, worker.orders.clock()
        model, self._faces = worker.model(seat.settings), worker.faces(seat.settings)
        self._analyser = Analyser(seat.settings, plugins.detectors, model, f"{began_ms:x}-", plugins.guards)
        self._decoded = self._broken = self._analysed = 0
        self._reader: FrameReader | None = None
        self._session: Session | None = None
        self._originals: Originals | None = None
        self.settled = False
        self._main = self._main_stream()

    def obey(self, said: Said) -> None:
        """Takes in what was said of this camera's picture, after the frames so far."""
        if said.camera == self._settings.camera:
            self._put(partial(self._analyser.hear, said.fixtures, said.view_accepted_ms))

    def report(self) -> Report:
        reader = self._reader
        return Report(
            camera=self._settings.camera,
            decoded=self._decoded + (reader.decoded if reader else 0),
            analysed=self._analysed,
            dropped=self._worker.mailbox.dropped[self._index],
            broken=self._broken + (reader.broken if reader else 0),
            evidence_failure=self._worker.writer.failure or (self._main.failure if self._main else None),
        )

    @property
    def owes(self) -> bool:
        waiting = (self._session, self._originals)
        return not self.settled and any(one is not None and one.waits for one in waiting)

    def run(self) -> None:
        if self._main is not None:
            self._main.start()
        self._run()
        self.settled = True
        self._put_away()

    def _run(self) -> None:
        failures = 0
        wait_s = self._wait_s
        while not self._worker.stop.wait(wait_s):
            started_s = time.monotonic()
            session = self._new_session()
            reason, again = self._play(session)
            if self._worker.stop.is_set():
                self._put(session.close)
                if self._originals is not None:
                    self._originals.end()
                return
            failures = 0 if time.monotonic() - started_s >= HEALTHY_S else failures
            wait_s = min(RETRY_MAX_S, RETRY_S * 2**failures) if again else 0.0
            failures = min(failures + 1, 30)
            self._put(partial(session.close, reason, wait_s, alarm=again and not self._lost))
            self._lost = again
            self._put_away()
            if not again:
                return

    def _main_stream(self) -> MainStream | None:
        address = self._settings.evidence_source
        if address is None:
            return None
        open_it = partial(self._orders.plugins.open, joined(address, self._settings.evidence_login))
        return MainStream(open_it, address, self._worker.stop)

    def _new_session(self) -> Session:
        def keep(cut: Cut) -> None:
            writer.submit(partial(session.kept, cut, folder), partial(session.lost, cut))

        def seal(alert: str, groups: Sequence[Group]) -> None:
            writer.submit(partial(session.sealed, alert, groups, folder), partial(session.original_lost, alert))

        def lose(alert: str, reason: str, partly: bool) -> None:
            session.original_lost(alert, reason, partly)

        settings, writer, folder = self._settings, self._worker.writer, self._orders.evidence_dir
        self._originals = Originals(settings.before_s + settings.after_s, seal, lose) if settings.seal_to else None
        orders = self._orders
        emit = self._worker.emit
        expect = self._originals.expect if self._originals is not None else None
        self._session = session = Session(
            self._settings,
            orders.plugins,
            orders.clock,
            emit,
            keep,
            self._analyser,
            orders.speed,
            self._main,
            expect,
            self._faces,
        )
        return session

    def _play(self, session: Session) -> tuple[str, bool]:
        """Plays the stream to its end: (why it ended, whether to open it again)."""
        offset_s = 0.0
        started_s: float | None = None
        size: tuple[int, int] | None = None
        while True:
            try:
                self._trace(Deed.WORKING)
                opened = self._orders.plugins.open(joined(self._settings.source, self._settings.login))
                reader = FrameReader(
                    opened, self._settings.source, self._settings.analysed_fps, self._trace, self._originals
                )
            except InputError as error:
                self._trace(Deed.NOTHING)
                return str(error), True
            self._reader = reader
            for frame in reader:
                if started_s is None:
                    started_s = time.monotonic()
                    session.begin()
                if (reader.width, reader.height) != size:
                    size = (reader.width, reader.height)
                    self._connected(session, reader)
                at_s = frame.at_s + offset_s
                if not opened.live:
                    self._worker.stop.wait(max(0.0, started_s + at_s / self._orders.speed - time.monotonic()))
                if self._worker.stop.is_set():
                    break
                self._hand_over(session, frame._replace(at_s=at_s))
            if not (self._settings.loop and reader.decoded and not opened.live) or self._worker.stop.is_set():
                return reader.ended or "", opened.live
            offset_s += reader.at_s + 1 / reader.fps
            self._put_away()
            if self._originals is not None:
                self._originals.offset_s = offset_s

    def _connected(self, session: Session, reader: FrameReader) -> None:
        self._put(partial(session.connected, reader.width, reader.height, reader.fps))
        self._lost = False
        if self._main is not None:
            self._main.beside = reader.shape

    def _hand_over(self, session: Session, frame: Frame) -> None:
        def analyse(frame: Frame) -> Glance:
            glance = session.glance(frame)

            def conclude(recognised: Sequence[Recognised] | None) -> Findings:
                self._analysed += 1
                return glance.conclude(recognised)

            return glance._replace(conclude=conclude)

        self._worker.mailbox.put_frame(self._index, analyse, frame)

    def _put_away(self) -> None:
        """Gives the stream back; a server that says nothing any more may make this take READ_WAIT_S."""
        reader = self._reader
        if reader is not None:
            self._decoded += reader.decoded
            self._broken += reader.broken
            self._reader = None
            self._trace(Deed.READING)
            reader.close()
            self._trace(Deed.NOTHING)

    def _put(self, act: Callable[[], None]) -> None:
        self._worker.mailbox.put(self._index, act)
