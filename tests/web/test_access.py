"""Who gets in: every route against nobody and an outsider, the table of roles, and the headers of every answer."""

import json
import re
import secrets
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from saqta.model.terms import PartnerKind, Role
from saqta.web.access import MAY, OPEN, GuardedRoute
from saqta.web.accounts import add_token
from saqta.web.front import SECURITY_HEADERS

CAMARA = ("/sim-swap/", "/call-forwarding-signal/", "/call-in-progress-signal/")
"""Routes whose errors have a form that others set."""


def calls(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Every route of the application as its name, a method and an address."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            for method in route.methods:
                yield route.name, method, re.sub(r"\{[^}]*\}", "x", route.path)


def test_every_route_is_guarded_and_stands_in_one_table(centre) -> None:
    others = [route for route in centre.app.routes if not isinstance(route, GuardedRoute)]
    assert [route.path for route in others if isinstance(route, Mount)] == ["/assets"]
    assert len(others) == 1
    names = [name for name, _, _ in calls(centre.app)]
    assert sorted(names) == sorted(OPEN | set(MAY))
    assert not OPEN & set(MAY)


def test_only_the_open_routes_answer_nobody(centre) -> None:
    with centre.http() as nobody, centre.http("charlie") as charlie:
        for name, method, address in calls(centre.app):
            for client in (nobody, charlie):
                response = client.request(method, address)
                assert (response.status_code == 401) is (name not in OPEN), (method, address)
                if name not in OPEN:
                    form = "application/json" if address.startswith(CAMARA) else "application/problem+json"
                    assert response.headers["content-type"] == form
                    assert response.headers["www-authenticate"].startswith("Bearer")


def test_nothing_of_a_body_is_read_before_the_caller_is_known(centre) -> None:
    with centre.http("charlie") as charlie:
        response = charlie.post("/api/v1/incidents", content=b"{not json", headers={"content-type": "application/json"})
        assert response.status_code == 401


def test_a_wrong_token_is_refused_though_the_session_is_good(centre) -> None:
    with centre.signed_in("alice") as browser:
        assert browser.get("/api/v1/me").status_code == 200
        for wrong in ("Bearer made-up", "Bearer", "Basic YWxpY2U6eA==", ""):
            assert browser.get("/api/v1/me", headers={"authorization": wrong}).status_code == 401


def test_me(centre) -> None:
    with centre.http("bob") as bob, centre.http("pavel") as pavel:
        me = bob.get("/api/v1/me").json()
        assert (me["role"], me["csrf"]) == ("supervisor", None)
        assert pavel.get("/api/v1/me").json()["user"] == "metro"


@pytest.mark.parametrize(
    ("name", "method", "address"),
    [
        ("dana", "POST", "/api/v1/incidents"),
        ("dana", "POST", "/api/v1/incidents/x/close"),
        ("dana", "POST", "/api/v1/events"),
        ("pavel", "GET", "/api/v1/incidents"),
        ("pavel", "GET", "/api/v1/units"),
        ("pavel", "GET", "/live"),
        ("pavel", "GET", "/console"),
        ("pavel", "GET", "/metrics"),
        ("pavel", "GET", f"/api/v1/evidence/{'0' * 64}"),
        ("pavel", "POST", "/api/v1/incidents"),
        ("pavel", "POST", "/api/v1/units/U1/position"),
    ],
)
def test_a_role_that_may_not_is_told_so(shared_centre, name: str, method: str, address: str) -> None:
    with shared_centre.http(name) as client:
        response = client.request(method, address)
        assert response.status_code == 403
        assert response.json()["type"] == "urn:saqta:problem:forbidden"


def test_a_partner_that_is_known_to_be_a_bank_or_a_telecom_uses_its_own_doors(centre) -> None:
    for kind in PartnerKind:
        centre.tokens[kind] = add_token(
            centre.log.append, centre.clock, secrets.token_urlsafe, Role.PARTNER, "test", kind, f"/{kind}", kind
        )
    centre.settle()
    centre.start_decisions()
    now = "2026-01-31T08:00:00Z"
    payment = {"id": "1", "time": now, "account": "a", "payee": "b", "amount": "5", "currency": "KZT"}
    call = {"id": "1", "time": now, "caller": "+442071838750", "callee": "+77012345678"}
    swapped = {"specversion": "1.0", "id": "1", "type": "saqta.sim.swapped.v1", "time": now}
    told = {"data": {"phoneNumber": "+77012345678"}}
    structured = {"content-type": "application/cloudevents+json"}
    with centre.http("bank") as bank, centre.http("telecom") as telecom:
        for _ in range(2):  # The second time the way of those who were admitted lately.
            assert bank.post("/api/v1/decisions/payment", json=payment).status_code == 200
            assert telecom.post("/api/v1/decisions/call", json=call).status_code == 200
            refused = bank.post("/api/v1/decisions/call", json=call)
            assert (refused.status_code, "partner bank is a bank" in refused.json()["detail"]) == (403, True)
            assert telecom.post("/api/v1/decisions/payment", json=payment).status_code == 403
        for client, name, status in ((bank, "bank", 403), (telecom, "telecom", 202)):
            body = json.dumps(swapped | told | {"source": f"/{name}"})
            assert client.post("/api/v1/events", content=body, headers=structured).status_code == status
        centre.settle()
        for client, status in ((bank, 200), (telecom, 403)):
            line = {"phoneNumber": "+77012345678"}
            assert client.post("/sim-swap/v2/check", json=line).status_code == status


def test_partners_may_post_events_ask_for_decisions_and_little_else() -> None:
    assert {name for name, roles in MAY.items() if Role.PARTNER in roles} == {
        "post_events",
        "check_call_in_progress",
        "check_sim_swap",
        "decide_call",
        "decide_payment",
        "explain_decision",
        "read_decision",
        "retrieve_call_forwardings",
        "retrieve_sim_swap_date",
        "retrieve_unconditional_call_forwarding",
        "tell_outcome",
        "me",
        "openapi",
        "root",
        "sign_out",
    }


def test_every_answer_carries_the_security_headers(centre) -> None:
    with centre.http("alice") as alice:
        for address in (
            "/healthz",
            "/console",
            "/assets/console.html",
            "/assets/nothing.js",
            "/api/v1/units",
            "/nowhere",
        ):
            headers = alice.get(address).headers
            for name, value in SECURITY_HEADERS.items():
                assert headers[name] == value, (address, name)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert alice.get("/api/v1/units").headers["cache-control"] == "no-store"


def test_a_browser_that_is_not_signed_in_gets_the_sign_in_page(centre) -> None:
    with centre.http() as nobody:
        page = nobody.get("/console", headers={"accept": "text/html,*/*;q=0.8"})
        assert page.status_code == 401
        assert page.text == "<!doctype html><title>sign-in.html</title>"
        assert nobody.get("/", headers={"accept": "text/html"}).status_code == 401
    with centre.http("alice") as alice:
        assert alice.get("/").headers["location"] == "/console"
        assert alice.get("/console").text == "<!doctype html><title>console.html</title>"


def test_pages_that_are_not_built_say_what_to_do(centre) -> None:
    for page in (centre.folder / "assets").iterdir():
        page.unlink()
    with centre.http("alice") as alice, centre.http() as nobody:
        response = alice.get("/console")
        assert response.status_code == 404
        assert "make setup" in response.json()["detail"]
        assert nobody.get("/console", headers={"accept": "text/html"}).status_code == 401
        (centre.folder / "assets").rmdir()
        for address in ("/assets/", "/assets/console.html"):
            response = nobody.get(address)
            assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
            assert "make setup" in response.json()["detail"]
        (centre.folder / "assets").mkdir()
        (centre.folder / "assets" / "console.html").write_text("built meanwhile")
        assert nobody.get("/assets/console.html").text == "built meanwhile"


def test_what_is_named_by_its_bytes_is_kept_for_good(centre) -> None:
    (centre.folder / "assets" / "console-ZH4aTKYN.js").write_text("export {}")
    with centre.http() as nobody:
        script = nobody.get("/assets/console-ZH4aTKYN.js")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = nobody.get("/assets/console-ZH4aTKYN.js", headers={"if-none-match": script.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, script.headers["cache-control"])
        assert nobody.get("/assets/console.html").headers["cache-control"] == "no-cache"
        assert nobody.get("/assets/nothing.js").headers["cache-control"] == "no-store"
