"""Tables rebuilt from the log, and a log replayed to a moment."""

from typing import Any

import pytest

from log.made import ALICE, START_MS, STEP, alert, digests, noted, types, unreadable
from saqta.log import runner as module
from saqta.log.port import BATCH_EVENTS_MAX, Log
from saqta.log.runner import Runner, rebuild, replay
from saqta.log.tables import MemoryTables, TableStore
from saqta.model import kinds
from saqta.model.command import Note
from saqta.model.errors import DamageError
from saqta.model.event import Event
from saqta.model.step import Outcome


def busy(log: Log, tables: TableStore) -> Runner:
    """A log and tables in which everything has happened."""
    runner = Runner(STEP, log, tables)
    log.append([*[alert(n) for n in range(30)], unreadable(100), noted(1), noted(2, text="forget"), noted(3)])
    runner.catch_up()
    runner.command(Note(incident="I7", text="hello"), ALICE)
    return runner


def test_rebuilt_tables_are_equal_and_nothing_is_appended(log: Log, tables: TableStore) -> None:
    busy(log, tables)
    live, root = digests(tables), log.root()
    told: list[tuple[int, int]] = []
    assert rebuild([STEP], log, tables, lambda seq, size: told.append((seq, size))) == log.size()
    assert digests(tables) == live
    assert log.root() == root
    assert tables.cursor("tally") == log.size()
    assert told == [(log.size(), log.size())]
    fresh = MemoryTables()
    rebuild([STEP], log, fresh)
    assert digests(fresh) == live


def test_a_rebuild_goes_in_batches(log: Log, tables: TableStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REBUILD_EVENTS_MAX", 7)
    busy(log, tables)
    live, told = digests(tables), []
    rebuild([STEP], log, tables, lambda seq, size: told.append(seq))
    assert told == [*range(7, log.size(), 7), log.size()]
    assert digests(tables) == live


def test_a_log_that_ends_before_its_size_is_damage(
    log: Log, tables: TableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([alert(1), alert(2)])
    monkeypatch.setattr(log, "size", lambda: 3)
    for fold in (lambda: rebuild([STEP], log, tables), lambda: replay(log, [STEP])):
        with pytest.raises(DamageError, match="3 events and gives none after seq 2"):
            fold()


def test_a_rebuild_appends_what_a_step_owed(log: Log, tables: TableStore) -> None:
    log.append([*[alert(n) for n in range(7)], unreadable(9)])
    rebuild([STEP], log, tables)
    assert types(log)[8:] == ["incident.noted", "incident.noted", "event.put_aside"]
    Runner(STEP, log, tables).catch_up()
    live = digests(tables)
    rebuild([STEP], log, tables)
    assert (log.size(), digests(tables)) == (11, live)


def test_a_step_may_owe_more_than_one_append_takes(log: Log, tables: TableStore) -> None:
    eager = STEP._replace(
        folds={kinds.AlertRaised: lambda tables, recorded, record: Outcome(events=followers(recorded))}
    )

    def followers(recorded: Any) -> tuple[Event, ...]:
        return tuple(alert(n, source="/saqta/tally") for n in range(BATCH_EVENTS_MAX + 1)) if recorded.seq == 1 else ()

    log.append([alert(1)])
    rebuild([eager], log, tables)
    assert log.size() == BATCH_EVENTS_MAX + 2


def test_a_replay_tells_the_digests_and_writes_nothing(log: Log, tables: TableStore) -> None:
    busy(log, tables)
    size = log.size()
    assert replay(log, [STEP]) == digests(tables)
    assert log.size() == size


def test_a_replay_until_a_moment_is_as_it_was_known_then(log: Log, tables: TableStore) -> None:
    log.append([alert(n) for n in range(10)])
    Runner(STEP, log, tables).catch_up()
    then = digests(tables)
    until_ms = START_MS + 9
    log.append([alert(n) for n in range(10, 20)])
    Runner(STEP, log, tables).catch_up()
    assert replay(log, [STEP], until_ms) == then
    assert replay(log, [STEP], START_MS - 1) == digests(MemoryTables())
