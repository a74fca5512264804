"""The analysts' desk over HTTP: the queue, a case with its network, what is said of it, and who must not see any."""

import json
import time

import httpx

from saqta.views import STEP
from saqta.views.tables import FRAUD_LIVE_TABLES, STOPPED
from saqta.web.cases import ALIKE_MAX, ALIKE_SHOWN, NODES_MAX, OF_A_PARTY_MAX, network
from story import Story
from views.test_stopped import made, row
from web.conftest import Centre, wait_until
from web.test_decisions import PAYMENT, SPOOFED, ask, bank

__all__ = ["bank"]
ROUTES = (
    "/api/v1/fraud/waiting",
    "/api/v1/fraud/cases/{id}",
    "/api/v1/statistics/fraud/stopped",
    "/live/fraud",
    "/fraud",
)


def scammed(centre: Centre) -> tuple[str, str]:
    """A spoofed call to somebody, who then pays; gives both decisions."""
    with centre.http("pavel") as telecom, centre.http("alfa") as alfa:
        call = ask(telecom, "call", SPOOFED)["decision_id"]
        payment = ask(alfa, "payment", PAYMENT)["decision_id"]
    centre.settle()
    return call, payment


def waiting(client: httpx.Client) -> list[str]:
    return [item["decision"] for item in client.get("/api/v1/fraud/waiting").json()["items"]]


def test_the_queue_holds_what_waits_and_the_case_joins_the_call_and_the_payment(bank: Centre) -> None:
    call, payment = scammed(bank)
    with bank.http("pavel") as telecom, bank.http("farid") as farid:
        other = ask(telecom, "call", SPOOFED | {"id": "c2", "callee": "+77019999999"})["decision_id"]
        bank.settle()
        assert waiting(farid) == [payment, other], "of each caller the newest call"
        case = farid.get(f"/api/v1/fraud/cases/{payment}").json()
        assert [item["decision"] for item in case["timeline"]] == [payment, call]
        assert case["stopped"]["in_tenge"] == "450000.00"
        assert case["why"]["values"]["amount"] == 450000.0
        assert case["stopped"]["says"][0].startswith("on the phone since 0 min")
        nodes = {node["id"]: node["kind"] for node in case["network"]["nodes"]}
        names = case["why"]["pseudonyms"]
        assert (nodes[names["actor"]], nodes[names["subscriber"]]) == ("account", "number")
        links = {(link["source"], link["target"]): link["kind"] for link in case["network"]["links"]}
        assert links[names["actor"], names["counterpart"]] == "payment"
        assert links[names["subscriber"], names["actor"]] == "telephone"
        assert sorted(links.values()) == ["call", "call", "payment", "telephone"], "the caller's other victim is seen"
        assert farid.get(f"/api/v1/fraud/cases/{call}").json()["alike"] == {
            "fraud": 0, "honest": 0, "open": 1, "items": [farid.get(f"/api/v1/fraud/cases/{other}").json()["stopped"]],
        }  # fmt: skip
        assert farid.get("/api/v1/fraud/cases/alfa-99-0").status_code == 404


def test_a_case_shows_what_was_simply_allowed_before(bank: Centre) -> None:
    with bank.http("alfa") as alfa, bank.http("farid") as farid:
        usual = ask(alfa, "payment", PAYMENT | {"id": "p0", "payee": "KZ-shop", "amount": "1200.00"})
        assert usual["action"] == "allow"
        _, payment = scammed(bank)
        case = farid.get(f"/api/v1/fraud/cases/{payment}").json()
        allowed = [item for item in case["timeline"] if item["action"] == "allow"]
        assert [(item["decision"], item["amount"]) for item in allowed] == [(usual["decision_id"], "1200.00")]


def test_a_picture_holds_so_many_and_says_when_there_were_more() -> None:
    story = Story([STEP])
    crowd = [row(n, kind="call", action="block", actor="caller", counterpart=f"phone{n}") for n in range(NODES_MAX)]
    story.tell(made(*crowd))
    drawn = network(story.tables, story.rows(STOPPED)["alfa-0-0"])
    assert (len(drawn["nodes"]), drawn["cut"]) == (NODES_MAX, True)
    small = Story([STEP])
    small.tell(made(*crowd[: NODES_MAX - 1]))
    drawn = network(small.tables, small.rows(STOPPED)["alfa-0-0"])
    assert (len(drawn["nodes"]), drawn["cut"]) == (NODES_MAX, False)


def test_of_one_party_and_of_what_is_alike_so_many_are_looked_at(bank: Centre) -> None:
    calls = [SPOOFED | {"id": f"c{n}", "caller": f"+772720{n:05d}"} for n in range(ALIKE_MAX + 2)]
    with bank.http("pavel") as telecom, bank.http("farid") as farid:
        decided = ask(telecom, "call", calls)["items"]
        bank.settle()
        case = farid.get(f"/api/v1/fraud/cases/{decided[99]['decision_id']}").json()
        assert len(case["timeline"]) == OF_A_PARTY_MAX + 1, (
            "the newest to that telephone, and the one itself by its caller"
        )
        assert (case["alike"]["open"], len(case["alike"]["items"])) == (ALIKE_MAX, ALIKE_SHOWN)


def test_what_is_confirmed_is_kept_and_leads_to_its_decision_and_is_held_again_when_taken_back(bank: Centre) -> None:
    _, payment = scammed(bank)
    outcome = f"/api/v1/decisions/{payment}/outcome"
    with bank.http("farid") as farid, bank.http("alfa") as alfa:
        assert farid.post(outcome, json={"outcome": "fraud"}).status_code == 200
        assert payment not in waiting(farid)
        kept = farid.get("/api/v1/statistics/fraud/stopped", params={"figure": "kept", "currency": "KZT"}).json()
        assert [(item["decision"], item["outcome"]) for item in kept["items"]] == [(payment, "fraud")]
        assert farid.post(outcome, json={"outcome": "unknown"}).status_code == 200
        assert waiting(farid)[0] == payment
        told = alfa.get(f"/api/v1/decisions/{payment}").json()
        assert (told["held"], told["outcome"]["outcome"]) == (True, "unknown")
        bank.now_ms += 600_001
        wait_until(lambda: not alfa.get(f"/api/v1/decisions/{payment}").json()["held"])
        bank.settle()
        released = farid.get("/api/v1/statistics/fraud/stopped", params={"figure": "released"}).json()["items"]
        assert [item["decision"] for item in released] == [payment]
        assert payment not in waiting(farid)


def test_a_call_back_is_asked_for_once_and_the_hold_still_ends(bank: Centre) -> None:
    _, payment = scammed(bank)
    with bank.http("farid") as farid, bank.http("alfa") as alfa:
        asked = farid.post(f"/api/v1/decisions/{payment}/call_back")
        assert bank.said(asked) == ["call_back.asked"]
        assert bank.said(farid.post(f"/api/v1/decisions/{payment}/call_back")) == []
        told = alfa.get(f"/api/v1/decisions/{payment}").json()
        assert told["call_back"] == {"asked": "2026-01-31T08:00:00.000Z", "by": "centre"}
        assert farid.get("/api/v1/fraud/waiting").json()["items"][0]["call_back"] == "2026-01-31T08:00:00.000Z"
        assert alfa.post(f"/api/v1/decisions/{payment}/call_back").status_code == 403
        bank.now_ms += 600_001
        wait_until(lambda: not alfa.get(f"/api/v1/decisions/{payment}").json()["held"])


def test_analysts_may_tell_of_more_frauds_the_more_is_decided_for_all(bank: Centre) -> None:
    calls = [SPOOFED | {"id": f"c{n}"} for n in range(2_100)]
    with bank.http("pavel") as telecom, bank.http("farid") as farid:
        rows = [row for n in range(0, 2_100, 700) for row in ask(telecom, "call", calls[n : n + 700])["items"]]
        for row in rows[:105]:
            response = farid.post(f"/api/v1/decisions/{row['decision_id']}/outcome", json={"outcome": "fraud"})
            assert response.status_code == 200, response.text
        refused = farid.post(f"/api/v1/decisions/{rows[105]['decision_id']}/outcome", json={"outcome": "fraud"})
        assert refused.status_code == 429


def test_the_live_stream_of_the_desk_tells_how_many_wait_and_what_was_kept(bank: Centre) -> None:
    _, payment = scammed(bank)
    with bank.http("farid", timeout=20) as farid:
        rows: dict[str, dict[str, object]] = {}
        with farid.stream("GET", "/live/fraud") as response:
            lines = (json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: "))
            snapshot = next(lines)["tables"]
            assert set(snapshot) == {table.name for table in FRAUD_LIVE_TABLES}
            assert snapshot["fraud_waiting"]["system"]["count"] == 2
            with bank.http("alfa") as alfa:
                alfa.post(f"/api/v1/decisions/{payment}/outcome", json={"outcome": "fraud"})
            deadline = time.monotonic() + 10
            while "fraud_money" not in rows and time.monotonic() < deadline:
                rows |= {change["table"]: change["row"] for change in next(lines).get("changes", [])}
        assert (rows["fraud_money"]["kept_minor"], rows["fraud_waiting"]["count"]) == (45_000_000, 1)


def test_a_partner_sees_nothing_of_the_desk_nor_of_anothers_decisions(bank: Centre) -> None:
    call, payment = scammed(bank)
    for name in ("alfa", "beta", "pavel", "alice", "dana"):
        with bank.http(name) as client:
            for route in ROUTES:
                assert client.get(route.format(id=payment)).status_code == 403, (name, route)
    for name, decision in (("beta", payment), ("pavel", payment), ("alfa", call), ("beta", call)):
        with bank.http(name) as client:
            for tail in ("", "/why"):
                assert client.get(f"/api/v1/decisions/{decision}{tail}").status_code == 404
            told = client.post(f"/api/v1/decisions/{decision}/outcome", json={"outcome": "honest"})
            assert told.status_code == 404
    with bank.http("bob") as supervisor:
        assert waiting(supervisor) == [payment, call]
        told = supervisor.post(f"/api/v1/decisions/{payment}/outcome", json={"outcome": "fraud"})
        assert told.status_code == 200


def test_an_analyst_begins_at_the_desk_and_a_dispatcher_at_the_console(centre: Centre) -> None:
    with httpx.Client(base_url=centre.address) as client:
        for name, page in (("farid", "/fraud"), ("alice", "/console")):
            assert client.post("/sign-in", json={"link": centre.link(name)}).json() == {"next": page}
            assert client.get("/").headers["location"] == page
