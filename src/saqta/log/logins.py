"""The logins of cameras, kept beside the log and never in it: who may read the log may not therefore open a camera."""

import threading
from pathlib import Path

from saqta.log.database import Format, faults, open_for_writing, transaction
from saqta.model.login import Login, parted

FORMAT = Format(
    "a file of logins",
    1,
    "CREATE TABLE logins (address TEXT PRIMARY KEY, user TEXT NOT NULL, password TEXT NOT NULL) STRICT",
)


class Logins:
    """Logins by the address that asks for them, in the file ``path`` (mode 0600), made when it is not there.

    Every method may be called from any thread; ``part`` blocks until what it keeps is durable.
    """

    def __init__(self, path: Path) -> None:
        """StorageError when the file is locked, of a newer version or something else; DamageError when damaged."""
        self._path, self._lock = path, threading.Lock()
        with faults(path):
            # As the key ring's: no login that was replaced stays behind in the file or beside it.
            self._connection = open_for_writing(path, FORMAT, synchronous="EXTRA", journal="TRUNCATE")
            path.chmod(0o600)
            self._connection.execute("PRAGMA secure_delete=ON")

    def part(self, address: str) -> str:
        """The address without the login in it, which is kept, in place of one before; InputError as ``parted``."""
        bare, login = parted(address)
        if login is not None:
            with self._lock, transaction(self._connection, self._path):
                self._connection.execute("INSERT OR REPLACE INTO logins VALUES (?, ?, ?)", (bare, *login))
        return bare

    def of(self, address: str) -> Login | None:
        """The login that was kept last for an address; None where there is none."""
        with self._lock, faults(self._path):
            query = "SELECT user, password FROM logins WHERE address = ?"
            found = self._connection.execute(query, (address,)).fetchone()
        return Login(*found) if found else None

    def close(self) -> None:
        with self._lock, faults(self._path):
            self._connection.close()
