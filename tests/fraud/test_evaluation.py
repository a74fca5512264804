"""The Handbook's protocol: its precision by hand, its features by plain sums, its figures on made and on the
shared payments."""

import os
from pathlib import Path

import numpy as np
import pytest

from saqta.fraud.engine.layout import DAY_MS
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.baselines import handbook_features
from saqta.fraud.learning.evaluation import card_precision, evaluate
from saqta.fraud.learning.payments import Payments, read_payments
from saqta.model.errors import InputError
from saqta.model.moment import from_text


def test_card_precision_counts_a_card_once_a_day_and_on_its_first_day_alone() -> None:
    day = np.array([0, 0, 0, 1, 1, 1])
    card = np.array([1, 1, 2, 1, 3, 2])
    fraud = np.array([True, False, False, True, True, False])
    scores = np.array([0.2, 0.9, 0.8, 0.9, 0.1, 0.2])
    assert card_precision(scores, fraud, card, day) == pytest.approx((1 + 1) / 2 / 100)


def test_the_handbook_s_features_are_plain_sums(payments: Payments) -> None:
    found = handbook_features(payments, 7)
    time_ms, amount = payments.events["time_ms"], payments.events["amount"]
    for row in (3, 5_000, 20_000, len(found) - 1):
        mine = (payments.account == payments.account[row]) & (time_ms <= time_ms[row])
        week = mine & (time_ms > time_ms[row] - 7 * DAY_MS)
        assert found[row, 5] == week.sum()
        assert found[row, 6] == pytest.approx(amount[week].mean())
        there = (payments.payee == payments.payee[row]) & (time_ms <= time_ms[row] - 7 * DAY_MS)
        month = there & (time_ms > time_ms[row] - 37 * DAY_MS)
        assert found[row, 13] == month.sum()
        assert found[row, 14] == pytest.approx(payments.fraud[month].mean() if month.any() else 0)


def test_made_frauds_are_found_better_than_by_the_baselines(payments: Payments, rules: Rules) -> None:
    found = evaluate(payments, rules, from_text("2026-03-12T00:00:00Z"), 7, 7)
    assert set(found.baselines) == {"logistic_regression", "random_forest", "xgboost"}
    assert found.average_precision > max(figures["average_precision"] for figures in found.baselines.values())
    assert found.test_frauds > 20
    assert found.train_payments > 15_000


def test_days_without_payments_are_refused(payments: Payments, rules: Rules) -> None:
    for day in ("2026-04-12", "2025-03-12"):
        with pytest.raises(InputError, match=f"test-from: .*{day}.*2026-01-01 to 2026-03-25"):
            evaluate(payments, rules, from_text(f"{day}T00:00:00Z"), 7, 7)
    honest = payments._replace(fraud=np.zeros_like(payments.fraud))
    with pytest.raises(InputError, match="both kinds"):
        evaluate(honest, rules, from_text("2026-03-12T00:00:00Z"), 7, 7)


@pytest.mark.long
def test_the_shared_payments_are_judged_as_the_roadmap_says(rules: Rules) -> None:
    shared = Path(os.environ.get("SAQTA_SHARED", Path(__file__).parents[2] / "shared"))
    path = shared / "data" / "fraud" / "handbook_2018-04_2018-08.parquet"
    if not path.exists():
        pytest.skip("the shared payments are not here")
    found = evaluate(read_payments([path]), rules, from_text("2018-07-25T00:00:00Z"), 7, 7)
    assert found.average_precision > 0.7
    assert found.average_precision > found.baselines["random_forest"]["average_precision"]
