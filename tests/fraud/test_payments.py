"""Payments from Parquet: both forms, any order of columns, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fraud import made_payments
from saqta.fraud.learning import payments
from saqta.fraud.learning.payments import TIME_MS_MAX, read_payments, stream
from saqta.model.errors import InputError

ROWS = {
    "payee": ["shop", "shop", "friend"],
    "currency": ["KZT", "KZT", "JPY"],
    "amount": ["12.50", "7", "300"],
    "account": ["a", "b", "a"],
    "time": [datetime(2026, 1, day, tzinfo=UTC) for day in (3, 1, 2)],
    "id": ["p3", "p1", "p2"],
    "fraud": [True, None, False],
    "known": [datetime(2026, 1, 9, tzinfo=UTC), None, None],
    "channel": ["app", None, None],
}


def written(path: Path, **changes: object) -> Path:
    columns = {name: column for name, column in (ROWS | changes).items() if column is not None}
    pq.write_table(pa.table(columns), path)
    return path


def test_payments_on_the_wire_s_form_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    read = read_payments([written(tmp_path / "payments.parquet")])
    assert read.events["amount"].tolist() == [7.0, 300.0, 12.5]
    assert read.fraud.tolist() == [False, False, True]
    assert read.account.tolist() == [1, 0, 0]
    assert read.events["actor"][1] == read.events["actor"][2] != read.events["actor"][0]
    labels = stream(read, 7)
    assert labels.payment.tolist() == [0, 1, 2, -1]
    assert labels.events["time_ms"][3] == ROWS["known"][0].timestamp() * 1000


def test_the_handbook_s_form_is_read_whatever_the_order_of_its_columns(tmp_path: Path) -> None:
    table = made_payments.table(days=3)
    pq.write_table(table, tmp_path / "one.parquet")
    pq.write_table(table.select(sorted(table.column_names)), tmp_path / "other.parquet")
    one, other = (read_payments([tmp_path / name]) for name in ("one.parquet", "other.parquet"))
    assert one.events.tobytes() == other.events.tobytes()
    assert (np.diff(one.events["time_ms"]) >= 0).all()


def test_files_are_joined_and_repeats_left_out(tmp_path: Path) -> None:
    whole = made_payments.table(days=3)
    for name, part in (("a", whole[:700]), ("b", whole[600:])):
        pq.write_table(part, tmp_path / name)
    pq.write_table(whole, tmp_path / "whole")
    joined, at_once = read_payments([tmp_path / "b", tmp_path / "a"]), read_payments([tmp_path / "whole"])
    assert joined.events.tobytes() == at_once.events.tobytes()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"payee": None}, "payee"),
        ({"time": ["yesterday", "today", "now"]}, "time"),
        ({"time": [datetime(2026, 1, 1)] * 3}, "zone"),  # noqa: DTZ001
        ({"amount": [-1.0, 2.0, 3.0], "currency": None}, "amount"),
        ({"amount": [np.nan, 2.0, 3.0], "currency": None}, "NaN"),
        ({"time": pa.array([TIME_MS_MAX - 1, TIME_MS_MAX, 0], pa.timestamp("ms", "UTC"))}, "1970 to 9999"),
        ({"time": [datetime(1960, 1, day, tzinfo=UTC) for day in (1, 2, 3)]}, "1970 to 9999"),
        ({"amount": ["1.234", "2", "3"]}, "at most 2 decimals"),
        ({"currency": ["KZT", "ABC", "KZT"]}, "ISO 4217"),
        ({"account": ["a", None, "b"]}, "every row"),
        ({"id": ["p1", "p1", "p2"]}, "an id of its own"),
    ],
)
def test_bad_columns_are_named(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_payments([written(tmp_path / "payments.parquet", **changes)])


def test_so_many_payments_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payments, "PAYMENTS_MAX", 5)
    files = [written(tmp_path / name) for name in ("a", "b")]
    assert len(read_payments(files[:1]).events) == 3
    with pytest.raises(InputError, match="payments: got 6, expected 1 to 5 payments"):
        read_payments(files)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"no payments")
    for name in ("garbage", "nothing"):
        with pytest.raises(InputError, match="Parquet"):
            read_payments([tmp_path / name])
