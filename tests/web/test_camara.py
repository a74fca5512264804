"""What banks ask of a line, in CAMARA's forms; what telecoms tell of it, and that no number stands in the log."""

import json
import secrets

import httpx
import pytest

from saqta.model.moment import from_text, to_text
from saqta.model.terms import Role
from saqta.web.accounts import add_token
from saqta.web.camara import CALL_MS_MAX
from web.conftest import Centre

NUMBER, CALLER, UNKNOWN = "+77012345678", "+442071838750", "+77019999999"
SWAPS, DATE = "/sim-swap/v2/check", "/sim-swap/v2/retrieve-date"
ALL_FORWARDED = "/call-forwarding-signal/v1/unconditional-call-forwardings"
FORWARDED = "/call-forwarding-signal/v1/call-forwardings"
CALLS = "/call-in-progress-signal/v1/calls-in-progress"
STRUCTURED = {"content-type": "application/cloudevents+json"}


@pytest.fixture
def telecom(centre: Centre) -> Centre:
    """A centre with a telecom (pavel's ``metro``) and a bank (``alfa``)."""
    centre.tokens["alfa"] = add_token(
        centre.log.append, centre.clock, secrets.token_urlsafe, Role.PARTNER, "test", "alfa", "/banks/alfa"
    )
    centre.settle()
    return centre


def tell(centre: Centre, id: str, kind: str, at: str, **data: object) -> httpx.Response:
    event = {"specversion": "1.0", "id": id, "source": "/partners/metro", "type": f"saqta.{kind}.v1", "time": at}
    with centre.http("pavel") as pavel:
        response = pavel.post("/api/v1/events", json=event | {"data": data}, headers=STRUCTURED)
    centre.settle()
    return response


def ask(centre: Centre, path: str, body: object, who: str = "alfa", **headers: str) -> httpx.Response:
    with centre.http(who) as client:
        return client.post(path, json=body, headers=headers)


def test_a_swap_is_told_for_as_long_back_as_is_asked(telecom: Centre) -> None:
    assert tell(telecom, "1", "sim.swapped", "2026-01-30T08:00:00Z", phoneNumber=NUMBER).status_code == 202
    for hours, swapped in ((23, False), (24, True), (2_400, True)):
        response = ask(telecom, SWAPS, {"phoneNumber": NUMBER, "maxAge": hours})
        assert (response.status_code, response.json()) == (200, {"swapped": swapped})
    assert ask(telecom, SWAPS, {"phoneNumber": NUMBER}).json() == {"swapped": True}
    tell(telecom, "2", "sim.swapped", "2026-01-01T08:00:00Z", phoneNumber=NUMBER)
    assert ask(telecom, DATE, {"phoneNumber": NUMBER}).json() == {"latestSimChange": "2026-01-30T08:00:00.000Z"}


def test_forwardings_are_told_as_they_were_set_last(telecom: Centre) -> None:
    tell(telecom, "1", "forwarding.set", "2026-01-30T08:00:00Z", phoneNumber=NUMBER, forwardings=["unconditional"])
    assert ask(telecom, ALL_FORWARDED, {"phoneNumber": NUMBER}).json() == {"active": True}
    assert ask(telecom, FORWARDED, {"phoneNumber": NUMBER}).json() == ["unconditional"]
    assert ask(telecom, DATE, {"phoneNumber": NUMBER}).json() == {"latestSimChange": None}
    tell(telecom, "2", "forwarding.set", "2026-01-30T09:00:00Z", phoneNumber=NUMBER)
    tell(telecom, "3", "forwarding.set", "2026-01-30T08:30:00Z", phoneNumber=NUMBER, forwardings=["conditional_busy"])
    assert ask(telecom, ALL_FORWARDED, {"phoneNumber": NUMBER}).json() == {"active": False}
    assert ask(telecom, FORWARDED, {"phoneNumber": NUMBER}).json() == ["inactive"]


def test_a_call_is_told_while_it_goes_on_with_the_risk_that_was_decided(telecom: Centre) -> None:
    telecom.start_decisions()
    started = "2026-01-31T08:00:00Z"
    again = [{"id": f"c{n}", "time": started, "caller": "+77272000000", "callee": NUMBER} for n in range(17)]
    assert ask(telecom, "/api/v1/decisions/call", again, who="pavel").json()["items"][-1]["action"] == "warn"
    telecom.settle()
    both = {"caller": "+77272000000", "callee": NUMBER}
    tell(telecom, "1", "call.connected", "2026-01-31T08:00:05Z", call="k1", **both)
    now = {"active": True, "since": "2026-01-31T08:00:05.000Z", "risk": "warn"}
    assert [ask(telecom, CALLS, {"phoneNumber": each}).json() for each in both.values()] == [now, now]
    tell(telecom, "2", "call.ended", "2026-01-31T08:00:09Z", call="another", **both)
    assert ask(telecom, CALLS, {"phoneNumber": NUMBER}).json()["active"] is True
    telecom.now_ms = from_text("2026-01-31T08:00:05Z") + CALL_MS_MAX
    over = {"active": False, "since": None, "risk": None}
    assert ask(telecom, CALLS, {"phoneNumber": NUMBER}).json() == over
    tell(telecom, "4", "call.ended", "2026-01-31T09:00:00Z", call="k1", **both)
    assert ask(telecom, CALLS, {"phoneNumber": NUMBER}).json() == over
    tell(telecom, "5", "call.connected", "2026-01-31T10:00:00Z", call="k2", caller=CALLER, callee=NUMBER)
    assert ask(telecom, CALLS, {"phoneNumber": NUMBER}).json()["risk"] == "none"


def test_a_call_that_is_over_leaves_a_number_that_is_known(telecom: Centre) -> None:
    over = {"active": False, "since": None, "risk": None}
    for n, kinds in enumerate((("connected", "ended"), ("ended", "connected"))):
        for kind in kinds:
            at = {"connected": "2026-01-31T07:00:00Z", "ended": "2026-01-31T07:01:00Z"}[kind]
            number = f"+7701234567{n}"
            tell(telecom, f"{kind}-{n}", f"call.{kind}", at, call=f"k{n}", caller=CALLER, callee=number)
        response = ask(telecom, CALLS, {"phoneNumber": number})
        assert (response.status_code, response.json()) == (200, over)


def test_a_number_that_a_telecom_asked_about_is_on_no_call_and_nothing_is_known_of_its_line(telecom: Centre) -> None:
    telecom.start_decisions()
    call = {"time": "2026-01-31T08:00:00Z", "trunk": "foreign"}
    asked = [
        call | {"id": "allowed", "caller": CALLER, "callee": NUMBER},
        call | {"id": "spoofed", "caller": "+77272000000", "callee": "+77012345679"},
    ]
    items = ask(telecom, "/api/v1/decisions/call", asked, who="pavel").json()["items"]
    assert [item["action"] for item in items] == ["allow", "block"]
    telecom.settle()
    for number in (NUMBER, "+77012345679"):
        assert ask(telecom, CALLS, {"phoneNumber": number}).json() == {"active": False, "since": None, "risk": None}
        assert ask(telecom, SWAPS, {"phoneNumber": number}).status_code == 404
    assert ask(telecom, CALLS, {"phoneNumber": UNKNOWN}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/sim-swap/v1/check", 404, "NOT_FOUND"),
        ("POST", "/sim-swap/vwip/check", 404, "NOT_FOUND"),
        ("POST", "/call-forwarding-signal/v0.3/call-forwardings", 404, "NOT_FOUND"),
        ("POST", "/call-in-progress-signal/v2/calls-in-progress", 404, "NOT_FOUND"),
        ("GET", SWAPS, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", FORWARDED, 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_addresses_and_methods_that_are_none_are_told_as_camara_does(
    telecom: Centre, method: str, path: str, status: int, code: str
) -> None:
    with telecom.http("alfa") as alfa:
        response = alfa.request(method, path, headers={"x-correlator": "b433-1"})
        bad = alfa.request(method, path, headers={"x-correlator": "a b"})
    assert (response.status_code, response.headers["x-correlator"]) == (status, "b433-1")
    assert response.json().keys() == {"status", "code", "message"}
    assert (response.json()["status"], response.json()["code"]) == (status, code)
    assert response.headers.get("allow") == ("POST" if status == 405 else None)
    assert (bad.status_code, "x-correlator" in bad.headers) == (status, False)


def test_no_number_stands_in_the_log_wherever_the_telecom_wrote_it(telecom: Centre) -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/partners/metro",
        "type": "saqta.sim.swapped.v1",
        "subject": NUMBER,
        "msisdn": NUMBER,
        "time": to_text(telecom.now_ms),
        "data": {"phoneNumber": NUMBER, "subscriber": NUMBER, "note": NUMBER},
    }
    with telecom.http("pavel") as pavel:
        for _ in range(2):
            assert pavel.post("/api/v1/events", json=event, headers=STRUCTURED).status_code == 202
    telecom.settle()
    stored = telecom.log.find("/partners/metro", "1")
    assert stored is not None
    assert json.loads(bytes(stored.event.data)).keys() == {"subscriber"}
    kept = b"".join(path.read_bytes() for path in telecom.folder.glob("*.db*"))
    assert b"saqta.sim.swapped.v1" in kept
    assert NUMBER.removeprefix("+").encode() not in kept


@pytest.mark.parametrize("number", [None, 77012345678, "87012345678", "+7701234567890123", "0123456789abcdef"])
def test_a_number_that_is_none_is_refused_and_not_repeated(telecom: Centre, number: object) -> None:
    response = tell(telecom, "1", "sim.swapped", "2026-01-30T08:00:00Z", phoneNumber=number)
    assert (response.status_code, response.json()["field"]) == (422, "data.phoneNumber")
    assert str(number) not in response.json()["detail"].replace("+77011234567", "")
    assert tell(telecom, "1", "forwarding.set", "2026-01-30T08:00:00Z").json()["field"] == "data.phoneNumber"


def test_what_is_told_of_a_line_is_an_object_of_what_is_known(telecom: Centre) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/partners/metro", "type": "saqta.sim.swapped.v1"}
    with telecom.http("pavel") as pavel:
        response = pavel.post("/api/v1/events", json=event | {"data": [NUMBER]}, headers=STRUCTURED)
    assert (response.status_code, response.json()["field"]) == (422, "data")
    assert NUMBER not in response.text
    wrong = tell(telecom, "1", "forwarding.set", "2026-01-30T08:00:00Z", phoneNumber=NUMBER, forwardings=["away"])
    assert (wrong.status_code, wrong.json()["field"]) == (422, "data.forwardings[0]")
    assert tell(telecom, "1", "call.connected", "2026-01-30T08:00:00Z", caller=CALLER, callee=NUMBER).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (SWAPS, {}, 422, "MISSING_IDENTIFIER"),
        (SWAPS, {"phoneNumber": UNKNOWN}, 404, "IDENTIFIER_NOT_FOUND"),
        (SWAPS, {"phoneNumber": "7701"}, 400, "INVALID_ARGUMENT"),
        (SWAPS, {"phoneNumber": 7701}, 400, "INVALID_ARGUMENT"),
        (SWAPS, {"phoneNumber": UNKNOWN, "maxAge": 0}, 400, "OUT_OF_RANGE"),
        (SWAPS, {"phoneNumber": UNKNOWN, "maxAge": 2401}, 400, "OUT_OF_RANGE"),
        (SWAPS, {"phoneNumber": UNKNOWN, "maxAge": "240"}, 400, "INVALID_ARGUMENT"),
        (DATE, [], 400, "INVALID_ARGUMENT"),
        (ALL_FORWARDED, {"phoneNumber": UNKNOWN}, 404, "IDENTIFIER_NOT_FOUND"),
        (FORWARDED, {}, 422, "MISSING_IDENTIFIER"),
        (CALLS, {"phoneNumber": "x" * 100_000}, 413, "INVALID_ARGUMENT"),
    ],
)
def test_errors_are_told_as_the_camara_project_does(
    telecom: Centre, path: str, body: object, status: int, code: str
) -> None:
    response = ask(telecom, path, body, **{"x-correlator": "b433-1"})
    assert (response.status_code, response.headers["x-correlator"]) == (status, "b433-1")
    assert response.json().keys() == {"status", "code", "message"}
    assert (response.json()["status"], response.json()["code"]) == (status, code)


def test_a_correlator_comes_back_and_a_bad_one_does_not(telecom: Centre) -> None:
    tell(telecom, "1", "sim.swapped", "2026-01-30T08:00:00Z", phoneNumber=NUMBER)
    good = ask(telecom, SWAPS, {"phoneNumber": NUMBER}, **{"x-correlator": "a-1"})
    assert (good.status_code, good.headers["x-correlator"]) == (200, "a-1")
    bad = ask(telecom, SWAPS, {"phoneNumber": NUMBER}, **{"x-correlator": "a b"})
    assert (bad.status_code, bad.json()["code"], "x-correlator" in bad.headers) == (400, "INVALID_ARGUMENT", False)


@pytest.mark.parametrize("path", [SWAPS, DATE, ALL_FORWARDED, FORWARDED, CALLS])
def test_nobody_asks_without_a_token_that_may(telecom: Centre, path: str) -> None:
    charlie = ask(telecom, path, {"phoneNumber": NUMBER}, who="charlie")
    assert (charlie.status_code, charlie.json()["code"]) == (401, "UNAUTHENTICATED")
    assert charlie.headers["www-authenticate"] == 'Bearer realm="saqta"'
    alice = ask(telecom, path, {"phoneNumber": NUMBER}, who="alice")
    assert (alice.status_code, alice.json()["code"]) == (403, "PERMISSION_DENIED")
