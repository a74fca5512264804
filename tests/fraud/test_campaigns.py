"""Campaigns: seen over several victims, told once and as they grow, with what was stopped."""

from saqta.fraud.serving.campaigns import LISTED_MAX, MEMBERS_MAX, VICTIMS_MIN
from saqta.fraud.serving.step import STEP
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner
from saqta.log.tables import MemoryTables
from saqta.model import catalogue
from saqta.model.catalogue import make
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised, DecisionReason, DecisionsMade, ListEntryProposed, NotableRow

NOW_MS = 1_773_302_400_000
CALLER, MULE = "c0ffee00c0ffee00", "0123456789abcdef"


def called(victim: int, at: int = 0, caller: str = CALLER, row: int = 0) -> NotableRow:
    return noted("call", "block", caller, f"victim-{victim}", at, row)


def paid(victim: int, at: int = 0, payee: str = MULE, row: int = 0) -> NotableRow:
    told = {"subscriber": f"victim-{victim}", "amount": "450000.00", "currency": "KZT"}
    return noted("payment", "hold", f"account-{victim}", payee, at, row, **told)


def noted(kind: str, action: str, actor: str, other: str, at: int, row: int, **told: str) -> NotableRow:
    reasons = (DecisionReason("a_rule", "it fired"),)
    return NotableRow(
        row=row, kind=kind, action=action, actor=actor, counterpart=other, time_ms=NOW_MS + at * 1000,
        reasons=reasons, values="", **told,
    )  # fmt: skip


def follows(*commits: list[NotableRow]) -> list[Event]:
    """What follows from commits, one after the other."""
    log = MemoryLog(lambda: NOW_MS)
    runner = Runner(STEP, log, MemoryTables())
    for number, notable in enumerate(commits):
        made = DecisionsMade(
            tenant="alfa", number=number, rules="r", features="f", root="", rows="", notable=tuple(notable)
        )
        told = {"id": str(number), "source": "/saqta/fraud/alfa", "actor": "saqta/fraud"}
        log.append([make(made, time_ms=NOW_MS, recorded_ms=NOW_MS, **told)])
        runner.catch_up()
    return [each.event for each in log.read(0) if each.event.type != "saqta.decisions.made.v1"]


def alerts(*commits: list[NotableRow]) -> list[tuple[str, tuple[str, ...]]]:
    """The sources and reasons of the alerts that follow from them."""
    found = [event for event in follows(*commits) if event.type == "saqta.alert.raised.v1"]
    records = [catalogue.read(event) for event in found]
    assert all(isinstance(record, AlertRaised) and record.kind == "scam_campaign" for record in records)
    return [(event.source, record.reasons) for event, record in zip(found, records, strict=True)]


def test_one_caller_over_several_victims_is_a_campaign_and_their_payments_belong_to_it() -> None:
    told = alerts(*([called(n, n)] for n in range(VICTIMS_MIN)), [paid(0, 60), paid(1, 61, row=1)])
    assert [source for source, _ in told] == [f"/saqta/fraud/call/{CALLER}"] * 2
    assert told[0][1] == (
        "one number called 3 people within 1 min",
        "call blocked: alfa-0-0",
        "call blocked: alfa-1-0",
        "call blocked: alfa-2-0",
    )
    assert told[1][1][-2:] == ("payment of 450000.00 KZT held: alfa-3-0", "payment of 450000.00 KZT held: alfa-3-1")


def test_one_payee_over_several_victims_is_a_campaign() -> None:
    (told,) = alerts([paid(n, n, row=n) for n in range(VICTIMS_MIN)])
    assert told[0] == f"/saqta/fraud/payment/{MULE}"
    assert told[1][0] == "one account was to be paid by 3 people within 1 min"


def test_two_campaigns_of_one_commit_are_told_apart() -> None:
    rows = [called(n, caller=f"{n % 2:016x}", row=n) for n in range(2 * VICTIMS_MIN)]
    assert {source for source, _ in alerts(rows)} == {f"/saqta/fraud/call/{n:016x}" for n in range(2)}


def test_few_victims_and_the_same_one_again_are_none() -> None:
    assert alerts([called(n % 2, n, row=n) for n in range(20)]) == []
    assert alerts(*([called(n, n * 90_000)] for n in range(5))) == []


def test_of_very_many_that_were_stopped_the_newest_are_named_and_it_is_said_so() -> None:
    (first, *_, last) = alerts(*([called(n, n)] for n in range(2 * LISTED_MAX)))
    assert "the newest" not in first[1][0]
    count = int(last[1][0].split()[3])
    assert last[1][0].endswith(f"; the newest {LISTED_MAX} follow")
    assert last[1][1:] == tuple(f"call blocked: alfa-{n}-0" for n in range(count - LISTED_MAX, count))


def test_a_campaign_remembers_so_many_and_is_told_less_and_less_often() -> None:
    told = alerts(*([called(n, n)] for n in range(MEMBERS_MAX + 20)))
    assert len(told) == 11


def test_with_its_first_alert_a_campaign_proposes_its_caller_or_payee_for_a_person_to_confirm() -> None:
    events = follows(*([called(n, n), paid(n, n, row=1)] for n in range(3 * VICTIMS_MIN)))
    proposed = [record for event in events if isinstance(record := catalogue.read(event), ListEntryProposed)]
    assert [(record.party, record.terms.kind) for record in proposed] == [(CALLER, "msisdn")]
    assert proposed[0].terms.reason == "one number called 3 people within 1 min"
    (by_payee,) = (event for event in follows([paid(n, n, row=n) for n in range(VICTIMS_MIN)]) if "entry" in event.type)
    record = catalogue.read(by_payee)
    assert isinstance(record, ListEntryProposed)
    assert (record.party, record.terms.kind, by_payee.actor) == (MULE, "payee", "saqta/fraud")
    assert record.evidence == ("/saqta/fraud/alfa#0",)
