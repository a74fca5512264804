"""What ``train`` writes and ``decide`` loads: the trees, the state when they were learned, and what they belong
to."""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from saqta.fraud.engine.features import LEARNED
from saqta.fraud.engine.layout import LABEL_DELAY_D_MAX, LIFE, RING, State
from saqta.fraud.engine.machine import MODEL_FEATURES
from saqta.fraud.engine.rules import Action
from saqta.fraud.engine.stored_state import read_state, write_state
from saqta.fraud.engine.trees import Trees, read_trees
from saqta.fraud.learning.card import card, with_review
from saqta.fraud.learning.drift import SCORE, Bins
from saqta.fraud.learning.evaluation import Aged
from saqta.fraud.learning.training import DISTURBED, Learned
from saqta.model.errors import InputError, StorageError

TREES, MANIFEST, STATE, BINS, CARD = "trees.txt", "manifest.json", "state.npz", "bins.json", "card.md"
TREES_BYTES_MAX = 64 << 20
FEATURES_VERSION = 2
"""Goes up when a feature comes to mean something else under its old name."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is: for which features, of which trees, learned from what, and from which score on it acts."""

    features: str
    trees: str
    label_delay_d: int
    until: str
    thresholds: dict[Action, float]
    train_payments: int
    train_frauds: int


class Model(NamedTuple):
    """A model as it decides; ``version`` names it in answers."""

    version: str
    manifest: Manifest
    trees: Trees


def feature_set() -> str:
    """The name of the features that this program reads: a hash of their names, their order and the state's layout."""
    layout = f"{FEATURES_VERSION} {' '.join(LEARNED)} {LIFE.descr} {RING.descr}"
    return hashlib.sha256(layout.encode()).hexdigest()


def write_model(folder: Path, learned: Learned, state: State, label_delay_d: int, until: str) -> Manifest:
    """Writes a model; StorageError when the folder can't be written."""
    manifest = Manifest(
        features=feature_set(),
        trees=hashlib.sha256(learned.text.encode()).hexdigest(),
        label_delay_d=label_delay_d,
        until=until,
        thresholds=learned.thresholds,
        train_payments=learned.payments,
        train_frauds=learned.frauds,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TREES).write_text(learned.text)
        write_state(folder / STATE, state)
        (folder / BINS).write_bytes(msgspec.json.format(msgspec.json.encode(learned.bins), indent=2))
        encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (folder / MANIFEST).write_bytes(encoded)
        told = card(
            _version(encoded),
            until,
            label_delay_d,
            learned.payments,
            learned.frauds,
            learned.thresholds,
            DISTURBED,
            learned.gains,
        )
        (folder / CARD).write_text(told)
    except OSError as error:
        raise StorageError(f"{folder} can't be written: {error.strerror}") from error
    return manifest


def write_review(folder: Path, aged: Sequence[Aged]) -> None:
    """Writes into a model's card what came of what it raised; StorageError when it can't be written."""
    try:
        (folder / CARD).write_text(with_review((folder / CARD).read_text(), aged))
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{folder / CARD} can't be written: {error}") from error


def read_model(folder: Path) -> Model:
    """The model in ``folder``; InputError when it is none, of another feature set, or not what was written."""
    try:
        encoded = (folder / MANIFEST).read_bytes()
        manifest = msgspec.json.decode(encoded, type=Manifest)
        with (folder / TREES).open("rb") as file:
            text = file.read(TREES_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise InputError("model", str(folder), f"a folder that `saqta fraud train` wrote ({error})") from error
    if len(text) > TREES_BYTES_MAX:
        raise InputError("model", str(folder / TREES), f"at most {TREES_BYTES_MAX} bytes")
    if manifest.features != feature_set():
        expected = f"a model of this program's features, {feature_set()[:12]}: train it again"
        raise InputError("model", f"features {manifest.features[:12]}", expected)
    if hashlib.sha256(text).hexdigest() != manifest.trees:
        raise InputError("model", str(folder / TREES), "the trees that the manifest names")
    if not 0 <= manifest.label_delay_d <= LABEL_DELAY_D_MAX:
        raise InputError("model.label_delay_d", manifest.label_delay_d, f"0 to {LABEL_DELAY_D_MAX}")
    return Model(_version(encoded), manifest, read_trees(text.decode(errors="replace"), MODEL_FEATURES))


def read_bins(folder: Path) -> dict[str, Bins]:
    """The bins of what the model learned from; InputError where there are none of this program's features."""
    try:
        bins = msgspec.json.decode((folder / BINS).read_bytes(), type=dict[str, Bins])
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise InputError("model", str(folder / BINS), f"the bins that `saqta fraud train` wrote ({error})") from error
    if bins.keys() != {*LEARNED, SCORE}:
        raise InputError("model", str(folder / BINS), "bins of this program's features: train it again")
    return bins


def read_learned_state(folder: Path) -> State:
    """The state as it was when the model was learned."""
    try:
        return read_state(folder / STATE)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError("model", str(folder / STATE), "a state that `saqta fraud train` wrote") from error


def _version(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:12]
