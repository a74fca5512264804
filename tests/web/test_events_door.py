"""POST /api/v1/events: three ways to send, repeats, conflicts, who may send what, limits."""

import json
import threading

import httpx
import pytest

from saqta.model.catalogue import KINDS
from saqta.model.kinds import CameraRegistered
from saqta.web.envelope import NESTING_MAX
from saqta.web.ports import Limits

EVENTS = "/api/v1/events"
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
ALERT = {
    "specversion": "1.0",
    "id": "7",
    "source": "/partners/metro",
    "type": "saqta.alert.raised.v1",
    "time": "2026-01-31T08:00:00Z",
    "data": {"kind": "intrusion", "place": {"lat": 51.128, "lon": 71.43}},
}


def post(client: httpx.Client, **changes: object) -> httpx.Response:
    event = {name: value for name, value in (ALERT | changes).items() if value is not ...}
    return client.post(EVENTS, json=event, headers=STRUCTURED)


def test_a_partners_alert_becomes_an_incident(centre) -> None:
    with centre.http("pavel") as pavel, centre.http("alice") as alice:
        response = post(pavel)
        assert response.status_code == 202
        [taken] = response.json()["items"]
        stored = centre.log.find("/partners/metro", "7")
        assert (taken["seq"], taken["repeat"], stored.event.actor) == (stored.seq, False, "partner/metro")
        centre.settle()
        [incident] = alice.get("/api/v1/incidents").json()["items"]
        assert incident["alerts"] == ["/partners/metro#7"]


def test_a_repeat_is_taken_again_and_other_content_is_not(centre) -> None:
    with centre.http("pavel") as pavel:
        seq = post(pavel).json()["items"][0]["seq"]
        centre.now_ms += 5_000
        again = post(pavel)
        assert (again.status_code, again.json()["items"][0]) == (
            202,
            {"source": "/partners/metro", "id": "7", "seq": seq, "repeat": True},
        )
        other = post(pavel, data={"kind": "crowd"})
        assert (other.status_code, other.json()["type"]) == (409, "urn:saqta:problem:other-content")


def test_a_repeat_of_an_event_without_a_time_is_known_too(centre) -> None:
    with centre.http("pavel") as pavel:
        without = {"time": ..., "data": {"kind": "crowd", "at_s": 5}}
        assert post(pavel, **without).status_code == 202
        centre.now_ms += 5_000
        assert post(pavel, **without).json()["items"][0]["repeat"] is True


def test_binary_and_batch(centre) -> None:
    with centre.http("pavel") as pavel:
        headers = {f"ce-{name}": str(ALERT[name]) for name in ("specversion", "id", "source", "type", "time")}
        binary = pavel.post(EVENTS, json=ALERT["data"], headers=headers)
        assert binary.status_code == 202
        batch = [ALERT, ALERT | {"id": "8"}, ALERT | {"id": "8"}]
        items = pavel.post(EVENTS, json=batch, headers=BATCH).json()["items"]
        assert [item["repeat"] for item in items] == [True, False, True]
        assert pavel.post(EVENTS, json=[], headers=BATCH).json() == {"items": [], "next": None}


def test_a_batch_is_taken_whole_or_not_at_all(centre) -> None:
    with centre.http("pavel") as pavel:
        size = centre.log.size()
        bad = pavel.post(EVENTS, json=[ALERT, ALERT | {"id": "8", "data": {}}], headers=BATCH)
        assert (bad.status_code, bad.json()["field"]) == (422, "[1].data.kind")
        foreign = pavel.post(EVENTS, json=[ALERT, ALERT | {"source": "/partners/other"}], headers=BATCH)
        assert foreign.status_code == 403
        assert centre.log.size() == size


@pytest.mark.parametrize("source", ["/partners/other", "/partners/metro/2", "/partners/metro ", "/saqta/commands"])
def test_a_partner_posts_as_itself_only(shared_centre, source: str) -> None:
    with shared_centre.http("pavel") as pavel:
        assert post(pavel, source=source).status_code == 403


CLAIMS = {
    "saqta.alert.raised.v1",
    "saqta.call.connected.v1",
    "saqta.call.ended.v1",
    "saqta.forwarding.set.v1",
    "saqta.sim.swapped.v1",
}
NOT_KNOWN = ("saqta.incident.merged.v7", "saqta.procedure.started.v1", "saqta.alert.raised.v2", "saqta.alert", "saqta")


@pytest.mark.parametrize("name", ["pavel", "alice"])
def test_nobody_posts_what_a_person_decides_or_saqta_records(shared_centre, name: str) -> None:
    with shared_centre.http(name) as client:
        for type_ in {*KINDS, *NOT_KNOWN} - CLAIMS:
            response = post(client, type=type_, source="/partners/metro", data={})
            assert response.status_code == 403, type_
            assert "claims are saqta.alert.raised.v1, " in response.json()["detail"]


def test_what_may_be_posted_of_our_kinds(centre) -> None:
    assert {type_ for type_, kind in KINDS.items() if kind.claim} == CLAIMS
    with centre.http("pavel") as pavel:
        assert post(pavel).status_code == 202


def test_a_partner_does_not_speak_for_a_camera_of_ours(centre) -> None:
    centre.tell(CameraRegistered(camera="C1", name="Gate", source="rtsp://camera.example/1"))
    centre.settle()
    with centre.http("pavel") as pavel:
        assert post(pavel, data={"kind": "intrusion", "camera": "C1"}).status_code == 403
        assert post(pavel, data={"kind": "intrusion", "camera": "metro-7"}).status_code == 202


def test_deep_nesting_and_times_to_come_are_refused(shared_centre) -> None:
    deep: list[object] = []
    for _ in range(NESTING_MAX):
        deep = [deep]
    with shared_centre.http("pavel") as pavel:
        nested = post(pavel, type="kz.metro.gate.opened.v3", data={"[[": deep})
        assert (nested.status_code, f"at most {NESTING_MAX} deep" in nested.json()["detail"]) == (422, True)
        early = post(pavel, time="2999-01-01T00:00:00Z")
        assert (early.status_code, early.json()["field"]) == (422, "time")


def test_the_desk_posts_as_any_source_but_ours(centre) -> None:
    with centre.http("alice") as alice:
        assert post(alice, source="/gateways/1").status_code == 202
        assert post(alice, source="/saqta/correlate").status_code == 403


def test_unknown_kinds_are_kept(centre) -> None:
    with centre.http("pavel") as pavel:
        assert post(pavel, type="kz.metro.gate.opened.v3", data={"gate": 4}).status_code == 202
    event = centre.log.find("/partners/metro", "7").event
    assert (event.type, bytes(event.data)) == ("kz.metro.gate.opened.v3", b'{"gate":4}')


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time": "2026-01-31T08:00:00"}, "time"),
        ({"time": ...}, "time"),
        ({"data": {}}, "data.kind"),
        ({"id": ...}, "id"),
        ({"data": {"kind": "x", "box": "big"}}, "data.box"),
    ],
)
def test_bad_events_name_the_field(shared_centre, changes: dict, field: str) -> None:
    with shared_centre.http("pavel") as pavel:
        response = post(pavel, **changes)
        assert (response.status_code, response.json()["field"]) == (422, field)


def test_other_media_types_are_refused(centre) -> None:
    with centre.http("pavel") as pavel:
        assert pavel.post(EVENTS, json=ALERT).status_code == 415
        assert pavel.post(EVENTS, content=b"<event/>", headers={"content-type": "text/xml"}).status_code == 415
        assert pavel.post(EVENTS).status_code == 415


def test_limits(open_centre) -> None:
    centre = open_centre(Limits(body_bytes_max=2_000, events_body_bytes_max=6_000, events_per_request_max=3))
    with centre.http("pavel") as pavel, centre.http("alice") as alice:
        assert post(pavel, type="kz.metro.seen.v1", data={"text": "x" * 4_000}).status_code == 202
        too_large = post(pavel, id="8", type="kz.metro.seen.v1", data={"text": "x" * 6_000})
        assert (too_large.status_code, too_large.json()["status"]) == (413, 413)
        many = pavel.post(EVENTS, json=[ALERT | {"id": str(n)} for n in range(4)], headers=BATCH)
        assert (many.status_code, many.json()["field"]) == (422, "batch")
        assert alice.post("/api/v1/incidents", json={"note": "x" * 2_000}).status_code == 413

        def chunks():
            for _ in range(100):
                yield b" " * 100

        assert pavel.post(EVENTS, content=chunks(), headers=STRUCTURED).status_code == 413


def test_a_body_that_does_not_come_is_given_up(open_centre) -> None:
    centre = open_centre(Limits(body_wait_s=0.2))
    waiting = threading.Event()

    def slowly():
        yield b"{"
        waiting.wait(1)

    with centre.http("pavel") as pavel:
        response = pavel.post(EVENTS, content=slowly(), headers=STRUCTURED)
        waiting.set()
    assert response.status_code == 408


def test_an_event_over_the_logs_limit_is_refused(centre) -> None:
    with centre.http("pavel") as pavel:
        response = post(pavel, type="kz.metro.seen.v1", data={"text": "x" * (1 << 20)})
        assert (response.status_code, response.json()["field"]) == (422, "event")


def test_every_accepted_byte_is_kept(centre) -> None:
    data = '{ "kind":"crowd",\n "at_s": 1.50, "own": {"b":1,"a":[1e3]} }'
    body = json.dumps({name: ALERT[name] for name in ALERT if name != "data"})[:-1] + f', "data": {data}}}'
    with centre.http("pavel") as pavel:
        assert pavel.post(EVENTS, content=body, headers=STRUCTURED).status_code == 202
    stored = centre.log.find("/partners/metro", "7").stored
    assert b'{"kind":"crowd","at_s":1.50,"own":{"b":1,"a":[1e3]}}' in stored
