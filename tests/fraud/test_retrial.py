"""Rules tried on the log: their limits, and what the command says of a folder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud.running import call, payment, running
from saqta.__main__ import app
from saqta.fraud.engine.rules import BITS, STANDARD, Rule, read_rules
from saqta.fraud.serving import retrial
from saqta.fraud.serving.retrial import Retrial, retry
from saqta.model.errors import InputError

RULES = """version = "tried-1"
[[rule]]
name = "large"
on = "payment"
expression = "amount > 50"
action = "hold"
says = "much"
[[rule]]
name = "any_call"
on = "call"
expression = "seconds == 60"
action = "warn"
says = "a call"
mode = "shadow"
"""


def test_the_command_tells_the_tried_rules_beside_what_was_done(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        path.ask("call", *(call(n) for n in range(10)), tenant="metro")
        answers = path.ask("payment", *(payment(n, phone="+77012340003") for n in range(90)))
        stopped = sum(answer["action"] != "allow" for answer in answers) + 10
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    words = ["fraud", "backtest", "--rule", str(rules), "--data", str(tmp_path), "--json"]
    told = [json.loads(line) for line in CliRunner().invoke(app, words).stdout.splitlines()]
    effects = {line["rule"]: line for line in told[:-1]}
    assert told[-1] == {"summary": {"decisions": 100, "rules": "tried-1"}}
    assert (effects["large"]["hits"], effects["any_call"]["hits"], effects["any"]["hits"]) == (41, 10, 51)
    assert effects["large"]["amounts"] == {"KZT": f"{sum(n + 1.5 for n in range(49, 90)):.2f}"}
    assert (effects["now"]["hits"], effects["any_call"]["already"]) == (stopped, 10)
    assert effects["with"]["hits"] == stopped + effects["large"]["hits"] - effects["large"]["already"]
    empty = CliRunner().invoke(app, [*words[:4], "--data", str(tmp_path / "none")])
    assert str(empty.exception) == f"there is no {tmp_path / 'none' / 'log.db'}"


def test_no_more_is_tried_than_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrial, "RETRIED_MAX", 5)
    with running(tmp_path) as path:
        path.ask("payment", *(payment(n) for n in range(6)))
        with pytest.raises(InputError, match="more than 5 decisions"):
            retry(path.log.read, read_rules(STANDARD), [], 7, 0, 1 << 60)
    many = [Rule(f"r{n}", "payment", "warn", "x", expression="amount > 1") for n in range(BITS)]
    with pytest.raises(InputError, match="fewer rules"):
        Retrial(read_rules(STANDARD), many, 7, 0, 1)
    with pytest.raises(InputError, match="another name"):
        Retrial(read_rules(STANDARD), [Rule("with", "payment", "warn", "x", expression="amount > 1")], 7, 0, 1)
