"""Signing in: a link once, its age, its limits; the session's cookie, its CSRF token, its end."""

import threading

import httpx
import pytest

from saqta.model.errors import InputError
from saqta.model.event import decode, encode
from saqta.model.terms import Role
from saqta.web.access import COOKIE, CSRF_HEADER
from saqta.web.accounts import LINK_S, add_token, add_user
from saqta.web.ports import Limits

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_looking_at_a_link_does_not_spend_it_and_using_it_does(centre) -> None:
    link = centre.link("alice")
    with centre.http() as browser, centre.http() as thief:
        for _ in range(2):
            assert browser.get(f"/sign-in?link={link}").text == "<!doctype html><title>sign-in.html</title>"
        signed_in = browser.post("/sign-in", content=f"link={link}", headers=FORM)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/console")
        assert browser.get("/console").status_code == 200
        assert browser.get("/api/v1/me").json()["user"] == "alice"
        again = thief.post("/sign-in", json={"link": link})
        assert (again.status_code, again.json()["type"]) == (403, "urn:saqta:problem:forbidden")
        assert COOKIE not in thief.cookies


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(centre) -> None:
    with centre.http() as browser:
        cookie = browser.post("/sign-in", json={"link": centre.link("bob")}).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie
        by_proxy = {"x-forwarded-proto": "https"}
        safe = browser.post("/sign-in", json={"link": centre.link("bob")}, headers=by_proxy)
        assert "Secure" in safe.headers["set-cookie"]
        assert safe.headers["strict-transport-security"]


def test_neither_secret_stands_in_the_log(centre) -> None:
    link = centre.link("alice")
    with centre.http() as browser:
        browser.post("/sign-in", json={"link": link})
        session = browser.cookies[COOKIE]
    everything = b"\n".join(recorded.stored for recorded in centre.log.read(0))
    for secret in (link, session, *centre.tokens.values()):
        assert secret.encode() not in everything


def test_a_link_is_spent_once_however_many_try_together(centre) -> None:
    link = centre.link("alice")
    statuses: list[int] = []

    def attempt() -> None:
        statuses.append(httpx.post(f"{centre.address}/sign-in", json={"link": link}).status_code)

    attempts = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in attempts:
        thread.start()
    for thread in attempts:
        thread.join()
    assert sorted(statuses) == [200, *[403] * 7]
    types = [recorded.event.type for recorded in centre.log.read(0)]
    assert types.count("saqta.session.started.v1") == 1


def test_an_old_link_is_refused_and_so_is_one_that_a_newer_replaced(centre) -> None:
    old = centre.link("alice")
    newer = centre.link("alice")
    with centre.http() as browser:
        assert browser.post("/sign-in", json={"link": old}).status_code == 403
        centre.now_ms += LINK_S * 1000
        assert browser.post("/sign-in", json={"link": newer}).status_code == 403


def test_unsafe_requests_of_a_session_need_its_csrf_token(centre) -> None:
    with centre.signed_in("alice") as alice, centre.signed_in("bob") as bob:
        note = {"text": "seen"}
        for wrong in ("", "made-up", "é", bob.headers[CSRF_HEADER]):
            response = alice.post("/api/v1/incidents/x/note", json=note, headers={CSRF_HEADER.encode(): wrong.encode()})
            assert response.status_code == 403
            assert "CSRF" in response.json()["detail"]
        assert alice.post("/api/v1/incidents/x/note", json=note).status_code == 404
        assert alice.get("/api/v1/units", headers={CSRF_HEADER: ""}).status_code == 200


def test_signing_out_ends_the_session(centre) -> None:
    with centre.signed_in("alice") as browser:
        session = browser.cookies[COOKIE]
        with browser.stream("GET", "/live") as stream:
            frames = stream.iter_lines()
            assert next(frames) == "retry: 1000"
            assert browser.post("/sign-out").status_code == 204
            assert list(frames)
        assert COOKIE not in browser.cookies
        browser.cookies[COOKIE] = session
        assert browser.get("/api/v1/me").status_code == 401
    with centre.http("alice") as program:
        assert program.post("/sign-out").status_code == 403


def test_a_session_expires(open_centre) -> None:
    centre = open_centre(Limits(session_s=60))
    with centre.signed_in("dana") as browser:
        centre.now_ms += 59_999
        assert browser.get("/api/v1/me").status_code == 200
        centre.now_ms += 1
        response = browser.get("/api/v1/me")
        assert (response.status_code, response.json()["detail"]) == (401, "the session is over: sign in again")


def test_other_sites_cannot_sign_a_browser_in(centre) -> None:
    link = centre.link("alice")
    with centre.http() as browser:
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
            response = browser.post("/sign-in", json={"link": link}, headers={"sec-fetch-site": site})
            assert response.status_code == status


def test_too_many_refused_links_make_an_address_wait(open_centre) -> None:
    centre = open_centre(Limits(sign_in_refusals_per_minute_max=3))
    link = centre.link("alice")
    with centre.http() as browser:
        for _ in range(3):
            assert browser.post("/sign-in", json={"link": "guess"}).status_code == 403
        refused = browser.post("/sign-in", json={"link": link})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
        centre.now_ms += 60_000
        assert browser.post("/sign-in", json={"link": link}).status_code == 200


def test_the_count_of_refusals_forgets_the_oldest_address(open_centre) -> None:
    refusals = open_centre(Limits(sign_in_addresses_max=5)).app.state.refusals
    for address in range(20):
        refusals.count(f"10.0.0.{address}", 0)
    assert len(refusals) == 5


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"link": 5}', b"\xff"])
def test_a_body_without_a_link_is_refused(shared_centre, body: bytes) -> None:
    with shared_centre.http() as browser:
        response = browser.post("/sign-in", content=body, headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["field"]) == (422, "link")
        assert browser.post("/sign-in", content=body, headers=FORM).status_code == 403


def test_accounts_are_checked_before_they_are_added(centre) -> None:
    made: list = []
    given = (made.extend, centre.clock, lambda: "s3cret")
    for name in ("", "a b", "x" * 65, "a/b", "é" * 65):
        with pytest.raises(InputError, match="name"):
            add_user(*given, name, Role.DISPATCHER, "test")
    with pytest.raises(InputError, match="role"):
        add_user(*given, "pavel", Role.PARTNER, "test")
    with pytest.raises(InputError, match="partner"):
        add_token(*given, Role.PARTNER, "test", None, "/p")
    with pytest.raises(InputError, match="the centre's own"):
        add_token(*given, Role.PARTNER, "test", "centre", "/p")
    for source in (None, "", "/saqta/commands", "/partners/metro#1"):
        with pytest.raises(InputError, match="source"):
            add_token(*given, Role.PARTNER, "test", "metro", source)
    with pytest.raises(InputError, match="partner"):
        add_token(*given, Role.OFFICER, "test", None, "/p")
    assert made == []
    add_user(*given, "әлия.т@kz", Role.ANALYST, "test")
    assert decode(encode(made[0])).subject == "user/әлия.т@kz"
