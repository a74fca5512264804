"""Decisions over HTTP: asked by partners, durable, told apart by tenant, explained as each may know."""

import json
import secrets
import socket
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest

from saqta.log.verify import verify
from saqta.model.kinds import RatesPublished
from saqta.model.terms import Role
from saqta.web import decisions
from saqta.web.accounts import add_token
from saqta.web.decisions import ADMITTED_MS
from web.conftest import Centre

CREDIT_TRANSFERS = Path(__file__).parents[1] / "intake/iso20022/pacs.008.001.10.xml"
NOW = "2026-01-31T08:00:00Z"
SPOOFED = {
    "id": "c1",
    "time": NOW,
    "caller": "+77272000000",
    "callee": "+77012345678",
    "trunk": "foreign",
    "seconds": 60,
}
"""A call that was connected before anybody asked."""
PAYMENT = {
    "id": "p1",
    "time": NOW,
    "account": "KZ-payer-1",
    "payee": "KZ-mule",
    "amount": "450000.00",
    "currency": "KZT",
    "phone": "+77012345678",
}


@pytest.fixture
def bank(centre: Centre) -> Centre:
    """A centre that decides, with a telecom (pavel's ``metro``) and two banks (``alfa``, ``beta``)."""
    begin(centre)
    return centre


def begin(centre: Centre) -> None:
    for name in ("alfa", "beta"):
        centre.tokens[name] = add_token(
            centre.log.append, centre.clock, secrets.token_urlsafe, Role.PARTNER, "test", name, f"/banks/{name}"
        )
    centre.settle()
    centre.start_decisions()


def ask(client: httpx.Client, kind: str, body: object, status: int = 200) -> dict:
    response = client.post(f"/api/v1/decisions/{kind}", json=body)
    assert response.status_code == status, response.text
    return response.json()


def test_a_spoofed_call_is_blocked_and_the_payment_after_it_held_until_somebody_says(bank: Centre) -> None:
    with bank.http("pavel") as telecom, bank.http("alfa") as alfa, bank.http("farid") as farid:
        call = ask(telecom, "call", SPOOFED)
        assert (call["action"], call["score"], call["model"]) == ("block", 1.0, None)
        assert [reason["code"] for reason in call["reasons"]] == ["spoofed_number", "no_model"]
        payment = ask(alfa, "payment", PAYMENT)
        assert (payment["action"], payment["hold_until"]) == ("hold", "2026-01-31T08:10:00.000Z")
        assert payment["rules"] == "standard-5"
        address = f"/api/v1/decisions/{payment['decision_id']}"
        told = alfa.get(address).json()
        assert (told["held"], told["outcome"], told["kind"]) == (True, None, "payment")
        answer = alfa.post(f"{address}/outcome", json={"outcome": "fraud"})
        assert bank.said(answer) == ["outcome.told"]
        assert bank.said(alfa.post(f"{address}/outcome", json={"outcome": "fraud"})) == []
        assert "-0.0" not in farid.get(f"{address}/why").text
        told = farid.get(address).json()
        assert told["held"] is False
        outcome = {"outcome": "fraud", "known": "2026-01-31T08:00:00.000Z", "by": "alfa", "partner": "alfa"}
        assert told["outcome"] == outcome


def test_an_outcome_tells_who_said_so_and_of_the_centres_people_to_the_centre_alone(bank: Centre) -> None:
    with bank.http("alfa") as alfa, bank.http("gulnar") as gulnar:
        path = f"/api/v1/decisions/{ask(alfa, 'payment', PAYMENT)['decision_id']}"
        assert bank.said(alfa.post(f"{path}/outcome", json={"outcome": "fraud", "by": " ann "})) == ["outcome.told"]
        for client in (alfa, gulnar):
            told = client.get(path).json()["outcome"]
            assert (told["outcome"], told["by"], told["partner"]) == ("fraud", "ann", "alfa")
        assert not any(b'"ann"' in recorded.stored for recorded in bank.log.read(0, limit=1_000))
        bank.keyring.erase(bank.keyring.person_of("alfa/ann"))
        assert gulnar.get(path).json()["outcome"]["by"] == "alfa"
        for by in ("", "x" * 65, 7):
            refused = alfa.post(f"{path}/outcome", json={"outcome": "honest", "by": by})
            assert (refused.status_code, refused.json()["field"]) == (422, "by")
        other = gulnar.post(f"{path}/outcome", json={"outcome": "honest", "by": "farid"})
        assert (other.status_code, other.json()["field"]) == (422, "by")
        [event] = gulnar.post(f"{path}/outcome", json={"outcome": "honest"}).json()["events"]
        me = event["actor"].partition("/")[2]
        assert event["data"]["by"] == "centre"
        of_centre = {"outcome": "honest", "known": NOW.replace("Z", ".000Z"), "partner": None}
        assert alfa.get(path).json()["outcome"] == of_centre | {"by": "centre"}
        assert gulnar.get(path).json()["outcome"] == of_centre | {"by": me}


def test_who_may_read_a_case_may_read_its_decision(bank: Centre) -> None:
    with bank.http("pavel") as telecom, bank.http("bob") as supervisor, bank.http("alice") as dispatcher:
        path = f"/api/v1/decisions/{ask(telecom, 'call', SPOOFED)['decision_id']}"
        bank.settle()
        case = supervisor.get(path.replace("decisions", "fraud/cases")).json()
        assert supervisor.get(path).json().items() <= case["why"].items()
        assert supervisor.get(f"{path}/why").json() == case["why"]
        assert {dispatcher.get(each).status_code for each in (path, f"{path}/why")} == {403}


@pytest.mark.parametrize("known", ["2026-01-31T07:59:59Z", "2026-01-31T08:00:01Z"])
def test_nobody_knows_an_outcome_before_it_happened_or_from_the_future(bank: Centre, known: str) -> None:
    with bank.http("alfa") as alfa:
        decision = ask(alfa, "payment", PAYMENT)["decision_id"]
        address = f"/api/v1/decisions/{decision}/outcome"
        refused = alfa.post(address, json={"outcome": "fraud", "known": known})
        assert (refused.status_code, refused.json()["field"]) == (422, "known")
        assert bank.said(alfa.post(address, json={"outcome": "fraud", "known": NOW})) == ["outcome.told"]


def test_statistics_lead_to_what_was_stopped(bank: Centre) -> None:
    with bank.http("pavel") as telecom, bank.http("alfa") as alfa, bank.http("farid") as farid:
        ask(telecom, "call", SPOOFED)
        held = ask(alfa, "payment", PAYMENT)["decision_id"]
        alfa.post(f"/api/v1/decisions/{held}/outcome", json={"outcome": "fraud"})
        bank.settle()
        told = farid.get("/api/v1/statistics/fraud").json()
        assert (told["kept_in_tenge"], told["money"][0]["kept"]) == ("450000.00", "450000.00")
        assert (told["decided"]["calls_blocked"], told["decided"]["payments_held"]) == (1, 1)
        items = farid.get("/api/v1/statistics/fraud/stopped").json()["items"]
        assert {item["decision"]: item["outcome"] for item in items} == {held: "fraud", "metro-0-0": None}
        assert alfa.get("/api/v1/statistics/fraud").status_code == 403


def test_who_asks_again_gets_the_same_answer_and_other_content_is_refused(bank: Centre) -> None:
    with bank.http("alfa") as alfa:
        first = ask(alfa, "payment", PAYMENT)
        size = bank.log.size()
        assert ask(alfa, "payment", PAYMENT) == first
        assert bank.log.size() == size
        refused = ask(alfa, "payment", PAYMENT | {"amount": "450001.00"}, 409)
        assert refused["type"] == "urn:saqta:problem:other-content"
        rows = ask(alfa, "payment", [PAYMENT, PAYMENT | {"payee": "KZ-other"}, PAYMENT | {"id": "p2"}])["items"]
        assert rows[0] == first
        assert rows[1] == {"id": "p1", "error": {"detail": "event p1 of alfa is already recorded with other content"}}
        assert rows[2]["id"] == "p2"


def test_bad_rows_get_their_errors_and_the_others_are_decided(bank: Centre) -> None:
    bad = [
        PAYMENT | {"amount": "-5"},
        {"id": "p9"},
        PAYMENT | {"currency": "XXQ", "id": "p8"},
        PAYMENT | {"time": "2026-01-31T08:00:00", "id": "p7"},
        PAYMENT | {"time": "2027-01-31T08:00:00Z", "id": "p6"},
        PAYMENT | {"phone": "87012345678", "id": "p5"},
        PAYMENT | {"phonenumber": "+77012345678", "id": "p4"},
        7,
    ]
    with bank.http("alfa") as alfa:
        rows = ask(alfa, "payment", [*bad, PAYMENT])["items"]
        fields = ["amount", "time", "currency", "time", "time", "phone", "phonenumber", "line"]
        assert [row["error"]["field"] for row in rows[:-1]] == fields
        assert [row["id"] for row in rows] == ["p1", "p9", "p8", "p7", "p6", "p5", "p4", None, "p1"]
        assert rows[-1]["action"] == "allow"
        told = ask(alfa, "payment", PAYMENT | {"phonenumber": "+7"}, 422)
        assert told["detail"] == "phonenumber: got '+7', expected nothing: no field has that name"
        assert ask(alfa, "payment", PAYMENT | {"amount": "-5"}, 422)["field"] == "amount"
        told = ask(alfa, "payment", PAYMENT | {"kind": "call"}, 422)
        assert told["detail"] == "kind: got 'call', expected payment, or nothing"
        for content in (b"", b"{", b"[1,", b"[" + b"[" * 5000, b"\xff"):
            response = alfa.post("/api/v1/decisions/payment", content=content)
            assert response.status_code == 422, response.text


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8"])
def test_a_message_of_iso_20022_is_decided_as_a_list_whichever_way_it_comes(bank: Centre, content_type: str) -> None:
    message = CREDIT_TRANSFERS.read_bytes()
    with bank.http("alfa", timeout=30) as alfa, bank.http("pavel") as telecom:
        for _ in range(2):
            answer = alfa.post("/api/v1/decisions/payment", content=message, headers={"content-type": content_type})
            assert answer.status_code == 200, answer.text
            assert [item["id"] for item in answer.json()["items"]] == [
                "B-1/T-1", "8a562c67-ca16-48ba-b074-65581be6f002",
            ]  # fmt: skip
            assert {item["action"] for item in answer.json()["items"]} == {"allow"}
        xml = {"content-type": content_type}
        cut = alfa.post("/api/v1/decisions/payment", content=message.replace(b"<NbOfTxs>2", b"<NbOfTxs>3"), headers=xml)
        assert (cut.status_code, cut.json()["field"]) == (422, "FIToFICstmrCdtTrf/GrpHdr/NbOfTxs")
        assert telecom.post("/api/v1/decisions/call", content=message, headers=xml).status_code == 422


def test_who_hangs_up_in_the_middle_of_a_body_is_no_fault_of_ours(
    bank: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither on the long way, which admits, nor on the direct one."""
    head = f"POST /api/v1/decisions/payment HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {bank.tokens['alfa']}\r\n"
    head += "content-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    with bank.http("alfa") as alfa:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", bank.port)) as connection:
                connection.sendall(head.encode())
            ask(alfa, "payment", PAYMENT)
            time.sleep(0.1)
    with bank.http("alice") as alice:
        told = alice.get("/metrics").text
    assert 'status="200"' in told
    assert 'status="500"' not in told
    assert "Traceback" not in caplog.text
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_fault_of_ours_on_the_direct_way_is_a_problem_that_is_counted(
    bank: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the house")

    with bank.http("alfa") as alfa:
        ask(alfa, "payment", PAYMENT)
        bank.decisions.ask = broken
        response = alfa.post("/api/v1/decisions/payment", json=PAYMENT)
        assert (response.status_code, response.json()["type"]) == (500, "urn:saqta:problem:internal")
        assert "secret" not in response.text
        assert response.headers["x-content-type-options"] == "nosniff"
    with bank.http("alice") as alice:
        assert 'method="POST",status="500"} 1' in alice.get("/metrics").text
    assert "a secret of the house" in caplog.text


def test_of_tokens_admitted_lately_so_many_are_remembered(bank: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "ADMITTED_MAX", 2)
    for name in ("alfa", "beta", "farid", "alfa"):
        with bank.http(name) as client:
            assert ask(client, "payment", PAYMENT)["id"] == "p1"
        assert 1 <= len(bank.app.state.admitted) <= 2


def test_a_body_and_a_batch_have_a_limit(bank: Centre) -> None:
    with bank.http("alfa") as alfa:
        response = alfa.post("/api/v1/decisions/payment", content=b" " * 10_000_000)
        assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")
        assert "1000" in ask(alfa, "call", [SPOOFED] * 1001, 422)["detail"]
        assert len(ask(alfa, "call", [SPOOFED | {"id": f"c{n}"} for n in range(1000)])["items"]) == 1000


def test_partners_stand_apart(bank: Centre) -> None:
    """The same id, account and payee at two banks are different ones, and neither sees the other's decisions."""
    with bank.http("alfa") as alfa, bank.http("beta") as beta, bank.http("farid") as farid:
        of_alfa = ask(alfa, "payment", PAYMENT)
        of_beta = ask(beta, "payment", PAYMENT | {"amount": "7.00"})
        assert of_beta["decision_id"] != of_alfa["decision_id"]
        for tail in ("", "/why"):
            address = f"/api/v1/decisions/{of_alfa['decision_id']}{tail}"
            assert beta.get(address).status_code == 404
            assert (alfa.get(address).status_code, farid.get(address).status_code) == (200, 200)
        outcome = beta.post(f"/api/v1/decisions/{of_alfa['decision_id']}/outcome", json={"outcome": "fraud"})
        assert outcome.status_code == 404
        stored = b"".join(recorded.stored for recorded in bank.log.read(0))
    for secret in (b"KZ-payer-1", b"KZ-mule", b"77012345678"):
        assert secret not in stored


def test_each_reader_learns_what_the_table_lets_it_know(bank: Centre) -> None:
    with bank.http("pavel") as telecom, bank.http("alfa") as alfa, bank.http("farid") as farid:
        call = ask(telecom, "call", SPOOFED)
        payment = ask(alfa, "payment", PAYMENT)
        reason = payment["reasons"][0]
        assert reason == {
            "code": "on_the_phone_with_risk",
            "text": "the payer may be acting on what somebody says on the telephone",
        }
        why = alfa.get(f"/api/v1/decisions/{payment['decision_id']}/why").json()
        assert "values" not in why
        assert why["reasons"][0] == reason
        seen = farid.get(f"/api/v1/decisions/{payment['decision_id']}/why").json()
        assert seen["reasons"][0]["text"].startswith("on the phone since 0 min with a number that a rule warned of")
        assert (seen["call_before"]["call_risk"], seen["values"]["amount"]) == (2.0, 450000.0)
        called = farid.get(f"/api/v1/decisions/{call['decision_id']}/why").json()
        assert called["values"]["trunk_foreign"] == 1.0
        assert called["pseudonyms"]["counterpart"] == seen["pseudonyms"]["subscriber"]


def test_an_amount_is_told_in_tenge_by_the_rates_of_its_day_which_are_named(bank: Centre) -> None:
    def publish(day: int, worth: str) -> None:
        rates = {"USD": ("1", worth), "KGS": ("10", "58.6")}
        bank.tell(RatesPublished(publisher="nationalbank.kz", day=date(2026, 1, day), quote="KZT", rates=rates))

    with bank.http("alfa") as alfa, bank.http("farid") as farid, bank.http("pavel") as telecom:
        dollars = PAYMENT | {"currency": "USD", "amount": "1000.05"}
        assert ask(alfa, "payment", dollars | {"id": "early"})["tenge"] is None
        publish(30, "512.80")
        told = ask(alfa, "payment", dollars)
        line = {"publisher": "nationalbank.kz", "day": "2026-01-30", "currency": "USD", "units": "1"}
        line |= {"quote": "KZT", "worth": "512.80"}
        assert told["tenge"] == {"amount": "512825.64", "rates": [line]}
        publish(31, "600.00")
        assert ask(alfa, "payment", dollars) == told
        rows = [dollars | {"id": "now"}, PAYMENT | {"id": "own"}, PAYMENT | {"id": "som", "currency": "KGS"}]
        items = ask(alfa, "payment", [*rows, PAYMENT | {"id": "yen", "currency": "JPY", "amount": "1000"}])["items"]
        amounts = [item["tenge"] and item["tenge"]["amount"] for item in items]
        assert amounts == ["600030.00", "450000.00", "2637000.00", None]
        assert items[1]["tenge"]["rates"] == []
        assert farid.get(f"/api/v1/decisions/{told['decision_id']}/why").json()["tenge"] == told["tenge"]
        valued_in = [
            farid.get(f"/api/v1/decisions/{item['decision_id']}/why").json()["valued_in"] for item in (*items, told)
        ]
        assert valued_in == ["KZT", "KZT", "KZT", "JPY", "KZT"]
        assert ask(telecom, "call", SPOOFED)["tenge"] is None
        assert [item["error"]["field"] for item in ask(alfa, "payment", [rows[0] | {"currency": "XXQ"}])["items"]] == [
            "currency"
        ]


def list_entry(centre: Centre, kind: str, value: str, **over: object) -> str:
    """Farid proposes an entry and Gulnar confirms it; gives its id."""
    new = {"kind": kind, "value": value, "reason": "a mule's account", "source": "police"} | over
    with centre.http("farid") as farid, centre.http("gulnar") as gulnar:
        entry = farid.post("/api/v1/lists/entries", json=new).headers["location"].rsplit("/", 1)[1]
        assert gulnar.post(f"/api/v1/lists/entries/{entry}/confirm", json={"reason": ""}).status_code == 200
    return entry


def test_a_listed_payee_is_blocked_by_its_entry_until_the_entry_is_lifted(bank: Centre) -> None:
    entry = list_entry(bank, "payee", "kz mule")
    with bank.http("alfa") as alfa, bank.http("farid") as farid, bank.http("bob") as bob:
        blocked = ask(alfa, "payment", PAYMENT)
        assert blocked["action"] == "block"
        text = "the account that is paid is blocked: a mule's account (police)"
        assert blocked["reasons"][0] == {"code": "listed_payee", "text": text, "entry": entry}
        why = f"/api/v1/decisions/{blocked['decision_id']}/why"
        assert alfa.get(why).json()["reasons"] == blocked["reasons"]
        seen = farid.get(why).json()
        assert (seen["lists"], seen["values"]["payee_listed"]) == ([{"entry": entry, "state": "in_force"}], 1.0)
        assert bob.post(f"/api/v1/lists/entries/{entry}/appeal", json={"reason": "not mine"}).status_code == 200
        eased = ask(alfa, "payment", PAYMENT | {"id": "p2"})
        text = "it was blocked, and an appeal waits: a mule's account (police)"
        assert (eased["action"], eased["reasons"][0]) == (
            "hold",
            {"code": "listed_payment_appealed", "text": text, "entry": entry},
        )
        assert bob.post(f"/api/v1/lists/entries/{entry}/uphold", json={"reason": "it is theirs"}).status_code == 200
        assert bob.post(f"/api/v1/lists/entries/{entry}/appeal", json={"reason": "not mine"}).status_code == 200
        again = ask(alfa, "payment", PAYMENT | {"id": "p2b"})
        assert (again["action"], again["reasons"][0]["code"]) == ("block", "listed_payee"), "it was upheld before"
        assert farid.post(f"/api/v1/lists/entries/{entry}/lift", json={"reason": "another one's"}).status_code == 200
        assert ask(alfa, "payment", PAYMENT | {"id": "p3"})["action"] == "allow"
        assert ask(alfa, "payment", PAYMENT) == blocked
        assert farid.get(why).json()["lists"] == [{"entry": entry, "state": "lifted"}]


def test_a_caller_in_doubt_is_warned_of_and_what_blocks_beside_it_still_does(bank: Centre) -> None:
    """Of two names, one appealed against: the other decides."""
    caller = list_entry(bank, "msisdn", "+77011234567")
    call = {"id": "c7", "time": NOW, "caller": "+77011234567", "callee": "+77012345678", "trunk": "national"}
    with bank.http("pavel") as telecom, bank.http("bob") as bob:
        assert bob.post(f"/api/v1/lists/entries/{caller}/appeal", json={"reason": "not mine"}).status_code == 200
        warned = ask(telecom, "call", call)
        assert (warned["action"], warned["reasons"][0]["code"]) == ("warn", "listed_call_appealed")
        assert warned["reasons"][0]["entry"] == caller
        device = list_entry(bank, "imei", "490154203237518")
        blocked = ask(telecom, "call", call | {"id": "c8", "imei": "490154203237518"})
        entries = [reason["entry"] for reason in blocked["reasons"] if "entry" in reason]
        assert (blocked["action"], entries) == ("block", [device])


def test_an_entry_blocks_while_it_is_valid_alone(bank: Centre) -> None:
    list_entry(bank, "account", PAYMENT["account"], valid_until="2026-01-31T09:00:00Z")
    with bank.http("alfa") as alfa:
        assert ask(alfa, "payment", PAYMENT)["reasons"][0]["code"] == "listed_account"
        bank.now_ms += 3_600_000
        assert ask(alfa, "payment", PAYMENT | {"id": "p2"})["action"] == "allow"


@pytest.mark.parametrize(
    ("kind", "value", "field", "action"),
    [
        ("msisdn", "+77011234567", "caller", "block"),
        ("msisdn", "+77012345678", "callee", "warn"),
        ("imei", "490154203237518", "imei", "block"),
        ("imsi", "401011234567890", "imsi", "block"),
    ],
)
def test_what_a_call_shows_is_looked_up(bank: Centre, kind: str, value: str, field: str, action: str) -> None:
    entry = list_entry(bank, kind, value)
    call = {
        "id": "c7",
        "time": NOW,
        "caller": "+77011234567",
        "callee": "+77012345678",
        "trunk": "national",
        "seconds": 60,
    }
    call |= {"imei": "49-015420-323751-8", "imsi": "401011234567890"}
    with bank.http("pavel") as telecom, bank.http("alfa") as alfa:
        answer = ask(telecom, "call", call)
        assert (answer["action"], answer["reasons"][0]["entry"]) == (action, entry)
        assert answer["reasons"][0]["code"] == f"listed_{field}"
        codes = {reason["code"] for reason in ask(alfa, "payment", PAYMENT)["reasons"]}
        assert ("listed_phone" in codes) is (field == "callee")
        assert "on_the_phone_with_risk" in codes


def test_whom_decisions_know_by_a_pseudonym_alone_is_blocked_once_two_people_say_so(bank: Centre) -> None:
    with bank.http("pavel") as telecom, bank.http("farid") as farid, bank.http("gulnar") as gulnar:
        call = ask(telecom, "call", SPOOFED)
        bank.settle()
        new = {"decision": call["decision_id"], "party": "actor", "reason": "swindles", "source": "the desk"}
        proposed = farid.post("/api/v1/lists/parties", json=new)
        entry = proposed.headers["location"].rsplit("/", 1)[1]
        honest = SPOOFED | {"id": "c8", "trunk": "national"}
        assert ask(telecom, "call", honest)["action"] == "allow"
        seen = gulnar.get(f"/api/v1/lists/entries/{entry}").json()
        assert (seen["listed"], len(seen["party"]), seen["terms"]["kind"]) == (None, 16, "msisdn")
        assert gulnar.post(f"/api/v1/lists/entries/{entry}/confirm", json={"reason": ""}).status_code == 200
        blocked = ask(telecom, "call", honest | {"id": "c9"})
        assert (blocked["action"], blocked["reasons"][0]["entry"]) == ("block", entry)
        assert blocked["reasons"][0]["text"] == "the caller's number is blocked"
        found = farid.post("/api/v1/lists/find", json={"kind": "msisdn", "value": SPOOFED["caller"]}).json()
        assert (found["entry"], found["blocked"]) == (entry, True)
        assert gulnar.post("/api/v1/lists/parties", json=new).status_code == 409
        unknown = farid.post("/api/v1/lists/parties", json=new | {"party": "subscriber"})
        assert (unknown.status_code, unknown.json()["field"]) == (422, "party")
        assert farid.post("/api/v1/lists/parties", json=new | {"decision": "alfa-9-9"}).status_code == 404


def test_an_account_is_blocked_at_the_partner_alone_that_asked_about_it(bank: Centre) -> None:
    with bank.http("alfa") as alfa, bank.http("farid") as farid, bank.http("gulnar") as gulnar:
        list_entry(bank, "account", PAYMENT["account"], valid_until="2026-01-31T09:00:00Z")
        stopped = ask(alfa, "payment", PAYMENT)
        bank.settle()
        new = {"decision": stopped["decision_id"], "party": "counterpart", "reason": "a mule", "source": "the desk"}
        entry = farid.post("/api/v1/lists/parties", json=new).headers["location"].rsplit("/", 1)[1]
        assert entry.startswith("payee-")
        gulnar.post(f"/api/v1/lists/entries/{entry}/confirm", json={"reason": ""})
        other = PAYMENT | {"id": "p2", "account": "KZ0000001"}
        assert next(reason["code"] for reason in ask(alfa, "payment", other)["reasons"]) == "listed_payee"
        for value, is_blocked in ((PAYMENT["payee"], True), ("KZ-somebody", False)):
            found = farid.post("/api/v1/lists/find", json={"kind": "payee", "value": value}).json()
            assert (found["blocked"], found["entry"] == entry) == (is_blocked, is_blocked)
    with bank.http("beta") as beta:
        assert ask(beta, "payment", other)["action"] == "allow"


def test_who_asks_often_goes_a_shorter_way_with_the_same_answers(bank: Centre) -> None:
    bodies = {b"{": 422, b"[" + b" " * (1 << 20) + b"]": 413, json.dumps(PAYMENT).encode(): 200}
    for body, status in bodies.items():
        with bank.http("alfa") as alfa:
            bank.app.state.admitted.clear()
            long = alfa.post("/api/v1/decisions/payment", content=body)
            assert len(bank.app.state.admitted) == 1
            short = alfa.post("/api/v1/decisions/payment", content=body)
        told = [(one.status_code, one.content, {**one.headers} | {"date": ""}) for one in (long, short)]
        assert told[0] == told[1]
        assert short.status_code == status
    counted = bank.app.state.counts.requests
    assert [counted["POST", status] for status in (422, 413, 200)] == [2, 2, 2]
    with bank.http("pavel") as pavel:
        pavel.post("/api/v1/decisions/payment", content=b"{")
        bank.now_ms += ADMITTED_MS + 1
        assert pavel.post("/api/v1/decisions/payment", content=b"{", headers={"authorization": "x"}).status_code == 401


def test_a_source_may_tell_of_so_many_frauds_a_day(bank: Centre) -> None:
    calls = [SPOOFED | {"id": f"c{n}"} for n in range(101)]
    with bank.http("pavel") as telecom:
        decided = [row["decision_id"] for row in ask(telecom, "call", calls)["items"]]
        for n, decision in enumerate(decided):
            response = telecom.post(f"/api/v1/decisions/{decision}/outcome", json={"outcome": "fraud"})
            assert response.status_code == (200 if n < 100 else 429), (n, response.text)
        assert "may tell of 100" in response.json()["detail"]
        honest = telecom.post(f"/api/v1/decisions/{decided[-1]}/outcome", json={"outcome": "honest"})
        assert honest.status_code == 200


def test_a_hold_ends_by_itself_and_what_is_honest_at_once(bank: Centre) -> None:
    with bank.http("pavel") as telecom, bank.http("alfa") as alfa:
        ask(telecom, "call", SPOOFED)
        payments = [PAYMENT | {"id": payee, "payee": payee} for payee in ("first", "second")]
        first, second = (ask(alfa, "payment", payment)["decision_id"] for payment in payments)
        assert bank.said(alfa.post(f"/api/v1/decisions/{first}/outcome", json={"outcome": "honest"})) == [
            "outcome.told",
            "hold.released",
        ]
        assert alfa.get(f"/api/v1/decisions/{second}").json()["held"]
        bank.now_ms += 600_001
        deadline = time.monotonic() + 10
        while alfa.get(f"/api/v1/decisions/{second}").json()["held"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        kinds = [recorded.event.type for recorded in bank.log.read(0)]
        assert kinds.count("saqta.hold.released.v1") == 2


def test_who_may_not_and_what_does_not_start(open_centre: Callable[..., Centre]) -> None:
    centre = open_centre()
    with centre.http("alice") as alice, centre.http("pavel") as pavel, centre.http() as nobody:
        assert alice.post("/api/v1/decisions/payment", json=PAYMENT).status_code == 403
        assert nobody.post("/api/v1/decisions/payment", json=PAYMENT).status_code == 401
        busy = pavel.post("/api/v1/decisions/payment", json=PAYMENT)
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        assert pavel.get("/api/v1/decisions/nothing").status_code == 404
        assert pavel.get("/api/v1/decisions/metro-0-0").status_code == 404


def test_decisions_verify_with_the_log(bank: Centre) -> None:
    with bank.http("alfa") as alfa:
        ask(alfa, "payment", [PAYMENT | {"id": f"p{n}"} for n in range(600)])
    events = [each for each in bank.log.read(0) if each.event.type == "saqta.decisions.made.v1"]
    assert len(events) == 3
    assert verify(bank.folder).ok
