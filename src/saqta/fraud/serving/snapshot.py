"""What the decision path keeps between two runs: its state, and where the decisions that it remembers are recorded.

It only saves time: without one, or where it belongs to another log, the state is rebuilt from the whole log.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from saqta.fraud.layout import Array, State
from saqta.fraud.stored_state import read_state, write_state
from saqta.log.port import Log
from saqta.model.errors import StorageError

PLACE = np.dtype([("number", "<i8"), ("row", "<i4")])
MANIFEST = "kept.json"


class Kept(msgspec.Struct, frozen=True):
    """Up to which event of which log it is, the log's root there, and each tenant's next commit."""

    seq: int
    root: str
    numbers: dict[str, int]


class Snapshot(NamedTuple):
    """What was kept, with ``places`` (PLACE) beside the state's memos."""

    kept: Kept
    state: State
    places: Array


def write_snapshot(folder: Path, kept: Kept, state: State, places: Array) -> None:
    """Takes the place of the one before; a crash leaves either. StorageError when the folder can't be written."""
    try:
        folder.mkdir(exist_ok=True)
        write_state(folder / f"state-{kept.seq}.npz", state)
        with (folder / f"places-{kept.seq}.npz").open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, places=places)
        fresh = folder / f"{MANIFEST}.new"
        fresh.write_bytes(msgspec.json.encode(kept))
        fresh.replace(folder / MANIFEST)
        for old in folder.glob("*-*.npz"):
            if not old.stem.endswith(f"-{kept.seq}"):
                old.unlink()
    except OSError as error:
        raise StorageError(f"{folder} can't be written: {error.strerror}") from error


def read_snapshot(folder: Path, log: Log) -> Snapshot | None:
    """The one that was kept, None where there is none that belongs to this log and this program."""
    try:
        kept = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Kept)
        if kept.seq > log.size() or log.root(kept.seq).hex() != kept.root:
            return None
        state = read_state(folder / f"state-{kept.seq}.npz")
        with np.load(folder / f"places-{kept.seq}.npz", allow_pickle=False) as file:
            return Snapshot(kept, state, file["places"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, msgspec.DecodeError):
        return None
