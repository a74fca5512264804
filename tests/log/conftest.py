"""A log and its tables, in memory and in SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from saqta.log.memory import MemoryLog
from saqta.log.port import Log
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import MemoryTables, SqliteTables, TableStore


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Log, TableStore]]:
    log: Log = SqliteLog(tmp_path / "log.db", lambda: 0) if request.param == "sqlite" else MemoryLog(lambda: 0)
    tables: TableStore = SqliteTables(tmp_path / "views.db") if request.param == "sqlite" else MemoryTables()
    yield log, tables
    tables.close()
    log.close()


@pytest.fixture
def log(stores: tuple[Log, TableStore]) -> Log:
    return stores[0]


@pytest.fixture
def tables(stores: tuple[Log, TableStore]) -> TableStore:
    return stores[1]
