"""A program that takes alerts and commands through the real steps until it is killed; says what was acknowledged.

Started as ``python -m log.killed FOLDER ROUND``; each line on standard output is the id of an event that is durable.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from saqta.log.checkpoints import Checkpointer
from saqta.log.runner import Runner
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import SqliteTables
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.command import (
    Acknowledge,
    Assign,
    Close,
    Command,
    Context,
    IncidentCommand,
    Note,
    OpenIncident,
    SetUnitStatus,
)
from saqta.model.errors import StateError, VersionConflict
from saqta.model.event import Event, derive_id
from saqta.model.terms import Disposition, Priority, UnitStatus
from saqta.views.tables import BOARD
from story import START_MS, STEPS, east

WRITERS = 3
UNITS = ("A", "B")
CAMERAS = 40
PAUSE_S = 0.02
"""A writer rests so long after an append, so that checking what it wrote does not take minutes."""


def main(data: Path, round_: int) -> None:
    threading.excepthook = end
    log, tables = SqliteLog(data / "log.db", lambda: START_MS), SqliteTables(data / "views.db")
    runners = {step.name: Runner(step, log, tables) for step in STEPS}
    log.append([event(record, f"city-{n}", START_MS) for n, record in enumerate(city())])
    settle(runners)
    never = threading.Event()
    for run in (Checkpointer(data, log, every_s=0.05).run, *(runner.run for runner in runners.values())):
        threading.Thread(target=run, args=(never,), daemon=True).start()

    def write(writer: int) -> None:
        for n in count():
            at_ms = START_MS + (round_ * 1_000 + n) * 1_000
            alerts = [
                event(
                    kinds.AlertRaised(kind="intrusion", camera=f"C{(7 * n + 13 * writer + k) % CAMERAS}"),
                    f"alert-{round_}-{writer}-{n}-{k}",
                    at_ms + k,
                )
                for k in range(1 + n % 3)
            ]
            log.append(alerts)
            acknowledge(alerts)
            time.sleep(PAUSE_S)

    def ask(unit: str) -> None:
        for n in count():
            now_ms = START_MS + (round_ * 1_000 + n) * 1_000
            seen = next((key for key, row in tables.scan(BOARD) if not row.units and row.closed_ms is None), "")
            for k, command in enumerate(
                shift(unit, seen, derive_id(f"command/user/{unit}#{round_}-{n}-1", "incident"))
            ):
                context = Context(actor=f"user/{unit}", key=f"{round_}-{n}-{k}", now_ms=now_ms)
                step = "correlate" if isinstance(command, IncidentCommand) else "dispatch"
                with suppress(StateError, VersionConflict):  # The other dispatcher was faster.
                    acknowledge([recorded.event for recorded in runners[step].command(command, context)])

    threads = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(WRITERS)]
    threads += [threading.Thread(target=ask, args=(unit,), daemon=True) for unit in UNITS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def city() -> Iterator[kinds.Record]:
    """A road with cameras and units along it."""
    yield kinds.RoadsImported(
        network="road",
        nodes={str(n): east(n * 500) for n in range(-10, 11)},
        edges=tuple((str(n), str(n + step), 500.0, 36.0) for n in range(-9, 10) for step in (-1, 1)),
    )
    for n in range(CAMERAS):
        place = east(n * 200 - 4_000)
        yield kinds.CameraRegistered(camera=f"C{n}", name=f"Camera {n}", source="rtsp://camera.example", place=place)
    for unit, metres in zip(UNITS, (400, -900), strict=True):
        yield kinds.UnitRegistered(unit=unit, name=f"Unit {unit}", capabilities=("patrol",), place=east(metres))


def shift(unit: str, seen: str, called: str) -> Iterator[Command]:
    """What a dispatcher does with a call, and with an incident that the cameras have seen."""
    yield SetUnitStatus(unit=unit, status=UnitStatus.AVAILABLE)
    yield OpenIncident(kind="fight", title="A fight", priority=Priority.P2, place=east(300))
    for incident in filter(None, (called, seen)):
        yield Acknowledge(incident=incident)
        yield Assign(incident=incident, unit=unit)
        yield SetUnitStatus(unit=unit, status=UnitStatus.EN_ROUTE)
        yield SetUnitStatus(unit=unit, status=UnitStatus.ON_SCENE)
        yield Note(incident=incident, text="quiet again")
        yield Close(incident=incident, disposition=Disposition.CONFIRMED)


def event(record: kinds.Record, id: str, time_ms: int) -> Event:
    return make(record, id=id, source="/cameras", actor="camera/all", time_ms=time_ms, recorded_ms=time_ms)


def settle(runners: dict[str, Runner]) -> None:
    """Lets every step take everything, and what follows from it."""
    while any([runner.catch_up() for runner in runners.values()]):
        pass


def end(failed: threading.ExceptHookArgs) -> None:
    """A part that raises ends the program, before it is killed: the test sees it."""
    sys.__excepthook__(failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback)
    os._exit(1)


def acknowledge(events: list[Event]) -> None:
    os.write(1, "".join(f"{each.id}\n" for each in events).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
