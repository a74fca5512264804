"""Decisions beside those who do a part of them, in the same run: a row scored (LightGBM's own predict), rules
(zen-engine), features over windows of time (River).

Each is asked from Python for one row or one payment at a time. Where both answer the same question their answers are
compared as well. ``make bench`` installs the peers.
"""

import datetime
import importlib.util
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from saqta.fraud.engine.layout import EVENT, PAYMENT, Limits, empty
from saqta.fraud.engine.machine import MODEL_FEATURES, decide, room
from saqta.fraud.engine.program import STACK_MAX
from saqta.fraud.engine.rules import FEATURES, STANDARD, Rule, judge, read_rules, rule_set
from saqta.fraud.engine.trees import NO_TREES, raw_score, read_trees
from saqta.terminal import errors

ROWS, LEARNED_ROWS, TREES = 2_000, 50_000, 130
PAYMENTS, PAYERS, PAYEES = 20_000, 500, 1_000
START_MS, STEP_MS = 1_700_000_000_000, 60_000
WINDOWS = (
    datetime.timedelta(hours=1),
    datetime.timedelta(days=1),
    datetime.timedelta(days=7),
    datetime.timedelta(days=30),
)


def run() -> list[dict[str, object]]:
    """Our rate against each peer's; who is not installed is told."""
    missing = {peer for peer in ("river", "zen") if importlib.util.find_spec(peer) is None}
    for peer in sorted(missing):
        errors.print(f"{peer} is not installed: make bench installs it and measures")
    records = [_lightgbm()]
    if "river" not in missing:
        records.append(_river())
    if "zen" not in missing:
        records.append(_zen())
    return records


def _lightgbm() -> dict[str, object]:
    """One row scored: our walk through the trees, and LightGBM's predict on the same ones."""
    import lightgbm

    chance = np.random.default_rng(3)
    rows = chance.uniform(0, 50, (LEARNED_ROWS, MODEL_FEATURES)).astype(np.float32)
    fraud = rows[:, 0] * rows[:, 1] + chance.normal(0, 100, LEARNED_ROWS) > 1_500
    settings = {"objective": "binary", "num_leaves": 31, "max_depth": 7, "verbosity": -1, "num_threads": 2}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, fraud), TREES)
    trees, asked = read_trees(booster.model_to_string(), MODEL_FEATURES), rows[:ROWS]
    theirs = booster.predict(asked, raw_score=True)
    np.testing.assert_allclose([raw_score(trees, row) for row in asked], theirs, atol=1e-9)
    ours = _rate(lambda row: raw_score(trees, row), asked)
    rate = _rate(lambda row: booster.predict(row[None], num_threads=1), asked)
    return _record("fraud-score-one-row", ours, "LightGBM predict", rate)


def _zen() -> dict[str, object]:
    """One row judged by the standard rules on payments, and by the same rules as a decision table of zen-engine's."""
    import zen

    chosen = [rule for rule in read_rules(STANDARD).rules if rule.on == "payment" and rule.when]
    rules, conditions = rule_set("peers", chosen), [_conditions(rule) for rule in chosen]
    columns = sorted({name for met in conditions for name, _ in met})
    decision = zen.ZenEngine().create_decision(json.dumps(_table(chosen, conditions, columns)))
    chance, width = np.random.default_rng(5), len(FEATURES["payment"])
    rows = chance.choice(np.float32([0, 0.5, 1, 2, 4, 8, 16, 60]), (ROWS, width))
    event, stack = np.zeros(1, EVENT), np.zeros(STACK_MAX)
    event["kind"], event["time_ms"] = PAYMENT, START_MS
    at = [FEATURES["payment"].index(name) for name in columns]
    named = [dict(zip(columns, row[at].tolist(), strict=True)) for row in rows]
    for row, asked in zip(rows, named, strict=True):
        theirs = {hit["rule"] for hit in decision.evaluate(asked)["result"]}
        acting, _ = judge(rules.ranges, event[0], row, stack)
        if (ours := {rule.name for rule in rules.fired(acting)}) != theirs:
            raise AssertionError(f"{ours}, zen-engine: {theirs}")
    rate = _rate(lambda row: judge(rules.ranges, event[0], row, stack), rows)
    return _record("fraud-rules-one-row", rate, f"zen-engine, {len(chosen)} rules", _rate(decision.evaluate, named))


def _conditions(rule: Rule) -> list[tuple[str, str]]:
    parted = [text.split() for text in rule.when]
    return [(name, f"$ {'==' if sign == '=' else sign} {number}") for name, sign, number in parted]


def _table(rules: list[Rule], conditions: list[list[tuple[str, str]]], columns: list[str]) -> dict[str, Any]:
    """A decision in the JSON form of GoRules: every rule that holds is collected."""
    lines = []
    for rule, met in zip(rules, conditions, strict=True):
        cells = {name: " and ".join(text for of, text in met if of == name) for name in columns}
        lines.append({"_id": rule.name, **cells, "rule": json.dumps(rule.name)})
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "type": "expression", "field": name} for name in columns],
        "outputs": [{"id": "rule", "name": "rule", "type": "expression", "field": "rule"}],
        "rules": lines,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}
        for source, target in itertools.pairwise(("in", "table", "out"))
    ]
    return {"nodes": nodes, "edges": edges}


def _river() -> dict[str, object]:
    """Payments a second: all our features, against two means of amounts, by payer and by payee, in four windows."""
    from river import stats, utils

    chance = np.random.default_rng(6)
    keys = chance.integers(1, 1 << 62, PAYERS + PAYEES)
    events = np.zeros(PAYMENTS, EVENT)
    events["kind"], events["id"] = PAYMENT, chance.integers(1, 1 << 62, PAYMENTS)
    events["time_ms"] = START_MS + np.arange(PAYMENTS) * STEP_MS
    events["actor"] = keys[chance.integers(0, PAYERS, PAYMENTS)]
    events["counterpart"] = keys[PAYERS + chance.integers(0, PAYEES, PAYMENTS)]
    events["amount"] = events["value"] = chance.uniform(1, 100, PAYMENTS).round(2)
    state, none, space = empty(7, Limits(1 << 12, 1 << 12, 1 << 16)), rule_set("none", ()), room(1)
    decide(state, NO_TREES, none, events[:0], space)
    ours = _rate(lambda at: decide(state, NO_TREES, none, events[at : at + 1], space), range(PAYMENTS))
    means: Any = defaultdict(lambda: [utils.TimeRolling(stats.Mean(), period) for period in WINDOWS])
    asked = [
        (int(event["actor"]), int(event["counterpart"]), float(event["amount"]), _moment(int(event["time_ms"])))
        for event in events
    ]

    def both(payment: tuple[int, int, float, datetime.datetime]) -> list[float]:
        payer, payee, amount, moment = payment
        for mean in (*means[payer], *means[payee]):
            mean.update(amount, t=moment)
        return [mean.get() for mean in (*means[payer], *means[payee])]

    return _record("fraud-features-one-payment", ours, "River, means in four windows", _rate(both, asked))


def _moment(at_ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).replace(tzinfo=None)


def _rate(asked: Callable[[Any], Any], rows: Any) -> float:
    started = time.perf_counter()
    for row in rows:
        asked(row)
    return len(rows) / (time.perf_counter() - started)


def _record(name: str, ours: float, peer: str, theirs: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(ours, 1),
        "unit": "a second",
        "reference": peer,
        "reference_value": round(theirs, 1),
        "ratio": round(ours / theirs, 3),
    }
