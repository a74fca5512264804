"""The camera node: worker processes, one a core, that are watched over and started again.

- A stream that a worker was busy with when it died goes on in a process of its own, and the others go on without it:
  the next death tells. One that dies there, struck twice, is quarantined: who was only near is never.
- Events are handed to ``deliver`` in the order in which a camera told them. While it can't take them, workers wait and
  drop frames; nothing piles up here.
- When this process dies, however it dies, the workers see their pipe end and go.
"""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import msgspec

from saqta.edge.keeping.whole import sweep
from saqta.edge.plugins import Plugins
from saqta.edge.session import ACTOR, camera_source, lost_alert
from saqta.edge.settings import CameraSettings
from saqta.edge.standing import FORGIVEN_S, RESTART_MAX_S, RESTART_S, Camera, CameraState
from saqta.edge.trace import Deed, Traces
from saqta.edge.worker import Message, Orders, Report, Said, Seat, logged, run
from saqta.model import catalogue
from saqta.model.errors import InputError, StorageError
from saqta.model.event import Event, decode, derive_id
from saqta.model.kinds import (
    AlertRaised,
    CameraConnected,
    CameraLost,
    CameraQuarantined,
    EvidenceLost,
)
from saqta.model.moment import Clock

CAMERAS_MAX = 512
STRIKES_MAX = 2
"""A stream that was at work this often when its worker died is quarantined, if the last one was its alone."""
APART_MAX = 16
"""More streams than this are not set apart from their worker: processes are not for free."""
FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)
"""How a worker ends that somebody else killed, as the kernel does when memory runs out: what was merely being read then
had no part in it."""
HANG_S = 30.0
"""A worker that works on one frame for longer than this hangs, and is killed."""
CLIPS_WAIT_S = 60.0
"""A worker that has clips to write has so long for them when the node stops; others are gone at once."""
MESSAGES_MAX = 64
"""Taken from one worker before it is another's turn."""
REDELIVER_S = 1.0
_POLL_S = 0.5


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the node fares. ``undelivered`` says why events have to wait, where they do."""

    cameras: tuple[CameraState, ...]
    workers: int
    restarts: int
    undelivered: str | None


@dataclass(eq=False)
class _Worker:
    """A place for a process; the process comes and goes. ``start_s`` is when it shall come, by the monotonic clock.
    ``apart`` when it was made for a stream under suspicion."""

    cameras: list[Camera]
    apart: bool = False
    start_s: float = 0.0
    deaths: int = 0
    process: SpawnProcess | None = None
    pipe: Connection | None = None
    traces: Traces | None = None
    started_s: float = field(default=0.0)


class CameraNode:
    """Runs cameras in worker processes. ``deliver`` is called by the thread that calls ``run``; StorageError from it is
    tried again, any other exception ends the run.

    ``plugins`` and ``clock`` are pickled on their way to the workers: module-level functions. ``speed`` is how many
    times as fast as filmed files are played. InputError when a camera's id comes twice.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSettings],
        plugins: Plugins,
        deliver: Callable[[list[Event]], None],
        evidence_dir: Path,
        clock: Clock,
        workers: int,
        speed: float = 1.0,
    ) -> None:
        ids = [camera.camera for camera in cameras]
        if len(ids) > CAMERAS_MAX:
            raise InputError("cameras", f"{len(ids)} cameras", f"at most {CAMERAS_MAX} on one node")
        for camera in set(ids):
            if ids.count(camera) > 1:
                raise InputError("cameras", camera, "each id once")
        self._cameras = [Camera(settings) for settings in cameras]
        count = max(1, min(workers, len(cameras)))
        self._workers = [_Worker(self._cameras[first::count]) for first in range(count) if self._cameras]
        self._orders = Orders(plugins, clock, evidence_dir, speed)
        self._deliver, self._clock = deliver, clock
        self._context = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._started_ms = clock()
        self._ordinal = self._restarts = 0
        self._undelivered: str | None = None
        self._said: dict[str, Said] = {}

    def run(self, stop: threading.Event) -> None:
        """Blocks until ``stop`` is set, and CLIPS_WAIT_S longer at most: the workers tell what they still have to tell.

        Leaves no process behind, however it ends. Raises whatever keeps it from going on: what ``deliver`` raised,
        StorageError only when it still did at the end. Runs once.
        """
        self._stopping = stop
        self._orders.evidence_dir.mkdir(parents=True, exist_ok=True)
        sweep(self._orders.evidence_dir)
        try:
            while not stop.is_set():
                self._pass_on()
                self._start_due()
                self._listen(_POLL_S)
                self._look_after()
            self._end()
        finally:
            for worker in self._workers:
                if worker.process is not None:
                    worker.process.kill()
                    worker.process.join()

    def hear(self, said: Said) -> None:
        """What people said of a camera's picture; of a camera that is not here, nothing is remembered.

        May be called from any thread, and blocks nothing: workers hear of it within _POLL_S.
        """
        if any(known.settings.camera == said.camera for known in self._cameras):
            self._said[said.camera] = said

    def status(self) -> NodeStatus:
        """How things are, from memory alone: may be called from any thread, and blocks nothing."""
        return NodeStatus(
            cameras=tuple(camera.state for camera in self._cameras),
            workers=sum(worker.process is not None for worker in list(self._workers)),
            restarts=self._restarts,
            undelivered=self._undelivered,
        )

    def _pass_on(self) -> None:
        while self._said:
            id, said = self._said.popitem()
            camera = self._camera(id)
            heard = msgspec.structs.replace(
                camera.settings, fixtures=said.fixtures, view_accepted_ms=said.view_accepted_ms
            )
            if camera.settings != heard:
                camera.settings = heard
                worker = next(worker for worker in self._workers if camera in worker.cameras)
                self._send(worker, said)

    def _send(self, worker: _Worker, told: Said | None) -> None:
        """A worker that is gone, or going, is told nothing: the next one knows it from the start."""
        with suppress(OSError):
            if worker.pipe is not None:
                worker.pipe.send(told)

    def _start_due(self) -> None:
        for worker in self._workers:
            now_s = time.monotonic()
            if worker.process is None and worker.cameras and now_s >= worker.start_s:
                seats = [Seat(camera.settings, camera.held_back_s, camera.lost) for camera in worker.cameras]
                worker.traces = Traces(self._context, len(seats))
                worker.pipe, theirs = self._context.Pipe()
                worker.process = self._context.Process(
                    target=run, args=(seats, self._orders, theirs, worker.traces), name="saqta-edge", daemon=True
                )
                worker.process.start()
                worker.started_s = now_s
                theirs.close()

    def _listen(self, wait_s: float) -> None:
        pipes = {worker.pipe: worker for worker in self._workers if worker.pipe is not None}
        if not pipes:
            self._stopping.wait(wait_s)
            return
        for pipe in wait(list(pipes), wait_s):
            self._take_in(pipes[pipe])  # type: ignore[index]

    def _take_in(self, worker: _Worker) -> bool:
        """Takes in what a worker sent; False when it has gone and everything it sent is taken in."""
        events: list[Event] = []
        alive = True
        for _ in range(MESSAGES_MAX):
            if worker.pipe is None or not worker.pipe.poll():
                break
            try:
                message: Message = worker.pipe.recv()
            except (EOFError, OSError):
                alive = False
                break
            for one in message:
                if isinstance(one, Report):
                    camera = self._camera(one.camera)
                    camera.report = logged(one, camera.report)
                else:
                    events.append(decode(one))
        self._tell(events)
        for event in events:
            for camera in worker.cameras:
                camera.note(event)
        if not alive:
            self._bury(worker)
        return alive

    def _tell(self, events: list[Event]) -> None:
        """Delivers events, again and again while there is no room for them."""
        for event in events:
            record = catalogue.read(event)
            if isinstance(record, CameraConnected | CameraLost):
                self._camera(record.camera).told(record)
        while events:
            try:
                self._deliver(events)
                self._undelivered = None
                return
            except StorageError as error:
                self._undelivered = str(error)
                if self._stopping.wait(REDELIVER_S):
                    raise

    def _lose_evidence(self, worker: _Worker, why: str) -> None:
        """Tells what a worker that is gone has not told of the evidence for its alerts."""
        for camera in worker.cameras:
            owed, camera.owed = sorted(camera.owed), set()
            for alert, media_type in owed:
                lost = EvidenceLost(alert=alert, camera=camera.settings.camera, media_type=media_type, reason=why)
                self._tell([self._event(lost, alert)])

    def _look_after(self) -> None:
        for worker in self._workers:
            if worker.process is not None and worker.traces is not None and worker.traces.hanging(HANG_S):
                worker.process.kill()

    def _bury(self, worker: _Worker) -> None:
        """A worker has died: strikes the streams it was busy with, tells what was lost, and says when it comes back."""
        process, traces, pipe = worker.process, worker.traces, worker.pipe
        if process is None or traces is None or pipe is None:
            return
        process.join()
        pipe.close()
        sweep(self._orders.evidence_dir, process.pid)
        worker.process = worker.pipe = worker.traces = None
        why = f"its worker process died ({_how(process.exitcode)})"
        self._lose_evidence(worker, "the stream gave nothing more before the stop" if process.exitcode == 0 else why)
        if self._stopping.is_set():
            return
        self._restarts += 1
        now_s = time.monotonic()
        worker.deaths = 0 if now_s - worker.started_s > FORGIVEN_S else worker.deaths + 1
        worker.start_s = now_s + min(RESTART_MAX_S, RESTART_S * 2 ** min(worker.deaths, 16))
        deeds = (Deed.WORKING,) if process.exitcode in FROM_OUTSIDE else (Deed.WORKING, Deed.READING)
        suspects = [worker.cameras[index] for index in traces.suspects(deeds)]
        for camera in suspects:
            camera.strike(now_s)
        lost = [camera for camera in worker.cameras if camera.connected or camera in suspects]
        alone = len(worker.cameras) == 1
        for camera in suspects:
            self._set_apart(worker, camera)
        for camera in lost:
            self._lose(worker, camera, why, proven=alone and camera.strikes >= STRIKES_MAX)

    def _set_apart(self, worker: _Worker, camera: Camera) -> None:
        """Gives the stream a process of its own, where it has none and there is room."""
        if worker.cameras != [camera] and sum(other.apart for other in self._workers) < APART_MAX:
            worker.cameras.remove(camera)
            self._workers.append(_Worker([camera], apart=True, start_s=time.monotonic() + camera.held_back_s))

    def _lose(self, worker: _Worker, camera: Camera, why: str, *, proven: bool) -> None:
        """Tells that a camera is lost, and then, for good, that it is quarantined, where its fault is proven."""
        id = camera.settings.camera
        retry_s = max(worker.start_s - time.monotonic(), camera.held_back_s)
        lost = CameraLost(camera=id, reason=why, retry_s=round(retry_s, 1))
        self._tell([self._event(lost), *([] if camera.lost else [self._event(lost_alert(id, why))])])
        if proven:
            camera.quarantined = True
            reason = f"its stream killed its worker {camera.strikes} times: {why}"
            self._tell([self._event(CameraQuarantined(camera=id, reason=reason))])

    def _end(self) -> None:
        for worker in self._workers:
            self._send(worker, None)
        deadline_s = time.monotonic() + CLIPS_WAIT_S
        while any(worker.pipe for worker in self._workers) and time.monotonic() < deadline_s:
            self._listen(0.1)
            self._look_after()
        for worker in self._workers:
            self._lose_evidence(worker, f"it was not written within {CLIPS_WAIT_S:.0f} s of the stop")

    def _camera(self, id: str) -> Camera:
        return next(camera for camera in self._cameras if camera.settings.camera == id)

    def _event(
        self, record: CameraQuarantined | CameraLost | AlertRaised | EvidenceLost, cause: str | None = None
    ) -> Event:
        self._ordinal += 1
        source = camera_source(record.camera or "")
        return catalogue.make(
            record,
            id=derive_id(source, "node", str(self._started_ms), str(self._ordinal)),
            source=source,
            actor=ACTOR,
            time_ms=self._clock(),
            recorded_ms=self._clock(),
            cause=cause,
        )


def _how(exitcode: int | None) -> str:
    return f"signal {-exitcode}" if exitcode is not None and exitcode < 0 else f"exit status {exitcode}"
