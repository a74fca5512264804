"""A small world of payments with known frauds, in the Handbook's form: payees that turn bad, cards that are
stolen."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = np.datetime64("2026-01-01T00:00:00", "ms")
DAYS = 84
PAYERS, PAYEES, A_DAY = 150, 120, 400


def table(seed: int = 1, days: int = DAYS) -> pa.Table:
    """``A_DAY`` payments a day; every sixth day a payee is bad for three weeks, every fourth day a card stolen for
    ten days."""
    random = np.random.default_rng(seed)
    count = A_DAY * days
    seconds = np.sort(random.integers(0, days * 86_400, count))
    day = seconds // 86_400
    payer, payee = random.integers(0, PAYERS, count), random.integers(0, PAYEES, count)
    habit = random.uniform(10, 90, PAYERS)
    amount = np.abs(random.normal(habit[payer], habit[payer] / 3)).round(2)
    fraud = np.zeros(count, bool)
    for first in range(0, days, 6):
        fraud |= (payee == random.integers(0, PAYEES)) & (day >= first) & (day < first + 21)
    for first in range(0, days, 4):
        stolen = (payer == random.integers(0, PAYERS)) & (day >= first) & (day < first + 10)
        stolen &= random.uniform(size=count) < 0.4
        amount[stolen] = (amount[stolen] * 5).round(2)
        fraud |= stolen
    return pa.table(
        {
            "TX_FRAUD": fraud.astype(np.int8),
            "TX_AMOUNT": amount,
            "TERMINAL_ID": payee,
            "CUSTOMER_ID": payer,
            "TX_DATETIME": START + seconds * np.timedelta64(1000, "ms"),
            "TRANSACTION_ID": np.arange(count),
        }
    )


def write(path: Path, seed: int = 1, days: int = DAYS) -> Path:
    pq.write_table(table(seed, days), path)
    return path
