"""Signs a checkpoint of the log at least every minute in which it grew, and keeps the newest ones in a folder.

- ``log.key`` holds the Ed25519 signing key (mode 0600), ``log.pub`` the verifier key, both as C2SP signed notes have
  them; they are made once.
- ``checkpoints/`` has a text file for each checkpoint, named by its size. Copies kept elsewhere are what makes them
  worth something: who owns this machine owns the key too.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from saqta.log.notes import Signer, Verifier
from saqta.log.port import Reader
from saqta.model.errors import DamageError, InputError, SaqtaError, StorageError

CHECKPOINT_EVERY_S = 60.0
CHECKPOINTS_MAX = 1_000
"""So many are kept in the folder, the newest."""


class Checkpointer:
    """Signs and keeps checkpoints of ``log`` in the data folder, in a thread of its own, until ``close``."""

    def __init__(self, data: Path, log: Reader, every_s: float = CHECKPOINT_EVERY_S, origin: str | None = None) -> None:
        """``origin`` is the log's name, should its key have to be made now. Raises as ``signer``."""
        self._data, self._log, self._every_s = data, log, every_s
        signer(data, origin)
        self._signed = max(kept(data), default=0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Signs what has grown since the last one, then stops; StorageError or DamageError when it can't."""
        self._stop.set()
        self._thread.join()
        self._sign()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._sign()
            except SaqtaError:
                continue  # It is tried again; ``close`` raises what is still amiss then.

    def _sign(self) -> None:
        size = self._log.size()
        if size > self._signed:
            sign(self._data, self._log, size)
            self._signed = size


def sign(data: Path, log: Reader, size: int | None = None) -> str:
    """The signed checkpoint of the log as it stands, or stood at ``size``; the folder keeps it too.

    Raises as ``signer``.
    """
    size = log.size() if size is None else size
    note = signer(data).checkpoint(size, log.root(size))
    folder = data / "checkpoints"
    with _faults(folder):
        folder.mkdir(exist_ok=True)
        _write(folder / f"{size:012d}.txt", note, 0o644)
        files = kept(data)
        for old in sorted(files)[:-CHECKPOINTS_MAX]:
            files[old].unlink(missing_ok=True)
    return note


def kept(data: Path) -> dict[int, Path]:
    """The files of the checkpoints that the data folder keeps, by size."""
    files = (data / "checkpoints").glob("*.txt")
    return {int(file.stem): file for file in files if file.stem.isascii() and file.stem.isdigit()}


def verifier(data: Path) -> Verifier | None:
    """Who checks this log's checkpoints: ``log.pub``; None where there is none. DamageError when it is no key."""
    file = data / "log.pub"
    with _faults(file):
        if not file.exists():
            return None
        text = file.read_text(errors="replace")
    try:
        return Verifier.parse(text)
    except InputError as error:
        raise DamageError(f"{file} is no verifier key ({error})") from error


def signer(data: Path, origin: str | None = None) -> Signer:
    """Who signs this log's checkpoints: ``log.key``, made together with ``log.pub`` when it is not there.

    StorageError when they can't be read or written; DamageError when they are no keys, or not of one another.
    """
    secret, public = data / "log.key", data / "log.pub"
    with _faults(secret):
        if not secret.exists():
            _write(secret, Signer.generate(origin).text + "\n", 0o600)
        text = secret.read_text(errors="replace")
    try:
        found = Signer.parse(text)
    except InputError as error:
        raise DamageError(f"{secret} is no signing key; restore it from a copy") from error
    with _faults(public):
        if not public.exists():
            _write(public, found.verifier.text + "\n", 0o644)
        if public.read_text(errors="replace").strip() != found.verifier.text:
            raise DamageError(f"{public} is not the public half of {secret}; restore both from a copy")
    return found


def _write(file: Path, text: str, mode: int) -> None:
    """Writes the file whole or not at all, durably."""
    draft = file.with_name(f".{file.name}.{threading.get_ident()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _faults(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{file} can't be read or written: {error.strerror}; check the folder and its disk"
        ) from error
