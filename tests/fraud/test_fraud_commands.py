"""The commands, as a user gives them."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from saqta.fraud.engine.rules import STANDARD

RULES = str(STANDARD)


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


def test_payments_may_come_in_several_files_as_a_shell_gives_them(payments_file: Path, tmp_path: Path, saqta) -> None:
    table, tried = pq.read_table(payments_file), []
    parts = [tmp_path / f"{part}.parquet" for part in range(3)]
    for part, path in enumerate(parts):
        pq.write_table(table.slice(part * len(table) // 3, len(table) // 3), path)
    for given in (
        ("--payments", payments_file),
        ("--payments", *parts),
        ("--payments", parts[0], "--payments", *parts[1:]),
        (f"--payments={parts[0]}", *parts[1:]),
    ):
        span = ("--from", "2026-02-01", "--until", "2026-03-01")
        ran = saqta("fraud", "backtest", *given, "--rule", RULES, *span, "--json")
        assert ran.code == 0, ran.err
        tried.append(ran.lines)
    assert tried[1:] == [tried[0]] * 3


def test_an_option_is_no_file(saqta) -> None:
    ran = saqta("fraud", "evaluate", "--payments", "--test-from", "2026-03-12")
    assert (ran.code, ran.err) == (2, "saqta: --payments: got '--test-from', expected a file\n")


def test_without_payments_the_log_of_the_usual_folder_is_tried(tmp_path: Path, saqta, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = saqta("fraud", "backtest", "--rule", RULES)
    assert (ran.code, "saqta-data" in ran.err) == (2, True)
    assert saqta("user", "add", "alice", "--role", "auditor").code == 0
    ran = saqta("fraud", "backtest", "--rule", RULES, "--json")
    assert (ran.code, ran.summary["decisions"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "--until", "someday", "--out", "out"], "until: got 'someday', expected a day, such as 2026-01-31"),
        (["train", "--until", "2020-01-01", "--out", "out"], "both kinds"),
        (["evaluate", "--test-from", "2020-01-01"], "days with payments: these are of 2026-01-01 to 2026-03-25"),
        (["evaluate", "--test-from", "2026-01-09T10:00:00Z"], "expected a day"),
        (["evaluate", "--test-from", "2026-03-12", "--label-delay-d", "99"], "label-delay-d"),
        (["backtest", "--rule", "none.toml"], "none.toml"),
        (["backtest", "--rule", RULES, "--data", "centre"], "one of them"),
        (["backtest", "--rule", RULES, "--from", "2027-01-01"], "a time within 2026-01-01 to 2026-03-25"),
        (["train", "--until", "2026-03-12", "stray", "--out", "out"], "unexpected extra argument"),
    ],
)
def test_bad_input_is_one_clear_message(payments_file: Path, saqta, arguments: list[str], says: str) -> None:
    ran = saqta("fraud", *arguments, "--payments", payments_file)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("home", ["", "kz", "XX", "KAZ"])
def test_what_is_no_country_is_nobodys_home(saqta, home: str) -> None:
    ran = saqta("fraud", "calls", "none.csv", "--home", home)
    assert (ran.code, "ISO 3166" in ran.err) == (2, True)


def test_a_folder_without_a_model_is_refused(tmp_path: Path, saqta) -> None:
    ran = saqta("fraud", "decide", "--model", tmp_path)
    assert ran.code == 2
    assert "saqta fraud train" in ran.err
