"""The Fraud Detection Handbook's own features and models, to compare with (Le Borgne et al., 2022, chapter 3).

Its 15 features in exact windows, its seven days of training; logistic regression and random forest as scikit-learn
has them, and XGBoost with the defaults of its day.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from saqta.fraud.engine.layout import DAY_MS, HOUR_MS, Array
from saqta.fraud.learning.payments import Payments

WINDOWS_D = (1, 7, 30)
TRAIN_D = 7
NIGHT_UNTIL_H = 6


def handbook_features(payments: Payments, label_delay_d: int) -> NDArray[np.float64]:
    """(payments, 15): amount, weekend, night; count and mean of the payer; count and risk of the payee before the
    delay."""
    time_ms, amount = payments.events["time_ms"], payments.events["amount"]
    weekend = (time_ms // DAY_MS + 3) % 7 >= 5
    night = time_ms % DAY_MS // HOUR_MS <= NIGHT_UNTIL_H
    columns: list[Array] = [amount, weekend, night]
    payer = _Grouped(payments.account, time_ms)
    for days in WINDOWS_D:
        count = payer.sums(np.ones(len(amount)), days, 0)
        columns += [count, payer.sums(amount, days, 0) / count]
    payee = _Grouped(payments.payee, time_ms)
    for days in WINDOWS_D:
        count = payee.sums(np.ones(len(amount)), days, label_delay_d)
        frauds = payee.sums(payments.fraud.astype(float), days, label_delay_d)
        columns += [count, frauds / np.maximum(count, 1)]
    return np.column_stack(columns).astype(float)


def baseline_scores(
    payments: Payments, train: Array, test: Array, label_delay_d: int
) -> dict[str, NDArray[np.float64]]:
    """The scores of the rows ``test`` by each model that learned from the rows ``train``."""
    features = handbook_features(payments, label_delay_d)
    mean, deviation = features[train].mean(axis=0), features[train].std(axis=0)
    scaled = (features - mean) / np.where(deviation > 0, deviation, 1)
    fraud = payments.fraud[train]
    return {
        name: model.fit(scaled[train], fraud).predict_proba(scaled[test])[:, 1] for name, model in _models().items()
    }


def _models() -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from xgboost import XGBClassifier

    return {
        "logistic_regression": LogisticRegression(random_state=0),
        "random_forest": RandomForestClassifier(random_state=0, n_jobs=2),
        "xgboost": XGBClassifier(random_state=0, tree_method="exact", base_score=0.5, n_jobs=2),
    }


class _Grouped:
    """Sums over windows of time within groups."""

    def __init__(self, group: NDArray[np.int64], time_ms: Array) -> None:
        self._order = np.lexsort((time_ms, group))
        start_ms = int(time_ms.min())
        self._span_ms = int(time_ms.max()) - start_ms + 400 * DAY_MS
        self._place = group[self._order] * self._span_ms + (time_ms[self._order] - start_ms)

    def sums(self, values: Array, window_d: int, delay_d: int) -> NDArray[np.float64]:
        """Of the rows within ``window_d`` days that ended ``delay_d`` days ago; without a delay, the row itself
        included."""
        total = np.concatenate([[0.0], np.cumsum(values[self._order])])
        end = np.arange(1, len(self._place) + 1)
        if delay_d:
            end = np.searchsorted(self._place, self._place - delay_d * DAY_MS, side="right")
        first = np.searchsorted(self._place, self._place - (delay_d + window_d) * DAY_MS, side="right")
        result = np.empty(len(values))
        result[self._order] = total[end] - total[first]
        return result
