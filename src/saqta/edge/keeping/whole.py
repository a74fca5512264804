"""Files that are whole on the disk or not there at all.

What is begun has a hidden name with its writer's process id in it; what a killed writer leaves is swept by the next.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from av.error import FFmpegError

from saqta.model.errors import StorageError


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """A name to write to while the block runs, which becomes ``out`` when it ends well; StorageError when it can't, or
    where a folder or a device is ``out``."""
    if out.exists() and not out.is_file():
        raise StorageError(f"{out} can't be written: it is no file")
    for left in out.parent.glob(escape(f".{out.name}.") + "*.part"):
        if _is_gone(left.suffixes[-2][1:]):
            left.unlink(missing_ok=True)
    part = begun(out.parent, out.name)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(out)
        sync_folder(out.parent)
    except (OSError, FFmpegError) as error:
        raise StorageError(f"{out} can't be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def begun(folder: Path, name: str, suffix: str = "") -> Path:
    """What a file is called until it is whole: ``name`` is this process's own within ``folder``."""
    return folder / f".{name}.{os.getpid()}.part{suffix}"


def sweep(folder: Path, writer: int | None = None) -> None:
    """Removes what was begun in ``folder`` and will not be whole: of one ``writer`` that is gone, or of all."""
    for left in folder.glob(f".*.{'*' if writer is None else writer}.part*"):
        left.unlink(missing_ok=True)


def put_under_its_hash(part: Path) -> tuple[str, int]:
    """Flushes a file to the disk and names it by its SHA-256, its suffix kept: (the hash, its size). OSError if not."""
    with part.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        size_bytes = os.fstat(file.fileno()).st_size
    part.rename(part.with_name(f"{digest}{part.suffix}"))
    sync_folder(part.parent)
    return digest, size_bytes


def sync_folder(folder: Path) -> None:
    """Makes what was renamed or removed in ``folder`` last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_gone(writer: str) -> bool:
    """Whether no process has this id any more; what is no id may be anybody's."""
    try:
        os.kill(int(writer), 0)
    except (PermissionError, ValueError, OverflowError):
        return False
    except ProcessLookupError:
        return True
    return False
