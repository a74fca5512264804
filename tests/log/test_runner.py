"""Steps over the log: batches, crashes, events put aside, commands, rebuilds and replays."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from log.made import ALICE, NOTES, START_MS, STEP, TALLIES, Tally, alert, digests, large, noted, types, unreadable
from saqta.log import runner as module
from saqta.log.memory import MemoryLog
from saqta.log.port import Log
from saqta.log.runner import Commit, Runner, rebuild
from saqta.log.tables import MemoryTables, TableStore
from saqta.model import catalogue, kinds
from saqta.model.command import Note
from saqta.model.errors import StateError, StepStopped, StorageError, VersionConflict
from saqta.model.event import EVENT_BYTES_MAX, Event
from saqta.model.step import NOTHING, Outcome, follows


def events(log: Log) -> Iterator[Event]:
    seq = 0
    while batch := log.read(seq):
        yield from (recorded.event for recorded in batch)
        seq = batch[-1].seq


def test_a_step_takes_what_the_log_holds(log: Log, tables: TableStore) -> None:
    runner = Runner(STEP, log, tables)
    assert runner.catch_up() == 0
    log.append([alert(n) for n in range(7)])
    assert runner.catch_up() == 9
    assert tables.get(TALLIES, "C1") == Tally(7, 7)
    assert tables.cursor("tally") == log.size() == 9
    [first, second] = log.read(7)
    assert first.event.cause == "/cameras/C1#alert-2"
    assert (first.event.actor, first.event.source) == ("saqta/tally", "/saqta/tally")
    assert (first.event.time_ms, second.event.recorded_ms) == (START_MS + 2, START_MS + 5)
    assert runner.catch_up() == 0


def test_more_events_than_one_batch(log: Log, tables: TableStore) -> None:
    log.append([alert(n) for n in range(2_500)])
    assert Runner(STEP, log, tables).catch_up() == 2_500 + 2_500 // 3
    assert tables.get(TALLIES, "C1") == Tally(2_500, 2_500)


def test_who_listens_hears_each_row_once_a_commit(log: Log, tables: TableStore) -> None:
    commits: list[Commit] = []
    log.append([alert(n) for n in range(4)])
    runner = Runner(STEP, log, tables, commits.append)
    runner.catch_up()
    assert [commit.seq for commit in commits] == [4, 5]
    assert commits[0].changes == (TALLIES.put("C1", Tally(4, 4)),)
    assert [change.table for change in commits[1].changes] == [NOTES.name]
    copy = MemoryTables()
    for commit in commits:
        copy.commit("tally", *commit)
    assert digests(copy) == digests(tables)


def test_a_step_runs_until_it_is_stopped(log: Log, tables: TableStore) -> None:
    stop, six = threading.Event(), threading.Event()

    def hear(commit: Commit) -> None:
        if commit.seq >= 8:
            six.set()

    runner = Runner(STEP, log, tables, hear)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(runner.run, stop)
        for n in range(6):
            log.append([alert(n)])
            runner.catch_up()
        assert six.wait(10)
        stop.set()
        running.result(10)
    assert tables.get(TALLIES, "C1") == Tally(6, 7)


@pytest.mark.parametrize("dies_at", ["append", "commit"])
def test_a_crash_between_append_and_commit_repeats_the_batch(
    log: Log, tables: TableStore, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    class Crash(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Crash

    log.append([alert(n) for n in range(4)])
    with monkeypatch.context() as patch:
        patch.setattr(*{"append": (log, "append"), "commit": (tables, "commit")}[dies_at], die)
        with pytest.raises(Crash):
            Runner(STEP, log, tables).catch_up()
    assert log.size() == (4 if dies_at == "append" else 5)
    assert tables.cursor("tally") == 0
    Runner(STEP, log, tables).catch_up()
    assert log.size() == 5
    assert tables.get(TALLIES, "C1") == Tally(4, 4)


def test_what_follows_under_a_known_name_with_other_content_leaves_the_old_one(log: Log, tables: TableStore) -> None:
    """As after an upgrade that words its events anew: history stays, and the refusal is there to be seen."""
    log.append([alert(n) for n in range(7)])
    Runner(STEP, log, tables).catch_up()
    [first, second] = log.read(7)
    reworded = catalogue.make(
        kinds.IncidentNoted(incident="3", text="reworded"),
        id=first.event.id,
        source=first.event.source,
        actor="saqta/tally",
        time_ms=first.event.time_ms,
        recorded_ms=first.event.recorded_ms,
        cause=first.event.cause,
    )
    other = MemoryLog(lambda: 0)
    other.append([*[alert(n) for n in range(7)], reworded])
    Runner(STEP, other, MemoryTables()).catch_up()
    assert types(other)[7:] == ["incident.noted", "event.refused", "incident.noted"]
    assert other.read(7)[0].event == reworded
    assert other.read(9)[0].event.key == second.event.key


def test_an_event_that_can_not_be_taken_is_put_aside(log: Log, tables: TableStore) -> None:
    wrong = msgspec.structs.replace(alert(8), data=msgspec.Raw(b'{"kind":7}'))
    log.append([alert(1), unreadable(2), wrong, alert(3)])
    Runner(STEP, log, tables).catch_up()
    assert tables.get(TALLIES, "C1") == Tally(2, 4)
    aside = [catalogue.read(recorded.event) for recorded in log.read(4)]
    assert [(record.step, record.seq) for record in aside] == [("tally", 2), ("tally", 3)]
    assert aside[0].reason == "InputError: confidence: got None, expected a number"
    assert "Expected `str`, got `int`" in aside[1].reason
    assert log.read(4)[0].event.cause == "/cameras/C1#alert-2"


def test_a_fault_of_the_step_itself_stops_it(log: Log, tables: TableStore) -> None:
    def broken(*_: Any) -> Outcome:
        raise RuntimeError("a fault of ours")

    log.append([alert(1)])
    runner = Runner(STEP._replace(folds={kinds.AlertRaised: broken}), log, tables)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        runner.catch_up()
    assert log.size() == 1


def test_an_event_that_leads_to_one_too_large_to_keep_is_put_aside(log: Log, tables: TableStore) -> None:
    fold = STEP.folds[kinds.AlertRaised]

    def wordy(tables: Any, recorded: Any, record: Any) -> Outcome:
        text = "x" * (EVENT_BYTES_MAX if record.confidence == 1 else 10)
        answer = follows("tally", recorded, kinds.IncidentNoted(incident="I1", text=text))
        return fold(tables, recorded, record)._replace(events=answer)

    step = STEP._replace(folds={**STEP.folds, kinds.AlertRaised: wordy})
    log.append([alert(1), alert(2, confidence=1), alert(3)])
    Runner(step, log, tables).catch_up()
    assert tables.get(TALLIES, "C1") == Tally(2, 3)
    assert types(log)[3:] == ["incident.noted", "event.put_aside", "incident.noted"]
    aside = catalogue.read(log.read(4)[0].event)
    assert aside.seq == 2
    assert aside.reason.endswith(f"at most {EVENT_BYTES_MAX} bytes")
    live, root = digests(tables), log.root()
    rebuild([step], log, tables)
    assert (digests(tables), log.root()) == (live, root)
    owing = MemoryLog(lambda: 0)
    owing.append([alert(1), alert(2, confidence=1), alert(3)])
    rebuild([step], owing, MemoryTables())
    assert owing.root() == root


def test_too_many_put_aside_in_a_row_stop_the_step_once_they_are_on_record(log: Log, tables: TableStore) -> None:
    most = module.PUT_ASIDE_MAX
    log.append([*[unreadable(n) for n in range(most - 1)], alert(1000)])
    log.append([unreadable(2000 + n) for n in range(most - 1)])
    log.append([noted(1), *[unreadable(3000 + n) for n in range(most)], alert(4000)])
    commits: list[Commit] = []
    last = 3 * most
    with pytest.raises(StepStopped, match=f"tally stopped at seq {last}: it could not take {most} events in a row"):
        Runner(STEP, log, tables, commits.append).catch_up()
    assert tables.cursor("tally") == commits[-1].seq == last
    assert tables.get(TALLIES, "C1") == Tally(1, most)
    asides = [read for read in map(catalogue.read, events(log)) if isinstance(read, kinds.EventPutAside)]
    assert len(asides) == 3 * most - 2
    assert asides[-1].seq == last

    Runner(STEP, log, tables).catch_up()
    assert tables.get(TALLIES, "C1") == Tally(2, last + 1)
    live, size = digests(tables), log.size()
    rebuild([STEP], log, tables)
    assert (digests(tables), log.size()) == (live, size)


def test_a_step_that_stopped_counts_anew(log: Log, tables: TableStore) -> None:
    runner = Runner(STEP, log, tables)
    log.append([unreadable(n) for n in range(2 * module.PUT_ASIDE_MAX)])
    for stops in (1, 2):
        with pytest.raises(StepStopped, match="expected a number; they are put aside in the log: start again"):
            runner.catch_up()
        assert tables.cursor("tally") == stops * module.PUT_ASIDE_MAX
    runner.catch_up()
    assert runner.seq == log.size()


def test_tables_of_another_log_are_refused(log: Log, tables: TableStore) -> None:
    tables.commit("tally", 5, [])
    with pytest.raises(StorageError, match="at seq 5, the log ends at 0"):
        Runner(STEP, log, tables)


def test_a_command_answers_with_the_events_that_the_step_has_taken(log: Log, tables: TableStore) -> None:
    runner = Runner(STEP, log, tables)
    events = runner.command(Note(incident="I1", text="hello"), ALICE)
    assert [recorded.seq for recorded in events] == [1, 2]
    assert {recorded.event.actor for recorded in events} == {"user/alice"}
    assert {recorded.event.purpose for recorded in events} == {"shift"}
    assert tables.cursor("tally") == 2


def test_the_same_command_again_answers_the_same(log: Log, tables: TableStore) -> None:
    runner = Runner(STEP, log, tables)
    first = runner.command(Note(incident="I1", text="hello"), ALICE)
    assert runner.command(Note(incident="I1", text="hello"), ALICE) == first
    assert log.size() == 2
    with pytest.raises(StateError, match="has that note"):
        runner.command(Note(incident="I1", text="hello"), msgspec.structs.replace(ALICE, key="k2"))
    bob = msgspec.structs.replace(ALICE, actor="user/bob")
    assert [recorded.seq for recorded in runner.command(Note(incident="I2", text="hello"), bob)] == [3, 4]


def test_a_command_is_decided_again_when_its_subject_moved_on(log: Log, tables: TableStore) -> None:
    decided: list[int] = []
    decide = STEP.decide
    assert decide

    def overtaken(*arguments: Any) -> Outcome:
        outcome = decide(*arguments)
        decided.append(len(decided))
        if len(decided) < module.COMMAND_TRIES_MAX:
            log.append([noted(len(decided))])
        return outcome

    runner = Runner(STEP._replace(decide=overtaken), log, tables)
    events = runner.command(Note(incident="I1", text="hello"), ALICE)
    assert [recorded.seq for recorded in events] == [5, 6]
    assert len(decided) == module.COMMAND_TRIES_MAX


def test_a_command_that_is_always_overtaken_is_refused(log: Log, tables: TableStore) -> None:
    decide, count = STEP.decide, iter(range(100))
    assert decide

    def overtaken(*arguments: Any) -> Outcome:
        outcome = decide(*arguments)
        log.append([noted(next(count))])
        return outcome

    with pytest.raises(VersionConflict, match="incident/I1 moved on"):
        Runner(STEP._replace(decide=overtaken), log, tables).command(Note(incident="I1", text="hello"), ALICE)
    assert next(count) == module.COMMAND_TRIES_MAX


def test_a_step_that_decides_nothing_takes_no_command(log: Log, tables: TableStore) -> None:
    with pytest.raises(TypeError, match="decides no commands"):
        Runner(STEP._replace(decide=None), log, tables).command(Note(incident="I1", text="hello"), ALICE)


def test_commands_from_many_threads(log: Log, tables: TableStore) -> None:
    runner, stop = Runner(STEP, log, tables), threading.Event()

    def ask(n: int) -> int:
        context = msgspec.structs.replace(ALICE, key=f"k{n % 20}")
        return len(runner.command(Note(incident=f"I{n % 3}", text=str(n % 20)), context))

    with ThreadPoolExecutor(9) as pool:
        running = pool.submit(runner.run, stop)
        assert set(pool.map(ask, range(40))) == {2}
        stop.set()
        running.result(10)
    assert log.size() == 40


def test_a_step_without_folds_for_a_kind_passes_over_it(log: Log, tables: TableStore) -> None:
    calls: list[Callable[..., Any]] = []
    step = STEP._replace(folds={kinds.IncidentNoted: lambda *_: calls.append(_) or NOTHING})
    log.append([alert(1), noted(1)])
    runner = Runner(step, log, tables)
    runner.catch_up()
    assert len(calls) == 1
    assert runner.seq == 2


def test_a_cursor_alone_is_committed_once_in_so_many_events(
    log: Log, tables: TableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nothing follows from is looked at again after a crash, and nothing follows from it again."""
    monkeypatch.setattr(module, "UNCOMMITTED_EVENTS_MAX", 5)
    heard: list[int] = []
    runner = Runner(STEP, log, tables, lambda commit: heard.append(commit.seq))
    cursors = []
    for n in range(7):
        log.append([large(n, 400)])
        runner.catch_up()
        cursors.append(tables.cursor("tally"))
    assert cursors == [0, 0, 0, 0, 5, 5, 5]
    assert heard == [1, 2, 3, 4, 5, 6, 7]
    again = Runner(STEP, log, tables)
    assert again.catch_up() == 2
    log.append([alert(1)])
    again.catch_up()
    assert (tables.cursor("tally"), tables.get(TALLIES, "C1")) == (8, Tally(1, 8))


def test_a_step_that_is_stopped_commits_its_cursor(log: Log, tables: TableStore) -> None:
    log.append([large(1, 400)])
    taken, stop = threading.Event(), threading.Event()
    runner = Runner(STEP, log, tables, lambda commit: taken.set())
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(runner.run, stop)
        assert taken.wait(10)
        stop.set()
        running.result(10)
    assert tables.cursor("tally") == 1
