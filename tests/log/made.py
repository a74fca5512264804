"""Events and a step, made for the tests of the log."""

from collections.abc import Iterator
from typing import Any

import msgspec

from saqta.log.port import Log
from saqta.log.tables import TableStore
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.command import Command, Context, Note
from saqta.model.errors import InputError, StateError
from saqta.model.event import Event, Recorded
from saqta.model.step import Outcome, Step, Table, Tables, commanded, follows

START_MS = 1_750_000_000_000
ALICE = Context(actor="user/alice", key="k1", now_ms=START_MS, purpose="shift")


def alert(n: int, *, source: str = "/cameras/C1", recorded_ms: int | None = None, confidence: float = 0.5) -> Event:
    """The ``n``-th alert of a camera."""
    return make(
        kinds.AlertRaised(kind="intrusion", camera="C1", at_s=float(n), confidence=confidence),
        id=f"alert-{n}",
        source=source,
        actor="camera/C1",
        time_ms=START_MS + n,
        recorded_ms=START_MS + n if recorded_ms is None else recorded_ms,
    )


def noted(n: int, incident: str = "I1", text: str = "seen") -> Event:
    """The ``n``-th note on an incident."""
    return make(
        kinds.IncidentNoted(incident=incident, text=text),
        id=f"note-{n}",
        source="/saqta/commands",
        actor="user/alice",
        time_ms=START_MS + n,
        recorded_ms=START_MS + n,
    )


def large(n: int, size_bytes: int) -> Event:
    """An event of a kind that nobody knows, of about that many bytes."""
    return Event(
        id=f"large-{n}",
        source="/partners/p1",
        type="org.example.large.v7",
        subject="large",
        time_ms=START_MS,
        recorded_ms=START_MS,
        actor="partner/p1",
        data=msgspec.Raw(b'"' + b"x" * (size_bytes - 300) + b'"'),
    )


class Tally(msgspec.Struct, frozen=True):
    """How many alerts a camera raised, and the place of the newest."""

    alerts: int
    newest_seq: int


TALLIES = Table("tally_cameras", Tally)
NOTES = Table("tally_notes", kinds.IncidentNoted)


def _alert(tables: Tables, recorded: Recorded, record: kinds.AlertRaised) -> Outcome:
    """Counts, and opens an incident at every third alert; refuses those without a confidence, as a real step might."""
    if record.confidence is None:
        raise InputError("confidence", None, "a number")
    before = tables.get(TALLIES, str(record.camera)) or Tally(0, 0)
    after = Tally(before.alerts + 1, recorded.seq)
    opened = kinds.IncidentNoted(incident=str(after.alerts), text=recorded.event.key)
    return Outcome(
        changes=(TALLIES.put(str(record.camera), after),),
        events=follows("tally", recorded, opened) if after.alerts % 3 == 0 else (),
    )


def _note(tables: Tables, recorded: Recorded, record: kinds.IncidentNoted) -> Outcome:
    if record.text == "forget":
        return Outcome(changes=tuple(NOTES.delete(key) for key, _ in _notes_of(tables, record.incident)))
    return Outcome(changes=(NOTES.put(f"{record.incident}/{recorded.seq:06d}", record),))


def _notes_of(tables: Tables, incident: str) -> Iterator[tuple[str, Any]]:
    return tables.scan(NOTES, f"{incident}/")


def _decide(tables: Tables, command: Command, context: Context) -> Outcome:
    """Takes a note once for each incident and text."""
    assert isinstance(command, Note)
    notes = [note for _, note in _notes_of(tables, command.incident)]
    if any(note.text == command.text for note in notes):
        raise StateError(f"incident/{command.incident}", "has that note")
    record = kinds.IncidentNoted(incident=command.incident, text=command.text)
    return Outcome(
        events=commanded(context, record, record), expected={f"incident/{command.incident}": _seq(tables, command)}
    )


def _seq(tables: Tables, command: Note) -> int:
    return max((int(key.rpartition("/")[2]) for key, _ in _notes_of(tables, command.incident)), default=0)


STEP = Step(
    name="tally",
    tables=(TALLIES, NOTES),
    folds={kinds.AlertRaised: _alert, kinds.IncidentNoted: _note},
    decide=_decide,
)


def unreadable(n: int) -> Event:
    """An alert without the number that the step needs."""
    return msgspec.structs.replace(alert(n), data=msgspec.Raw(b'{"kind":"intrusion","camera":"C1"}'))


def digests(tables: TableStore) -> dict[str, str]:
    return {table.name: tables.digest(table) for table in STEP.tables}


def types(log: Log) -> list[str]:
    return [recorded.event.type.removeprefix("saqta.").removesuffix(".v1") for recorded in log.read(0)]
