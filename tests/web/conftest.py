"""A small operations centre, all of it real: log, tables, steps, keys, an HTTP server on the loopback, and its people.

Alice is a dispatcher, Bob a supervisor, Dana an officer, Farid and Gulnar are fraud analysts,
Pavel is a partner; Charlie is nobody and must be refused.
"""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from saqta import correlate, dispatch, views
from saqta.fraud import lists, publishing
from saqta.fraud.engine.rules import STANDARD, read_rules
from saqta.fraud.lists.blocklist import Blocklist
from saqta.fraud.serving import step as fraud
from saqta.fraud.serving.checking import RuleDesk
from saqta.fraud.serving.opening import open_path
from saqta.fraud.serving.reviewing import ReviewDesk
from saqta.log.personal import Keyring
from saqta.log.runner import Commit, Runner
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import SqliteTables
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.command import Command, Context
from saqta.model.event import Recorded
from saqta.model.moment import from_text
from saqta.model.place import Place
from saqta.model.terms import Role
from saqta.registry import step_of
from saqta.views.tables import FRAUD_LIVE_TABLES
from saqta.web.access import CSRF_HEADER
from saqta.web.accounts import add_token, add_user
from saqta.web.app import create_app
from saqta.web.live import Broadcaster, LiveLimits
from saqta.web.ports import Limits, Ports
from saqta.web.server import Server, listen
from saqta.wiring import credit_transfers

PEOPLE = {
    "alice": Role.DISPATCHER,
    "bob": Role.SUPERVISOR,
    "dana": Role.OFFICER,
    "farid": Role.FRAUD_ANALYST,
    "gulnar": Role.FRAUD_ANALYST,
}
PAVEL_SOURCE = "/partners/metro"
GATE = {"lat": 51.128, "lon": 71.43}
WAIT_S = 20
COMPILED_WAIT_S = 100
"""The first that decides on a machine compiles the pass, which the others then find done."""


class Centre:
    """The operations centre; ``now_ms`` is its clock, ``http(name)`` a client of one of its people."""

    def __init__(self, folder: Path, limits: Limits, live_limits: LiveLimits, **fraud_settings: object) -> None:
        self.folder = folder
        self.now_ms = from_text("2026-01-31T08:00:00Z")
        self.log = SqliteLog(folder / "log.db", self.clock)
        self.tables = SqliteTables(folder / "views.db")
        self.keyring = Keyring(folder / "keys.db")
        self.evidence_dir = folder / "evidence"
        self.evidence_dir.mkdir()
        assets_dir = folder / "assets"
        assets_dir.mkdir()
        for page in ("console.html", "fraud.html", "sign-in.html"):
            (assets_dir / page).write_text(f"<!doctype html><title>{page}</title>")
        self.live = Broadcaster(self.tables, self.clock, live_limits)
        self.live_fraud = Broadcaster(self.tables, self.clock, live_limits, FRAUD_LIVE_TABLES)
        self.blocklist = Blocklist(self.keyring.list_key())
        told = {
            views.STEP.name: self.publish,
            lists.STEP.name: lambda commit: self.blocklist.take(commit.changes, self.tables),
            publishing.STEP.name: lambda commit: self.decisions.follow(commit.changes),
            fraud.STEP.name: lambda commit: self.decisions.learn(commit.changes, commit.seq),
        }
        self._runners = {
            step.name: Runner(step, self.log, self.tables, told.get(step.name))
            for step in (fraud.STEP, correlate.STEP, dispatch.STEP, lists.STEP, publishing.STEP, views.STEP)
        }
        self.decisions = open_path(
            self.log,
            self.keyring,
            self.tables,
            self.blocklist,
            folder / "fraud",
            self.clock,
            time.monotonic_ns,
            **{"model": None, "rules": None, "home": "KZ", "hold_s": 600, "deadline_ms": 5_000} | fraud_settings,
        )
        self._ids = itertools.count(1)
        ports = Ports(
            log=self.log,
            tables=self.tables,
            live=self.live,
            live_fraud=self.live_fraud,
            decide=self.decide,
            decisions=self.decisions,
            keyring=self.keyring,
            blocklist=self.blocklist,
            rule_desk=RuleDesk(self.log.read, read_rules(STANDARD), self.decisions.label_delay_d),
            review_desk=ReviewDesk(self.log.read, self.decisions.label_delay_d),
            credit_transfers=credit_transfers,
            evidence_dir=self.evidence_dir,
            clock=self.clock,
            new_id=self.new_id,
            new_secret=secrets.token_urlsafe,
            limits=limits,
            assets_dir=assets_dir,
        )
        self.app = create_app(ports)
        self._socket = listen("127.0.0.1", 0)
        self.port = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.server = Server(self.app, self.live, self.live_fraud)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=runner.run, args=(self._stop,)) for runner in self._runners.values()]
        self._threads.append(threading.Thread(target=self.server.run, kwargs={"sockets": [self._socket]}))
        self.tokens: dict[str, str] = {}

    def start(self) -> None:
        self.decisions.load()
        for thread in self._threads:
            thread.start()
        for name, role in PEOPLE.items():
            self.tokens[name] = add_token(self.log.append, self.clock, secrets.token_urlsafe, role, "test")
        self.tokens["pavel"] = add_token(
            self.log.append, self.clock, secrets.token_urlsafe, Role.PARTNER, "test", "metro", PAVEL_SOURCE
        )
        self.tell(
            kinds.UnitRegistered(unit="U1", name="Unit 1", place=Place(51.12, 71.42)),
            kinds.UnitRegistered(unit="U2", name="Unit 2", place=Place(51.14, 71.45)),
            kinds.CameraRegistered(camera="C1", name="Gate 1", source="sim:city/C1", place=Place(51.13, 71.43)),
        )
        wait_until(lambda: self.server.started)

    def start_decisions(self) -> None:
        """The decision path starts, which takes a while: not every test needs it."""
        threads = [threading.Thread(target=run, args=(self._stop,), name=name) for name, run in self.decisions.parts()]
        self._threads[:0] = threads
        for thread in threads:
            thread.start()
        wait_until(lambda: self.decisions.is_ready, COMPILED_WAIT_S)

    def stop_steps(self) -> None:
        """The steps take nothing more from the log, but for what a command needs."""
        self._stop.set()
        for thread in self._threads[:-1]:
            thread.join(WAIT_S)

    def stop(self) -> None:
        self.server.should_exit = True
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()
        self._socket.close()
        for part in (self.log, self.tables, self.keyring):
            part.close()

    def publish(self, commit: Commit) -> None:
        for live in (self.live_fraud, self.live):
            live.publish(commit)

    def clock(self) -> int:
        return self.now_ms

    def new_id(self) -> str:
        return f"id-{next(self._ids)}"

    def decide(self, command: Command, context: Context) -> list[Recorded]:
        return self._runners[step_of(command).name].command(command, context)

    def tell(self, *records: kinds.Record) -> list[str]:
        """Appends events, and waits until every step has taken them and what follows from them; gives their keys."""
        events = [
            make(
                record,
                id=self.new_id(),
                source="/test",
                actor="test",
                time_ms=self.now_ms,
                recorded_ms=self.now_ms,
            )
            for record in records
        ]
        self.log.append(events)
        self.settle()
        return [event.key for event in events]

    def settle(self) -> None:
        """Waits until every step has taken the whole log."""
        wait_until(lambda: all(runner.seq == self.log.size() for runner in self._runners.values()))

    def http(self, name: str | None = None, **options: object) -> httpx.Client:
        """A client with the token of one of its people, or of nobody."""
        token = self.tokens.get(name, "charlie-made-this-up") if name else None
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, **options)

    def said(self, response: httpx.Response) -> list[str]:
        """The kinds of the events that a command caused, without ``saqta.`` and version."""
        assert response.is_success, response.text
        return [event["type"].removeprefix("saqta.").rpartition(".")[0] for event in response.json()["events"]]

    def link(self, name: str) -> str:
        secret = add_user(self.log.append, self.clock, secrets.token_urlsafe, name, PEOPLE[name], "test")
        self.settle()
        return secret

    @contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        """A browser in which one of its people is signed in."""
        with httpx.Client(base_url=self.address) as client:
            assert client.post("/sign-in", json={"link": self.link(name)}).status_code == 200
            client.headers[CSRF_HEADER] = client.get("/api/v1/me").json()["csrf"]
            yield client


@pytest.fixture
def open_centre(tmp_path: Path) -> Iterator[Callable[..., Centre]]:
    """Opens an operations centre with limits of the test's own."""
    opened: list[Centre] = []

    def open_one(
        limits: Limits | None = None, live_limits: LiveLimits | None = None, **fraud_settings: object
    ) -> Centre:
        centre = Centre(tmp_path, limits or Limits(), live_limits or LiveLimits(gather_s=0.02), **fraud_settings)
        opened.append(centre)
        centre.start()
        return centre

    yield open_one
    for centre in opened:
        centre.stop()


@pytest.fixture
def centre(open_centre: Callable[..., Centre]) -> Centre:
    return open_centre()


@pytest.fixture(scope="module")
def shared_centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """An operations centre for tests that change nothing in it."""
    centre = Centre(tmp_path_factory.mktemp("centre"), Limits(), LiveLimits())
    centre.start()
    yield centre
    centre.stop()


def wait_until(condition: Callable[[], bool], wait_s: int = WAIT_S) -> None:
    for _ in range(wait_s * 200):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")
