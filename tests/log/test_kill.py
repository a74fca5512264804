"""A program killed at any moment loses nothing that it acknowledged, and its tables can be rebuilt as they were."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from log.made import NOTES, STEP, TALLIES
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner, rebuild, replay
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import MemoryTables, SqliteTables, TableStore
from saqta.log.verify import verify
from saqta.model.event import Recorded

TESTS = Path(__file__).parents[1]
ALIVE_S = 0.5


@pytest.mark.parametrize(
    ("seed", "kills"), [(1, 20), pytest.param(2, 200, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
)
def test_a_killed_program_loses_nothing(tmp_path: Path, seed: int, kills: int) -> None:
    moments = random.Random(seed)
    acknowledged: list[str] = []
    for round_ in range(kills):
        acknowledged += killed_after(moments.uniform(0, ALIVE_S), tmp_path, round_, from_its_start=round_ % 4 == 0)
        if round_ % 5 == 4:
            check(tmp_path, acknowledged)
    assert len(acknowledged) > kills
    check(tmp_path, acknowledged)


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
    log, tables = SqliteLog(data / "log.db", lambda: 0), SqliteTables(data / "views.db")
    Runner(STEP, log, tables).catch_up()
    recorded = everything(log)
    keys = Counter(each.event.key for each in recorded)
    ids = {each.event.id for each in recorded}
    assert set(acknowledged) <= ids
    assert max(keys.values()) == 1
    assert [each.seq for each in recorded] == list(range(1, len(recorded) + 1))

    by_step = sum(each.event.source == "/saqta/tally" for each in recorded)
    alerts = sum(each.event.type == "saqta.alert.raised.v1" for each in recorded)
    assert by_step == alerts // 3
    live = digests(tables)
    assert replay(log, [STEP]) == live
    fresh = MemoryTables()
    rebuild([STEP], log, fresh)
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
    return {table.name: tables.digest(table) for table in (TALLIES, NOTES)}


def everything(log: SqliteLog) -> list[Recorded]:
    recorded: list[Recorded] = []
    while batch := log.read(len(recorded)):
        recorded += batch
    return recorded
