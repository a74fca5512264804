"""A decision path that runs over a folder, who asks it, and what is asked."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from saqta.fraud.engine.layout import DAY_MS, LABEL_DELAY_D, Array
from saqta.fraud.engine.stored_state import in_use
from saqta.fraud.lists.blocklist import Blocklist
from saqta.fraud.serving.opening import open_path
from saqta.fraud.serving.path import DecisionPath
from saqta.fraud.serving.step import TOLD, Told
from saqta.fraud.youth import YOUNG_D
from saqta.log.personal import Keyring
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import MemoryTables
from saqta.model import catalogue
from saqta.model.kinds import DecisionsMade, OutcomeTold
from saqta.model.moment import from_text, to_text

NOW_MS = from_text("2026-03-12T08:00:00Z")
WAIT_S = 120


class Running:
    """A decision path over a folder, its threads, and who asks and waits."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.log = SqliteLog(folder / "log.db", lambda: NOW_MS)
        self.keyring = Keyring(folder / "keys.db")
        told = {"model": None, "rules": None, "home": "KZ", "hold_s": 60, "deadline_ms": 10_000} | settings
        self.blocklist = Blocklist(self.keyring.list_key())
        self.path: DecisionPath = open_path(
            self.log,
            self.keyring,
            MemoryTables(),
            self.blocklist,
            folder / "fraud",
            lambda: NOW_MS,
            time.monotonic_ns,
            **told,
        )
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=run, args=(self._stop,), daemon=True) for _, run in self.path.parts()]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + WAIT_S
        while not self.path.is_ready:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        self.ends()
        for thread in self._threads:
            thread.join(WAIT_S)
        self.log.close()
        self.keyring.close()

    def grow_old(self, *tenants: str) -> None:
        """These tenants pay once a day, until their next payment is no young state's any more."""
        for tenant in tenants or ("alfa",):
            times = (
                NOW_MS - 1_000_000 - (LABEL_DELAY_D + YOUNG_D - day) * DAY_MS for day in range(LABEL_DELAY_D + YOUNG_D)
            )
            past = (
                payment(n, id=f"past-{n}", account=f"past-{n}", payee="past", time=to_text(time))
                for n, time in enumerate(times)
            )
            self.ask("payment", *past, tenant=tenant)

    def ends(self) -> None:
        self._stop.set()

    def tell(self, decision: str, outcome: str, count: int = 1) -> None:
        """Somebody tells what a decision was, so many times, and the path is told that they did."""
        told = OutcomeTold(decision=decision, tenant="alfa", outcome=outcome, known_ms=NOW_MS - 1_000_000, by="alfa")
        event = {"source": "/alfa", "actor": "alfa", "time_ms": NOW_MS, "recorded_ms": NOW_MS}
        at = self.log.size()
        self.log.append([catalogue.make(told, id=f"told-{at}-{n}", **event) for n in range(count)])
        self.path.learn([TOLD.put(decision, Told("alfa", outcome, NOW_MS - 1_000_000, "alfa"))], self.log.size())

    def asked(self, kind: str, *asked: dict[str, object], tenant: str = "alfa") -> "Future[list[object]]":
        """What will be the answers, as what their JSON says."""
        future: Future[list[object]] = Future()

        def done(answer: bytes) -> None:
            future.set_result(json.loads(answer)["items"])

        self.path.ask(tenant, kind, True, json.dumps(asked).encode(), done)
        return future

    def ask(self, kind: str, *asked: dict[str, object], tenant: str = "alfa") -> list[object]:
        return self.asked(kind, *asked, tenant=tenant).result(WAIT_S)

    def commits(self) -> list[DecisionsMade]:
        return [catalogue.read(each.event) for each in self.log.read(0)]


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[Running]:
    path = Running(folder, **settings)
    try:
        path.path.load()
        path.start()
        yield path
    finally:
        path.stop()


def payment(n: int, **fields: object) -> dict[str, object]:
    made = {"id": f"p{n}", "account": f"payer-{n % 7}", "payee": f"payee-{n % 5}", "amount": f"{n % 90 + 1}.50"}
    return made | {"time": to_text(NOW_MS - 1_000_000 + n * 1000), "currency": "KZT"} | fields


def call(n: int, **fields: object) -> dict[str, object]:
    """One that was connected before anybody asked."""
    made = {"id": f"c{n}", "caller": "+77272000000", "callee": f"+7701234{n:04d}", "trunk": "foreign", "seconds": 60}
    return made | {"time": to_text(NOW_MS - 1_000_000 + n * 1000)} | fields


def state_of(path: Running) -> dict[str, Array]:
    """What is in use of the state, but for its memos: they are noted elsewhere, and not in the same order."""
    return {name: part.copy() for name, part in in_use(path.path._judge.state).items() if name != "memo"}


def require_state(path: Running, state: dict[str, Array]) -> None:
    """What is in use of the state is what ``state_of`` gave."""
    for name, part in state_of(path).items():
        assert np.array_equal(part, state[name]), name
