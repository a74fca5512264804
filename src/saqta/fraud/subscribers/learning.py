"""Learns which subscribers are used for fraud, says how well, and judges others: boosted trees on their usage.

Nobody is blocked by it: who is suspected is proposed, with the figures that speak against the number, and a person
decides.
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from saqta.fraud.learning.training import boosted
from saqta.fraud.subscribers.usage import FEATURES, Usage
from saqta.model.errors import InputError, StorageError

TREES, MANIFEST = "subscribers.txt", "subscribers.json"
FOLDS = 5
EACH_MIN = 10
"""Fewer frauds, or fewer honest ones, teach nothing that could be measured."""
DISTURBED = 0.001
"""The share of honest subscribers that may be suspected."""
REASONS_MAX = 3


class Quality(NamedTuple):
    """How good a ranking is; ``recall`` is the share of frauds above the score that DISTURBED of the honest reach."""

    auc_roc: float
    average_precision: float
    recall: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is: for which features, of which trees, from which score on it suspects, learned from what."""

    features: str
    trees: str
    suspect_from: float
    subscribers: int
    frauds: int


class Model(NamedTuple):
    """A model as it judges; ``version`` names it."""

    version: str
    manifest: Manifest
    booster: Any


class Suspect(NamedTuple):
    """A number, how likely it is used for fraud, and the features that speak most for it, the strongest first."""

    number: str
    score: float
    reasons: list[tuple[str, float]]


def evaluate(usage: Usage, fraud: NDArray[np.bool_]) -> dict[str, Quality]:
    """Our trees, logistic regression and a random forest, each asked only about subscribers that it did not learn from
    (FOLDS folds, each with its share of frauds)."""
    from sklearn.model_selection import StratifiedKFold

    _require_both(fraud)
    scores = {name: np.zeros(len(fraud)) for name in ("saqta", "logistic_regression", "random_forest")}
    for known, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(usage.features, fraud):
        learned = boosted(usage.features[known], fraud[known], usage.names)
        scores["saqta"][asked] = learned.predict(usage.features[asked])
        for name, model in _baselines().items():
            model.fit(usage.features[known], fraud[known])
            scores[name][asked] = model.predict_proba(usage.features[asked])[:, 1]
    return {name: quality(found, fraud) for name, found in scores.items()}


def quality(scores: NDArray[np.float64], fraud: NDArray[np.bool_]) -> Quality:
    """What a ranking is worth."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    auc, precision = float(roc_auc_score(fraud, scores)), float(average_precision_score(fraud, scores))
    return Quality(auc, precision, float(np.mean(scores[fraud] > _suspect_from(scores, fraud))))


def train(usage: Usage, fraud: NDArray[np.bool_], out: Path) -> Model:
    """Learns from all, and writes the model into the folder ``out``. The score from which on it suspects comes from
    subscribers that the trees of that fold had not seen. InputError where there is too little; StorageError where
    nothing can be written."""
    from sklearn.model_selection import StratifiedKFold

    _require_both(fraud)
    seen = np.zeros(len(fraud))
    for known, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(usage.features, fraud):
        seen[asked] = boosted(usage.features[known], fraud[known], usage.names).predict(usage.features[asked])
    text = boosted(usage.features, fraud, usage.names).model_to_string()
    manifest = Manifest(
        features=_feature_set(usage.names),
        trees=hashlib.sha256(text.encode()).hexdigest(),
        suspect_from=_suspect_from(seen, fraud),
        subscribers=len(fraud),
        frauds=int(fraud.sum()),
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / TREES).write_text(text)
        (out / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    except OSError as error:
        raise StorageError(f"{out} can't be written: {error.strerror}") from error
    return read_model(out)


def read_model(folder: Path) -> Model:
    """The model in ``folder``; InputError when it is none, of other features, or not what was written."""
    import lightgbm

    try:
        encoded = (folder / MANIFEST).read_bytes()
        manifest = msgspec.json.decode(encoded, type=Manifest)
        text = (folder / TREES).read_text()
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        expected = f"a folder that `saqta fraud subscribers train` wrote ({error})"
        raise InputError("model", str(folder), expected) from error
    if manifest.features != _feature_set(list(FEATURES)):
        raise InputError("model", f"features {manifest.features[:12]}", "a model of this program's features")
    if hashlib.sha256(text.encode()).hexdigest() != manifest.trees:
        raise InputError("model", str(folder / TREES), "the trees that the manifest names")
    return Model(hashlib.sha256(encoded).hexdigest()[:12], manifest, lightgbm.Booster(model_str=text))


def judge(usage: Usage, model: Model) -> list[Suspect]:
    """Who is suspected, the most likely first; the reasons by SHAP values of the trees."""
    if not usage.numbers:
        return []
    scores = model.booster.predict(usage.features)
    suspected = np.flatnonzero(scores > model.manifest.suspect_from)
    suspected = suspected[np.argsort(-scores[suspected], kind="stable")]
    if not len(suspected):
        return []
    shares = model.booster.predict(usage.features[suspected], pred_contrib=True)[:, :-1]
    return [
        Suspect(usage.numbers[row], float(scores[row]), _strongest(usage, int(row), share))
        for row, share in zip(suspected, shares, strict=True)
    ]


def _strongest(usage: Usage, row: int, share: NDArray[np.float64]) -> list[tuple[str, float]]:
    highest = [n for n in np.argsort(-share, kind="stable")[:REASONS_MAX] if share[n] > 0]
    return [(usage.names[n], float(usage.features[row, n])) for n in highest]


def _suspect_from(scores: NDArray[np.float64], fraud: NDArray[np.bool_]) -> float:
    return float(np.quantile(scores[~fraud], 1 - DISTURBED, method="higher"))


def _require_both(fraud: NDArray[np.bool_]) -> None:
    if min(fraud.sum(), len(fraud) - fraud.sum()) < EACH_MIN:
        given = f"{len(fraud)} subscribers, {fraud.sum()} of them fraud"
        raise InputError("labels", given, f"at least {EACH_MIN} of both kinds to learn from")


def _feature_set(names: list[str]) -> str:
    return hashlib.sha256(" ".join(names).encode()).hexdigest()


def _baselines() -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=1000, random_state=0))
    forest = make_pipeline(SimpleImputer(), RandomForestClassifier(random_state=0))
    return {"logistic_regression": regression, "random_forest": forest}
