"""The data folder: whoever works in it owns it alone, with its log, its tables and its keys."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from saqta.log.logins import Logins
from saqta.log.personal import Keyring
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import SqliteTables
from saqta.model.errors import StorageError
from saqta.model.moment import Clock


class Folder(NamedTuple):
    """A data folder that this process owns."""

    path: Path
    log: SqliteLog
    tables: SqliteTables
    keyring: Keyring
    logins: Logins


@contextmanager
def owned(data: Path, clock: Clock) -> Iterator[Folder]:
    """Owns ``data`` while the block runs; StorageError when another process does, or when it can't be used."""
    with ExitStack() as stack:
        stack.enter_context(_locked(data))
        log = SqliteLog(data / "log.db", clock)
        stack.callback(log.close)
        tables = SqliteTables(data / "views.db")
        stack.callback(tables.close)
        keyring = Keyring(data / "keys.db")
        stack.callback(keyring.close)
        logins = Logins(data / "logins.db")
        stack.callback(logins.close)
        yield Folder(data, log, tables, keyring, logins)


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    try:
        data.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(f"the data folder {data} can't be used: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StorageError(f"another Saqta is at work in {data}: stop it first, or give another --data") from error
    try:
        yield
    finally:
        os.close(descriptor)
