"""Calls by the standard rules, and payments that follow them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saqta.fraud.deciding import BATCH_MAX, Decider
from saqta.fraud.engine.layout import Limits, empty
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.folder import read_model
from saqta.fraud.learning.training import Learned
from saqta.fraud.lists.blocklist import Blocklist
from saqta.fraud.lists.tables import ENTRIES
from saqta.log.tables import MemoryTables
from saqta.model.kinds import ListTerms
from saqta.model.list_entry import Entry
from saqta.model.listing import canonical, digester, entry_id
from saqta.model.moment import from_text, to_text
from saqta.model.terms import EntryState, ListedKind

START_MS = from_text("2026-03-12T10:00:00Z")
OURS, THEIRS, OTHER = "+77011234567", "+77029876543", "+77057654321"
FOREIGN = "+442071838750"


@pytest.fixture
def decides(learned: tuple[Learned, Path], rules: Rules) -> Callable[..., list[dict[str, Any]]]:
    state = empty(7, Limits(keys_max=8192, busy_max=4096, memos_max=4096))
    decider = Decider(read_model(learned[1]), rules, state, "KZ")

    def decides(*messages: dict[str, Any]) -> list[dict[str, Any]]:
        lines = [json.dumps(message).encode() for message in messages]
        answers = [
            decider.answer(lines[at : at + BATCH_MAX], START_MS + 10**10) for at in range(0, len(lines), BATCH_MAX)
        ]
        return [json.loads(answer) for batch in answers for answer in batch]

    return decides


def call(number: int, caller: str = THEIRS, callee: str = OURS, after_s: float = 0, **fields: object) -> dict[str, Any]:
    time = to_text(START_MS + int(after_s * 1000))
    return {"kind": "call", "id": f"c{number}", "time": time, "caller": caller, "callee": callee, **fields}


def payment(id: str, after_s: float, amount: str = "10", **fields: object) -> dict[str, Any]:
    time = to_text(START_MS + int(after_s * 1000))
    usual = {"account": "a", "payee": "shop", "currency": "KZT", "phone": OURS}
    return {"kind": "payment", "id": id, "time": time, "amount": amount, **usual, **fields}


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def victim(number: int) -> str:
    return f"+7701{2_000_000 + 7_919 * number % 900_000:07d}"


@pytest.mark.parametrize(
    ("fields", "action", "code"),
    [
        ({}, "allow", None),
        ({"trunk": "national"}, "allow", None),
        ({"trunk": "foreign"}, "block", "spoofed_number"),
        ({"trunk": "foreign", "caller": FOREIGN}, "allow", None),
        ({"caller": "+77990000000"}, "block", "unassigned_caller"),
        ({"attestation": "A"}, "allow", None),
        ({"attestation": "C"}, "allow", None),
    ],
)
def test_what_a_call_says_of_itself(decides, fields: dict[str, Any], action: str, code: str | None) -> None:
    answer = decides(call(1) | fields)[0]
    assert (answer["action"], codes(answer)) == (action, [code] if code else [])
    assert (answer["score"] > 0) == (action != "allow")


def test_short_rings_to_many_want_to_be_called_back(decides) -> None:
    calls = [call(n, FOREIGN, victim(n), after_s=60 * n, seconds=2) for n in range(40)]
    answers = decides(*calls)
    assert "wangiri" not in codes(answers[5])
    assert (answers[-1]["action"], "wangiri" in codes(answers[-1])) == ("block", True)


def test_one_device_in_one_cell_with_many_numbers_is_a_sim_box(decides) -> None:
    def calls(imei: str, received: bool, first: int) -> list[dict[str, Any]]:
        callers = [f"+7702{3_000_000 + first + n}" for n in range(6)]
        back = [call(first + 500 + n, OURS, caller, seconds=30) for n, caller in enumerate(callers) if received]
        out = [
            call(
                first + n, callers[n % 6], victim(n % 40), after_s=1_200 * n / 20, seconds=90, imei=imei, cell="cell-1"
            )
            for n in range(90)
        ]
        return decides(*back, *out)

    assert "sim_box" in codes(calls("box", received=False, first=0)[-1])
    assert "sim_box" not in codes(calls("phone shop", received=True, first=1_000)[-1])


def test_calls_a_minute_and_the_same_number_again(decides) -> None:
    fast = decides(*(call(n, THEIRS, victim(n), after_s=2 * n) for n in range(40)))
    assert "calls_a_minute" in codes(fast[-1])
    again = decides(*(call(100 + n, OTHER, OURS, after_s=60 * n + 100) for n in range(20)))
    assert codes(again[-1]) == ["same_number_again"]


def test_a_caller_of_whom_frauds_are_known_is_blocked(decides) -> None:
    calls = [call(n, FOREIGN, victim(n), after_s=3_600 * n) for n in range(4)]
    known = to_text(START_MS + 5 * 3_600_000)
    labels = [{"kind": "label", "id": f"l{n}", "of": f"c{n}", "fraud": True, "known": known} for n in range(3)]
    answers = decides(*calls, *labels, call(9, FOREIGN, OURS, after_s=6 * 3_600))
    assert [answer["action"] for answer in answers[:4]] == ["allow"] * 4
    assert codes(answers[-1]) == ["reported_caller"]
    assert "3 frauds" in answers[-1]["reasons"][0]["text"]


def habit() -> list[dict[str, Any]]:
    return [payment(f"h{n}", -86_400 * (20 - n), amount=str(10 + n % 3)) for n in range(20)]


def warned_calls(first: int = 1, **fields: object) -> list[dict[str, Any]]:
    """Calls of one number to another, the last of which begins at START_MS and is warned of, and let through."""
    return [call(first + n, THEIRS, OURS, after_s=60 * (n - 16), **fields) for n in range(17)]


def test_a_payment_to_a_stranger_while_on_the_phone_with_risk_is_held(decides) -> None:
    decides(*habit())
    assert decides(*warned_calls())[-1]["action"] == "warn"
    held, usual = decides(payment("p1", 14 * 60, payee="mule"), payment("p2", 15 * 60))
    assert held["action"] == "hold"
    assert held["reasons"][0] == {
        "code": "on_the_phone_with_risk",
        "text": "on the phone since 14 min with a number that a rule warned of, and a payee never paid before today",
    }
    assert "on_the_phone_with_risk" not in codes(usual)


def test_what_is_known_of_the_caller_is_told_where_something_is(decides) -> None:
    decides(*habit(), *warned_calls())
    known = to_text(START_MS + 60_000)
    decides(*({"kind": "label", "id": f"l{n}", "of": f"c{n}", "fraud": True, "known": known} for n in (1, 2)))
    held = decides(payment("p1", 14 * 60, payee="mule"))[0]
    expected = "a number that a rule warned of and of which 2 frauds are known, and a payee never paid before today"
    assert held["reasons"][0]["text"] == f"on the phone since 14 min with {expected}"


@pytest.mark.parametrize(("seconds", "is_on"), [(None, False), (3_600, True), (60, False)])
def test_a_blocked_call_is_a_risk_but_nobody_is_on_the_phone_unless_it_is_known_to_have_connected(
    decides, seconds: float | None, is_on: bool
) -> None:
    decides(*habit(), call(1, THEIRS, OURS, trunk="foreign", seconds=seconds))
    small, large = decides(
        payment("p1", 50 * 60, amount="11", payee="shop 2"), payment("p2", 51 * 60, amount="900", payee="mule")
    )
    assert ("on_the_phone_with_risk" in codes(small)) == is_on
    assert "after_a_risky_call" not in codes(small)
    assert "after_a_risky_call" in codes(large)


def test_a_held_call_waits_for_a_person_and_is_not_on_either(decides) -> None:
    decides(*habit())
    fast = decides(*(call(n, THEIRS, victim(n), after_s=2 * n) for n in range(40)), call(99, THEIRS, OURS, 81))
    assert fast[-1]["action"] == "hold"
    small = decides(payment("p1", 120, amount="11", payee="shop 2"))[0]
    assert "on_the_phone_with_risk" not in codes(small)


def test_after_a_call_of_an_unknown_foreigner_only_what_is_far_above_habit_is_held(decides) -> None:
    decides(*(payment(f"h{n}", -86_400 * (20 - n), amount=str(10 + n % 3)) for n in range(20)))
    decides(call(1, FOREIGN, OURS, seconds=300))
    small, large, later = decides(
        payment("p1", 1_200, payee="mule 1"),
        payment("p2", 1_300, amount="900", payee="mule 2"),
        payment("p3", 9_000, amount="900", payee="mule 3"),
    )
    assert "after_a_risky_call" not in codes(small)
    assert "after_a_risky_call" in codes(large)
    assert "after_a_risky_call" not in codes(later)
    assert "on_the_phone_with_risk" not in codes(large)


def test_calls_at_once_are_those_that_are_not_over(decides) -> None:
    at_once = decides(*(call(n, FOREIGN, victim(n), after_s=10 * n, seconds=600) for n in range(8)))
    assert ["many_at_once" in codes(answer) for answer in at_once] == [False] * 6 + [True] * 2
    assert "7 calls at once" in at_once[6]["reasons"][0]["text"]
    in_turn = decides(*(call(100 + n, THEIRS, victim(n), after_s=700 * n, seconds=600) for n in range(12)))
    assert [answer for answer in in_turn if "many_at_once" in codes(answer)] == []


def test_more_minutes_with_one_foreign_range_than_a_line_can_speak_serve_to_share_revenue(decides) -> None:
    def calls(first: int, caller: str, callee: Callable[[int], str], apart_s: float) -> list[dict[str, Any]]:
        made = (call(first + n, caller, callee(n), after_s=apart_s * n, seconds=1_500) for n in range(8))
        return decides(*made)

    fast = calls(0, THEIRS, lambda n: f"+25263{4000 + n:07d}", 60)
    assert ["revenue_share" in codes(answer) for answer in fast] == [False] * 4 + [True] * 4
    one_line = calls(100, OTHER, lambda n: f"+25263{4000 + n:07d}", 1_500)
    elsewhere = calls(200, OURS, lambda n: f"+25263{4_000 + 10_000 * n:07d}", 60)
    at_home = calls(300, "+77075550001", lambda n: f"+7701234{4000 + n}", 60)
    assert [each for each in (*one_line, *elsewhere, *at_home) if "revenue_share" in codes(each)] == []


def test_a_call_over_a_gateway_counts_only_beside_what_stands_out_by_itself(decides) -> None:
    decides(*(payment(f"h{n}", -86_400 * (20 - n), amount=str(10 + n % 3)) for n in range(20)))
    decides(call(1, callee=OURS, attestation="C"))
    courier, mule, again = decides(
        payment("p1", 1_200, amount="13", payee="courier"),
        payment("p2", 1_300, amount="900", payee="mule"),
        payment("p3", 1_400, amount="900", payee="mule"),
    )
    assert "after_an_unverified_call" not in codes(courier)
    assert "after_an_unverified_call" in codes(mule)
    assert "after_an_unverified_call" in codes(again), "the second payment of the same day is no older acquaintance"


def test_a_listed_payee_is_blocked_and_a_label_among_the_lines_is_none(
    learned: tuple[Learned, Path], rules: Rules
) -> None:
    blocklist = Blocklist(b"key")
    digest = digester(b"key")(ListedKind.PAYEE, canonical(ListedKind.PAYEE, "KZ-M-1"))
    terms = ListTerms(kind=ListedKind.PAYEE, reason="a mule's", source="police")
    row = Entry(
        id=entry_id(ListedKind.PAYEE, digest),
        state=EntryState.IN_FORCE,
        terms=terms,
        version=1,
        changed_ms=0,
        proposed_by="b",
    )
    blocklist.take([ENTRIES.put(row.id, row)], MemoryTables())
    state = empty(7, Limits(keys_max=8192, busy_max=4096, memos_max=4096))
    decider = Decider(read_model(learned[1]), rules, state, "KZ", blocklist=blocklist)
    label = {"kind": "label", "id": "l", "of": "p0", "fraud": True, "known": to_text(START_MS)}
    lines = [payment("p0", 0), label, payment("p1", 10, payee="KZ-M-1")]
    told = [
        json.loads(each) for each in decider.answer([json.dumps(line).encode() for line in lines], START_MS + 10**10)
    ]
    assert (told[1]["taken"], told[2]["action"]) == (True, "block")
    assert told[2]["reasons"][0]["text"] == "the account that is paid is blocked: a mule's (police)"
    assert "listed_payee" not in codes(told[0])


def test_a_lesser_call_does_not_hide_a_riskier_one_for_an_hour(decides) -> None:
    decides(*(payment(f"h{n}", -86_400 * (20 - n), amount=str(10 + n % 3)) for n in range(20)))
    decides(*warned_calls(100), call(2, FOREIGN, after_s=600))
    held = decides(payment("p1", 1_200, payee="mule"))[0]
    assert "since 20 min" in held["reasons"][0]["text"]
    decides(call(3, f"{FOREIGN[:-1]}9", after_s=4_000))
    later = decides(payment("p2", 4_600, amount="900", payee="mule 2"))[0]
    assert [code for code in codes(later) if "call" in code or "phone" in code] == ["after_a_risky_call"]
    assert any("10 min after a risky call" in reason["text"] for reason in later["reasons"])
