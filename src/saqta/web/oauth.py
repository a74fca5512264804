"""Access tokens for partners, by the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4), as the CAMARA
project's security profile has it where no subscriber is asked.

A client is a partner: its name, with its token as the secret. Errors are OAuth's ``{error, error_description}``.
"""

import base64
import binascii
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from saqta.views.tables import TOKENS
from saqta.web.access import digest, guarded_router
from saqta.web.access_tokens import ACCESS_S, issued
from saqta.web.ports import PortsOf
from saqta.web.present import answer

GRANT = "client_credentials"
FIELDS_MAX = 16
CHALLENGE = {"www-authenticate": 'Basic realm="saqta"'}

router = guarded_router("oauth")
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"const": GRANT},
        "client_id": {"type": "string", "description": "the partner's name, where no Authorization: Basic is sent"},
        "client_secret": {"type": "string", "description": "its token"},
        "scope": {"type": "string"},
    },
}


class Issued(BaseModel):
    """An access token; it may do what the partner's own token may."""

    access_token: str
    token_type: str
    expires_in: int


class OAuthError(Exception):
    """Refused, in OAuth's terms."""

    def __init__(self, code: str, description: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(description)
        self.code, self.status = code, status


async def _form(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/oauth2/token",
    response_model=Issued,
    openapi_extra={
        "security": [],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": _FORM}}},
    },
)
def issue_token(request: Request, ports: PortsOf, body: Annotated[bytes, Depends(_form)]) -> Response:
    """Gives a partner an access token for its own one, to be sent as `Authorization: Bearer` until it is over."""
    try:
        form = _read(body)
        if "grant_type" not in form:
            raise OAuthError("invalid_request", f"grant_type is missing: it is {GRANT}")
        if form["grant_type"] != GRANT:
            raise OAuthError("unsupported_grant_type", f"grant_type is {GRANT}")
        client, secret = _credentials(request.headers.get("authorization"), form)
        token_sha256 = digest(secret)
        token = ports.tables.get(TOKENS, token_sha256)
        if token is None or token.partner != client:
            raise OAuthError("invalid_client", "no such partner with that token", HTTPStatus.UNAUTHORIZED)
    except OAuthError as error:
        headers = CHALLENGE if error.status == HTTPStatus.UNAUTHORIZED else None
        return answer({"error": error.code, "error_description": str(error)}, error.status, headers)
    access_token = issued(ports.keyring.access_key(), token_sha256, ports.clock())
    return answer({"access_token": access_token, "token_type": "Bearer", "expires_in": ACCESS_S})


def _read(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise OAuthError("invalid_request", "the body is a form, application/x-www-form-urlencoded") from error
    if len(dict(fields)) < len(fields):
        raise OAuthError("invalid_request", "each parameter stands there once")
    return dict(fields)


def _credentials(header: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """The client and its secret, from the header or from the form (RFC 6749, section 2.3.1)."""
    if header is None:
        return form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, told = header.partition(" ")
    try:
        client, colon, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "Authorization: Basic …", HTTPStatus.UNAUTHORIZED) from error
    if scheme.lower() != "basic" or not colon:
        raise OAuthError("invalid_client", "Authorization: Basic …", HTTPStatus.UNAUTHORIZED)
    if "client_secret" in form:
        raise OAuthError("invalid_request", "the secret stands in the header or in the form, not in both")
    return unquote_plus(client), unquote_plus(secret)
