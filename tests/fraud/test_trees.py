"""Trees scored by the machine are LightGBM's trees."""

from pathlib import Path

import lightgbm
import numpy as np
import pytest

from saqta.fraud.engine.features import LEARNED
from saqta.fraud.engine.rules import Rules
from saqta.fraud.engine.trees import contributions, raw_score, read_trees, share
from saqta.fraud.learning.payments import Payments
from saqta.fraud.learning.training import Learned, Replay
from saqta.model.errors import InputError


@pytest.fixture(scope="module")
def features(payments: Payments, rules: Rules) -> np.ndarray:
    return Replay(payments, 7, rules).until(2**60, keep=True).features[::37]


def test_scores_equal_those_of_lightgbm(learned: tuple[Learned, Path], features: np.ndarray) -> None:
    theirs = lightgbm.Booster(model_str=learned[0].text).predict(features)
    ours = [share(raw_score(learned[0].trees, row)) for row in features]
    assert len(ours) > 500
    assert np.ptp(theirs) > 0.5
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_contributions_equal_those_of_lightgbm(learned: tuple[Learned, Path], features: np.ndarray) -> None:
    theirs = lightgbm.Booster(model_str=learned[0].text).predict(features[:20], pred_contrib=True)
    for row, expected in zip(features[:20], theirs, strict=True):
        found = np.zeros(len(LEARNED) + 1)
        contributions(learned[0].trees, row, found)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
        assert found.sum() == pytest.approx(raw_score(learned[0].trees, row))


def test_trees_of_one_leaf_are_scored_too() -> None:
    data = lightgbm.Dataset(np.zeros((50, 2), np.float32), np.r_[np.ones(10), np.zeros(40)])
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, data, 3)
    trees = read_trees(booster.model_to_string(), 2)
    assert share(raw_score(trees, np.zeros(2, np.float32))) == pytest.approx(0.2)


@pytest.mark.parametrize("change", ["split_feature=", "num_leaves=", "decision_type="])
def test_what_is_no_model_is_refused(learned: tuple[Learned, Path], change: str) -> None:
    with pytest.raises(InputError, match="boosted trees"):
        read_trees(learned[0].text.replace(change, f"{change}999 "), len(LEARNED))


@pytest.mark.parametrize("text", ["", "\nTree=0\nnum_leaves=x", "\nTree=0\nnum_leaves=99999999\n"])
def test_garbage_is_no_model(text: str) -> None:
    with pytest.raises(InputError, match="boosted trees"):
        read_trees(text, 3)
