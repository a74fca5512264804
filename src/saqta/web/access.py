"""Who may call what: tokens, sessions, and one table of routes and roles.

- A route is closed unless it stands in ``OPEN``; one that stands in neither table stops the program at its start.
- Secrets are looked up by their SHA-256, so that neither the log nor a table holds one.
- A session's unsafe requests must carry its CSRF token, which only a page of ours can read.
"""

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

import anyio
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from saqta.model.errors import ForbiddenError
from saqta.model.terms import PartnerKind, Role
from saqta.views.tables import SESSIONS, TOKENS, USERS
from saqta.web import access_tokens, problems
from saqta.web.ports import Ports

COOKIE = "saqta_session"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

EVERYBODY = frozenset(Role)
DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
FIELD = DESK | {Role.OFFICER}
FRAUD = frozenset({Role.FRAUD_ANALYST, Role.SUPERVISOR})
READERS = FIELD | {Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR}
SHIELD = FRAUD | {Role.ANALYST, Role.AUDITOR}
ASKERS = frozenset({Role.PARTNER, Role.FRAUD_ANALYST})

OPEN = frozenset({"sign_in_page", "sign_in", "issue_token", "healthz", "readyz"})
"""Routes that answer without signing in; static files under /assets/ are open too."""

MAY: dict[str, frozenset[Role]] = {
    "root": EVERYBODY,
    "console": READERS,
    "me": EVERYBODY,
    "sign_out": EVERYBODY,
    "openapi": EVERYBODY,
    "metrics": READERS,
    "live": READERS,
    "list_incidents": READERS,
    "read_incident": READERS,
    "read_timeline": READERS,
    "open_incident": DESK,
    "acknowledge": DESK,
    "assign": DESK,
    "unassign": DESK,
    "divert": DESK,
    "prioritise": DESK,
    "note": FIELD,
    "close": DESK,
    "reopen": DESK,
    "mark_fixture": DESK,
    "release_fixture": DESK,
    "accept_view": DESK,
    "list_units": READERS,
    "set_unit_status": FIELD,
    "report_position": FIELD,
    "list_cameras": READERS,
    "list_traffic": READERS,
    "export_csv": READERS,
    "export_datex": READERS,
    "read_alert": READERS,
    "read_map": READERS,
    "list_lists": FRAUD | {Role.AUDITOR},
    "find_listed": FRAUD,
    "list_waiting": FRAUD | {Role.AUDITOR},
    "list_entries": FRAUD | {Role.AUDITOR},
    "read_entry": FRAUD,
    "propose_entry": FRAUD,
    "propose_party": FRAUD,
    "confirm_entry": FRAUD,
    "reject_entry": FRAUD,
    "appeal_entry": FRAUD | DESK,
    "uphold_entry": FRAUD,
    "lift_entry": FRAUD,
    "list_rules": SHIELD,
    "read_rule": SHIELD,
    "list_file_rules": SHIELD,
    "list_rule_fields": SHIELD,
    "check_rule": FRAUD,
    "backtest_rule": FRAUD,
    "propose_rule": FRAUD,
    "publish_rule": FRAUD,
    "reject_rule": FRAUD,
    "retire_rule": FRAUD,
    "snooze_rule": FRAUD,
    "list_rates": READERS | {Role.FRAUD_ANALYST},
    "read_evidence": FIELD | {Role.AUDITOR},
    "read_fraud_statistics": READERS | {Role.FRAUD_ANALYST},
    "review_models": SHIELD,
    "list_stopped": SHIELD,
    "list_cases": SHIELD,
    "read_case": SHIELD,
    "live_fraud": SHIELD,
    "fraud_page": SHIELD,
    "decide_payment": ASKERS,
    "decide_call": ASKERS,
    "read_decision": ASKERS | SHIELD,
    "explain_decision": ASKERS | SHIELD,
    "tell_outcome": ASKERS | FRAUD,
    "ask_call_back": FRAUD,
    "check_sim_swap": ASKERS,
    "retrieve_sim_swap_date": ASKERS,
    "retrieve_unconditional_call_forwarding": ASKERS,
    "retrieve_call_forwardings": ASKERS,
    "check_call_in_progress": ASKERS,
    "post_events": DESK | {Role.ADMINISTRATOR, Role.PARTNER},
}
"""Which roles may call a route, by the name of its function."""

DOORS: dict[str, PartnerKind] = {
    "decide_call": PartnerKind.TELECOM,
    "decide_payment": PartnerKind.BANK,
    "check_sim_swap": PartnerKind.BANK,
    "retrieve_sim_swap_date": PartnerKind.BANK,
    "retrieve_unconditional_call_forwarding": PartnerKind.BANK,
    "retrieve_call_forwardings": PartnerKind.BANK,
    "check_call_in_progress": PartnerKind.BANK,
}
"""Of partners of whom it is known what they are, those alone may call these routes."""

HOMES = {Role.FRAUD_ANALYST: "/fraud"}
"""The page that a role begins with; the others begin with the console."""

DISCLOSED_TO = DESK
"""Roles that see personal fields in clear."""


class Caller(NamedTuple):
    """Who calls. ``partner_source`` is the only source that a partner may post as, ``partner_kind`` what it is, where
    that is known; the three before are a session's."""

    actor: str
    name: str
    role: Role
    partner_source: str | None = None
    session_sha256: str | None = None
    until_ms: int | None = None
    csrf: str | None = None
    partner_kind: PartnerKind | None = None


class Unauthenticated(HTTPException):
    """Nobody known calls."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, detail, {"www-authenticate": 'Bearer realm="saqta"'})


class GuardedRoute(APIRoute):
    """A route that answers to the roles of ``MAY`` only, before any of the body is read, and bounds the body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, name = super().get_route_handler(), self.name
        roles = None if name in OPEN else MAY[name]

        async def guarded(request: Request) -> Response:
            ports: Ports = request.app.state.ports
            if roles is not None:
                request.state.caller = await run_in_threadpool(admit, request, ports, name)
            limits = ports.limits
            body_bytes_max = limits.events_body_bytes_max if name == "post_events" else limits.body_bytes_max
            return await handle(Request(request.scope, _bounded(request.receive, body_bytes_max, limits.body_wait_s)))

        return guarded


def guarded_router(tag: str) -> APIRouter:
    """A router whose routes are guarded; ``tag`` groups them in the API's description."""
    return APIRouter(route_class=GuardedRoute, tags=[tag], responses=problems.DESCRIBED)


def admit(request: Request, ports: Ports, route: str) -> Caller:
    """The caller. Blocks. Unauthenticated when it is nobody known, ForbiddenError where it may not call ``route``."""
    roles = MAY[route]
    caller = _by_token(request, ports) or _by_session(request, ports)
    if caller is None:
        raise Unauthenticated("sign in, or send a token as Authorization: Bearer …")
    if caller.role not in roles:
        raise ForbiddenError(f"role {caller.role} may not do this, only {', '.join(sorted(roles))}")
    require_kind(caller, DOORS.get(route))
    return caller


def require_kind(caller: Caller, kind: PartnerKind | None) -> None:
    """ForbiddenError for a partner that is known to be something else."""
    if kind is not None and caller.partner_kind not in (None, kind):
        raise ForbiddenError(f"partner {caller.name} is a {caller.partner_kind}: only a {kind} may do this")


def home_of(role: Role) -> str:
    """The page to begin with."""
    return HOMES.get(role, "/console")


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


CallerOf = Annotated[Caller, Depends(_caller)]


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal: what is kept of a secret. Secrets hold 256 random bits, so that it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(secret: str) -> str:
    """The CSRF token of the session with that secret."""
    return hmac.digest(secret.encode(), b"csrf", "sha256").hex()


def _by_token(request: Request, ports: Ports) -> Caller | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    token = ports.tables.get(TOKENS, _token_of(ports, secret.strip())) if scheme.lower() == "bearer" else None
    if token is None:
        raise Unauthenticated("the token is not known")
    actor = f"partner/{token.partner}" if token.partner else f"token/{token.token}"
    return Caller(
        actor, token.partner or token.token, token.role, token.partner_source, partner_kind=token.partner_kind
    )


def _token_of(ports: Ports, secret: str) -> str:
    """The digest of the token that is sent, or that an access token stands for."""
    if not secret.startswith(f"{access_tokens.PREFIX}."):
        return digest(secret)
    token_sha256 = access_tokens.token_of(ports.keyring.access_key(), secret, ports.clock())
    if token_sha256 is None:
        raise Unauthenticated("the access token is over, or none of ours: ask for another at /oauth2/token")
    return token_sha256


def _by_session(request: Request, ports: Ports) -> Caller | None:
    secret = request.cookies.get(COOKIE)
    if secret is None:
        return None
    session_sha256 = digest(secret)
    session = ports.tables.get(SESSIONS, session_sha256)
    user = ports.tables.get(USERS, session.user) if session else None
    if session is None or user is None or session.until_ms <= ports.clock():
        raise Unauthenticated("the session is over: sign in again")
    csrf = csrf_token(secret)
    if request.method not in SAFE_METHODS and not hmac.compare_digest(
        csrf.encode(), request.headers.get(CSRF_HEADER, "").encode()
    ):
        raise ForbiddenError("the request lacks the session's X-CSRF-Token")
    return Caller(f"user/{user.user}", user.user, user.role, None, session_sha256, session.until_ms, csrf)


def _bounded(receive: Receive, bytes_max: int, wait_s: float) -> Receive:
    """``receive`` that gives up on a body that is too large or too slow."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        try:
            with anyio.fail_after(wait_s):
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, f"no body came for {wait_s:g} s") from error
        taken += len(message.get("body", b""))
        if taken > bytes_max:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have at most {bytes_max} bytes")
        return message

    return bounded
