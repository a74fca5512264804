"""The commands, as a user gives them."""

from pathlib import Path

import pytest


def test_a_model_is_learned_and_a_rule_tried(payments_file: Path, tmp_path: Path, saqta) -> None:
    out = tmp_path / "model"
    ran = saqta("fraud", "train", "--payments", payments_file, "--until", "2026-03-12", "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert ran.summary["train_frauds"] > 100
    assert 0 < ran.summary["thresholds"]["warn"] <= ran.summary["thresholds"]["hold"]
    assert sorted(path.name for path in out.iterdir()) == [
        *("bins.json", "card.md", "manifest.json", "state.npz", "trees.txt")
    ]
    card = (out / "card.md").read_text()
    assert ran.summary["model"] in card
    assert f"{ran.summary['train_payments']:,} payments" in card
    rule = tmp_path / "rules.toml"
    rule.write_text(
        'version = "try"\n[[rule]]\nname = "high"\non = "payment"\nwhen = ["amount_over_habit > 5"]\n'
        'action = "hold"\nsays = "{amount_over_habit} deviations above habit"\n'
    )
    span = ("--from", "2026-02-01", "--until", "2026-03-01")
    tried = saqta("fraud", "backtest", "--rule", rule, "--payments", payments_file, *span, "--json")
    assert tried.code == 0, tried.err
    assert tried.summary["rules"] == "try"
    assert tried.summary["payments"] == pytest.approx(28 * 400, rel=0.05)
    high = tried.lines[0]
    assert (high["rule"], high["set"]) == ("high", "tried")
    assert high["frauds"] > 40
    assert high["precision"] == high["frauds"] / high["hits"] > 0.5
    assert high["honest_disturbed"] < 0.01
    assert {line["set"] for line in tried.lines[:-1]} == {"tried", "in force"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "--until", "someday", "--out", "out"], "until"),
        (["train", "--until", "2020-01-01", "--out", "out"], "both kinds"),
        (["evaluate", "--test-from", "2020-01-01"], "both kinds"),
        (["evaluate", "--test-from", "2026-03-12", "--label-delay-d", "99"], "label-delay-d"),
        (["backtest", "--rule", "none.toml"], "none.toml"),
    ],
)
def test_bad_input_is_one_clear_message(payments_file: Path, saqta, arguments: list[str], says: str) -> None:
    ran = saqta("fraud", *arguments, "--payments", payments_file)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_without_a_model_is_refused(tmp_path: Path, saqta) -> None:
    ran = saqta("fraud", "decide", "--model", tmp_path)
    assert ran.code == 2
    assert "saqta fraud train" in ran.err
