"""A list of a million SIM cards: from its file into the log, and how long it takes to ask whether one is blocked.

CPU time of one core, so that what else runs on the machine counts less; the limits are 10 s and a microsecond.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from saqta import wiring
from saqta.fraud import lists
from saqta.fraud.lists.blocklist import Blocklist
from saqta.intake.lists import read_list
from saqta.log.runner import Runner
from saqta.model.listing import digester
from saqta.model.terms import ListedKind

ENTRIES = 1_000_000
ASKED = 200_000
TRIES = 5
LOAD_LIMIT_S = 10.0
LOOKUP_LIMIT_US = 1.0


def run() -> list[dict[str, object]]:
    """Loading, from the file to the last answer that could be given, and lookups of what is blocked and what is not."""
    with tempfile.TemporaryDirectory() as name, wiring.opened(Path(name) / "data") as folder:
        path = Path(name) / "sims.csv"
        path.write_text("".join(_lines()))
        blocklist = Blocklist(folder.keyring.list_key())
        runner = Runner(
            lists.STEP, folder.log, folder.tables, lambda commit: blocklist.take(commit.changes, folder.tables)
        )

        def load() -> None:
            register = read_list(path, digester(folder.keyring.list_key()))
            folder.log.append(wiring.announce(register.records, "bench"))
            runner.catch_up()

        wall_s, load_s = _timed(load)
        now_ms = wiring.now_ms()
        blocked = [_number(n) for n in range(ASKED)]
        free = [_number(ENTRIES + n) for n in range(ASKED)]
        assert blocklist.find(ListedKind.MSISDN, blocked[-1], now_ms)
        assert not blocklist.find(ListedKind.MSISDN, free[-1], now_ms)
        hit_us, miss_us = (_each_us(blocklist, numbers, now_ms) for numbers in (blocked, free))
    return [
        _record("list-load-million", load_s, "s of CPU", LOAD_LIMIT_S),
        _record("list-load-million-wall", wall_s, "s", LOAD_LIMIT_S),
        _record("list-lookup-blocked", hit_us, "µs of CPU", LOOKUP_LIMIT_US),
        _record("list-lookup-free", miss_us, "µs of CPU", LOOKUP_LIMIT_US),
    ]


def _record(name: str, value: float, unit: str, limit: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "reference": "limit",
        "reference_value": limit,
        "ratio": round(value / limit, 3),
    }


def _lines() -> Sequence[str]:
    reasons = ("confiscated", "stolen", "fraud")
    rows = (
        f"msisdn,{_number(n)},{reasons[n % 3]},operator {n % 5},2026-01-{1 + n % 28:02d},2027-01-01\n"
        for n in range(ENTRIES)
    )
    return ["kind,value,reason,source,from,until\n", *rows]


def _number(n: int) -> str:
    return f"+7701{n:07d}"


def _each_us(blocklist: Blocklist, numbers: Sequence[str], now_ms: int) -> float:
    def ask() -> None:
        for number in numbers:
            blocklist.find(ListedKind.MSISDN, number, now_ms)

    return min(_timed(ask)[1] for _ in range(TRIES)) / len(numbers) * 1e6


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu
