"""Rules as data: what fires, what they say, and what is no rule."""

from pathlib import Path

import numpy as np
import pytest

from saqta.fraud.layout import CALL, PAYMENT
from saqta.fraud.rules import CONDITIONS_MAX, FEATURES, FILE_BYTES_MAX, RULES_MAX, judge, read_rules, said
from saqta.model.errors import InputError

RULE = '[[rule]]\nname = "{name}"\non = "payment"\nwhen = {when}\naction = "hold"\nsays = "{says}"\n'


def written(path: Path, *rules: str, version: str = "v1") -> Path:
    path.write_text(f'version = "{version}"\n' + "\n".join(rules))
    return path


def rule(when: list[str], name: str = "high", says: str = "{amount} at once") -> str:
    return RULE.format(name=name, when=when, says=says)


@pytest.mark.parametrize(
    ("sign", "fires"), [("<", (1, 0, 0)), ("<=", (1, 1, 0)), ("=", (0, 1, 0)), (">=", (0, 1, 1)), (">", (0, 0, 1))]
)
def test_a_condition_holds_where_its_sign_says(tmp_path: Path, sign: str, fires: tuple[int, ...]) -> None:
    rules = read_rules(written(tmp_path / "rules.toml", rule([f"amount {sign} 10.5"])))
    row = np.zeros(len(FEATURES["payment"]), np.float32)
    for amount, fired in zip((10.4, 10.5, 10.6), fires, strict=True):
        row[0] = amount
        assert judge(rules.ranges, PAYMENT, row) == fired


def test_a_rule_needs_all_its_conditions_and_has_a_bit_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path / "rules.toml", rule(["amount > 5", "hour < 6"], "night"), rule(["amount > 7"]))
    rules = read_rules(path)
    row = np.zeros(len(FEATURES["payment"]), np.float32)
    row[0] = 8
    assert [fired.name for fired in rules.fired(judge(rules.ranges, PAYMENT, row))] == ["night", "high"]
    assert said(rules.rules[1], row) == "8 at once"
    row[1] = 7
    assert judge(rules.ranges, PAYMENT, row) == 2
    assert judge(rules.ranges, CALL, row) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (rule(["amount ~ 3"]), "one of < <= = >= >"),
        (rule(["amont > 3"]), "a feature of a payment"),
        (rule(["caller_calls > 3"]), "a feature of a payment"),
        (rule(["amount > 3"], says="{amont}"), "a feature of a payment"),
        (rule([]), "when"),
        (rule(["amount > 3"] * (CONDITIONS_MAX + 1)), "when"),
        (rule(["amount > 3"]) + rule(["amount > 3"]), "different names"),
        (rule(["amount > 3"], "listed_payee"), "none of them listed_caller"),
        (rule(["amount > 3"]).replace("hold", "shoot"), "action"),
        (rule(["amount > 3"]) + "loop = 1\n", "loop"),
        ("".join(rule(["amount > 3"], f"r{n}") for n in range(RULES_MAX + 1)), "length"),
        ("[[rule", "rules as"),
        ("# " + "x" * FILE_BYTES_MAX, "bytes"),
    ],
)
def test_what_is_no_rule_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_rules(written(tmp_path / "rules.toml", text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can be read"):
        read_rules(tmp_path / "none.toml")
