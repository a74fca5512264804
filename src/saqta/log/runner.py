"""Runs a step over the log: folds events into its tables, appends what follows, decides commands; and replays.

- A batch is folded, what follows from it is appended, then its rows and the cursor are committed together. A crash in
  between repeats the batch, and what it appends again are repeats by their ids.
- Where nothing changes and nothing follows, the cursor alone is committed, once in UNCOMMITTED_EVENTS_MAX events:
  after a crash a step looks at those again, and nothing follows again.
- An event that a step can't take, or that leads to one too large to keep, is put aside with its reason, as an event,
  and the step goes on. PUT_ASIDE_MAX in a row stop it, once they are on record: started again, it goes on behind them.
- Replaying and rebuilding fold what the log holds and append nothing that it holds.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from saqta.log.overlay import Overlay
from saqta.log.port import BATCH_EVENTS_MAX, Log, Reader
from saqta.log.tables import MemoryTables, TableStore
from saqta.model import catalogue, kinds
from saqta.model.command import Command, Context
from saqta.model.errors import (
    ContentConflict,
    DamageError,
    ForbiddenError,
    InputError,
    StateError,
    StepStopped,
    StorageError,
    VersionConflict,
)
from saqta.model.event import Event, Recorded, encode
from saqta.model.step import COMMANDS, Change, Decide, Step, follows

PUT_ASIDE_MAX = 100
"""So many events put aside in a row stop a step: then it is not the events that are at fault."""
REASON_CHARS_MAX = 500
COMMAND_TRIES_MAX = 5
"""A command is decided so many times while others move its subjects on."""
UNCOMMITTED_EVENTS_MAX = 1_000
"""A step's cursor in its tables may lie so many events behind the step, where none of them changed anything."""
REST_S = 0.02
"""A step that has taken what came rests for so long: what comes meanwhile it takes in one go."""
REBUILD_EVENTS_MAX = 10_000
"""A rebuild commits so many events at a time."""

NOT_TAKEN = (InputError, StateError, ForbiddenError, ValueError, LookupError, ArithmeticError, TypeError)
"""What a fold raises when it is the event that can't be taken; anything else is a fault of ours and stops the step."""


class Commit(NamedTuple):
    """What a step took: with ``changes``, each row once, the newest, its tables hold the log up to ``seq``.

    Where nothing changed, their cursor may lie behind.
    """

    seq: int
    changes: tuple[Change, ...]


class Runner:
    """One step over one log and its tables; every method may be called from any thread.

    ``on_commit`` is called after each batch, in order, whether or not it changed anything, by the thread that took it,
    once its changes are committed; it must not call the runner.
    """

    def __init__(
        self, step: Step, log: Log, tables: TableStore, on_commit: Callable[[Commit], None] | None = None
    ) -> None:
        """StorageError when the tables are ahead of the log: they belong to another."""
        self._step, self._log, self._tables, self._on_commit = step, log, tables, on_commit
        self._lock = threading.RLock()
        self._folding = _Folding(step)
        self._cursor = self._committed = tables.cursor(step.name)
        if self._cursor > log.size():
            raise StorageError(
                f"the tables of {step.name} are at seq {self._cursor}, the log ends at {log.size()}: "
                "they belong to another log; run: saqta log rebuild"
            )

    @property
    def seq(self) -> int:
        """The seq up to which the step has taken the log; its cursor in the tables may lie a little behind."""
        return self._cursor

    def catch_up(self) -> int:
        """Takes every event that the log holds now; returns how many. Raises StepStopped when the step can't go on."""
        taken = 0
        with self._lock:
            while batch := self._log.read(self._cursor):
                self._take(batch)
                taken += len(batch)
        return taken

    def run(self, stop: threading.Event) -> None:
        """Takes events as they come, until ``stop`` is set. Blocks; raises as ``catch_up``."""
        for batch in self._log.follow(self._cursor, stop):
            with self._lock:
                self._take([recorded for recorded in batch if recorded.seq > self._cursor])
            stop.wait(REST_S)
        with self._lock:
            if self._committed < self._cursor:
                self._commit(Commit(self._cursor, ()))

    def command(self, command: Command, context: Context) -> list[Recorded]:
        """Decides a command on tables that hold the whole log; returns its events when the step has taken them too.

        The same command again (same actor and key) returns the events it caused the first time. Raises what the
        step's ``decide`` raises, and VersionConflict after COMMAND_TRIES_MAX tries.
        """
        if self._step.decide is None:
            raise TypeError(f"the step {self._step.name} decides no commands")
        with self._lock:
            self.catch_up()
            if before := self._caused(context):
                return before
            self._decide(self._step.decide, command, context)
            self.catch_up()
            return self._caused(context)

    def _decide(self, decide: Decide, command: Command, context: Context, tries: int = COMMAND_TRIES_MAX) -> None:
        outcome = decide(self._tables, command, context)
        try:
            self._log.append(outcome.events, outcome.expected)
        except VersionConflict:
            if tries == 1:
                raise
            self.catch_up()
            self._decide(decide, command, context, tries - 1)

    def _caused(self, context: Context) -> list[Recorded]:
        events: list[Recorded] = []
        while found := self._log.find(COMMANDS, context.event_id(len(events))):
            events.append(found)
        return events

    def _take(self, batch: Sequence[Recorded]) -> None:
        if not batch:
            return
        overlay, folding = Overlay(self._tables, self._step.tables), self._folding
        follow: list[Event] = []
        for recorded in batch:
            follow += folding.fold(overlay, recorded)
            if folding.is_stopped:
                break
        _append(self._log, follow)
        commit = Commit(recorded.seq, overlay.changes())
        if commit.changes or follow or commit.seq - self._committed >= UNCOMMITTED_EVENTS_MAX:
            self._commit(commit)
        self._cursor = commit.seq
        if self._on_commit:
            self._on_commit(commit)
        if folding.is_stopped:
            self._folding = _Folding(self._step)
            raise StepStopped(self._step.name, commit.seq, folding.put_aside, folding.reason)

    def _commit(self, commit: Commit) -> None:
        self._tables.commit(self._step.name, *commit)
        self._committed = commit.seq


def rebuild(
    steps: Sequence[Step], log: Log, tables: TableStore, progress: Callable[[int, int], None] = lambda seq, size: None
) -> int:
    """Empties the steps' tables and folds the whole log into them again; returns up to which seq. Blocks.

    No runner of these steps may be at work. Appends only what a step owed when it crashed: events that follow from
    the log and don't stand in it. ``progress`` is told (seq, size) after each commit.
    """
    for step in steps:
        tables.clear(step.name, step.tables)
    size = log.size()
    owed: dict[str, Event] = {}
    for batch in _batches(log, size):
        for step in steps:
            overlay = Overlay(tables, step.tables)
            owed |= _fold_again(step, overlay, batch)
            tables.commit(step.name, batch[-1].seq, overlay.changes())
        for recorded in batch:
            owed.pop(recorded.event.key, None)
        progress(batch[-1].seq, size)
    _append(log, list(owed.values()))
    return size


def replay(log: Reader, steps: Sequence[Step], until_ms: int | None = None) -> dict[str, str]:
    """The digest of each of the steps' tables, folded in memory from what was recorded by ``until_ms``."""
    tables = MemoryTables()
    for batch in _batches(log, log.size()):
        known = [recorded for recorded in batch if until_ms is None or recorded.event.recorded_ms <= until_ms]
        for step in steps:
            overlay = Overlay(tables, step.tables)
            _fold_again(step, overlay, known)
            tables.commit(step.name, batch[-1].seq, overlay.changes())
    return {table.name: tables.digest(table) for step in steps for table in step.tables}


class _Folding:
    """Folds events one after the other; ``put_aside`` in a row could not be taken, the last because of ``reason``."""

    def __init__(self, step: Step) -> None:
        self._name = step.name
        self._folds = {catalogue.TYPE_OF[record]: fold for record, fold in step.folds.items()}
        self.put_aside, self.reason = 0, ""

    @property
    def is_stopped(self) -> bool:
        """Whether so many are put aside that the step must not go on."""
        return self.put_aside >= PUT_ASIDE_MAX

    def fold(self, overlay: Overlay, recorded: Recorded) -> tuple[Event, ...]:
        """Puts the event's changes into ``overlay``; returns the events that follow from it."""
        fold = self._folds.get(recorded.event.type)
        if fold is None:
            return ()
        try:
            outcome = fold(overlay, recorded, catalogue.read(recorded.event))
            for event in outcome.events:
                encode(event)  # What follows has to fit into the log, or its cause can't be taken.
        except NOT_TAKEN as error:
            return self._aside(recorded, f"{type(error).__name__}: {error}"[:REASON_CHARS_MAX])
        self.put_aside = 0
        overlay.put(outcome.changes)
        return outcome.events

    def _aside(self, recorded: Recorded, reason: str) -> tuple[Event, ...]:
        self.put_aside, self.reason = self.put_aside + 1, reason
        return follows(self._name, recorded, kinds.EventPutAside(step=self._name, seq=recorded.seq, reason=reason))


def _fold_again(step: Step, overlay: Overlay, batch: Iterable[Recorded]) -> dict[str, Event]:
    """Folds without appending; returns the events that follow, by their keys."""
    folding = _Folding(step)
    return {event.key: event for recorded in batch for event in folding.fold(overlay, recorded)}


def _append(log: Log, events: Sequence[Event]) -> None:
    """Appends what follows; an event that stands there with other content stays as it is, its refusal is recorded."""
    for start in range(0, len(events), BATCH_EVENTS_MAX):
        batch = events[start : start + BATCH_EVENTS_MAX]
        try:
            log.append(batch)
        except ContentConflict:
            for event in batch:
                with suppress(ContentConflict):
                    log.append([event])


def _batches(log: Reader, size: int) -> Iterator[list[Recorded]]:
    """All events up to ``size``; DamageError where the log ends before."""
    seq = 0
    while seq < size:
        batch = log.read(seq, min(REBUILD_EVENTS_MAX, size - seq))
        if not batch:
            raise DamageError(f"the log has {size} events and gives none after seq {seq}; run: saqta log verify")
        seq = batch[-1].seq
        yield batch
