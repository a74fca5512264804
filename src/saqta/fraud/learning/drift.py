"""How far payments have moved from those that a model learned from: the population stability index (PSI).

Shares of ten bins that were equally full in training are compared: Σ (now − then) · ln(now / then). As is the custom of
credit scoring, less than 0.1 is no change that matters, more than 0.25 one that asks for another training.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np

from saqta.fraud.engine.features import LEARNED
from saqta.fraud.engine.layout import Array
from saqta.model.errors import InputError

BINS = 10
EMPTY_SHARE = 1e-4
"""An empty bin counts as this full: of nothing there is no logarithm."""
MOVED, FAR = 0.1, 0.25
SCORE = "score"


class Bins(msgspec.Struct, frozen=True):
    """The inner edges of bins, ascending, and the share of values in each of them; a value on an edge lies above."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


class Drift(NamedTuple):
    """What has moved, how far, and in a word: stable, moved, far."""

    name: str
    psi: float
    word: str


def bins_of(features: Array, scores: Array) -> dict[str, Bins]:
    """The bins of each feature, (payments, LEARNED), and of the scores."""
    columns = dict(zip(LEARNED, features.T, strict=True)) | {SCORE: scores}
    return {name: _bins(values) for name, values in columns.items()}


def drift(bins: Mapping[str, Bins], features: Array, scores: Array) -> list[Drift]:
    """How far each has moved, the farthest first; InputError where there are no payments."""
    if not len(scores):
        raise InputError("payments", "none in this span of days", "payments to compare with those of the training")
    columns = dict(zip(LEARNED, features.T, strict=True)) | {SCORE: scores}
    found = [(name, psi(bins[name], values)) for name, values in columns.items()]
    return [Drift(name, value, _word(value)) for name, value in sorted(found, key=lambda one: -one[1])]


def psi(bins: Bins, values: Array) -> float:
    """The population stability index of values against the bins of other ones."""
    then, now = (np.maximum(shares, EMPTY_SHARE) for shares in (np.array(bins.shares), _shares(bins.edges, values)))
    return float(((now - then) * np.log(now / then)).sum())


def _bins(values: Array) -> Bins:
    edges = tuple(np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])).tolist())
    return Bins(edges, tuple(_shares(edges, values).tolist()))


def _shares(edges: tuple[float, ...], values: Array) -> Array:
    which = np.searchsorted(np.array(edges), values.astype(np.float64), side="right")
    return np.bincount(which, minlength=len(edges) + 1) / len(values)


def _word(value: float) -> str:
    return "far" if value > FAR else "moved" if value > MOVED else "stable"
