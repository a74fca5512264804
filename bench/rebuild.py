"""Rebuilding the tables of all steps from a log of a real mix: seconds and memory, at 100,000 and 1,000,000 events.

The mix is a working city's: units that drive, cameras that count and raise alerts, incidents that these become, and a
desk that sends units to them and closes them. Every rebuild runs in a process of its own, on a file of its own.
"""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from saqta import correlate, dispatch, views
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner, rebuild
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import MemoryTables, SqliteTables
from saqta.model import command as commands
from saqta.model import kinds
from saqta.model.catalogue import make, read
from saqta.model.command import Command, Context, IncidentCommand
from saqta.model.errors import StateError
from saqta.model.event import Event
from saqta.model.place import Place
from saqta.model.terms import Disposition, UnitStatus

SIZES = (100_000, 1_000_000)
LIMIT_S = 60.0
LIMIT_MIB = 1024.0
STEPS = (correlate.STEP, dispatch.STEP, views.STEP)

CAMERAS, UNITS, GRID = 120, 40, 20
COUNTS_A_TICK, OCCURRENCE_EVERY_TICKS, ALERTS_EACH = 20, 2, 5
TICK_MS = 10_000
START_MS = 1_750_000_000_000


def run() -> list[dict[str, object]]:
    """Seconds and memory of the largest rebuild against their limits, and its time an event against the smallest's."""
    city = City(seed=1)
    while city.log.size() < max(SIZES):
        city.tick()
    measured = {size: _rebuilt(city.log, size) for size in SIZES}
    small, large = (measured[size] for size in SIZES)
    return [
        _record("rebuild", large.seconds, "s", "limit for 1,000,000 events", LIMIT_S),
        _record("rebuild-memory", large.peak_mib, "MiB", "limit", LIMIT_MIB),
        _record("rebuild-linear", large.us_an_event, "us/event", "at 100,000 events", small.us_an_event),
    ]


class Measured(msgspec.Struct):
    """One rebuild: its time and the most memory that its process held."""

    events: int
    seconds: float
    peak_mib: float

    @property
    def us_an_event(self) -> float:
        return self.seconds / self.events * 1e6


def _record(name: str, value: float, unit: str, reference: str, reference_value: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "reference": reference,
        "reference_value": round(reference_value, 2),
        "ratio": round(value / reference_value, 3),
    }


def _rebuilt(log: MemoryLog, size: int) -> Measured:
    """The first ``size`` events, written to a file and rebuilt from it in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        copy = SqliteLog(Path(folder) / "log.db", lambda: START_MS)
        for lines in _lines(log, size):
            copy.append_stored(lines)
        copy.close()
        done = subprocess.run([sys.executable, __file__, folder], stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Measured)


def _lines(log: MemoryLog, size: int) -> Iterator[list[bytes]]:
    seq = 0
    while seq < size:
        batch = log.read(seq, min(1_000, size - seq))
        seq = batch[-1].seq
        yield [recorded.stored for recorded in batch]


def _measure(data: Path) -> Measured:
    log, tables = SqliteLog(data / "log.db", lambda: START_MS), SqliteTables(data / "views.db")
    started = time.perf_counter()
    events = rebuild(STEPS, log, tables)
    seconds = time.perf_counter() - started
    tables.close()
    log.close()
    return Measured(events, seconds, _peak_mib())


def _peak_mib() -> float:
    """The most memory this process has held; ``getrusage`` would count that of the process that started it, too."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


class City:
    """A city at work, ten seconds a tick, through the real steps."""

    def __init__(self, seed: int) -> None:
        self.log = MemoryLog(lambda: START_MS)
        tables = MemoryTables()
        self._runners = {step.name: Runner(step, self.log, tables) for step in STEPS}
        self._random, self._now_ms, self._ticks, self._made, self._seen = Random(seed), START_MS, 0, 0, 0
        self._cameras = {f"C{n}": self._anywhere() for n in range(CAMERAS)}
        self._alerts: defaultdict[int, list[kinds.Record]] = defaultdict(list)
        self._orders: defaultdict[int, list[Command]] = defaultdict(list)
        self._handled: set[str] = set()
        self._append(_roads(), *(kinds.UnitRegistered(unit=f"U{n}", name=f"Unit {n}") for n in range(UNITS)))

    def tick(self) -> None:
        """What happens in ten seconds, and what the steps and the desk make of it."""
        self._ticks += 1
        self._now_ms += TICK_MS
        if self._ticks % OCCURRENCE_EVERY_TICKS == 0:
            self._occur()
        self._append(*self._driven(), *self._counted(), *self._alerts.pop(self._ticks, ()))
        self._settle()
        for command in self._orders.pop(self._ticks, ()):
            with suppress(StateError):  # The desk is refused now and then, as in life.
                self._order(command)
        self._settle()

    def _append(self, *records: kinds.Record) -> None:
        self.log.append([self._event(record) for record in records])

    def _event(self, record: kinds.Record) -> Event:
        self._made += 1
        moment = {"time_ms": self._now_ms, "recorded_ms": self._now_ms}
        return make(record, id=f"{self._made:08d}", source="/city", actor="city", **moment)

    def _order(self, command: Command) -> None:
        self._made += 1
        context = Context(actor="user/alice", key=str(self._made), now_ms=self._now_ms)
        self._runners["correlate" if isinstance(command, IncidentCommand) else "dispatch"].command(command, context)

    def _settle(self) -> None:
        """The steps take turns until none has anything to do; the desk looks at what they recommend."""
        while any([runner.catch_up() for runner in self._runners.values()]):
            for recorded in self.log.read(self._seen):
                self._seen = recorded.seq
                if recorded.event.type == "saqta.recommendation.made.v1":
                    self._handle(read(recorded.event))

    def _handle(self, recommended: Any) -> None:
        incident, unit = recommended.incident, recommended.unit
        if incident in self._handled:
            return
        self._handled.add(incident)
        self._orders[self._ticks + 1].append(commands.Acknowledge(incident=incident))
        if unit:
            self._orders[self._ticks + 1].append(commands.Assign(incident=incident, unit=unit))
            for ticks, status in ((2, UnitStatus.EN_ROUTE), (4, UnitStatus.ON_SCENE), (8, UnitStatus.AVAILABLE)):
                self._orders[self._ticks + ticks].append(commands.SetUnitStatus(unit=unit, status=status))
        close = commands.Close(incident=incident, disposition=self._random.choice([*Disposition]))
        self._orders[self._ticks + 9].append(close)

    def _occur(self) -> None:
        """Somebody climbs a fence: a camera raises some alerts, within a minute."""
        camera = self._random.choice([*self._cameras])
        for n in range(ALERTS_EACH):
            alert = kinds.AlertRaised(
                kind="intrusion",
                camera=camera,
                place=self._cameras[camera],
                box=(0.25, 0.5, 0.375, 0.75),
                at_s=self._ticks * 10.0 + n,
                confidence=0.9,
                reasons=("a person stayed in the yard for 2.4 s",),
                zone="yard",
                track=n,
            )
            self._alerts[self._ticks + n].append(alert)

    def _driven(self) -> Iterator[kinds.Record]:
        for n in range(UNITS):
            yield kinds.UnitPositioned(unit=f"U{n}", place=self._anywhere(), heading_deg=90.0, speed_kmh=38.5)

    def _counted(self) -> Iterator[kinds.Record]:
        until_s = self._ticks * 10.0
        for n in range(COUNTS_A_TICK):
            yield kinds.LineCounted(
                camera=f"C{(self._ticks * COUNTS_A_TICK + n) % CAMERAS}",
                line="gate",
                from_s=until_s - 60,
                until_s=until_s,
                forward={"car": self._random.randrange(30), "person": self._random.randrange(9)},
                backward={"car": self._random.randrange(30)},
            )

    def _anywhere(self) -> Place:
        return Place(51.1 + self._random.random() / 10, 71.4 + self._random.random() / 10)


def _roads() -> kinds.RoadsImported:
    """A grid of streets, each to be driven both ways."""
    at = {(x, y): f"{x}/{y}" for x in range(GRID) for y in range(GRID)}
    ways = [(at[x, y], at[to]) for x, y in at for to in ((x + 1, y), (x, y + 1)) if to in at]
    nodes = {name: Place(51.1 + y / 10 / GRID, 71.4 + x / 10 / GRID) for (x, y), name in at.items()}
    edges = [(a, b, 450.0, 40.0) for a, b in ways] + [(b, a, 450.0, 40.0) for a, b in ways]
    return kinds.RoadsImported(network="city", nodes=nodes, edges=tuple(edges))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_measure(Path(sys.argv[1]))))
