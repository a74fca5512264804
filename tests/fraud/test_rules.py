"""Rules as data: what fires, what they say, and what is no rule."""

from pathlib import Path

import numpy as np
import pytest

from saqta.fraud.engine.layout import CALL, EVENT, PAYMENT
from saqta.fraud.engine.program import STACK_MAX
from saqta.fraud.engine.rules import (
    CONDITIONS_MAX,
    FEATURES,
    FILE_BYTES_MAX,
    PUBLISHED_MAX,
    RULES_MAX,
    Rule,
    Rules,
    judge,
    read_rules,
    said,
    with_published,
)
from saqta.model.errors import InputError

RULE = '[[rule]]\nname = "{name}"\non = "payment"\nwhen = {when}\naction = "hold"\nsays = "{says}"\n'


def written(path: Path, *rules: str, version: str = "v1") -> Path:
    path.write_text(f'version = "{version}"\n' + "\n".join(rules))
    return path


def fired(rules: Rules, row: np.ndarray, kind: int = PAYMENT, time_ms: int = 0) -> tuple[int, int]:
    """The bits of the rules that fire: those that act, and those that do not."""
    event = np.zeros(1, EVENT)
    event["kind"], event["time_ms"] = kind, time_ms
    return judge(rules.ranges, event[0], row, np.zeros(STACK_MAX))


def rule(when: list[str], name: str = "high", says: str = "{amount} at once") -> str:
    return RULE.format(name=name, when=when, says=says)


@pytest.mark.parametrize(
    ("sign", "fires"), [("<", (1, 0, 0)), ("<=", (1, 1, 0)), ("=", (0, 1, 0)), (">=", (0, 1, 1)), (">", (0, 0, 1))]
)
def test_a_condition_holds_where_its_sign_says(tmp_path: Path, sign: str, fires: tuple[int, ...]) -> None:
    rules = read_rules(written(tmp_path / "rules.toml", rule([f"amount {sign} 10.5"])))
    row = np.zeros(len(FEATURES["payment"]), np.float32)
    for amount, fires_here in zip((10.4, 10.5, 10.6), fires, strict=True):
        row[0] = amount
        assert fired(rules, row) == (fires_here, 0)


def test_a_rule_needs_all_its_conditions_and_has_a_bit_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path / "rules.toml", rule(["amount > 5", "hour < 6"], "night"), rule(["amount > 7"]))
    rules = read_rules(path)
    row = np.zeros(len(FEATURES["payment"]), np.float32)
    row[0] = 8
    assert [each.name for each in rules.fired(fired(rules, row)[0])] == ["night", "high"]
    assert said(rules.rules[1], row) == "8 at once"
    row[1] = 7
    assert fired(rules, row) == (2, 0)
    assert fired(rules, row, CALL) == (0, 0)


def test_a_rule_in_shadow_or_asleep_fires_and_does_not_act(tmp_path: Path) -> None:
    shadow = rule(["amount > 5"], "shadow") + 'mode = "shadow"\n'
    asleep = rule(["amount > 5"], "asleep") + "snoozed_until_ms = 1000\n"
    rules = read_rules(written(tmp_path / "rules.toml", shadow, asleep))
    row = np.full(len(FEATURES["payment"]), 8, np.float32)
    assert fired(rules, row, time_ms=999) == (0, 0b11)
    assert fired(rules, row, time_ms=1000) == (0b10, 0b01)


def test_what_has_priority_is_told_first(tmp_path: Path) -> None:
    low, high = (rule(["amount > 5"], name) + f"priority = {priority}\n" for name, priority in (("l", 10), ("h", 60)))
    rules = read_rules(written(tmp_path / "rules.toml", low, rule(["amount > 5"], "middle"), high))
    names = [each.name for each in rules.rules]
    assert (names[:2], names[-1]) == (["h", "middle"], "l")


def test_published_rules_join_those_of_the_file_and_take_the_place_of_their_name(tmp_path: Path) -> None:
    mine = [rule(["amount > 5"], f"r{n}") for n in range(RULES_MAX)]
    rules = read_rules(written(tmp_path / "rules.toml", *mine))
    new = [
        Rule(f"{'r' if n == 0 else 'p'}{n}", "payment", "warn", "much", expression="amount > 100")
        for n in range(PUBLISHED_MAX)
    ]
    both = with_published(rules, 7, new)
    assert both.version == "v1+7"
    assert len(both.rules) == len(rules.rules) + PUBLISHED_MAX - 1
    row = np.full(len(FEATURES["payment"]), 8, np.float32)
    assert {each.name for each in both.fired(fired(both, row)[0])} == {f"r{n}" for n in range(1, RULES_MAX)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (rule(["amount ~ 3"]), "one of < <= = >= >"),
        (rule(["amont > 3"]), "a feature of a payment"),
        (rule(["caller_calls > 3"]), "a feature of a payment"),
        (rule(["amount > 3"], says="{amont}"), "a feature of a payment"),
        (rule([]), "either conditions"),
        (rule(["amount > 3"]) + 'expression = "amount > 3"\n', "either conditions"),
        (rule([]) + 'expression = "amount >"\n', "line 1, column 9"),
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
