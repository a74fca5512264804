"""A step: tables, and pure functions that fold events into them and answer with new events.

A fold gets the tables as they stand and one event; it returns which rows change and which events follow. It never
reads a clock, a file or a random number, so the same log always gives the same tables and the same events.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from saqta.model.catalogue import make
from saqta.model.command import Command, Context
from saqta.model.errors import StateError
from saqta.model.event import Event, Recorded, derive_id
from saqta.model.kinds import Record

Row = TypeVar("Row", bound=msgspec.Struct)


class Table(msgspec.Struct, Generic[Row], frozen=True):
    """A named table of rows of one type, keyed by text; names are unique over all steps (``step_rows``)."""

    name: str
    row: type[Row]

    def put(self, key: str, row: Row) -> "Change":
        return Change(self.name, key, row)

    def delete(self, key: str) -> "Change":
        return Change(self.name, key, None)


class Change(NamedTuple):
    """One row put, or taken away where ``row`` is None."""

    table: str
    key: str
    row: msgspec.Struct | None


class Tables(Protocol):
    """The rows as they stand; what a fold or a page may read."""

    def get(self, table: Table[Row], key: str) -> Row | None:
        """The row under ``key``."""
        ...

    def scan(
        self, table: Table[Row], prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Row]]:
        """Rows whose key starts with ``prefix`` and sorts after ``after``, in the order of their keys."""
        ...


class Outcome(NamedTuple):
    """What follows from one event or one command.

    ``expected`` holds, for the subjects the decision looked at, the versions it saw (the seq of a subject's newest
    event, 0 for none): the log refuses the events as a whole when one has moved on.
    """

    changes: tuple[Change, ...] = ()
    events: tuple[Event, ...] = ()
    expected: Mapping[str, int] = {}


NOTHING = Outcome()
Fold = Callable[[Tables, Recorded, Any], Outcome]
"""(tables, recorded event, its typed record) → what follows; ``expected`` is not used here."""
Decide = Callable[[Tables, Command, Context], Outcome]
"""(tables, command, who asks) → events and expected versions; StateError or InputError when refused."""


class Step(NamedTuple):
    """One step: its name, its tables, a fold for each kind it takes, and how it decides commands, if it does."""

    name: str
    tables: tuple[Table[Any], ...]
    folds: Mapping[type[Record], Fold]
    decide: Decide | None = None


COMMANDS = "/saqta/commands"
"""The source of events that a command made."""
COMMAND_DIGEST = "commanddigest"
"""The attribute of such an event that tells which command it was."""


def follows(step: str, cause: Recorded, *records: Record) -> tuple[Event, ...]:
    """The events of a step's fold, in the order of ``records``: a crash and a rebuild make them the same again.

    They happen when we come to know of their cause: whoever sent it has no say in that, and it may have come late.
    One cause has at most one event of a type and subject, which is what the ids are derived from.
    """
    event, name = cause.event, f"saqta/{step}"
    return tuple(
        msgspec.structs.replace(made, id=derive_id(event.key, made.type, made.subject))
        for made in (
            make(
                record,
                id="",
                source=f"/{name}",
                actor=name,
                time_ms=event.recorded_ms,
                recorded_ms=event.recorded_ms,
                cause=event.key,
            )
            for record in records
        )
    )


def require_seen(subject: str, seen: int | None, version: int) -> None:
    """StateError where a subject has moved on since somebody read it."""
    if seen not in (None, version):
        raise StateError(subject, "has changed since it was read: read it again")


def commanded(context: Context, *records: Record) -> tuple[Event, ...]:
    """The events of a command, in the order of ``records``."""
    return tuple(
        make(
            record,
            id=context.event_id(n),
            source=COMMANDS,
            actor=context.actor,
            time_ms=context.now_ms,
            recorded_ms=context.now_ms,
            purpose=context.purpose,
            extensions={COMMAND_DIGEST: context.digest} if context.digest else None,
        )
        for n, record in enumerate(records)
    )
