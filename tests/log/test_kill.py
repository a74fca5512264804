"""The real steps, killed at any moment, lose nothing acknowledged, and leave the tables that a rebuild gives."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from log.killed import settle
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner, rebuild, replay
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import MemoryTables, SqliteTables, TableStore
from saqta.log.verify import verify
from saqta.model import kinds
from saqta.model.catalogue import TYPE_OF
from saqta.model.event import Recorded
from saqta.registry import STEPS
from saqta.views.tables import ALERTS

TESTS = Path(__file__).parents[1]
KILLS = 20
CHECKED_EVERY = 5
ALIVE_S = 1.0


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
def test_a_killed_program_loses_nothing(tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)
    acknowledged: list[str] = []
    for round_ in range(KILLS):
        acknowledged += killed_after(moments.uniform(0, ALIVE_S), tmp_path, round_, from_its_start=round_ % 4 == 0)
        if round_ % CHECKED_EVERY == CHECKED_EVERY - 1:
            check(tmp_path, acknowledged)
    assert len(acknowledged) > KILLS


def killed_after(seconds: float, data: Path, round_: int, *, from_its_start: bool) -> list[str]:
    """What the program had acknowledged when it was killed; its life starts with the process or its first event."""
    command = [sys.executable, "-m", "log.killed", str(data), str(round_)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        first = "" if from_its_start else program.stdout.readline()
        try:
            program.wait(seconds)
        except subprocess.TimeoutExpired:
            program.kill()
        ids = [first, *program.stdout]
        assert program.wait() == -9, "it ended before it was killed"
    return [id.rstrip("\n") for id in ids if id.endswith("\n")]


def check(data: Path, acknowledged: list[str]) -> None:
    """Opens what the killed program left, lets the steps catch up, and compares with what the log alone gives."""
    log, tables = SqliteLog(data / "log.db", lambda: 0), SqliteTables(data / "views.db")
    settle({step.name: Runner(step, log, tables) for step in STEPS})
    live = digests(tables)
    recorded = everything(log)
    keys = Counter(each.event.key for each in recorded)
    assert set(acknowledged) <= {each.event.id for each in recorded}
    assert max(keys.values()) == 1
    assert [each.seq for each in recorded] == list(range(1, len(recorded) + 1))
    assert not {each.event.type for each in recorded} & {TYPE_OF[kinds.EventPutAside], TYPE_OF[kinds.EventRefused]}
    raised = {each.event.key for each in recorded if each.event.type == TYPE_OF[kinds.AlertRaised]}
    shown = dict(tables.scan(ALERTS))
    assert set(shown) == raised
    assert all(row.incident for row in shown.values())

    assert replay(log, STEPS) == live
    fresh = MemoryTables()
    rebuild(STEPS, log, fresh)
    assert digests(fresh) == live
    assert log.size() == len(recorded)

    verification = verify(data)
    assert verification.ok, verification.says
    memory = MemoryLog(lambda: 0)
    for start in range(0, len(recorded), 1000):
        memory.append_stored([each.stored for each in recorded[start : start + 1000]])
    assert memory.root() == log.root()
    tables.close()
    log.close()


def digests(tables: TableStore) -> dict[str, str]:
    return {table.name: tables.digest(table) for step in STEPS for table in step.tables}


def everything(log: SqliteLog) -> list[Recorded]:
    recorded: list[Recorded] = []
    while batch := log.read(len(recorded)):
        recorded += batch
    return recorded
