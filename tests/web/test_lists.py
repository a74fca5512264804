"""What is blocked, over HTTP: Farid proposes, Gulnar confirms, Alice takes an appeal down, Bob decides it."""

import pytest

from saqta.model.event import Event
from saqta.model.kinds import ListImported, ListTerms
from saqta.model.listing import digest_of
from saqta.model.terms import ListedKind

NUMBER = "+7 701 123-45-67"
NEW = {"kind": "msisdn", "value": NUMBER, "reason": "called 40 people in an hour", "source": "analysts"}


def propose(centre, **over: object) -> str:
    with centre.http("farid") as farid:
        response = farid.post("/api/v1/lists/entries", json=NEW | over)
        assert response.status_code == 201, response.text
        return response.headers["location"].rsplit("/", 1)[1]


def ask(centre, name: str, entry: str, what: str, reason: str = "looked into it") -> object:
    with centre.http(name) as client:
        return client.post(f"/api/v1/lists/entries/{entry}/{what}", json={"reason": reason})


def blocked(centre, value: str = NUMBER) -> bool:
    with centre.http("farid") as farid:
        found = farid.post("/api/v1/lists/find", json={"kind": "msisdn", "value": value}).json()
        assert found["blocked"] is (found["terms"] is not None)
        return bool(found["blocked"])


def test_from_a_proposal_to_the_end_of_an_appeal(centre) -> None:
    entry = propose(centre)
    assert not blocked(centre)
    own = ask(centre, "farid", entry, "confirm", "")
    assert (own.status_code, "another person confirms it" in own.json()["detail"]) == (409, True)
    with centre.http("gulnar") as gulnar:
        confirmed = gulnar.post(f"/api/v1/lists/entries/{entry}/confirm")
    assert centre.said(confirmed) == ["list_entry.confirmed"]
    assert blocked(centre)
    assert centre.said(ask(centre, "alice", entry, "appeal")) == ["list_entry.appealed"]
    with centre.http("bob") as bob:
        [waiting] = bob.get("/api/v1/lists/waiting?state=appealed").json()["items"]
        assert (waiting["id"], waiting["state"], waiting["appeal"]) == (entry, "appealed", "looked into it")
        assert bob.get("/api/v1/lists/waiting?state=proposed").json()["items"] == []
    assert ask(centre, "gulnar", entry, "uphold").status_code == 409
    assert centre.said(ask(centre, "bob", entry, "lift")) == ["list_entry.lifted"]
    assert not blocked(centre)
    with centre.http("farid") as farid:
        assert farid.get("/api/v1/lists/waiting").json()["items"] == []
        assert [each["state"] for each in farid.get("/api/v1/lists/entries").json()["items"]] == ["lifted"]


def test_what_an_entry_lists_is_shown_on_record_and_stands_nowhere_else(centre) -> None:
    entry = propose(centre, valid_until="2026-03-01T00:00:00Z", evidence=["/calls#1"])
    with centre.http("gulnar") as gulnar:
        shown = gulnar.get(f"/api/v1/lists/entries/{entry}", headers={"x-purpose": "to confirm it"}).json()
        assert (shown["listed"], shown["evidence"], shown["state"]) == (NUMBER, ["/calls#1"], "proposed")
        assert shown["terms"]["valid_until"] == "2026-03-01T00:00:00.000Z"
        assert "value" not in shown
    events: list[Event] = [recorded.event for recorded in centre.log.read(0)]
    [look] = [event for event in events if event.type == "saqta.list_entry.viewed.v1"]
    assert look.purpose == "to confirm it"
    assert look.actor.startswith("token/")
    for recorded in centre.log.read(0):
        assert b"701 123" not in recorded.stored
        assert b"7011234567" not in recorded.stored


def test_an_entry_of_an_imported_list_is_found_appealed_against_and_lifted(centre) -> None:
    terms = ListTerms(kind=ListedKind.MSISDN, reason="confiscated", source="operator")
    entry = centre.blocklist.entry_of(ListedKind.MSISDN, NUMBER)
    centre.tell(
        ListImported(
            list="sims",
            version="v",
            part=1,
            parts=1,
            terms=(terms,),
            rows=digest_of(entry) + bytes(2),
            root="00",
            total=1,
        )
    )
    assert blocked(centre)
    with centre.http("gulnar") as gulnar:
        [listed] = gulnar.get("/api/v1/lists").json()["items"]
        assert (listed["list"], listed["entries"], listed["roots"]) == ("sims", 1, ["00"])
        assert gulnar.get(f"/api/v1/lists/entries/{entry}").status_code == 404
    assert ask(centre, "alice", entry, "appeal").status_code == 200
    with centre.http("gulnar") as gulnar:
        assert gulnar.get(f"/api/v1/lists/entries/{entry}").json()["listed"] is None
    assert ask(centre, "gulnar", entry, "lift").status_code == 200
    assert not blocked(centre)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (NEW | {"value": "87011234567"}, "value"),
        (NEW | {"kind": "ship"}, "kind"),
        (NEW | {"reason": " "}, "reason"),
        (NEW | {"valid_until": "2026-01-01T00:00:00Z"}, "valid_until"),
        (NEW | {"valid_until": "2026-03-01T00:00:00"}, "valid_until"),
        (NEW | {"evidence": ["/c#1"] * 21}, "evidence"),
        (NEW | {"source": "s" * 65}, "source"),
    ],
)
def test_a_proposal_that_can_not_be(shared_centre, body: dict, field: str) -> None:
    with shared_centre.http("farid") as farid:
        response = farid.post("/api/v1/lists/entries", json=body)
        assert (response.status_code, response.json()["field"]) == (422, field), response.text


@pytest.mark.parametrize("what", ["confirm", "reject", "appeal", "uphold", "lift"])
def test_what_is_not_listed_can_not_be_decided(shared_centre, what: str) -> None:
    entry = f"msisdn-{'0' * 32}"
    assert ask(shared_centre, "gulnar", entry, what).status_code == 422
    assert ask(shared_centre, "gulnar", "nothing", what).json()["field"] == "entry"
    for name in ("dana", "pavel"):
        assert ask(shared_centre, name, entry, what).status_code == 403


def test_what_was_proposed_anew_since_it_was_read_is_not_confirmed_unread(centre) -> None:
    entry = propose(centre)
    with centre.http("gulnar") as gulnar, centre.http("farid") as farid:
        read = gulnar.get(f"/api/v1/lists/entries/{entry}").json()["version"]
        assert farid.post(f"/api/v1/lists/entries/{entry}/reject", json={"reason": "no"}).status_code == 200
        assert propose(centre, reason="something else") == entry
        confirm = f"/api/v1/lists/entries/{entry}/confirm"
        moved = gulnar.post(confirm, json={"version": read})
        assert (moved.status_code, "changed since it was read" in moved.json()["detail"]) == (409, True)
        now = gulnar.get(f"/api/v1/lists/entries/{entry}").json()["version"]
        assert gulnar.post(confirm, json={"version": now}).status_code == 200
    assert blocked(centre)
