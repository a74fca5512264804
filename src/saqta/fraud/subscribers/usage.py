"""How each number was used over the days of a file of call records, in figures that say what it is used for.

The features are those that operators look at for SIM boxes, wangiri, robocalls and voice phishing: many numbers called
once, nobody who calls back, calls alike in length, one place, one device with many numbers.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from saqta.fraud.engine.calls import SHORT_S
from saqta.fraud.engine.layout import DAY_MS, HOUR_MS
from saqta.model.errors import InputError

RECORDS_MAX = 50_000_000
CALLS_MIN = 5
"""Of a number that called less often nothing is said."""
LONG_S = 600.0
PREFIX_LENGTH = 8
"""A plus, the country and the block of numbers: +7 701 123."""
NEEDED = ("time", "caller", "callee")
OPTIONAL = ("trunk", "imei", "cell", "seconds")

FEATURES = {
    "calls_1d": "calls on a day on which it called at all",
    "active_share": "the share of the days since it first called on which it called",
    "age_d": "days since it first called",
    "busiest_hour": "the most calls that it made in one hour",
    "hours_1d": "different hours in which it called, on a day on which it called at all",
    "callees": "different numbers called",
    "callee_share": "different numbers over calls: 1 when it calls nobody twice",
    "prefix_share": "different blocks of numbers over calls",
    "seconds_mean": "the mean length of its calls",
    "seconds_spread": "the deviation of their lengths over the mean",
    "short_share": "the share of calls under 5 s",
    "long_share": "the share of calls over 10 min",
    "received_to_made": "calls received over calls made",
    "known_share": "the share of the numbers called that call it too",
    "foreign_share": "the share of calls that came over a foreign trunk",
    "devices": "different devices that it was used in",
    "numbers_on_device": "the most numbers seen in a device of its own",
    "cells_1d": "different cells, on a day on which it called at all",
}
"""What is known of a number, and what it means."""


class Usage(NamedTuple):
    """``numbers`` and, a row for each, their ``features`` (numbers, features) float64 under ``names``."""

    numbers: list[str]
    features: NDArray[np.float64]
    names: list[str]


def read_records(path: Path) -> Usage:
    """The usage of each number that called CALLS_MIN times; InputError names what is wrong with the file."""
    records = _read(path, NEEDED, OPTIONAL)
    for name in NEEDED:
        if records[name].null_count:
            line = pc.index(pc.is_null(records[name]), True).as_py() + 2
            raise InputError(f"records.{name}", f"nothing in line {line}", "a value in every record")
    try:
        time_ms = pc.strptime(pc.utf8_slice_codeunits(records["time"], 0, 19), "%Y-%m-%dT%H:%M:%S", "ms")
        seconds = pc.cast(records["seconds"], pa.float64()).fill_null(np.nan).to_numpy()
    except pa.ArrowInvalid as error:
        raise InputError("records", str(path), f"times in RFC 3339 and lengths in seconds ({error})") from error
    if not 0 < records.num_rows <= RECORDS_MAX or not pc.all(pc.ends_with(records["time"], "Z")).as_py():
        raise InputError("records", f"{records.num_rows} records", f"1 to {RECORDS_MAX}, their times in UTC (Z)")
    numbers, parties = _numbered(pa.chunked_array([*records["caller"].chunks, *records["callee"].chunks]))
    calls = _Calls(
        caller=parties[: records.num_rows],
        callee=parties[records.num_rows :],
        time_ms=time_ms.to_numpy().astype("datetime64[ms]").astype(np.int64),
        seconds=seconds,
        foreign=pc.equal(records["trunk"], "foreign").fill_null(False).to_numpy(),
        device=_numbered(records["imei"])[1],
        cell=_numbered(records["cell"])[1],
        prefix=_numbered(pc.utf8_slice_codeunits(records["callee"], 0, PREFIX_LENGTH))[1],
    )
    features = _features(calls, len(numbers))
    spoken = np.flatnonzero(np.bincount(calls.caller, minlength=len(numbers)) >= CALLS_MIN)
    return Usage([numbers[n] for n in spoken], features[spoken], list(FEATURES))


def read_usage(path: Path, label: str) -> tuple[Usage, NDArray[np.bool_]]:
    """Somebody else's figures of subscribers, a row each: every column of numbers but ``label``, which is 1 for fraud.

    InputError when there is no such column, or nothing to learn from beside it.
    """
    table = _read(path, (label,), None)
    kinds = {field.name: field.type for field in table.schema}
    names = [name for name, kind in kinds.items() if name != label and _is_number(kind)]
    if not names or not _is_number(kinds[label]):
        raise InputError("usage", ", ".join(kinds)[:200], f"columns of numbers, and {label} with 0 and 1")
    columns = [pc.cast(table[name], pa.float64()).fill_null(np.nan).to_numpy() for name in [*names, label]]
    features, fraud = np.column_stack(columns[:-1]), columns[-1]
    return Usage([f"row {n + 1}" for n in range(len(fraud))], features, names), fraud > 0


def read_labels(path: Path, numbers: list[str]) -> NDArray[np.bool_]:
    """Which of the numbers a file with columns ``number`` and ``fraud`` (0 or 1) calls fraud; others are honest."""
    table = _read(path, ("number", "fraud"), ())
    fraud = dict(zip(table["number"].to_pylist(), table["fraud"].to_pylist(), strict=True))
    wrong = next((value for value in fraud.values() if value not in ("0", "1")), None)
    if wrong is not None:
        raise InputError("labels.fraud", wrong, "0 or 1")
    return np.array([fraud.get(number) == "1" for number in numbers], bool)


class _Calls(NamedTuple):
    """Columns of calls; parties, devices, cells and prefixes are counted from 0, -1 where there is none."""

    caller: NDArray[np.int64]
    callee: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    seconds: NDArray[np.float64]
    foreign: NDArray[np.bool_]
    device: NDArray[np.int64]
    cell: NDArray[np.int64]
    prefix: NDArray[np.int64]


def _features(calls: _Calls, numbers: int) -> NDArray[np.float64]:
    """(numbers, FEATURES); rows of numbers that never called mean nothing."""
    by = _ByCaller(calls.caller, numbers)
    columns = _when(calls, by) | _whom(calls, by) | _how_long(calls, by) | _by_what(calls, by)
    return np.column_stack([columns[name] for name in FEATURES])


class _ByCaller:
    """Figures of the calls of each caller, (numbers,)."""

    def __init__(self, caller: NDArray[np.int64], numbers: int) -> None:
        self.caller, self.numbers = caller, numbers
        self.made = np.maximum(self.count(caller), 1)

    def count(self, callers: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(callers, minlength=self.numbers).astype(float)

    def different(self, of: NDArray[np.int64]) -> NDArray[np.float64]:
        """How many different ones; -1 is none."""
        return self.count(self.pairs(of)[:, 0])

    def pairs(self, of: NDArray[np.int64]) -> NDArray[np.int64]:
        """The different pairs (caller, of) without those of none."""
        return np.unique(np.column_stack([self.caller, of])[of >= 0], axis=0)

    def mean(self, values: NDArray[Any], among: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        among = np.ones(len(self.caller), bool) if among is None else among
        total = np.bincount(self.caller[among], values[among].astype(float), minlength=self.numbers)
        return total / np.maximum(self.count(self.caller[among]), 1)


_Columns = dict[str, NDArray[np.float64]]


def _when(calls: _Calls, by: _ByCaller) -> _Columns:
    day, hour = calls.time_ms // DAY_MS, calls.time_ms // HOUR_MS
    first_d = np.full(by.numbers, day.max(), np.int64)
    np.minimum.at(first_d, by.caller, day)
    age_d = day.max() - first_d + 1.0
    days = np.maximum(by.different(day), 1)
    hours, per_hour = np.unique(np.column_stack([by.caller, hour]), axis=0, return_counts=True)
    busiest = np.zeros(by.numbers)
    np.maximum.at(busiest, hours[:, 0], per_hour)
    return {
        "calls_1d": by.made / days,
        "active_share": days / age_d,
        "age_d": age_d,
        "busiest_hour": busiest,
        "hours_1d": by.count(hours[:, 0]) / days,
        "cells_1d": by.different(calls.cell) / days,
    }


def _whom(calls: _Calls, by: _ByCaller) -> _Columns:
    pairs = by.pairs(calls.callee)
    back = np.isin(pairs[:, 0] * by.numbers + pairs[:, 1], pairs[:, 1] * by.numbers + pairs[:, 0])
    callees = by.count(pairs[:, 0])
    known = np.bincount(pairs[:, 0], back.astype(float), minlength=by.numbers)
    return {
        "callees": callees,
        "callee_share": callees / by.made,
        "prefix_share": by.different(calls.prefix) / by.made,
        "received_to_made": by.count(calls.callee) / by.made,
        "known_share": known / np.maximum(callees, 1),
    }


def _how_long(calls: _Calls, by: _ByCaller) -> _Columns:
    told = ~np.isnan(calls.seconds)
    mean, square = by.mean(calls.seconds, told), by.mean(calls.seconds**2, told)
    return {
        "seconds_mean": mean,
        "seconds_spread": np.sqrt(np.maximum(square - mean**2, 0)) / np.maximum(mean, 1),
        "short_share": by.mean(calls.seconds < SHORT_S, told),
        "long_share": by.mean(calls.seconds > LONG_S, told),
    }


def _by_what(calls: _Calls, by: _ByCaller) -> _Columns:
    pairs = by.pairs(calls.device)
    callers = np.bincount(pairs[:, 1], minlength=1)
    most = np.zeros(by.numbers)
    np.maximum.at(most, pairs[:, 0], callers[pairs[:, 1]])
    return {
        "foreign_share": by.mean(calls.foreign),
        "devices": by.count(pairs[:, 0]),
        "numbers_on_device": most,
    }


def _numbered(texts: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """The different texts, and for each row which of them it is; -1 for an empty one."""
    coded = pa.chunked_array(texts).combine_chunks().dictionary_encode()
    known: list[str] = coded.dictionary.to_pylist()
    which = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    if "" in known:
        which[which == known.index("")] = -1
    return known, which


def _read(path: Path, needed: tuple[str, ...], optional: tuple[str, ...] | None) -> pa.Table:
    """A CSV file with a header. Where ``optional`` is None, all its columns in the kinds that they have; else these
    and the needed ones as text, what the file lacks as null."""
    kinds = None if optional is None else {name: pa.string() for name in (*needed, *optional)}
    convert = pyarrow.csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""])
    try:
        table = pyarrow.csv.read_csv(path, convert_options=convert)
        present = table.column_names
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise InputError("records", str(path), f"a file of CSV in UTF-8 with a header ({error})") from error
    lacking = [name for name in needed if name not in present]
    if lacking:
        raise InputError("records", ", ".join(present)[:200], f"columns {', '.join(lacking)} as well")
    for name in optional or ():
        if name not in present:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
