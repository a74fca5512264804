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

from saqta.fraud.calls import SHORT_S
from saqta.fraud.layout import DAY_MS, HOUR_MS
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
    caller, day, hour = calls.caller, calls.time_ms // DAY_MS, calls.time_ms // HOUR_MS

    def count(which: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(which, minlength=numbers).astype(float)

    def different(of: NDArray[np.int64]) -> NDArray[np.float64]:
        return count(np.unique(np.column_stack([caller, of])[of >= 0], axis=0)[:, 0])

    def mean(values: NDArray[Any], among: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        among = np.ones(len(caller), bool) if among is None else among
        total = np.bincount(caller[among], values[among].astype(float), minlength=numbers)
        return total / np.maximum(count(caller[among]), 1)

    made = np.maximum(count(caller), 1)
    first_d = np.full(numbers, day.max(), np.int64)
    np.minimum.at(first_d, caller, day)
    age_d = day.max() - first_d + 1.0
    days = np.maximum(different(day), 1)
    told = ~np.isnan(calls.seconds)
    seconds_mean = mean(calls.seconds, told)
    square = mean(calls.seconds**2, told)
    hours, per_hour = np.unique(np.column_stack([caller, hour]), axis=0, return_counts=True)
    busiest = np.zeros(numbers)
    np.maximum.at(busiest, hours[:, 0], per_hour)
    pairs = np.unique(np.column_stack([caller, calls.callee]), axis=0)
    back = np.isin(pairs[:, 0] * numbers + pairs[:, 1], pairs[:, 1] * numbers + pairs[:, 0])
    callees = count(pairs[:, 0])
    known = np.bincount(pairs[:, 0], back.astype(float), minlength=numbers)
    columns = {
        "calls_1d": made / days,
        "active_share": days / age_d,
        "age_d": age_d,
        "busiest_hour": busiest,
        "hours_1d": count(hours[:, 0]) / days,
        "callees": callees,
        "callee_share": callees / made,
        "prefix_share": different(calls.prefix) / made,
        "seconds_mean": seconds_mean,
        "seconds_spread": np.sqrt(np.maximum(square - seconds_mean**2, 0)) / np.maximum(seconds_mean, 1),
        "short_share": mean(calls.seconds < SHORT_S, told),
        "long_share": mean(calls.seconds > LONG_S, told),
        "received_to_made": count(calls.callee) / made,
        "known_share": known / np.maximum(callees, 1),
        "foreign_share": mean(calls.foreign),
        "devices": different(calls.device),
        "numbers_on_device": _shared(caller, calls.device, numbers),
        "cells_1d": different(calls.cell) / days,
    }
    return np.column_stack([columns[name] for name in FEATURES])


def _shared(caller: NDArray[np.int64], device: NDArray[np.int64], numbers: int) -> NDArray[np.float64]:
    """The most callers on any device that a caller used."""
    pairs = np.unique(np.column_stack([caller, device])[device >= 0], axis=0)
    callers = np.bincount(pairs[:, 1], minlength=1)
    most = np.zeros(numbers)
    np.maximum.at(most, pairs[:, 0], callers[pairs[:, 1]])
    return most


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
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError("records", str(path), f"a file of CSV in UTF-8 with a header ({error})") from error
    lacking = [name for name in needed if name not in table.column_names]
    if lacking:
        raise InputError("records", ", ".join(table.column_names)[:200], f"columns {', '.join(lacking)} as well")
    for name in optional or ():
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
