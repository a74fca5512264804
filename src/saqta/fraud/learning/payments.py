"""Payments from Parquet files, as events in the order of time, with what they turned out to be.

Two sets of columns are known, in any order, others are left alone: those of a payment on the wire (``id time account
payee amount currency device fraud known``), and those of the Fraud Detection Handbook's simulator, whose times are
UTC.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from saqta.fraud.engine.layout import DAY_MS, EVENT, FRAUD, LABEL, PAYMENT, Array
from saqta.fraud.engine.naming import ACCOUNT, DEVICE, ID, key
from saqta.model.errors import InputError
from saqta.model.moment import to_datetime
from saqta.model.money import EXPONENTS, minor_units

PAYMENTS_MAX = 50_000_000
TIME_MS_MAX = 253_402_300_800_000
HANDBOOK = {
    "time": "TX_DATETIME",
    "account": "CUSTOMER_ID",
    "payee": "TERMINAL_ID",
    "amount": "TX_AMOUNT",
    "fraud": "TX_FRAUD",
    "id": "TRANSACTION_ID",
}
NEEDED = ("time", "account", "payee", "amount")


class Payments(NamedTuple):
    """``events`` (layout.EVENT) by time; for each whether it was fraud, when that was known (0: after the usual
    delay), and the number of its account and of its payee, counted from 0."""

    events: Array
    fraud: NDArray[np.bool_]
    known_ms: NDArray[np.int64]
    account: NDArray[np.int64]
    payee: NDArray[np.int64]


class Stream(NamedTuple):
    """Payments and their labels in the order in which they came to be known; ``payment`` is the row of each, -1
    for labels."""

    events: Array
    payment: NDArray[np.int64]


def read_payments(paths: Sequence[Path]) -> Payments:
    """All payments of the files; InputError names the file and the column that is wrong."""
    tables = [_table(path) for path in paths]
    rows = sum(table.num_rows for table in tables)
    if not 0 < rows <= PAYMENTS_MAX:
        raise InputError("payments", rows, f"1 to {PAYMENTS_MAX} payments")
    table = pa.concat_tables(tables)
    account, account_keys = _numbered(table["account"], ACCOUNT)
    payee, payee_keys = _numbered(table["payee"], ACCOUNT)
    events = np.zeros(rows, EVENT)
    events["kind"] = PAYMENT
    events["time_ms"] = table["time"].to_numpy()
    events["amount"] = events["value"] = table["amount"].to_numpy()
    events["actor"], events["counterpart"] = account_keys[account], payee_keys[payee]
    events["id"] = [key(ID, text) for text in table["id"].to_pylist()]
    device, device_keys = _numbered(table["device"], DEVICE)
    events["device"] = device_keys[device]
    order = np.argsort(events["time_ms"], kind="stable")
    events = events[order]
    fraud, known_ms = table["fraud"].to_numpy()[order], table["known"].to_numpy()[order]
    first = _first_of_each(events)
    return Payments(events[first], fraud[first], known_ms[first], account[order][first], payee[order][first])


def stream(payments: Payments, label_delay_d: int) -> Stream:
    """Payments, and the label of each fraud when it was known, or ``label_delay_d`` days after it."""
    labels = payments.events[payments.fraud].copy()
    labels["kind"], labels["told"] = LABEL, FRAUD
    known_ms = payments.known_ms[payments.fraud]
    labels["time_ms"] = np.where(known_ms > 0, known_ms, labels["time_ms"] + label_delay_d * DAY_MS)
    events = np.concatenate([labels, payments.events])
    order = np.argsort(events["time_ms"], kind="stable")
    payment = np.concatenate([np.full(len(labels), -1), np.arange(len(payments.events))])
    return Stream(events[order], payment[order])


def days_of(payments: Payments) -> str:
    """The first and the last day of payments, for people."""
    first, last = (to_datetime(int(payments.events["time_ms"][at])).date() for at in (0, -1))
    return f"{first} to {last}"


def _first_of_each(events: Array) -> NDArray[np.int64]:
    """The places of the events without repeats; InputError where one id stands for different payments."""
    _, first, which = np.unique(events["id"], return_index=True, return_inverse=True)
    if np.any(events[first][which] != events):
        raise InputError("id", "the same id for different payments", "an id of its own for each payment")
    return np.sort(first)


def _table(path: Path) -> pa.Table:
    """A file's columns under our names and in our types."""
    try:
        read = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError("payments", str(path), "a Parquet file that can be read") from error
    handbook = HANDBOOK["time"] in read.column_names
    names = HANDBOOK if handbook else {name: name for name in (*HANDBOOK, "currency", "device", "known")}
    found = {ours: read[theirs] for ours, theirs in names.items() if theirs in read.column_names}
    for name in NEEDED:
        if name not in found:
            raise InputError("payments", f"{path.name} with {', '.join(read.column_names)}", f"a column {names[name]}")
        if found[name].null_count:
            raise InputError("payments", f"{path.name}: {names[name]} is empty in places", "a value in every row")
    rows = range(read.num_rows)
    nothing = pa.nulls(read.num_rows)
    fraud = found.get("fraud", nothing)
    return pa.table(
        {
            "time": _moments(found["time"], names["time"], handbook),
            "account": _texts(found["account"]),
            "payee": _texts(found["payee"]),
            "amount": _amounts(found["amount"], found.get("currency"), names["amount"]),
            "id": _texts(found["id"]) if "id" in found else pa.array([f"{path.name}:{row}" for row in rows]),
            "device": _texts(found.get("device", nothing)),
            "fraud": pc.fill_null(_cast(fraud, pa.bool_(), names["fraud"]), False),
            "known": pc.fill_null(_moments(found["known"], "known", False), 0)
            if "known" in found
            else pa.array([0] * len(rows), pa.int64()),
        }
    )


def _moments(column: Any, field: str, naive_is_utc: bool) -> Any:
    """UTC milliseconds of times with their zone, or of RFC 3339 texts."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _cast(column, pa.timestamp("ms", "UTC"), field)
    if not pa.types.is_timestamp(column.type) or (column.type.tz is None and not naive_is_utc):
        raise InputError(field, str(column.type), "times with their zone, or RFC 3339 texts")
    moments = _cast(pc.cast(column, pa.timestamp("ms", column.type.tz), safe=False), pa.int64(), field)
    least, most = pc.min_max(moments).as_py().values()
    if least is not None and not 0 <= least <= most < TIME_MS_MAX:
        raise InputError(field, least if least < 0 else most, "times of the years 1970 to 9999")
    return moments


def _amounts(column: Any, currency: Any, field: str) -> Any:
    """Amounts in units of their currency: statistics, not money."""
    if currency is not None and not pa.types.is_floating(column.type):
        pairs = zip(_texts(column).to_pylist(), currency.to_pylist(), strict=True)
        return pa.array([minor_units(amount, code) / 10 ** EXPONENTS[code] for amount, code in pairs], pa.float64())
    amounts = _cast(column, pa.float64(), field)
    least, most = pc.min_max(amounts).as_py().values()
    if least is not None and not 0 <= least <= most < 1e15:
        raise InputError(field, least if least < 0 else most, "an amount of zero or more, and below 10^15")
    if pc.any(pc.is_nan(amounts)).as_py():
        raise InputError(field, "NaN", "a number in every row")
    return amounts


def _texts(column: Any) -> Any:
    return _cast(column, pa.string(), "payments")


def _cast(column: Any, type_: pa.DataType, field: str) -> Any:
    try:
        return pc.cast(column, type_)
    except pa.ArrowException as error:
        raise InputError(field, str(column.type), f"values of the type {type_}") from error


def _numbered(column: Any, kind: str) -> tuple[NDArray[np.int64], Array]:
    """Each row's number among the different texts of a column, and the key of each number; nothing has the key 0."""
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    keys = [key(kind, text) if text else 0 for text in encoded.dictionary.to_pylist()]
    return encoded.indices.to_numpy().astype(np.int64), np.array(keys, np.uint64)
