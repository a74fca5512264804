"""Signs a checkpoint of the log at least every minute in which it grew, and keeps the newest ones in a folder.

- ``log.key`` holds the Ed25519 signing key (mode 0600), ``log.pub`` the verifier key, both as C2SP signed notes have
  them; they are made once.
- ``checkpoints/`` has a text file for each checkpoint, named by its size: the newest, then fewer the older they are.
  Copies kept elsewhere are what makes them worth something: who owns this machine owns the key too.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from saqta.log.notes import Signer, Verifier
from saqta.log.port import Reader
from saqta.model.errors import DamageError, InputError, StorageError

CHECKPOINT_EVERY_S = 60.0
SIGN_TRIES_MAX = 5
"""So many writes in a row may fail, one each ``every_s``."""
NEWEST_KEPT = 100
HOURLY_KEPT_S = 7 * 86_400
"""Behind the newest, one an hour is kept for so long, then one a day for ever."""


class Checkpointer:
    """Signs and keeps checkpoints of ``log`` in the data folder."""

    def __init__(self, data: Path, log: Reader, every_s: float = CHECKPOINT_EVERY_S, origin: str | None = None) -> None:
        """``origin`` is the log's name, should its key have to be made now. Raises as ``signer``, and InputError."""
        if not every_s > 0:
            raise InputError("checkpoint_every_s", every_s, "a number of seconds greater than 0")
        self._data, self._log, self._every_s = data, log, every_s
        signer(data, origin)
        self._signed = max(kept(data), default=0)

    def run(self, stop: threading.Event) -> None:
        """Signs what has grown, every ``every_s`` until ``stop`` is set, and then a last time. Blocks.

        StorageError when the last one can't be written, or SIGN_TRIES_MAX in a row; DamageError as ``signer``.
        """
        failed = 0
        while not stop.wait(self._every_s):
            try:
                self._sign()
                failed = 0
            except StorageError:
                failed += 1
                if failed == SIGN_TRIES_MAX:
                    raise
        self._sign()

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
        for file in _dispensable(kept(data)):
            file.unlink(missing_ok=True)
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


def _dispensable(files: Mapping[int, Path]) -> Iterator[Path]:
    """What need not be kept: of the files behind the newest, all but the last of its hour, or of its day."""
    sizes = sorted(files, reverse=True)
    written_s = {size: files[size].stat().st_mtime for size in sizes}
    taken: set[tuple[int, int]] = set()
    for size in sizes[NEWEST_KEPT:]:
        step_s = 3_600 if written_s[sizes[0]] - written_s[size] <= HOURLY_KEPT_S else 86_400
        slot = step_s, int(written_s[size] // step_s)
        if slot in taken:
            yield files[size]
        taken.add(slot)


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
