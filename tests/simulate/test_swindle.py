"""The town's swindles: the same for a seed, with their truth, and honest people who look alike."""

import pytest

from saqta.simulate.fraud.swindle import acts

DAYS = 2


def test_a_seed_gives_the_same_acts_in_order_and_a_swindle_is_a_call_and_the_payment_after_it() -> None:
    happens = acts(7, DAYS)
    assert happens == acts(7, DAYS) != acts(8, DAYS)
    assert [act.at_s for act in happens] == sorted(act.at_s for act in happens)
    assert len({act.asked["id"] for act in happens}) == len(happens)
    called = {act.asked["callee"]: act.at_s for act in happens if act.is_fraud and act.kind == "call"}
    paid = [act for act in happens if act.is_fraud and act.kind == "payment"]
    assert len(paid) >= len(called) > 10
    assert all(called[act.asked["phone"]] < act.at_s < called[act.asked["phone"]] + 3_600 for act in paid)


@pytest.mark.parametrize("shown", ["foreign", "C"])
def test_honest_calls_and_payments_look_like_swindles(shown: str) -> None:
    happens = acts(7, DAYS)
    calls = [act for act in happens if act.kind == "call" and shown in act.asked.values()]
    assert sum(not act.is_fraud for act in calls) > 10 * sum(act.is_fraud for act in calls) > 0
    least = min(float(act.asked["amount"]) for act in happens if act.kind == "payment" and act.is_fraud)
    honest = [act for act in happens if act.kind == "payment" and not act.is_fraud]
    strangers = [act for act in honest if act.asked["payee"].startswith("KZ-X-")]
    assert sum(float(act.asked["amount"]) > least for act in strangers) > 100
