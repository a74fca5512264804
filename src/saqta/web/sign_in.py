"""Signing in with a one-time link, and out again.

A link is spent by POST, so that a mail scanner's look at it does not spend it. The log lets a link be spent once: the
session's event is named after the link, and is refused when the user moved on meanwhile.
"""

from collections import OrderedDict
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

import msgspec
from fastapi import Depends, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from saqta.model.catalogue import make
from saqta.model.errors import ContentConflict, ForbiddenError, InputError, VersionConflict
from saqta.model.event import derive_id
from saqta.model.kinds import SessionEnded, SessionStarted
from saqta.model.terms import Role
from saqta.views.tables import USERS, User
from saqta.web.access import COOKIE, CallerOf, digest, guarded_router, home_of
from saqta.web.ports import Limits, Ports, PortsOf
from saqta.web.present import answer

SOURCE = "/saqta/sign-in"
MINUTE_MS = 60_000

router = guarded_router("sign-in")


class Me(BaseModel):
    """Who is signed in; `csrf` goes into `X-CSRF-Token` of unsafe requests, and is null for programs."""

    user: str
    role: Role
    csrf: str | None


class SignedIn(BaseModel):
    """Where to go next."""

    next: str


class Refusals:
    """Counts refused links by address, and says when an address had too many within a minute."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def require_few(self, address: str, now_ms: int) -> None:
        minute, count = self._counts.get(address, (0, 0))
        if minute == now_ms // MINUTE_MS and count >= self._limits.sign_in_refusals_per_minute_max:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS, "too many refused links; wait a minute", {"retry-after": "60"}
            )

    def count(self, address: str, now_ms: int) -> None:
        minute, count = self._counts.pop(address, (0, 0))
        current = now_ms // MINUTE_MS
        self._counts[address] = (current, count + 1 if minute == current else 1)
        if len(self._counts) > self._limits.sign_in_addresses_max:
            self._counts.popitem(last=False)

    def __len__(self) -> int:
        return len(self._counts)


async def _refusals(request: Request) -> Refusals:
    refusals: Refusals = request.app.state.refusals
    return refusals


async def _link(request: Request) -> str:
    """The link's secret, from a form or from JSON."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            return msgspec.json.decode(body, type=_Link).link
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError("link", body[:40], '{"link": the secret of a sign-in link}') from error
    return parse_qs(body.decode("ascii", "replace")).get("link", [""])[0]


class _Link(msgspec.Struct):
    link: str


@router.post(
    "/sign-in",
    response_model=SignedIn,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": {"type": "object", "properties": {"link": {"type": "string"}}}}
                for media_type in ("application/json", "application/x-www-form-urlencoded")
            },
        }
    },
)
async def sign_in(
    request: Request,
    ports: PortsOf,
    link: Annotated[str, Depends(_link)],
    refusals: Annotated[Refusals, Depends(_refusals)],
) -> Response:
    """Spends a one-time link and sets the session's cookie; a form is sent on to its page, JSON is told to go."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForbiddenError("a link is spent from our own page only")
    address = request.client.host if request.client else ""
    refusals.require_few(address, ports.clock())
    try:
        secret, role = await run_in_threadpool(start_session, ports, digest(link))
    except ForbiddenError:
        refusals.count(address, ports.clock())
        raise
    is_json = request.headers.get("content-type", "").startswith("application/json")
    response = answer({"next": home_of(role)}) if is_json else RedirectResponse(home_of(role), HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=ports.limits.session_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/sign-out", status_code=HTTPStatus.NO_CONTENT)
def sign_out(ports: PortsOf, caller: CallerOf) -> Response:
    """Ends the session and its live streams."""
    if caller.session_sha256 is None:
        raise ForbiddenError("a token has no session to end")
    now_ms = ports.clock()
    event = make(
        SessionEnded(user=caller.name, session_sha256=caller.session_sha256),
        id=ports.new_id(),
        source=SOURCE,
        actor=caller.actor,
        time_ms=now_ms,
        recorded_ms=now_ms,
    )
    [position] = ports.log.append([event])
    ports.live.reached(position.seq, ports.limits.read_back_wait_s)
    for live in (ports.live, ports.live_fraud):
        live.end_session(caller.session_sha256)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@router.get("/api/v1/me", response_model=Me)
async def me(caller: CallerOf) -> Response:
    """Who calls, and what the pages need to act for them."""
    return answer({"user": caller.name, "role": caller.role, "csrf": caller.csrf})


def start_session(ports: Ports, link_sha256: str) -> tuple[str, Role]:
    """Spends the link; returns the session's secret and its role. Blocks. ForbiddenError where there is none."""
    user, version = _owner(ports, link_sha256)
    now_ms = ports.clock()
    if user is None or user.link_until_ms <= now_ms:
        raise ForbiddenError("the link is unknown, was used already, or is too old: ask for a new one")
    secret = ports.new_secret()
    event = make(
        SessionStarted(
            user=user.user,
            link_sha256=link_sha256,
            session_sha256=digest(secret),
            until_ms=now_ms + ports.limits.session_s * 1000,
        ),
        id=derive_id(link_sha256, "session"),
        source=SOURCE,
        actor=f"user/{user.user}",
        time_ms=now_ms,
        recorded_ms=now_ms,
    )
    try:
        [position] = ports.log.append([event], {event.subject: version})
    except (VersionConflict, ContentConflict) as error:
        raise ForbiddenError("the link was used a moment ago") from error
    ports.live.reached(position.seq, ports.limits.read_back_wait_s)
    return secret, user.role


def _owner(ports: Ports, link_sha256: str) -> tuple[User | None, int]:
    """Whose unspent link it is, and a version of the user that the views have reached."""
    ports.live.reached(ports.log.size(), ports.limits.read_back_wait_s)
    for name, user in ports.tables.scan(USERS):
        if user.link_sha256 == link_sha256:
            version = ports.log.version(f"user/{name}")
            ports.live.reached(version, ports.limits.read_back_wait_s)
            user_now = ports.tables.get(USERS, name)
            return (user_now if user_now and user_now.link_sha256 == link_sha256 else None), version
    return None, 0
