"""Call records as CSV, decided after the fact."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from saqta.__main__ import app
from saqta.fraud.call_records import by_rules, judge
from saqta.fraud.engine.rules import Rules
from saqta.model.errors import InputError
from saqta.model.moment import from_text

NOW_MS = from_text("2026-03-13T00:00:00Z")
HEADER = "time,caller,callee,trunk,seconds,note\n"
HONEST = "2026-03-12T10:00:00Z,+442071838750,+77011234567,foreign,61.5,x\n"
SPOOFED = "2026-03-12T10:00:01Z,+77029876543,+77011234567,foreign,,\n"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


def test_records_are_decided_in_their_order_and_bad_ones_are_named_by_line(records: Path, rules: Rules) -> None:
    bad = [
        "yesterday,+77029876543,+77011234567,foreign,1,\n",
        "2026-03-12T10:00:02Z,87029876543,+77011234567,foreign,1,\n",
        "2026-03-12T10:00:02Z,+77029876543,+77011234567,sideways,1,\n",
        "2026-03-12T10:00:02Z,+77029876543,+77011234567,foreign,nan,\n",
        "2026-03-12T10:00:02Z\n",
        "2026-03-12T10:00:02Z,+77029876543,+77011234567,national,1,5,x\n",
    ]
    records.write_text("\ufeff" + HEADER + HONEST + SPOOFED + "\n" + "".join(bad) + HONEST)
    found = list(judge(records, by_rules(rules, "KZ"), NOW_MS))
    assert [(each.line, each.answer.get("action")) for each in found[:2]] == [(2, "allow"), (3, "block")]
    assert [each.answer["error"]["field"] for each in found[2:8]] == [
        "time",
        "caller",
        "trunk",
        "seconds",
        "row",
        "row",
    ]
    assert found[7].answer == {
        "id": "line 10",
        "error": {"field": "row", "given": "7 cells", "expected": "6, one for each column of the header"},
    }
    assert [each.line for each in found[2:]] == [5, 6, 7, 8, 9, 10, 11]
    assert found[-1].answer["action"] == "allow"


def test_what_comes_before_counts(records: Path, rules: Rules) -> None:
    rings = [f"2026-03-12T10:{n:02}:00Z,+442071838750,+7701{2_000_000 + 7_919 * n},foreign,2,\n" for n in range(40)]
    records.write_text(HEADER + "".join(rings))
    found = list(judge(records, by_rules(rules, "KZ"), NOW_MS))
    assert (found[5].answer["action"], found[-1].answer["action"]) == ("allow", "block")
    assert "wangiri" in [reason["code"] for reason in found[-1].answer["reasons"]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "columns time, caller, callee as well"),
        (b"time,caller\n", "columns callee as well"),
        (HEADER.encode() + HONEST.encode() + b"\xff\n", "UTF-8 text, which ends after line"),
        (HEADER.encode() + b"x" * 200_000, "CSV, which ends after line"),
    ],
)
def test_a_file_that_is_none_is_refused(records: Path, rules: Rules, content: bytes, expected: str) -> None:
    records.write_bytes(content)
    with pytest.raises(InputError, match=expected):
        list(judge(records, by_rules(rules, "KZ"), NOW_MS))


def test_a_file_that_is_not_there_is_named(rules: Rules) -> None:
    with pytest.raises(InputError, match="a readable file"):
        list(judge(Path("nowhere.csv"), by_rules(rules, "KZ"), NOW_MS))


def test_the_command_tells_what_stands_out_and_counts_all(records: Path) -> None:
    records.write_text(HEADER + HONEST + SPOOFED + "x,,,,,\n")
    *lines, last = CliRunner().invoke(app, ["fraud", "calls", str(records), "--json"]).stdout.splitlines()
    assert [(told["line"], told.get("action")) for told in map(json.loads, lines)] == [(3, "block"), (4, None)]
    summary = json.loads(last)["summary"]
    assert (summary["calls"], summary["errors"]) == (2, 1)
    assert summary["actions"] == {"allow": 1, "warn": 0, "hold": 0, "block": 1}
    assert summary["fired"] == {"spoofed_number": 1}
    shown = CliRunner().invoke(app, ["fraud", "calls", str(records)]).stdout
    assert "line 4: time: " in shown


LISTS = """kind,value,reason,source,from,until
msisdn,+442071838750,reported by many,operator A,,
imei,490154203237518,stolen,police,2026-03-12T10:00:05Z,
msisdn,nobody,x,y,,
"""


def test_lists_are_asked_at_the_time_of_each_call(records: Path) -> None:
    lists = records.with_name("blocked.csv")
    lists.write_text(LISTS)
    stolen = "2026-03-12T10:00:0{}Z,+77029876543,+77011234567,national,,49-015420-323751-8\n"
    records.write_text(
        "time,caller,callee,trunk,seconds,imei\n" + HONEST.replace(",x", ",") + stolen.format(4) + stolen.format(6)
    )
    told = CliRunner().invoke(app, ["fraud", "calls", str(records), "--lists", str(lists), "--json"])
    *lines, last = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(line["line"], line["action"], line["reasons"]) for line in lines] == [
        (
            2,
            "block",
            [{"code": "listed_caller", "text": "the caller's number is blocked: reported by many (operator A)"}],
        ),
        (4, "block", [{"code": "listed_imei", "text": "the device is blocked: stolen (police)"}]),
    ]
    assert last["summary"]["fired"] == {"listed_caller": 1, "listed_imei": 1}
    assert "blocked.csv, line 4" in told.stderr
