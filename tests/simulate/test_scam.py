"""The city's calls and payments: the same for a seed, with their truth."""

from itertools import islice

from saqta.simulate.fraud.scam import BANKS_NUMBER, MULES, VICTIMS, acts


def test_a_seed_gives_the_same_acts_in_order_and_a_campaign_calls_citizens_who_pay() -> None:
    first = list(islice(acts(7, "run"), 200))
    assert first == list(islice(acts(7, "run"), 200))
    assert [act.at_s for act in first] == sorted(act.at_s for act in first)
    frauds = [act for act in first if act.is_fraud]
    calls = [act.asked for act in frauds if act.kind == "call"]
    payments = [act.asked for act in frauds if act.kind == "payment"]
    assert {call["caller"] for call in calls} == {BANKS_NUMBER}
    assert len({call["callee"] for call in calls}) == VICTIMS
    assert {payment["payee"] for payment in payments} == set(MULES)
    assert {payment["phone"] for payment in payments} < {call["callee"] for call in calls}
    assert len({act.asked["id"] for act in first}) == len(first)
