"""Joins the parts: the one place that knows the real clock, real secrets, and which part meets which.

Order matters at both ends: steps catch up before the first page is served, and what appends stops before the log does.
"""

import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
import structlog

from saqta import views
from saqta.cameras import Cameras
from saqta.config import Settings
from saqta.control import ControlServer, append_through
from saqta.edge.keeping.retention import Retention
from saqta.edge.node import CLIPS_WAIT_S, CameraNode
from saqta.edge.plugins import Plugins
from saqta.folder import Folder, owned
from saqta.fraud import lists, publishing
from saqta.fraud.lists.blocklist import Blocklist
from saqta.fraud.serving import step as fraud
from saqta.fraud.serving.checking import RuleDesk
from saqta.fraud.serving.reviewing import ReviewDesk
from saqta.intake.arrivals import Arrival
from saqta.intake.door import Door
from saqta.intake.iso20022 import read_message
from saqta.intake.sip.listening import Done, sip
from saqta.log.checkpoints import Checkpointer
from saqta.log.port import Position
from saqta.log.runner import Commit, Runner
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.command import Command, Context
from saqta.model.errors import SaqtaError
from saqta.model.event import Event, Recorded, derive_id
from saqta.registry import DETECTORS, GUARDS, INTAKES, MODELS, SOURCES, STEPS, step_of
from saqta.views.tables import CAMERAS, ERASED, FRAUD_LIVE_TABLES, LIVE_TABLES
from saqta.web.app import create_app
from saqta.web.live import Broadcaster
from saqta.web.ports import Ports
from saqta.web.server import Server, listen

if TYPE_CHECKING:
    from saqta.fraud.serving.path import DecisionPath

PLUGINS = Plugins(SOURCES, DETECTORS, MODELS, GUARDS)
DEFAULTS = Settings()
STOP_WAIT_S = 10.0
STARTED_WAIT_S = 30.0
logger = structlog.get_logger()


def now_ms() -> int:
    """The real clock: UTC milliseconds."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A name for what has no cause to derive one from."""
    return uuid.uuid4().hex


def new_secret() -> str:
    """An unguessable text of 256 bits."""
    return secrets.token_urlsafe(32)


def opened(data: Path) -> AbstractContextManager[Folder]:
    """Owns ``data`` while the block runs; StorageError when another process does, or when it can't be used."""
    return owned(data, now_ms)


def address_of(data: Path) -> str:
    """Where the server that runs on ``data`` serves; where one would by default when none runs."""
    try:
        return (data / "address").read_text()
    except FileNotFoundError:
        return f"http://{DEFAULTS.serve.host}:{DEFAULTS.serve.port}"


def append(data: Path, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> list[Position]:
    """Appends to the log in ``data``: through the server that runs there, or by itself when none does."""
    positions = append_through(data, events, expected or {})
    if positions is not None:
        return positions
    with opened(data) as folder:
        return folder.log.append(events, expected)


def announce(records: Iterable[kinds.Record], actor: str, purpose: str | None = None) -> list[Event]:
    """Events for what somebody says now, each under a name of its own."""
    now, source = now_ms(), f"/{actor}"
    return [
        make(record, id=new_id(), source=source, actor=actor, time_ms=now, recorded_ms=now, purpose=purpose)
        for record in records
    ]


def named_by_content(records: Iterable[kinds.Record], moments: Iterable[int], actor: str) -> list[Event]:
    """Events of what happened at ``moments``, named by what they say: the same said again is a repeat."""
    now, source = now_ms(), f"/{actor}"
    return [
        msgspec.structs.replace(made, id=derive_id(made.type, bytes(made.data).decode()))
        for made in (
            make(record, id="", source=source, actor=actor, time_ms=time_ms, recorded_ms=now)
            for record, time_ms in zip(records, moments, strict=True)
        )
    ]


def credit_transfers(message: bytes) -> bytes:
    """The payments of an ISO 20022 message as a JSON list; InputError for what is none."""
    return msgspec.json.encode(read_message(message))


class Centre:
    """A running operations centre over one data folder; everything it runs stops when its block ends.

    ``appended`` is told of every batch that the camera node appended, as it is on its way into the log.
    """

    def __init__(
        self,
        folder: Folder,
        settings: Settings,
        host: str,
        port: int,
        speed: float = 1.0,
        loop_files: bool = False,
        appended: Callable[[Sequence[Event]], None] = lambda events: None,
    ) -> None:
        self.folder, self.settings = folder, settings
        self.stop = threading.Event()
        self._failed: BaseException | None = None
        self._cameras = Cameras(folder, settings, PLUGINS, loop_files)
        self._speed, self._appended = speed, appended
        self._socket = listen(host, port)
        self._host, self._port = host, self._socket.getsockname()[1]
        self.blocklist = Blocklist(folder.keyring.list_key())
        self._decisions: DecisionPath = self._open_decisions()
        told: dict[str, Callable[[Commit], None]] = {
            views.STEP.name: self._publish,
            lists.STEP.name: lambda commit: self.blocklist.take(commit.changes, folder.tables),
            publishing.STEP.name: lambda commit: self._decisions.follow(commit.changes),
            fraud.STEP.name: lambda commit: self._decisions.learn(commit.changes, commit.seq),
        }
        self._runners = {step.name: Runner(step, folder.log, folder.tables, told.get(step.name)) for step in STEPS}
        self._lives: tuple[Broadcaster, ...] = ()
        self._node: CameraNode | None = None
        self._exit = ExitStack()

    @property
    def address(self) -> str:
        """Where it serves."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "::") else self._host  # noqa: S104
        return f"http://{host}:{self._port}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self._socket.close)
            self._start(stack)
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._exit.close()

    def wait(self, seconds: float | None = None) -> None:
        """Until ``stop`` is set, by a signal or by a part that can't go on; then raises what that part raised."""
        self.stop.wait(seconds)
        if self._failed:
            raise self._failed

    def decide(self, command: Command, context: Context) -> list[Recorded]:
        """Gives a command to the step that decides it; blocks until its events are durable.

        Raises StateError, VersionConflict or InputError as the step does.
        """
        return self._runners[step_of(command).name].command(command, context)

    def run_part(self, name: str, run: Callable[[threading.Event], object]) -> threading.Thread:
        """Runs ``run(stop)`` in a thread of its own; what it raises stops the centre, visibly."""

        def guarded() -> None:
            try:
                run(self.stop)
                if not self.stop.is_set():
                    raise SaqtaError(f"the part {name} ended by itself")
            except BaseException as error:  # noqa: BLE001 - whatever it is, the centre must not go on without the part
                logger.error("stopped", part=name, error=str(error))
                self._failed = self._failed or error
                self.stop.set()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _start(self, stack: ExitStack) -> None:
        folder = self.folder
        arrivals = list(self._arrivals())
        self.blocklist.load(folder.tables)
        self._decisions.load()
        self._catch_up()
        folder.log.append(announce(list(self._cameras.changed()), "saqta/settings"))
        self._catch_up()
        # A crash may have come between an erasure's event and its act: the act is repeated, never lost.
        for person, _ in folder.tables.scan(ERASED):
            folder.keyring.erase(person)
        live, live_fraud = (
            Broadcaster(folder.tables, now_ms, shown=shown) for shown in (LIVE_TABLES, FRAUD_LIVE_TABLES)
        )
        self._lives = (live_fraud, live)
        self._sign_checkpoints(stack)
        stack.callback(self._join, [self.run_part(name, runner.run) for name, runner in self._runners.items()])
        control = ControlServer(folder.path, folder.log, live.reached)
        stack.callback(self._join, [self.run_part("control", control.run)])
        for name, run in self._decisions.parts():
            stack.callback(self._join, [self.run_part(name, run)])
        node = self._node = self._camera_node()
        self._serve(stack, live, live_fraud, node)
        stack.callback(self._join, [self.run_part("cameras", node.run)], CLIPS_WAIT_S + STOP_WAIT_S)
        retention = Retention(folder.path / "evidence", self._cameras.kept_evidence, self._tell_deleted, now_ms)
        stack.callback(self._join, [self.run_part("retention", retention.run)])
        stack.callback(self._join, [self.run_part(name, run) for name, run in arrivals])

    def _open_decisions(self) -> "DecisionPath":
        from saqta.fraud.serving.opening import open_path  # Loading what compiles takes a second.

        path, log, tables, keyring, _ = self.folder
        settings = msgspec.structs.asdict(self.settings.fraud)
        return open_path(log, keyring, tables, self.blocklist, path / "fraud", now_ms, time.monotonic_ns, **settings)

    def _arrivals(self) -> Iterator[Arrival]:
        """What listens to other systems; InputError where one can't be listened to as the settings say."""
        for table, intake in INTAKES.items():
            yield from intake(getattr(self.settings, table), lambda source: Door(source, self.folder.log, now_ms))
        yield from sip(self.settings.sip, self.settings.fraud.home, self._decide_call, now_ms, secrets.token_bytes(16))

    def _decide_call(self, partner: str, body: bytes, done: Done) -> None:
        self._decisions.ask(partner, "call", True, body, done)

    def _sign_checkpoints(self, stack: ExitStack) -> None:
        checkpointer = Checkpointer(self.folder.path, self.folder.log, self.settings.log.checkpoint_every_s)
        ended = threading.Event()  # Not ``stop``: the last checkpoint has what the steps append before they end.
        thread = self.run_part("checkpoints", lambda stop: checkpointer.run(ended))
        stack.callback(self._join, [thread])
        stack.callback(ended.set)

    def _tell_deleted(self, records: Sequence[kinds.Record]) -> None:
        self.folder.log.append(announce(records, "saqta/retention"))

    def _catch_up(self) -> None:
        """Steps answer each other's events, so they take turns until none has anything to do."""
        while any(runner.catch_up() for runner in self._runners.values()):
            continue

    def _serve(self, stack: ExitStack, live: Broadcaster, live_fraud: Broadcaster, node: CameraNode) -> None:
        folder, delay_d = self.folder, self._decisions.label_delay_d
        ports = Ports(
            log=folder.log,
            tables=folder.tables,
            live=live,
            live_fraud=live_fraud,
            decide=self.decide,
            decisions=self._decisions,
            keyring=folder.keyring,
            blocklist=self.blocklist,
            rule_desk=RuleDesk(folder.log.read, self._decisions.file_rules, delay_d),
            review_desk=ReviewDesk(folder.log.read, delay_d),
            credit_transfers=credit_transfers,
            evidence_dir=folder.path / "evidence",
            clock=now_ms,
            new_id=new_id,
            new_secret=new_secret,
            cameras=lambda: node.status().cameras,
        )
        server = Server(create_app(ports), live, live_fraud)
        thread = self.run_part("web", lambda stop: server.run(sockets=[self._socket]))

        def end() -> None:
            server.should_exit = True
            self._join([thread])

        stack.callback(end)
        deadline = time.monotonic() + STARTED_WAIT_S
        while not server.started and not self.stop.is_set():
            if time.monotonic() > deadline:
                raise SaqtaError(f"the web server did not start within {STARTED_WAIT_S:.0f} s")
            time.sleep(0.01)
        address, part = folder.path / "address", folder.path / "address.part"
        part.write_text(self.address)
        part.replace(address)  # Whoever finds it finds it whole.
        stack.callback(address.unlink, missing_ok=True)

    def _camera_node(self) -> CameraNode:
        def deliver(events: Sequence[Event]) -> None:
            self._appended(events)
            self.folder.log.append(events)

        def lose(camera: kinds.CameraLost) -> None:
            self.folder.log.append(announce([camera], "saqta/wiring"))

        return CameraNode(
            list(self._cameras.watched(lose)),
            PLUGINS,
            deliver,
            self.folder.path / "evidence",
            now_ms,
            self.settings.edge.worker_count,
            self._speed,
        )

    def _publish(self, commit: Commit) -> None:
        for live in self._lives:
            live.publish(commit)
        for change in commit.changes:
            if self._node and change.table == CAMERAS.name:
                self._node.hear(self._cameras.said_of(change.key))

    def _join(self, threads: Sequence[threading.Thread], wait_s: float = STOP_WAIT_S) -> None:
        self.stop.set()
        for thread in threads:
            thread.join(wait_s)
