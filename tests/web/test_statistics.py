"""How the models did, over HTTP: who may ask, and what is told where there is no challenger."""

import pytest


def test_what_was_raised_is_reviewed_for_those_who_see_the_shield(centre) -> None:
    centre.start_decisions()
    asked = {"id": "c1", "caller": "+77272580000", "callee": "+77012000001", "trunk": "foreign"}
    with centre.http("farid") as farid:
        blocked = farid.post("/api/v1/decisions/call", json=asked | {"time": "2026-01-31T07:59:00Z"}).json()
        farid.post(f"/api/v1/decisions/{blocked['decision_id']}/outcome", json={"outcome": "fraud"})
    with centre.http("bob") as bob:
        found = bob.get("/api/v1/statistics/fraud/models?days=7").json()
    assert (found["decisions"], found["raised"], found["untold"], found["matches"]) == (1, 1, 0, [])
    assert found["by_label_age"][0] == {
        "model": None,
        "from_d": 0,
        "until_d": 1,
        "frauds": 1,
        "honest": 0,
        "precision": 1.0,
    }


@pytest.mark.parametrize(
    ("who", "query", "status"), [("alice", "", 403), ("bob", "?days=0", 422), ("bob", "?days=366", 422)]
)
def test_who_may_not_ask_and_what_may_not_be_asked(centre, who: str, query: str, status: int) -> None:
    with centre.http(who) as client:
        assert client.get(f"/api/v1/statistics/fraud/models{query}").status_code == status
