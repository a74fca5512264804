"""A camera node that runs in a thread, and the desk that takes its events in."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge import deadly
from edge.rendered import Walker
from edge.telling import tells_at_once, tells_fixtures
from saqta import registry
from saqta.edge.node import CameraNode
from saqta.edge.plugins import Plugins
from saqta.model import catalogue
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised, Record

HAZARDS = {
    "exit": deadly.exits,
    "raise": deadly.raises,
    "bomb": deadly.dies_while_decoding,
    "slow": deadly.opens_slowly,
    "stall": deadly.stalls,
}
PLUGINS = Plugins(registry.SOURCES | HAZARDS, registry.DETECTORS | {"told": tells_fixtures}, registry.MODELS)
EAGER = Plugins(registry.SOURCES, {"eager": tells_at_once}, registry.MODELS)
WAIT_S = 30.0
WALK = [Walker((-0.1, 0.8), (1.1, 0.8), 2, 10)]
YARD: dict[str, Any] = {
    "lines": {"middle": (0.5, 0.0, 0.5, 1.0)},
    "zones": {"yard": ((0.2, 0.5), (1.0, 0.5), (1.0, 1.0), (0.2, 1.0))},
    "restricted": ("yard",),
    "after_s": 1.0,
}


class Desk:
    """Takes events in, and waits for them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = threading.Condition()

    def deliver(self, events: list[Event]) -> None:
        with self._came:
            self.events += events
            self._came.notify_all()

    def records(self, camera: str) -> list[Record | None]:
        return [catalogue.read(event) for event in self.events if event.source == f"/saqta/cameras/{camera}"]

    def wait_for(self, camera: str, wanted: Callable[[list[Record | None]], bool]) -> list[Record | None]:
        with self._came:
            assert self._came.wait_for(lambda: wanted(self.records(camera)), WAIT_S), self.records(camera)
        return self.records(camera)


class Running:
    """A node that runs in a thread of its own; ``stop`` raises what it raised."""

    def __init__(self, node: CameraNode) -> None:
        self.status, self.hear = node.status, node.hear
        self._run, self._stop = node.run, threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._guarded)
        self._thread.start()

    def _guarded(self) -> None:
        try:
            self._run(self._stop)
        except Exception as error:  # noqa: BLE001 - the test gets it
            self._failure = error

    def ended(self) -> Exception | None:
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        failure, self._failure = self._failure, None
        return failure

    def stop(self) -> None:
        self._stop.set()
        failure = self.ended()
        if failure is not None:
            raise failure


def has(kind: type[Record], times: int = 1) -> Callable[[list[Record | None]], bool]:
    return lambda records: sum(isinstance(record, kind) for record in records) >= times


def alerts_of(records: list[Record | None]) -> list[str]:
    """The kinds of the alerts among records."""
    return [record.kind for record in records if isinstance(record, AlertRaised)]


def children() -> set[int]:
    """The processes that the main thread started."""
    return {
        int(pid) for pid in Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split()
    }


def command(pid: int) -> bytes:
    """The command line of a process; nothing where there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found
