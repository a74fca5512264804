"""Call records of a simulated country with known truth: people, trades, offices, and numbers that serve fraud.

People call a circle that calls them too. Couriers, sellers and call centres call many whom they never call again, and
are honest; so are new numbers. Frauds are of four sorts: SIM boxes that carry calls from abroad, wangiri, robocalls and
voice phishing; a third of them are patient, call no more than people do, and have some calls among themselves.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saqta.model.moment import to_text
from saqta.simulate.scenario import FOUNDED_MS

NAME = "telephony"
DAYS = 10
PEOPLE = 2_500
DAY_S = 86_400
COLUMNS = ("time", "caller", "callee", "trunk", "imei", "cell", "seconds")
CELLS = 400
CIRCLE = 12
"""So many people, one after another, know each other."""


class _Sort(NamedTuple):
    """How numbers of a sort call. ``share`` of PEOPLE are of it; ``calls`` a day (least, most); of these ``strangers``
    go to anybody, the rest to a circle. Lengths are log-normal about ``seconds``; ``short`` of them a ring alone,
    ``long`` of them more than ten minutes. ``answered``: the share of calls that are called back."""

    share: float
    calls: tuple[int, int]
    strangers: float
    seconds: float
    short: float = 0.04
    long: float = 0.02
    answered: float = 0.0
    cells: int = 3
    fresh: float = 0.05
    numbers_on_device: int = 1
    mobile: bool = True
    foreign: bool = False
    hours: tuple[int, int] = (7, 23)


HONEST = {
    "person": _Sort(1.0, (1, 9), 0.12, 75.0),
    "courier": _Sort(0.03, (20, 60), 0.9, 28.0, short=0.12, answered=0.25, cells=14),
    "seller": _Sort(0.012, (30, 90), 0.95, 70.0, short=0.15, answered=0.1, cells=2, hours=(9, 19)),
    "call centre": _Sort(0.006, (120, 300), 0.97, 110.0, short=0.1, answered=0.03, mobile=False, hours=(8, 20)),
    "newcomer": _Sort(0.03, (2, 14), 0.75, 50.0, short=0.1, answered=0.1, cells=2, fresh=1.0),
    "second card": _Sort(0.04, (1, 6), 0.6, 60.0, answered=0.1, cells=1, fresh=0.3, numbers_on_device=3),
    "shop": _Sort(0.02, (3, 18), 0.7, 45.0, short=0.1, answered=0.4, cells=1, hours=(9, 21)),
    "alarm": _Sort(0.01, (2, 12), 0.0, 9.0, short=0.3, cells=1, hours=(0, 24)),
}
FRAUD = {
    "sim box": _Sort(0.024, (50, 140), 0.95, 105.0, cells=1, fresh=0.6, numbers_on_device=8),
    "wangiri": _Sort(0.004, (200, 600), 1.0, 2.0, short=0.97, answered=0.04, fresh=0.9, mobile=False, foreign=True),
    "robocalls": _Sort(0.006, (150, 400), 1.0, 16.0, short=0.3, answered=0.01, cells=1, fresh=0.8),
    "voice phishing": _Sort(
        0.012, (15, 50), 1.0, 35.0, short=0.35, long=0.08, answered=0.04, cells=2, fresh=0.8, numbers_on_device=5
    ),
}
PATIENT = 0.33
PATIENT_CALLS, PATIENT_STRANGERS, PATIENT_CELLS = (3, 12), 0.6, 3


class Line(NamedTuple):
    """A number and the truth about it; ``sort`` is one of HONEST or FRAUD, ``patient`` where it hides its sort."""

    number: str
    sort: str
    fraud: bool
    patient: bool


class _Use(NamedTuple):
    """One number's calls in seconds since the beginning."""

    at_s: NDArray[np.float64]
    callee: NDArray[np.int64]
    seconds: NDArray[np.float64]


def write_telephony(seed: int, out_dir: Path) -> tuple[int, tuple[Path, ...]]:
    """Writes ``calls.csv`` (oldest first), ``labels.csv`` (number, fraud) and ``truth.json`` (a list of ``Line``) into
    ``out_dir``, which is made; gives the number of calls and the files."""
    rng = np.random.default_rng(seed)
    lines = list(_lines(rng))
    rows = sorted(_rows(rng, lines))
    out_dir.mkdir(parents=True, exist_ok=True)
    files = tuple(out_dir / name for name in ("calls.csv", "labels.csv", "truth.json"))
    with files[0].open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((to_text(FOUNDED_MS + round(at_s * 1000)), *rest) for at_s, *rest in rows)
    with files[1].open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("number", "fraud"))
        writer.writerows((line.number, int(line.fraud)) for line in lines)
    files[2].write_text(json.dumps([line._asdict() for line in lines], indent=1))
    return len(rows), files


def _lines(rng: np.random.Generator) -> Iterator[Line]:
    for sorts, fraud in ((HONEST, False), (FRAUD, True)):
        for name, sort in sorts.items():
            for _ in range(round(PEOPLE * sort.share)):
                number = f"+88{rng.integers(10**9, 10**10)}" if sort.foreign else f"+7701{rng.integers(10**6, 10**7)}"
                yield Line(number, name, fraud, fraud and bool(rng.random() < PATIENT))


def _rows(rng: np.random.Generator, lines: list[Line]) -> Iterator[tuple[float, str, str, str, str, str, float]]:
    """(at_s, caller, callee, trunk, imei, cell, seconds), number by number, each call back after its call."""
    devices: dict[tuple[str, int], int] = {}
    for n, line in enumerate(lines):
        sort = (FRAUD if line.fraud else HONEST)[line.sort]
        use = _use(rng, line, sort, n, len(lines))
        device = devices.setdefault((line.sort, n // max(1, sort.numbers_on_device)), int(rng.integers(10**13, 10**14)))
        cells = rng.integers(CELLS, size=PATIENT_CELLS if line.patient else sort.cells)
        for at_s, callee, seconds in zip(*use, strict=True):
            other = lines[int(callee)].number
            imei = f"{device}0" if sort.mobile else ""
            cell = str(rng.choice(cells)) if sort.mobile else ""
            trunk = "foreign" if sort.foreign else "national"
            yield (float(at_s), line.number, other, trunk, imei, cell, round(float(seconds), 1))
            if rng.random() < sort.answered:
                yield (float(at_s) + 120.0, other, line.number, "national", "", "", round(20 + 30 * rng.random(), 1))


def _use(rng: np.random.Generator, line: Line, sort: _Sort, n: int, lines: int) -> _Use:
    first = int(rng.integers(1, DAYS - 1)) if rng.random() < sort.fresh else 0
    least, most = PATIENT_CALLS if line.patient else sort.calls
    pace = rng.uniform(least, most)
    calls = int(rng.poisson(pace, DAYS - first).sum())
    begins, ends = sort.hours
    day = rng.integers(first, DAYS, calls)
    at_s = day * DAY_S + 3600 * (begins + (ends - begins) * rng.beta(2.0, 2.0, calls))
    favour = 1 / rng.permutation(np.arange(1.0, CIRCLE + 1))
    callee = n // CIRCLE * CIRCLE + rng.choice(CIRCLE, calls, p=favour / favour.sum())
    strangers = PATIENT_STRANGERS if line.patient else sort.strangers
    callee = np.where(rng.random(calls) < strangers, rng.integers(PEOPLE, size=calls), callee)
    seconds = sort.seconds * rng.lognormal(-0.3, 0.8, calls)
    kind = rng.random(calls)
    seconds = np.where(kind < sort.long, rng.uniform(600, 2400, calls), seconds)
    seconds = np.where(kind > 1 - sort.short, rng.uniform(0, 4, calls), seconds)
    return _Use(at_s, np.where(callee == n, callee + 1, callee) % lines, seconds)
