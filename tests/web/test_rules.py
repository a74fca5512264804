"""Rules over HTTP: Farid writes one, Gulnar publishes it, and decisions go by it."""

import pytest

NEW = {
    "name": "much_to_a_stranger",
    "kind": "payment",
    "expression": "amount > 400000 && pair_payments == 0",
    "verdict": "hold",
    "reason": "{amount} to a payee never paid before",
    "mode": "enforced",
}


def ask(centre, name: str, what: str, rule: str = NEW["name"], **body: object):
    with centre.http(name) as client:
        return client.post(f"/api/v1/rules/{rule}/{what}", json=body)


def propose(centre, who: str = "farid", **over: object):
    with centre.http(who) as client:
        return client.post("/api/v1/rules", json=NEW | over)


def pay(centre, n: int) -> dict[str, object]:
    payment = {"id": f"p{n}", "account": f"a{n}", "payee": "b", "amount": "450000.00", "currency": "KZT"}
    with centre.http("farid") as farid:
        answer = farid.post("/api/v1/decisions/payment", json=payment | {"time": "2026-01-31T07:59:00Z"})
        assert answer.status_code == 200, answer.text
        return answer.json()


def read(centre, rule: str = NEW["name"]) -> dict[str, object]:
    with centre.http("bob") as bob:
        return bob.get(f"/api/v1/rules/{rule}").json()


def test_a_rule_decides_once_another_person_has_published_it(centre) -> None:
    centre.start_decisions()
    assert propose(centre).status_code == 201
    assert pay(centre, 1)["action"] == "allow"
    own = ask(centre, "farid", "publish")
    assert (own.status_code, "another person publishes it" in own.json()["detail"]) == (409, True)
    assert centre.said(ask(centre, "gulnar", "publish", reason="12 hits")) == ["rule.published"]
    held = pay(centre, 2)
    assert (held["action"], held["rules"].rpartition("+")[2]) == ("hold", "1")
    assert {"code": NEW["name"], "text": "450000 to a payee never paid before"} in held["reasons"]
    with centre.http("farid") as farid:
        why = farid.get(f"/api/v1/decisions/{held['decision_id']}/why").json()
    assert why["rules"] == held["rules"]
    assert why["fired"] == [
        {
            "rule": NEW["name"],
            "condition": NEW["expression"],
            "acted": True,
            "values": {"amount": 450000.0, "pair_payments": 0.0},
        }
    ]
    centre.tell()
    assert read(centre)["hits"] == {"acted": 1, "silent": 0}
    assert centre.said(ask(centre, "farid", "retire", reason="the model finds these")) == ["rule.retired"]
    assert pay(centre, 3)["action"] == "allow"


def test_what_was_proposed_anew_since_it_was_read_is_not_published_unread(centre) -> None:
    assert propose(centre).status_code == 201
    seen = read(centre)["version"]
    ask(centre, "farid", "reject", reason="a slip")
    assert propose(centre, expression="amount > 1").status_code == 201
    with centre.http("gulnar") as gulnar:
        path = f"/api/v1/rules/{NEW['name']}/publish"
        moved = gulnar.post(path, json={"version": seen})
        assert (moved.status_code, "changed since it was read" in moved.json()["detail"]) == (409, True)
        assert gulnar.post(path, json={"version": read(centre)["version"]}).status_code == 200


def test_a_rule_is_published_without_a_word(centre) -> None:
    assert propose(centre).status_code == 201
    with centre.http("gulnar") as gulnar:
        assert centre.said(gulnar.post(f"/api/v1/rules/{NEW['name']}/publish")) == ["rule.published"]


def test_in_shadow_or_asleep_it_is_counted_and_does_nothing(centre) -> None:
    centre.start_decisions()
    propose(centre, mode="shadow")
    ask(centre, "gulnar", "publish")
    silent = pay(centre, 1)
    assert silent["action"] == "allow"
    with centre.http("farid") as farid:
        [told] = farid.get(f"/api/v1/decisions/{silent['decision_id']}/why").json()["fired"]
        assert (told["rule"], told["acted"], told["values"]) == (NEW["name"], False, {})
    propose(centre, who="gulnar")
    assert read(centre)["state"] == "changing"
    ask(centre, "farid", "publish")
    assert centre.said(ask(centre, "farid", "snooze", until="2026-02-01T08:00:00Z", reason="salaries")) == [
        "rule.snoozed"
    ]
    assert pay(centre, 2)["action"] == "allow"
    ask(centre, "farid", "snooze", until="2026-01-31T07:00:00Z", reason="paid")
    assert pay(centre, 3)["action"] == "hold"
    centre.tell()
    assert read(centre)["hits"] == {"acted": 1, "silent": 2}
    late = ask(centre, "farid", "snooze", until="2026-04-01T08:00:00Z", reason="for ever")
    assert (late.status_code, "30 days" in late.json()["detail"]) == (422, True)


def test_the_rules_of_the_file_are_told_as_expressions(centre) -> None:
    with centre.http("bob") as bob:
        items = {each["name"]: each for each in bob.get("/api/v1/rules/of-file").json()["items"]}
        spoofed = items["spoofed_number"]
        assert (spoofed["kind"], spoofed["verdict"], spoofed["mode"]) == ("call", "block", "enforced")
        assert [name for name, rule in items.items() if rule["of_lists"]] == [
            name for name in items if name[:6] == "listed"
        ]
        assert spoofed["expression"] == "trunk_foreign == 1 && caller_national == 1"
        typed = {"kind": "call", "expression": spoofed["expression"], "reason": spoofed["reason"]}
    with centre.http("farid") as farid:
        assert farid.post("/api/v1/rules/check", json=typed).json()["valid"] is True


def test_what_is_typed_is_checked(centre) -> None:
    def check(**typed: object) -> dict[str, object]:
        with centre.http("farid") as farid:
            return farid.post("/api/v1/rules/check", json={"kind": "payment"} | typed).json()

    good = check(expression="amount > 1000", reason="{amount}")
    assert (good["valid"], good["cost"], [field["name"] for field in good["fields"]]) == (True, 3, ["amount"])
    bad = check(expression="amount > 1000 &&\n amont < 3")["error"]
    assert (bad["field"], bad["line"], bad["column"]) == ("expression", 2, 2)
    assert bad["message"] == "amont is no field of a payment; is amount meant?"
    assert check(expression="amount > 1", reason="{amont}")["error"]["field"] == "reason"
    with centre.http("farid") as farid:
        fields = farid.get("/api/v1/rules/fields?kind=call").json()["items"]
    assert {"name": "trunk_foreign", "type": "number", "means": "1 when it comes over a foreign trunk"} in fields


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"expression": "amount >"}, "line 1, column 9"),
        ({"name": "listed_caller", "kind": "call", "expression": "seconds > 1", "reason": "x"}, "another name"),
        ({"reason": "{amont}"}, "a feature of a payment"),
    ],
)
def test_what_can_be_no_rule_is_not_proposed(centre, over: dict[str, object], says: str) -> None:
    refused = propose(centre, **over)
    assert (refused.status_code, says in refused.json()["detail"]) == (422, True)
    assert ask(centre, "gulnar", "publish").status_code == 422


def test_a_rejected_rule_may_be_proposed_again_and_no_stranger_writes_one(centre) -> None:
    propose(centre)
    assert ask(centre, "bob", "snooze", until="2026-02-01T08:00:00Z", reason="x").status_code == 409
    assert propose(centre).status_code == 409
    assert ask(centre, "gulnar", "reject", reason="").status_code == 422
    assert centre.said(ask(centre, "gulnar", "reject", reason="too many")) == ["rule.rejected"]
    assert propose(centre, who="bob").status_code == 201
    assert propose(centre, who="alice").status_code == 403
    with centre.http("gulnar") as gulnar:
        assert [each["name"] for each in gulnar.get("/api/v1/rules").json()["items"]] == [NEW["name"]]
        assert gulnar.get("/api/v1/rules/nobody").status_code == 404


def test_a_rule_is_tried_on_what_the_log_holds_beside_what_was_done(centre) -> None:
    centre.start_decisions()
    stopped = [pay(centre, n)["decision_id"] for n in range(4)]
    with centre.http("farid") as farid:
        for decision, outcome in ((stopped[0], "fraud"), (stopped[1], "honest")):
            farid.post(f"/api/v1/decisions/{decision}/outcome", json={"outcome": outcome})
        tried = farid.post("/api/v1/rules/backtest", json=NEW).json()
        assert tried["decisions"] == 4
        assert tried["now"]["hits"] == 0
        assert tried["tried"] == {
            "rule": NEW["name"],
            "hits": 4,
            "already": 0,
            "frauds": 1,
            "honest": 1,
            "disturbed": 3,
            "customers": 4,
            "amounts": {"KZT": "1800000.00"},
            "fraud_amounts": {"KZT": "450000.00"},
        }
        propose(centre)
        ask(centre, "gulnar", "publish")
        assert pay(centre, 9)["action"] == "hold"
        again = farid.post("/api/v1/rules/backtest", json=NEW | {"expression": "amount > 1", "days": 1}).json()
        assert (again["tried"]["hits"], again["tried"]["already"], again["now"]["hits"]) == (5, 1, 1)
        assert again["with"]["hits"] == 5
        fewer = farid.post("/api/v1/rules/backtest", json=NEW | {"expression": "amount > 1e9"}).json()
        assert (fewer["now"]["hits"], fewer["with"]["hits"]) == (1, 0), "the rule that stopped it is no longer"
        beside = farid.post("/api/v1/rules/backtest", json=NEW | {"name": "other", "expression": "amount > 1e9"}).json()
        assert (beside["tried"]["hits"], beside["with"]["hits"]) == (0, 1)
        assert farid.post("/api/v1/rules/backtest", json=NEW | {"expression": "amount >"}).status_code == 422
        checked = {"kind": "payment", "expression": "amount > 1", "reason": ""}
        assert farid.post("/api/v1/rules/check", json=checked).json()["valid"] is True
        tried = farid.post("/api/v1/rules/backtest", json=checked).json()["tried"]
        assert (tried["rule"], tried["hits"]) == ("tried", 5)
