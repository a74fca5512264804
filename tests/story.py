"""Tells stories to the real steps over a real log in memory, and lets tests look at what came of them."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from saqta import correlate, dispatch, views
from saqta.fraud import lists
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner
from saqta.log.tables import MemoryTables
from saqta.model import kinds
from saqta.model.catalogue import make, read
from saqta.model.command import Command, Context, IncidentCommand, ListCommand
from saqta.model.event import Event, Recorded
from saqta.model.place import Place
from saqta.model.step import Row, Step, Table

START_MS = 1_780_000_000_000
HOME = Place(51.128, 71.430)
STEPS = (correlate.STEP, dispatch.STEP, lists.STEP, views.STEP)


def east(metres: float, of: Place = HOME) -> Place:
    """The place so far east of another, at about its latitude."""
    return Place(of.lat, of.lon + metres / 69_830)


class Story:
    """A log, its steps, and a clock that stands where the test puts it."""

    def __init__(self, steps: Sequence[Step] = STEPS) -> None:
        self.now_ms = START_MS
        self.log = MemoryLog(lambda: self.now_ms)
        self.tables = MemoryTables()
        self.runners = {step.name: Runner(step, self.log, self.tables) for step in steps}
        self._numbers = count(1)

    def tell(
        self,
        record: kinds.Record,
        at_s: float = 0,
        source: str = "/cameras",
        id: str | None = None,
        settle: bool = True,
        cause: str | None = None,
    ) -> str:
        """Appends an event of that time (seconds after the start); returns its key."""
        event = self.event(record, at_s, source, id, cause)
        self.log.append([event])
        if settle:
            self.settle()
        return event.key

    def event(
        self,
        record: kinds.Record,
        at_s: float = 0,
        source: str = "/cameras",
        id: str | None = None,
        cause: str | None = None,
    ) -> Event:
        time_ms = START_MS + round(at_s * 1000)
        return make(
            record,
            id=id or str(next(self._numbers)),
            source=source,
            actor="test/teller",
            time_ms=time_ms,
            recorded_ms=max(time_ms, self.now_ms),
            cause=cause,
        )

    def command(
        self, command: Command, at_s: float = 0, actor: str = "user/aru", key: str | None = None
    ) -> list[kinds.Record | None]:
        """Gives a command at that time; returns the records of the events that it caused."""
        context = Context(actor=actor, key=key or f"k{next(self._numbers)}", now_ms=START_MS + round(at_s * 1000))
        step = "correlate" if isinstance(command, IncidentCommand) else "dispatch"
        caused = self.runners["lists" if isinstance(command, ListCommand) else step].command(command, context)
        self.settle()
        return [read(recorded.event) for recorded in caused]

    def settle(self) -> None:
        """Lets every step take everything, and what follows from it."""
        while any([runner.catch_up() for runner in self.runners.values()]):
            pass

    def rows(self, table: Table[Row]) -> dict[str, Row]:
        return dict(self.tables.scan(table))

    def recorded(self) -> Iterator[Recorded]:
        seq = 0
        while batch := self.log.read(seq):
            yield from batch
            seq = batch[-1].seq

    def told(self, *wanted: type[Any]) -> list[Any]:
        """The records in the log that are of these types, in order."""
        return [record for at in self.recorded() if isinstance(record := read(at.event), wanted)]
