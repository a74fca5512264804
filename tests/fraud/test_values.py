"""Features take a payment's amount for what it is worth in tenge, where a rate is in force."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fraud.running import NOW_MS, Running, payment, require_state, running, state_of
from saqta.fraud.engine.layout import DAY_MS
from saqta.fraud.serving.step import QUOTED
from saqta.model.kinds import RatesPublished
from saqta.model.moment import to_text

RATES = RatesPublished(
    publisher="nationalbank.kz",
    day=date(2026, 2, 20),
    quote="KZT",
    rates={"USD": ("1", "512.80"), "KGS": ("10", "58.6")},
)
FURTHER = tuple(
    RatesPublished(publisher="nationalbank.kz", day=date(2026, 3, day), quote="KZT", rates=RATES.rates)
    for day in (1, 10)
)
RISEN = RatesPublished(publisher="nationalbank.kz", day=date(2026, 3, 11), quote="KZT", rates={"KGS": ("10", "70")})


def publish(path: Running) -> None:
    path.path.learn([QUOTED.put(str(each.day), each) for each in (RATES, *FURTHER)], 0)


def pays(path: Running, id: str, account: str, amount: str, currency: str, day: float, device: str) -> dict[str, Any]:
    asked = payment(0, account=account, amount=amount, currency=currency, device=device)
    asked |= {"id": id, "payee": "shop", "time": to_text(NOW_MS - round(day * DAY_MS))}
    return path.ask("payment", asked)[0]


def used_to(path: Running, account: str, amounts: tuple[str, ...], currency: str) -> None:
    """A habit of 15 days, with one device."""
    for n in range(15):
        pays(path, f"{account}-{n}", account, amounts[n % len(amounts)], currency, 16 - n, "old")


def looked(path: Running, answer: dict[str, Any]) -> dict[str, Any]:
    return path.path.look(answer["decision_id"], is_partner=False).why


def test_dollars_stand_out_of_a_habit_in_tenge_as_their_worth_does(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        publish(path)
        for account in ("a", "b"):
            used_to(path, account, ("5300.00", "5400.00", "5500.00"), "KZT")
        dollars = pays(path, "usd", "a", "900.00", "USD", 0.1, "new")
        tenge = pays(path, "kzt", "b", "461520.00", "KZT", 0.1, "new")
        assert dollars["tenge"]["amount"] == "461520.00"
        assert (dollars["action"], dollars["reasons"]) == ("hold", tenge["reasons"])
        assert dollars["reasons"][0]["code"] == "new_device_far_above_habit"
        why = looked(path, dollars)
        assert (why["values"]["amount"], why["valued_in"]) == (461_520.0, "KZT")


def test_a_small_sum_of_tenge_does_not_stand_out_of_a_habit_in_dollars(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        publish(path)
        used_to(path, "a", ("95.00", "100.00", "105.00"), "USD")
        assert pays(path, "small", "a", "5000.00", "KZT", 0.1, "new")["action"] == "allow"
        assert pays(path, "large", "a", "500000.00", "KZT", 0.09, "newer")["action"] == "hold"


def test_without_a_rate_the_amount_is_taken_as_it_is_and_why_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        publish(path)
        used_to(path, "a", ("53.00", "54.00", "55.00"), "KZT")
        answer = pays(path, "eur", "a", "900.00", "EUR", 0.1, "new")
        why = looked(path, answer)
        assert (answer["tenge"], why["valued_in"], why["values"]["amount"]) == (None, "EUR", 900.0)


@pytest.mark.parametrize("rates_are_left", [True, False])
def test_a_restart_from_the_log_values_by_what_was_recorded(tmp_path: Path, rates_are_left: bool) -> None:
    with running(tmp_path) as path:
        used_to(path, "early", ("10.00",), "KGS")
        publish(path)
        used_to(path, "a", ("95.00", "100.00", "105.00"), "USD")
        first = pays(path, "x", "a", "7.00", "KGS", 0.1, "new")
        state = state_of(path)
        path.path.learn([QUOTED.put("later", RISEN)], 0)
        assert pays(path, "x", "a", "7.00", "KGS", 0.1, "new") == first
    for kept in (tmp_path / "fraud").iterdir():
        kept.unlink()
    with running(tmp_path) as after:
        if rates_are_left:
            publish(after)
        require_state(after, state)
