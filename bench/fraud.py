"""Decisions on payments: JSON in to JSON out on one core, learning, and the memory of ten million keys.

The payments are made: 5,000 payers, 10,000 payees, 580,000 payments in 60 days, a per cent of them fraud.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from saqta.fraud.deciding import Decider
from saqta.fraud.engine.layout import DAY_MS, EVENT, LIVES, PAYMENT, RINGS, Limits, empty
from saqta.fraud.engine.machine import decide, room
from saqta.fraud.engine.rules import STANDARD, read_rules
from saqta.fraud.engine.trees import NO_TREES
from saqta.fraud.learning.folder import read_learned_state, read_model, write_model
from saqta.fraud.learning.payments import Payments
from saqta.fraud.learning.training import Replay, learn, lesson
from saqta.fraud.pipe import decide_lines

PAYERS, PAYEES, DAYS, A_DAY = 5_000, 10_000, 75, 9_600
START_MS = 20_000 * DAY_MS
LINES = 200_000
KEYS, BUSY = 10_000_000, 1_000_000
DECISIONS_LIMIT, P99_LIMIT_US, TRAIN_LIMIT_S, MEMORY_LIMIT_MIB = 100_000, 100.0, 300.0, 6 * 1024.0


def run() -> list[dict[str, object]]:
    """Speed and memory against their limits."""
    payments, rules = _payments(), read_rules(STANDARD)
    started = time.perf_counter()
    replay = Replay(payments, 7, rules)
    learned = learn(lesson(replay, START_MS + 8 * DAY_MS, START_MS + 68 * DAY_MS))
    train_s = time.perf_counter() - started
    replay.until(START_MS + DAYS * DAY_MS)
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder), learned, replay.state, 7, "made")
        decided = _alone(folder)
    return [
        _record(
            "fraud-decide-one-core", decided["decisions"] / decided["cpu_s"], "lines/s of CPU", "limit", DECISIONS_LIMIT
        ),
        _record("fraud-decide-p99", decided["p99_us"], "us", "limit", P99_LIMIT_US),
        _record("fraud-train-580000", train_s, "s", "limit", TRAIN_LIMIT_S),
        _record("fraud-memory-10m-keys", _alone(), "MiB", "limit", MEMORY_LIMIT_MIB),
    ]


def _payments() -> Payments:
    """Payments of DAYS days, all labelled: stolen cards pay more, bad payees are bad for four weeks."""
    chance = np.random.default_rng(1)
    count = DAYS * A_DAY
    events = np.zeros(count, EVENT)
    events["kind"], events["id"] = PAYMENT, chance.integers(1, 1 << 62, count)
    events["time_ms"] = np.sort(chance.integers(START_MS, START_MS + DAYS * DAY_MS, count))
    day = (events["time_ms"] - START_MS) // DAY_MS
    payer, payee = chance.integers(0, PAYERS, count), chance.integers(0, PAYEES, count)
    keys = chance.integers(1, 1 << 62, PAYERS + PAYEES)
    events["actor"], events["counterpart"] = keys[payer], keys[PAYERS + payee]
    habit = chance.uniform(10, 100, PAYERS)[payer]
    begins, falls = chance.integers(-28, DAYS, PAYEES)[payee], chance.integers(0, 3 * DAYS, PAYERS)[payer]
    bad = (chance.uniform(size=PAYEES) < 0.01)[payee] & (day >= begins) & (day < begins + 28)
    stolen = (day >= falls) & (day < falls + 14) & (chance.uniform(size=count) < 0.05)
    events["amount"] = events["value"] = np.abs(chance.normal(habit, habit / 2)).round(2) * np.where(stolen, 5, 1)
    return Payments(events, bad | stolen, np.zeros(count, np.int64), payer, payee)


def decide_alone(folder: Path) -> dict[str, float]:
    """JSON lines from a file to a file, and the processor's seconds that it took: in a process of its own, whose caches
    no training filled."""
    lines = folder / "lines.jsonl"
    chance = np.random.default_rng(2)
    end_ms = START_MS + (DAYS + 1) * DAY_MS
    with lines.open("wb") as file:
        for n, (payer, payee) in enumerate(
            zip(chance.integers(0, PAYERS, LINES), chance.integers(0, PAYEES, LINES), strict=True)
        ):
            line = {"kind": "payment", "id": f"p{n}", "time": _text(end_ms + n * 400), "account": f"A{payer}"}
            line |= {"payee": f"T{payee}", "amount": f"{chance.uniform(1, 100):.2f}", "currency": "KZT"}
            file.write(msgspec.json.encode(line) + b"\n")
    decider = Decider(read_model(folder), read_rules(STANDARD), read_learned_state(folder), "KZ")
    source, target = os.open(lines, os.O_RDONLY), os.open(folder / "answers.jsonl", os.O_WRONLY | os.O_CREAT)
    started = time.process_time()
    decided = decide_lines(source, target, decider, lambda: time.time_ns() // 1_000_000, time.perf_counter_ns)
    cpu_s = time.process_time() - started
    os.close(source)
    os.close(target)
    return decided | {"cpu_s": cpu_s}


def _text(moment_ms: int) -> str:
    return str(np.datetime64(moment_ms, "ms")) + "Z"


def _alone(*arguments: str) -> Any:
    """What a process of its own measures: decisions by the model in a folder, or without one the memory that ``fill``
    takes."""
    ran = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, check=True)
    return msgspec.json.decode(ran.stdout)


def fill() -> float:
    """Knows KEYS keys, BUSY of them busy: quiet ones long ago, busy ones now; MiB of resident memory at its highest."""
    state = empty(7, Limits(keys_max=KEYS, busy_max=BUSY, memos_max=1 << 20))
    rules, chance, space = read_rules(STANDARD), np.random.default_rng(4), room(1 << 14)
    shops = chance.integers(1, 1 << 62, 1_000)
    for old, pays in ((True, 1), (False, 3)):
        payers = (KEYS - BUSY) // 2 if old else BUSY // 2
        keys = chance.integers(1, 1 << 62, payers)
        for round_ in range(pays):
            for first in range(0, payers, 1 << 14):
                part = keys[first : first + (1 << 14)]
                events = np.zeros(len(part), EVENT)
                events["kind"], events["actor"], events["value"] = PAYMENT, part, 10.0
                events["id"] = chance.integers(1, 1 << 62, len(part))
                events["counterpart"] = (
                    shops[part % 1_000] if old else keys[(first * 31 + np.arange(len(part))) % payers]
                )
                events["time_ms"] = START_MS + (0 if old else 60 + round_) * DAY_MS
                decide(state, NO_TREES, rules, events, space)
    if state.counters[LIVES] < KEYS * 0.95 or state.counters[RINGS] < BUSY * 0.95:
        raise AssertionError(f"{state.counters[LIVES]} keys, {state.counters[RINGS]} busy")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _record(name: str, value: float, unit: str, reference: str, reference_value: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "reference": reference,
        "reference_value": round(reference_value, 1),
        "ratio": round(value / reference_value, 3),
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(decide_alone(Path(sys.argv[1])) if sys.argv[1:] else fill()))
