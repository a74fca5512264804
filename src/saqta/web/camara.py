"""What banks ask of a customer's line before they trust it, in the forms of the CAMARA project: SIM Swap 2.1, Call
Forwarding Signal 1.0, and whether a call goes on, in the same manner.

- A number of which no telecom ever told is not known (404), which is not the same as a line without a swap. That a
  telecom asked about a call tells nothing of the line; but a call of that number is not going on.
- Tokens are two-legged: they name the bank, and the request names the number.
- Errors are CAMARA's ``{status, code, message}``; ``x-correlator`` comes back as it was sent.
"""

import re
from collections.abc import Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Any, Literal

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, StrictInt, StrictStr
from starlette.exceptions import HTTPException

from saqta.model.errors import ForbiddenError, SaqtaError
from saqta.model.kinds import ForwardingWord
from saqta.model.moment import to_text
from saqta.model.step import Table
from saqta.views.tables import BY_PARTY, FORWARDINGS, ON_CALL, RISKS, SIM_SWAPS, STOPPED, Risk
from saqta.web import problems
from saqta.web.access import GuardedRoute
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer, json_bytes
from saqta.web.subscribers import E164

logger = structlog.get_logger()

HOUR_MS = 3_600_000
AGE_H_MAX = 2_400
CALL_MS_MAX = 4 * HOUR_MS
"""A call of which nobody told the end is over after that."""
OF_A_PARTY_MAX = 60
"""So many of a number's newest that were stopped are looked at."""
PREFIXES = ("/sim-swap/", "/call-forwarding-signal/", "/call-in-progress-signal/")
TOLD: tuple[Table[Any], ...] = (SIM_SWAPS, FORWARDINGS, ON_CALL)
"""What telecoms told of a line."""
_CORRELATOR = re.compile(r"[a-zA-Z0-9_:;./<>{}-]{0,256}")
CODES = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHENTICATED",
    HTTPStatus.FORBIDDEN: "PERMISSION_DENIED",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    HTTPStatus.TOO_MANY_REQUESTS: "TOO_MANY_REQUESTS",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}


class ErrorInfo(BaseModel):
    """What went wrong, as the CAMARA project tells it."""

    status: int
    code: str
    message: str


class Line(BaseModel):
    """Whose line: a number in E.164."""

    phoneNumber: StrictStr | None = None


class AgedLine(Line):
    """Whose line, and for how many hours back."""

    maxAge: StrictInt = 240


class Swapped(BaseModel):
    """Whether the number came to another SIM card in that time."""

    swapped: bool


class SwapDate(BaseModel):
    """When the number came to the SIM card that it has."""

    latestSimChange: AwareDatetime | None


class Active(BaseModel):
    """Whether all calls are forwarded."""

    active: bool


class CallInProgress(BaseModel):
    """Whether a call goes on, since when, and what was decided of it."""

    active: bool
    since: AwareDatetime | None
    risk: Risk | None


class CamaraError(Exception):
    """Refused, in CAMARA's terms."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class CamaraRoute(GuardedRoute):
    """A guarded route that tells errors as CAMARA does, and sends the correlator back."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                if _correlator(request) is None:
                    raise _invalid("x-correlator", "at most 256 of a-z A-Z 0-9 - _ : ; . / < > { }")
                response = await handle(request)
            except (CamaraError, HTTPException, RequestValidationError, SaqtaError) as error:
                response = _of_error(error)
            return _correlated(request, response)

        return told


def install(app: FastAPI) -> None:
    """Tells of addresses and methods that are none as CAMARA does, at its addresses; elsewhere as everywhere."""
    app.add_exception_handler(HTTPException, _of_http)


async def _of_http(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and request.url.path.startswith(PREFIXES):
        return _correlated(request, _of_error(error))
    return await problems.of_http(request, error)


def _correlator(request: Request) -> str | None:
    """As it was sent, None where it can't be sent back."""
    sent = request.headers.get("x-correlator", "")
    return sent if _CORRELATOR.fullmatch(sent) else None


def _correlated(request: Request, response: Response) -> Response:
    correlator = _correlator(request)
    if correlator:
        response.headers["x-correlator"] = correlator
    return response


router = APIRouter(
    route_class=CamaraRoute,
    tags=["camara"],
    responses={"default": {"description": "An error as the CAMARA project tells it", "model": ErrorInfo}},
)


@router.post("/sim-swap/v2/check", response_model=Swapped)
def check_sim_swap(ports: PortsOf, line: AgedLine) -> Response:
    """Whether the SIM card was swapped within the last `maxAge` hours."""
    if not 1 <= line.maxAge <= AGE_H_MAX:
        raise CamaraError(HTTPStatus.BAD_REQUEST, "OUT_OF_RANGE", f"maxAge is 1 to {AGE_H_MAX} hours")
    swap = ports.tables.get(SIM_SWAPS, _known(ports, line))
    return answer({"swapped": swap is not None and ports.clock() - swap.swapped_ms <= line.maxAge * HOUR_MS})


@router.post("/sim-swap/v2/retrieve-date", response_model=SwapDate)
def retrieve_sim_swap_date(ports: PortsOf, line: Line) -> Response:
    """When the SIM card was swapped last, or first came; null where that was not told."""
    swap = ports.tables.get(SIM_SWAPS, _known(ports, line))
    return answer({"latestSimChange": to_text(swap.swapped_ms) if swap else None})


@router.post("/call-forwarding-signal/v1/unconditional-call-forwardings", response_model=Active)
def retrieve_unconditional_call_forwarding(ports: PortsOf, line: Line) -> Response:
    """Whether all calls to the number are forwarded."""
    return answer({"active": "unconditional" in _forwardings(ports, line)})


@router.post("/call-forwarding-signal/v1/call-forwardings", response_model=list[ForwardingWord | Literal["inactive"]])
def retrieve_call_forwardings(ports: PortsOf, line: Line) -> Response:
    """How calls to the number are forwarded."""
    return answer(list(_forwardings(ports, line)) or ["inactive"])


@router.post("/call-in-progress-signal/v1/calls-in-progress", response_model=CallInProgress)
def check_call_in_progress(ports: PortsOf, line: Line) -> Response:
    """Whether the number is on a call now, since when, and whether the decision on that call warned of it. Who calls is
    nothing that a bank is told."""
    subscriber, now_ms = _subscriber(ports, line), ports.clock()
    on = list(_going_on(ports, subscriber, now_ms))
    if not on:
        if not _is_told_of(ports, subscriber) and not _was_asked_about(ports, subscriber):
            raise _unknown()
        return answer({"active": False, "since": None, "risk": None})
    risk, since_ms = max(on)
    return answer({"active": True, "since": to_text(since_ms), "risk": RISKS[risk]})


def _going_on(ports: Ports, subscriber: str, now_ms: int) -> Iterator[tuple[int, int]]:
    """Of each call that goes on its risk, by its place in RISKS, and since when."""
    row = ports.tables.get(ON_CALL, subscriber)
    for call in row.calls if row else ():
        if call.since_ms is not None and call.ended_ms is None and now_ms - call.since_ms < CALL_MS_MAX:
            yield RISKS.index(call.risk), call.since_ms


def _forwardings(ports: Ports, line: Line) -> tuple[ForwardingWord, ...]:
    row = ports.tables.get(FORWARDINGS, _known(ports, line))
    return row.forwardings if row else ()


def _known(ports: Ports, line: Line) -> str:
    """The pseudonym of the number; refused where there is none, or no telecom ever told of its line."""
    subscriber = _subscriber(ports, line)
    if not _is_told_of(ports, subscriber):
        raise _unknown()
    return subscriber


def _subscriber(ports: Ports, line: Line) -> str:
    number = line.phoneNumber
    if number is None:
        raise CamaraError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "MISSING_IDENTIFIER", "phoneNumber is missing: the token names no line"
        )
    if not E164.fullmatch(number):
        raise _invalid("phoneNumber", "a number in E.164, such as +77011234567")
    return ports.decisions.subscriber(number)


def _is_told_of(ports: Ports, subscriber: str) -> bool:
    return any(ports.tables.get(table, subscriber) for table in TOLD)


def _was_asked_about(ports: Ports, subscriber: str) -> bool:
    """Whether a telecom asked about a call of this number: any that was stopped, or an allowed one lately."""
    stopped = (
        ports.tables.get(STOPPED, place.decision)
        for _, place in ports.tables.scan(BY_PARTY, f"{subscriber}/", limit=OF_A_PARTY_MAX)
    )
    return any(one and one.kind == "call" for one in stopped) or ports.decisions.was_asked_about(subscriber)


def _unknown() -> CamaraError:
    return CamaraError(HTTPStatus.NOT_FOUND, "IDENTIFIER_NOT_FOUND", "no telecom has told of this number")


def _invalid(field: str, expected: str) -> CamaraError:
    return CamaraError(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", f"{field}: expected {expected}")


def _of_error(error: Exception) -> Response:
    headers = None
    if isinstance(error, CamaraError):
        status, code, message = error.status, error.code, str(error)
    elif isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "body"
        status, code, message = HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", f"{where}: {first['msg']}"
    elif isinstance(error, HTTPException):
        status, message, headers = HTTPStatus(error.status_code), error.detail, dict(error.headers or {})
        code = CODES.get(status, "INVALID_ARGUMENT")
    elif isinstance(error, ForbiddenError):
        status, code, message = HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", str(error)
    else:
        logger.error("fault", error=str(error))
        status, code, message = HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", problems.OURS
    content = json_bytes({"status": status, "code": code, "message": message})
    return Response(content, status, headers, media_type="application/json")
