"""What the decision path keeps between two runs: its state, and where the decisions that it knows are recorded.

It only saves time: without one, or where it belongs to another log, to features that mean something else or to another
delay of labels, the state is rebuilt from the whole log.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from saqta.fraud.engine.layout import Array, State
from saqta.fraud.engine.stored_state import read_state, write_state
from saqta.fraud.learning.folder import feature_set
from saqta.fraud.youth import Paid
from saqta.log.port import Log
from saqta.model.errors import StorageError

NOTED = np.dtype([("id", "<u8"), ("number", "<i8"), ("row", "<i4"), ("used", "<i4")])
"""Where the decision of an id is recorded: the number of its tenant's commit, and the row in it."""
MANIFEST = "kept.json"


class Kept(msgspec.Struct, frozen=True):
    """The size and root of the log; up to which seq the state has what was told of decisions; each tenant's next
    commit, all before which it has, and what it paid; how many ids were ever noted; and what the
    state was made for."""

    size: int
    root: str
    told: int
    numbers: dict[str, int]
    paid: dict[str, Paid]
    noted: int
    features: str
    label_delay_d: int


class Snapshot(NamedTuple):
    """What was kept, with the ids that were ``noted`` (NOTED) beside the state."""

    kept: Kept
    state: State
    noted: Array


def write_snapshot(folder: Path, kept: Kept, state: State, noted: Array) -> None:
    """Takes the place of the one before; a crash leaves either. StorageError when the folder can't be written."""
    name = f"{kept.size}-{kept.told}"
    try:
        folder.mkdir(exist_ok=True)
        write_state(folder / f"state-{name}.npz", state)
        with (folder / f"places-{name}.npz").open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, noted=noted)
        fresh = folder / f"{MANIFEST}.new"
        fresh.write_bytes(msgspec.json.encode(kept))
        fresh.replace(folder / MANIFEST)
        for old in folder.glob("*-*.npz"):
            if not old.stem.endswith(f"-{name}"):
                old.unlink()
    except OSError as error:
        raise StorageError(f"{folder} can't be written: {error.strerror}") from error


def read_snapshot(folder: Path, log: Log, label_delay_d: int) -> Snapshot | None:
    """The one that was kept, None where there is none that belongs to this log, this program and this delay."""
    try:
        kept = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Kept)
        if (kept.features, kept.label_delay_d) != (feature_set(), label_delay_d):
            return None
        if kept.size > log.size() or log.root(kept.size).hex() != kept.root:
            return None
        name = f"{kept.size}-{kept.told}"
        state = read_state(folder / f"state-{name}.npz")
        with np.load(folder / f"places-{name}.npz", allow_pickle=False) as file:
            noted = file["noted"]
        return Snapshot(kept, state, noted) if noted.dtype == NOTED else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, msgspec.DecodeError):
        return None
