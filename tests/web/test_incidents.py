"""A dispatcher's work over HTTP: opening, acknowledging, sending, closing; refusals; who sees the caller."""

import json
import threading

import httpx
import pytest

from saqta.model import kinds
from saqta.model.command import KIND_CHARS_MAX, NOTE_CHARS_MAX, REASON_CHARS_MAX, SPEED_KMH_MAX, TITLE_CHARS_MAX
from saqta.model.terms import IncidentState
from saqta.web.commands import KEY_CHARS_MAX
from saqta.web.paging import CURSOR_CHARS_MAX, PAGE_ITEMS_MAX

CALL = {
    "kind": "intrusion",
    "title": "Someone climbs the fence",
    "priority": 2,
    "place": {"lat": 51.128, "lon": 71.43},
    "note": "north side",
    "caller": {"name": "Aigerim", "number": "+77011234567"},
}


def opened(client: httpx.Client, **changes: object) -> str:
    """Opens an incident; returns its address."""
    response = client.post("/api/v1/incidents", json=CALL | changes)
    assert response.status_code == 201, response.text
    return response.headers["location"]


def test_an_incident_from_the_call_to_its_end(centre) -> None:
    with centre.http("alice") as alice:
        response = alice.post("/api/v1/incidents", json=CALL)
        assert centre.said(response)[0] == "incident.opened"
        incident = response.headers["location"]
        assert alice.get(incident).json()["state"] == "open"
        assert centre.said(alice.post(f"{incident}/acknowledge")) == ["incident.acknowledged"]
        assert centre.said(alice.post(f"{incident}/assign", json={"unit": "U1"})) == ["assignment.made"]
        row = alice.get(incident).json()
        assert (row["state"], row["units"], row["handled_by"]) == ("assigned", ["U1"], row["handled_by"])
        for status, event in (("en_route", "assignment.started"), ("on_scene", "assignment.arrived")):
            assert centre.said(alice.post("/api/v1/units/U1/status", json={"status": status})) == [event]
        closing = {"disposition": "confirmed", "note": "caught"}
        assert centre.said(alice.post(f"{incident}/close", json=closing))[0] == "incident.closed"
        row = alice.get(incident).json()
        assert (row["state"], row["disposition"], row["units"]) == ("closed", "confirmed", [])
        assert row["opened"] == "2026-01-31T08:00:00.000Z"
        assert centre.said(alice.post(f"{incident}/reopen", json={"reason": "came back"})) == ["incident.reopened"]
        texts = [entry["text"] for entry in alice.get(f"{incident}/timeline").json()["items"]]
        assert any("caught" in text for text in texts)
        assert any("came back" in text for text in texts)


def test_priority_note_unassign_and_divert(centre) -> None:
    with centre.http("alice") as alice, centre.http("dana") as dana:
        one, two = opened(alice), opened(alice, title="Another", caller=None)
        assert centre.said(alice.post(f"{one}/priority", json={"priority": 1, "reason": "armed"})) == [
            "incident.prioritised"
        ]
        assert centre.said(dana.post(f"{one}/note", json={"text": "on the roof"})) == ["incident.noted"]
        alice.post(f"{one}/assign", json={"unit": "U1"})
        diverted = alice.post(f"{two}/divert", json={"unit": "U1", "reason": "worse"})
        assert set(centre.said(diverted)) == {"assignment.ended", "assignment.made"}
        assert alice.get(two).json()["units"] == ["U1"]
        back = alice.post(f"{two}/unassign", json={"unit": "U1", "reason": "not needed"})
        assert centre.said(back) == ["assignment.ended"]
        assert alice.get(one).json()["priority"] == 1


def test_what_the_state_forbids_is_409_with_the_reason(centre) -> None:
    with centre.http("alice") as alice:
        incident = opened(alice)
        alice.post(f"{incident}/close", json={"disposition": "false_alarm"})
        response = alice.post(f"{incident}/acknowledge")
        assert response.status_code == 409
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "urn:saqta:problem:state"
        assert "closed" in response.json()["detail"]
        other = opened(alice)
        alice.post(f"{other}/assign", json={"unit": "U1"})
        assert alice.post(f"{other}/assign", json={"unit": "U1"}).status_code == 409


def test_two_dispatchers_cannot_both_send_one_unit(centre) -> None:
    with centre.http("alice") as alice:
        incidents = [opened(alice, title=f"Call {n}") for n in range(4)]
    statuses: list[int] = []

    def send(incident: str) -> None:
        with centre.http("bob") as bob:
            statuses.append(bob.post(f"{incident}/assign", json={"unit": "U2"}).status_code)

    senders = [threading.Thread(target=send, args=(incident,)) for incident in incidents]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(statuses) == [200, 409, 409, 409]


def test_the_same_key_is_the_same_command(centre) -> None:
    with centre.http("alice") as alice, centre.http("bob") as bob:
        key = {"idempotency-key": "k-1"}
        first = alice.post("/api/v1/incidents", json=CALL, headers=key)
        size = centre.log.size()
        again = alice.post("/api/v1/incidents", json=CALL, headers=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["location"] == first.headers["location"]
        incident = first.headers["location"]
        closed = alice.post(f"{incident}/close", json={"disposition": "no_trace"}, headers=key)
        assert centre.said(closed)[0] == "incident.closed"
        assert alice.post(f"{incident}/close", json={"disposition": "no_trace"}, headers=key).content == closed.content
        assert alice.post(f"{incident}/close", json={"disposition": "no_trace"}).status_code == 409
        another = bob.post("/api/v1/incidents", json=CALL, headers=key)
        assert another.headers["location"] != incident
        assert size < centre.log.size()


def test_a_key_and_a_page_have_their_limits(centre) -> None:
    with centre.http("alice") as alice:
        for key, status in (("k" * KEY_CHARS_MAX, 201), ("k" * (KEY_CHARS_MAX + 1), 422)):
            assert alice.post("/api/v1/incidents", json=CALL, headers={"idempotency-key": key}).status_code == status
        for limit, status in ((PAGE_ITEMS_MAX, 200), (PAGE_ITEMS_MAX + 1, 422)):
            assert alice.get("/api/v1/incidents", params={"limit": limit}).status_code == status


def test_the_same_key_with_another_body_is_refused(centre) -> None:
    with centre.http("alice") as alice:
        incident = opened(alice)
        key = {"idempotency-key": "k-1"}
        first = alice.post(f"{incident}/priority", json={"priority": 3, "reason": "calm"}, headers=key)
        size = centre.log.size()
        other = alice.post(f"{incident}/priority", json={"priority": 1, "reason": "calm"}, headers=key)
        assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
        assert "this Idempotency-Key was used for another request" in other.json()["detail"]
        again = alice.post(f"{incident}/priority", json={"reason": "calm", "priority": 3}, headers=key)
        assert (again.status_code, again.content) == (200, first.content)
        assert alice.get(incident).json()["priority"] == 3
        called = {"idempotency-key": "k-2"}
        location = alice.post("/api/v1/incidents", json=CALL, headers=called).headers["location"]
        another = {"name": "Aigerim", "number": "+77010000000"}
        assert alice.post("/api/v1/incidents", json=CALL | {"caller": another}, headers=called).status_code == 422
        assert alice.post("/api/v1/incidents", json=CALL, headers=called).headers["location"] == location
        assert centre.log.version(f"incident/{location.rsplit('/', 1)[1]}") > size


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ключ".encode()])
def test_a_key_is_visible_ascii_of_a_bounded_length(shared_centre, key: str | bytes) -> None:
    with shared_centre.http("alice") as alice:
        response = alice.post("/api/v1/incidents", json=CALL, headers={"idempotency-key": key})
        assert (response.status_code, response.json()["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "k" * 65}, "kind"),
        ({"title": "x" * 201}, "title"),
        ({"priority": 5}, "priority"),
        ({"priority": None}, "priority"),
        ({"place": None}, "place"),
        ({"place": {"lat": 91, "lon": 0}}, "place.lat"),
        ({"place": {"lat": 51}}, "place.lon"),
        ({"place": {"lat": "north", "lon": 0}}, "place.lat"),
        ({"note": "x" * 4001}, "note"),
        ({"caller": {}}, "caller"),
        ({"caller": {"name": "A", "age": 30}}, "caller.age"),
        ({"colour": "red"}, "colour"),
        ({"title": "\ud800"}, "title"),
    ],
)
def test_bad_calls_name_the_field_and_change_nothing(shared_centre, changes: dict, field: str) -> None:
    size = shared_centre.log.size()
    with shared_centre.http("alice") as alice:
        body = json.dumps(CALL | changes)
        response = alice.post("/api/v1/incidents", content=body, headers={"content-type": "application/json"})
        assert (response.status_code, response.json().get("field")) == (422, field), response.text
        assert response.json()["type"] == "urn:saqta:problem:input"
    assert shared_centre.log.size() == size


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null", b'{"title":' + b"[" * 5_000])
def test_bodies_that_are_no_object_are_problems(shared_centre, body: bytes) -> None:
    with shared_centre.http("alice") as alice:
        response = alice.post("/api/v1/incidents", content=body, headers={"content-type": "application/json"})
        assert response.status_code in (400, 422), response.text
        assert response.headers["content-type"] == "application/problem+json"


def test_unknown_incidents_and_units(centre) -> None:
    with centre.http("alice") as alice:
        for address in ("/api/v1/incidents/nothing", "/api/v1/incidents/nothing/timeline"):
            assert alice.get(address).status_code == 404
        for verb, body in (("acknowledge", {}), ("note", {"text": "a"}), ("reopen", {"reason": "a"})):
            assert alice.post(f"/api/v1/incidents/nothing/{verb}", json=body).status_code == 404
        response = alice.post(f"{opened(alice)}/assign", json={"unit": "U9"})
        assert (response.status_code, response.json()["field"]) == (422, "unit")


def test_the_caller_is_sealed_in_the_log_and_shown_to_the_desk_only(centre) -> None:
    with centre.http("alice") as alice, centre.http("bob") as bob, centre.http("dana") as dana:
        incident = opened(alice)
        assert alice.get(incident).json()["caller"] == {"name": "Aigerim", "number": "+77011234567"}
        assert bob.get(incident).json()["caller"]["number"] == "+77011234567"
        assert dana.get(incident).json()["caller"] is None
        by_name = opened(alice, caller={"name": "Nurlan"})
        assert alice.get(by_name).json()["caller"] == {"name": "Nurlan", "number": None}
        assert alice.get(opened(alice, caller=None)).json()["caller"] is None
        for listed in ("/api/v1/incidents", incident):
            assert "ciphertext" not in dana.get(listed).text
    stored = b"\n".join(recorded.stored for recorded in centre.log.read(0))
    for secret in ("Aigerim", "7011234567", "Nurlan"):
        assert secret.encode() not in stored


def looks(centre) -> list[tuple[str, str | None]]:
    """Who looked at callers, and why."""
    events = [recorded.event for recorded in centre.log.read(0)]
    return [(event.actor, event.purpose) for event in events if event.type == "saqta.person.viewed.v1"]


def test_every_look_at_a_caller_is_recorded_once_a_minute_with_who_and_why(centre) -> None:
    with centre.signed_in("alice") as alice, centre.signed_in("bob") as bob, centre.http("dana") as dana:
        incident, unnamed = opened(alice), opened(alice, caller=None)
        person = centre.keyring.person_of("+77011234567")
        for _ in range(3):
            assert alice.get(incident).json()["caller"]["name"] == "Aigerim"
            centre.now_ms += 1_000
        bob.get(incident, params={"purpose": "complaint 7"})
        bob.get(incident, headers={"x-purpose": "%D1%81%D1%83%D0%B4"})
        dana.get(incident)
        alice.get(unnamed)
        alice.get("/api/v1/incidents")
        expected = [("user/alice", "on the desk"), ("user/bob", "complaint 7"), ("user/bob", "суд")]
        assert looks(centre) == expected
        centre.now_ms += 60_000
        alice.get(incident)
        assert looks(centre) == [*expected, expected[0]]
        centre.settle()
        timeline = dana.get(f"{incident}/timeline")
        assert timeline.json()["items"][-1]["text"] == "alice looked at who called"
        assert person not in timeline.text
        centre.keyring.erase(person)
        centre.now_ms += 60_000
        alice.get(incident)
        assert len(looks(centre)) == 4


def test_an_erased_caller_is_gone(centre) -> None:
    with centre.http("alice") as alice:
        incident = opened(alice)
        person = centre.keyring.person_of("+77011234567")
        centre.keyring.erase(person)
        assert alice.get(incident).json()["caller"] == {"name": None, "number": None}
        centre.tell(kinds.PersonErased(person=person))
        assert alice.get(incident).json()["caller"] is None


def test_the_list_goes_page_by_page_from_the_newest_through_every_incident_once(centre) -> None:
    with centre.http("alice") as alice:
        made = []
        for n in range(7):
            made.append(opened(alice, title=f"Call {n}").rsplit("/", 1)[1])
            centre.now_ms += 1_000
        closed = alice.get("/api/v1/incidents").json()["items"][0]["id"]
        alice.post(f"/api/v1/incidents/{closed}/close", json={"disposition": "no_trace"})
        seen, cursor = [], ""
        while cursor is not None:
            page = alice.get("/api/v1/incidents", params={"limit": 3, "cursor": cursor}).json()
            assert len(page["items"]) <= 3
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert seen == made[::-1]
        still_open = alice.get("/api/v1/incidents", params={"state": "open"}).json()["items"]
        assert {item["id"] for item in still_open} == set(made) - {closed}
        both = alice.get("/api/v1/incidents", params={"state": ["open", "closed"]}).json()["items"]
        assert len(both) == 7


@pytest.mark.parametrize("told_as", ["application/x-www-form-urlencoded", "text/plain; charset=utf-8"])
def test_a_body_that_is_not_told_as_json_is_told_so(centre, told_as: str) -> None:
    with centre.http("alice") as alice:
        content = json.dumps({"kind": "crowd", "title": "Crowd", "priority": 3})
        response = alice.post("/api/v1/incidents", content=content, headers={"content-type": told_as})
        assert (response.status_code, response.json()["field"]) == (415, "Content-Type")
        assert f"got {told_as.partition(';')[0]}, expected application/json" in response.json()["detail"]
        assert alice.post("/api/v1/incidents").status_code == 422


def test_a_cursor_is_the_next_of_the_same_list(centre) -> None:
    with centre.http("alice") as alice:
        first, second = (opened(alice, title=f"Call {n}") for n in range(2))
        for address in (first, second):
            alice.post(f"{address}/note", json={"text": "seen"})
        cursors = {
            address: alice.get(address, params={"limit": 1}).json()["next"]
            for address in ("/api/v1/incidents", f"{first}/timeline", f"{second}/timeline")
        }
        assert all(cursors.values())
        for address in cursors:
            for cursor in (*cursors.values(), "junk", "anVuaw==", "0", "\u0436", "%ff", "A" * CURSOR_CHARS_MAX):
                response = alice.get(address, params={"limit": 1, "cursor": cursor})
                if cursor == cursors[address]:
                    assert response.status_code == 200
                else:
                    assert (response.status_code, response.json()["field"]) == (422, "cursor"), (address, cursor)
        assert (
            alice.get("/api/v1/incidents", params={"cursor": "A" * (CURSOR_CHARS_MAX + 1)}).json()["field"] == "cursor"
        )


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("state=lost", "state[0]")],
)
def test_bad_questions_name_the_parameter(shared_centre, query: str, field: str) -> None:
    with shared_centre.http("alice") as alice:
        response = alice.get(f"/api/v1/incidents?{query}")
        assert (response.status_code, response.json()["field"]) == (422, field)
        assert response.json()["detail"].startswith(f"{field}: Input should be ")


def test_every_state_can_be_asked_for(centre) -> None:
    with centre.http("dana") as dana:
        for state in IncidentState:
            assert dana.get("/api/v1/incidents", params={"state": state}).json() == {"items": [], "next": None}


def test_what_the_door_lets_in_the_step_takes(centre) -> None:
    with centre.http("alice") as alice:
        incident = opened(alice, kind="k" * KIND_CHARS_MAX, title="t" * TITLE_CHARS_MAX, note="n" * NOTE_CHARS_MAX)
        for reason, status in (("r" * REASON_CHARS_MAX, 200), ("r" * (REASON_CHARS_MAX + 1), 422)):
            response = alice.post(f"{incident}/priority", json={"priority": 1, "reason": reason})
            assert response.status_code == status
        assert "at most 500 characters" in response.json()["detail"]
        for speed_kmh, status in ((SPEED_KMH_MAX, 200), (SPEED_KMH_MAX + 1, 422)):
            position = {"place": CALL["place"], "speed_kmh": speed_kmh}
            assert alice.post("/api/v1/units/U1/position", json=position).status_code == status
        described = alice.get("/api/v1/openapi.json").json()["components"]["schemas"]
        assert described["NewPosition"]["properties"]["speed_kmh"]["anyOf"][0]["maximum"] == SPEED_KMH_MAX
        assert described["Diversion"]["properties"]["reason"]["maxLength"] == REASON_CHARS_MAX


def test_purpose_stands_in_the_events(centre) -> None:
    with centre.http("bob") as bob:
        incident = opened(bob)
        response = bob.post(
            f"{incident}/note", json={"text": "checked"}, headers={"x-purpose": "%D1%81%D0%B2%D0%B5%D1%80%D0%BA%D0%B0"}
        )
        assert response.json()["events"][0]["purpose"] == "сверка"


def test_a_moved_cameras_new_view_is_accepted_as_meant(centre) -> None:
    (key,) = centre.tell(kinds.AlertRaised(kind="camera_moved", camera="C1", at_s=70.0))
    with centre.http("alice") as alice, centre.http("dana") as dana:
        row = next(each for each in alice.get("/api/v1/incidents").json()["items"] if each["alerts"] == [key])
        accept = f"/api/v1/incidents/{row['id']}/accept_view"
        assert dana.post(accept, json={"alert": key}).status_code == 403
        assert alice.post(accept, json={"alert": "none"}).status_code == 422
        assert centre.said(alice.post(accept, json={"alert": key})) == ["view.accepted", "incident.closed"]
        assert alice.post(accept, json={"alert": key}).status_code == 409


def test_a_thing_left_that_belongs_there_is_marked_and_taken_back(centre) -> None:
    alert = kinds.AlertRaised(kind="abandoned_object", camera="C1", box=(0.1, 0.2, 0.3, 0.4), at_s=70.0, object="a-1")
    (key,) = centre.tell(alert)
    with centre.http("alice") as alice, centre.http("dana") as dana:
        row = next(each for each in alice.get("/api/v1/incidents").json()["items"] if each["alerts"] == [key])
        incident = f"/api/v1/incidents/{row['id']}"
        assert dana.post(f"{incident}/fixture", json={"alert": key}).status_code == 403
        assert alice.post(f"{incident}/fixture", json={"alert": "none"}).status_code == 422
        marked = alice.post(f"{incident}/fixture", json={"alert": key, "note": "a bench"})
        assert centre.said(marked) == ["fixture.marked", "incident.closed"]
        assert alice.post(f"{incident}/fixture", json={"alert": key}).status_code == 409
        detail = alice.get(incident).json()
        assert (detail["state"], detail["disposition"], detail["alerts"][0]["is_fixture"]) == (
            "closed",
            "false_alarm",
            True,
        )
        cameras = {camera["id"]: camera for camera in alice.get("/api/v1/cameras").json()["items"]}
        assert [fixture["box"] for fixture in cameras["C1"]["fixtures"]] == [[0.1, 0.2, 0.3, 0.4]]
        taken = alice.post(f"{incident}/release_fixture", json={"alert": key, "reason": "it is a bag"})
        assert centre.said(taken) == ["fixture.released"]
        assert alice.get(incident).json()["alerts"][0]["is_fixture"] is False
