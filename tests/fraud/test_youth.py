"""A model does not act on a state that knows too little of the past."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fraud.running import NOW_MS, call, payment, running
from saqta.fraud.deciding import BATCH_MAX, Decider
from saqta.fraud.engine.layout import CALL, DAY_MS, PAYMENT, Limits, empty
from saqta.fraud.engine.naming import CURRENCY_NUMBERS
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.folder import read_learned_state, read_model, write_model
from saqta.fraud.learning.training import Learned
from saqta.fraud.serving.rows import ROW, Commit
from saqta.fraud.youth import YOUNG_D, and_then
from saqta.model.kinds import DecisionsMade
from saqta.model.moment import to_text

DELAY_D = 7
OLD_D = DELAY_D + YOUNG_D


@pytest.fixture(scope="module")
def eager(learned: tuple[Learned, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that would warn of every payment, and learned from seven weeks."""
    folder = tmp_path_factory.mktemp("eager")
    state = read_learned_state(learned[1])
    write_model(folder, learned[0]._replace(thresholds={"warn": 0.0, "hold": 1.0, "block": 1.0}), state, DELAY_D, "d")
    return folder


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def paid(n: int, day: float, **fields: object) -> dict[str, object]:
    return payment(n, **fields) | {"time": to_text(NOW_MS - 20 * DAY_MS + round(day * DAY_MS))}


def test_the_score_is_told_and_rules_alone_decide_until_the_past_is_known(tmp_path: Path, eager: Path) -> None:
    with running(tmp_path, model=str(eager), challenger=str(eager)) as path:
        early = [path.ask("payment", paid(n, n))[0] for n in range(OLD_D)]
        late = path.ask("payment", paid(OLD_D, OLD_D))[0]
        other = path.ask("payment", paid(OLD_D, OLD_D), tenant="beta")[0]
        asked = path.ask("call", call(1), tenant="metro")[0]
        challenged = path.path.look(early[0]["decision_id"], is_partner=False).why["challenger"]
    for answer in (*early, other):
        assert (answer["action"], codes(answer)) == ("allow", ["young_state"])
        assert answer["score"] > 0
        assert answer["model"] == read_model(eager).version
    assert (late["action"], "young_state" in codes(late)) == ("warn", False)
    assert codes(asked) == ["spoofed_number"]
    assert challenged["action"] == "allow"


@pytest.mark.parametrize("is_kept", [True, False])
def test_how_old_it_is_outlives_a_restart(tmp_path: Path, eager: Path, is_kept: bool) -> None:
    with running(tmp_path, model=str(eager)) as path:
        path.ask("payment", *(paid(n, n) for n in range(OLD_D - 3)))
    if not is_kept:
        for kept in (tmp_path / "fraud").iterdir():
            kept.unlink()
    with running(tmp_path, model=str(eager)) as path:
        path.ask("payment", *(paid(n, n) for n in range(OLD_D - 3, OLD_D)))
        assert codes(path.ask("payment", paid(30, OLD_D - 0.1))[0]) == ["young_state"]
        assert path.ask("payment", paid(31, OLD_D))[0]["action"] == "warn"


@pytest.mark.parametrize("is_kept", [True, False])
def test_one_payment_of_long_ago_makes_no_state_old(tmp_path: Path, eager: Path, is_kept: bool) -> None:
    long_ago = payment(1) | {"time": "2001-01-01T00:00:00Z"}
    with running(tmp_path, model=str(eager)) as path:
        assert codes(path.ask("payment", long_ago)[0]) == ["young_state"]
    if not is_kept:
        for kept in (tmp_path / "fraud").iterdir():
            kept.unlink()
    with running(tmp_path, model=str(eager)) as path:
        assert codes(path.ask("payment", paid(2, 0))[0]) == ["young_state"]
        together = path.ask("payment", long_ago | {"id": "p3"}, paid(4, 1), tenant="beta")
        assert [codes(answer) for answer in together] == [["young_state"]] * 2


def test_payments_in_portions_are_known_for_as_long_as_at_once() -> None:
    chance = np.random.default_rng(1)
    times_ms = NOW_MS + chance.integers(-40 * DAY_MS, 0, 30)
    one_by_one = None
    for n in range(len(times_ms)):
        one_by_one = and_then(one_by_one, times_ms[n : n + 1])
    assert and_then(None, times_ms) == one_by_one
    assert and_then(one_by_one, times_ms) == one_by_one, "what is not newer changes nothing"


def test_a_call_that_is_decided_beside_payments_is_not_told_of_a_young_state() -> None:
    rows = np.zeros(2, ROW)
    rows["kind"], rows["currency"] = [PAYMENT, CALL], [CURRENCY_NUMBERS["KZT"], 0]
    made = {"tenant": "bank-a", "number": 7, "model": "m", "rules": "r", "features": "f", "root": "", "rows": ""}
    commit = Commit(DecisionsMade(**made, fallback="young_state"), rows)
    assert [codes(json.loads(commit.line(f"{row}", row, "analyst"))) for row in (0, 1)] == [["young_state"], []]


def test_rules_decide_meanwhile(tmp_path: Path, eager: Path) -> None:
    with running(tmp_path, model=str(eager)) as path:
        path.ask("call", call(3), tenant="metro")
        held = path.ask("payment", payment(3, phone="+77012340003"))[0]
        assert (held["action"], codes(held)) == ("hold", ["on_the_phone_with_risk", "young_state"])


def test_lines_are_decided_by_rules_alone_from_a_fresh_state_and_by_the_model_from_the_learned(
    eager: Path, rules: Rules
) -> None:
    model, limits = read_model(eager), Limits(keys_max=1024, busy_max=1024, memos_max=1024)
    asked = [paid(n, n) | {"kind": "payment"} for n in range(OLD_D + 2)]
    lines = [json.dumps(each).encode() for each in (*asked, asked[0])]
    assert len(lines) < BATCH_MAX
    fresh, learned = (
        [json.loads(line) for line in Decider(model, rules, state, "KZ").answer(lines, NOW_MS)]
        for state in (empty(DELAY_D, limits), read_learned_state(eager))
    )
    assert [answer["action"] for answer in fresh] == ["allow"] * OLD_D + ["warn"] * 2 + ["allow"]
    assert all(codes(answer) == ["young_state"] and answer["score"] > 0 for answer in fresh[:OLD_D])
    assert fresh[-1] == fresh[0]
    assert {answer["action"] for answer in learned} == {"warn"}
