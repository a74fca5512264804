"""Access tokens by client credentials: for partners alone, short-lived, and good for what their own token is."""

import secrets

import httpx
import pytest

from saqta.model.terms import Role
from saqta.web.access_tokens import ACCESS_S, PREFIX
from saqta.web.accounts import add_token
from saqta.web.oauth import FIELDS_MAX
from web.conftest import Centre

GRANT = {"grant_type": "client_credentials"}


def ask(centre: Centre, form: object, **options: object) -> httpx.Response:
    with centre.http() as nobody:
        return nobody.post("/oauth2/token", data=form, **options)


def me(centre: Centre, token: str) -> httpx.Response:
    with centre.http() as nobody:
        return nobody.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("in_header", [True, False])
def test_a_partner_gets_one_that_is_good_for_a_while(centre: Centre, in_header: bool) -> None:
    secret = centre.tokens["pavel"]
    if in_header:
        response = ask(centre, GRANT, auth=("metro", secret))
    else:
        response = ask(centre, GRANT | {"client_id": "metro", "client_secret": secret, "scope": "sim-swap"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", ACCESS_S)
    assert secret not in told["access_token"]
    assert me(centre, told["access_token"]).json() == {"user": "metro", "role": "partner", "csrf": None}
    line = {"phoneNumber": "+77019999999"}
    with centre.http() as nobody:
        headers = {"authorization": f"Bearer {told['access_token']}"}
        assert nobody.post("/sim-swap/v2/check", json=line, headers=headers).status_code == 404
        assert nobody.get("/api/v1/incidents", headers=headers).status_code == 403
    centre.now_ms += ACCESS_S * 1_000
    over = me(centre, told["access_token"])
    assert (over.status_code, "ask for another" in over.json()["detail"]) == (401, True)


def test_one_that_was_changed_or_made_up_is_refused(centre: Centre) -> None:
    access_token = ask(centre, GRANT, auth=("metro", centre.tokens["pavel"])).json()["access_token"]
    prefix, token_sha256, until_ms, mac = access_token.split(".")
    for changed in (
        f"{prefix}.{token_sha256}.{int(until_ms) + 1}.{mac}",
        f"{prefix}.{'0' * 64}.{until_ms}.{mac}",
        f"{prefix}.{token_sha256}.{until_ms}.",
        f"{PREFIX}.",
    ):
        assert me(centre, changed).status_code == 401


def test_its_name_in_the_header_may_hold_any_sign(centre: Centre) -> None:
    made = add_token(centre.log.append, centre.clock, secrets.token_urlsafe, Role.PARTNER, "test", "a@b.kz", "/banks/a")
    centre.settle()
    assert ask(centre, GRANT, auth=("a%40b.kz", made)).status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials"] * 2}, 400, "invalid_request"),
        (GRANT | {str(n): "x" for n in range(FIELDS_MAX)}, 400, "invalid_request"),
        (GRANT, 401, "invalid_client"),
        (GRANT | {"client_id": "metro", "client_secret": "made-up"}, 401, "invalid_client"),
    ],
)
def test_errors_are_told_as_oauth_does(shared_centre: Centre, form: dict, status: int, error: str) -> None:
    response = ask(shared_centre, form)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json().keys() == {"error", "error_description"}
    assert response.headers.get("www-authenticate") == ('Basic realm="saqta"' if status == 401 else None)


def test_who_a_client_is_must_be_told_once_and_rightly(shared_centre: Centre) -> None:
    pavel, farid = shared_centre.tokens["pavel"], shared_centre.tokens["farid"]
    shared_centre.settle()
    assert ask(shared_centre, GRANT, auth=("alfa", pavel)).status_code == 401, "another's name"
    assert ask(shared_centre, GRANT, auth=("", farid)).status_code == 401, "no partner's"
    for header in ("Basic", "Basic %%%", "Basic bm9jb2xvbg==", "Bearer bTp4"):
        assert ask(shared_centre, GRANT, headers={"authorization": header}).status_code == 401
    both = ask(shared_centre, GRANT | {"client_secret": pavel}, auth=("metro", pavel))
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
