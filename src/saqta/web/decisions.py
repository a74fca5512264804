"""Decisions on calls and payments, asked before a call is connected or a payment booked.

Partners ask for what is theirs, and see what they asked for alone; analysts see all. What is asked is read by the
decision path, not here: these two routes carry bytes, as fast as may be.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from saqta.model.command import AskCallBack, Context, TellOutcome
from saqta.model.errors import InputError
from saqta.model.kinds import DECISION_CHARS_MAX, NAME_CHARS_MAX, TELLER
from saqta.model.moment import from_datetime, from_text, to_text
from saqta.model.sealed import Sealed
from saqta.model.terms import CENTRE, Role
from saqta.web import problems
from saqta.web.access import Caller, CallerOf, GuardedRoute, admit, guarded_router
from saqta.web.commands import Caused, ContextOf, Door, perform
from saqta.web.paging import page_of
from saqta.web.ports import Answer, Decided, Limits, Ports, PortsOf
from saqta.web.present import answer

ADMITTED_MAX = 4_096
ADMITTED_MS = 1_000
"""So long a token is known without a look at the table."""
Kind = Literal["payment", "call"]
DecisionId = Annotated[str, Path(alias="id", max_length=DECISION_CHARS_MAX)]


class Reason(BaseModel):
    """Why: a rule's or a feature's code, and words; the entry of a list, where that is why."""

    code: str
    text: str
    entry: str | None = None


class QuotedRate(BaseModel):
    """A published line: ``units`` of ``currency`` are worth ``worth`` of ``quote``."""

    publisher: str
    day: date
    currency: str
    units: str
    quote: str
    worth: str


class InTenge(BaseModel):
    """An amount in tenge, and the published rates of its day that it was converted by."""

    amount: str
    rates: list[QuotedRate]


class Decision(BaseModel):
    """What to do; in a list, what could not be decided has `id` and `error` instead."""

    id: str
    action: Literal["allow", "warn", "hold", "block"]
    score: float
    reasons: list[Reason]
    decision_id: str
    model: str | None
    rules: str
    hold_until: AwareDatetime | None
    tenge: InTenge | None


class Outcome(Door):
    """What it was, by whom of the partner's people, such as a number of theirs, and since when that is known; since
    now, where nothing is said. Analysts tell in their own names."""

    outcome: Literal["fraud", "honest", "unknown"]
    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARS_MAX)] | None = None
    known: AwareDatetime | None = None


class PlainRoute(GuardedRoute):
    """A guarded route whose endpoint gets the request as it came, and reads the body itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, name = self.endpoint, self.name

        async def handle(request: Request) -> Response:
            request.state.caller = await _admitted(request, name)
            response: Response = await endpoint(request)
            return response

        return handle


class Arrivals:
    """Brings answers from the thread of the decision path to those who wait in this loop, all that came at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._come: deque[tuple[asyncio.Future[Answer], Answer]] = deque()
        self._called = False

    def expect(self) -> tuple["asyncio.Future[Answer]", Callable[[Answer], None]]:
        """A future, and what another thread calls to fulfil it."""
        future: asyncio.Future[Answer] = self._loop.create_future()

        def done(answer: Answer) -> None:
            self._come.append((future, answer))
            if not self._called:
                self._called = True
                self._loop.call_soon_threadsafe(self._bring)

        return future, done

    def _bring(self) -> None:
        self._called = False
        while self._come:
            future, answer = self._come.popleft()
            if not future.done():
                future.set_result(answer)


plain = APIRouter(route_class=PlainRoute, tags=["decisions"], responses=problems.DESCRIBED)
router = guarded_router("decisions")
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 128}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_PAYMENT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "time", "account", "payee", "amount", "currency"],
    "properties": {
        "kind": {"const": "payment"},
        **dict.fromkeys(("id", "account", "payee", "channel", "device"), _TEXT),
        "time": _TIME,
        "amount": {"type": "string", "description": "decimal text, such as 12500.00"},
        "currency": {"type": "string", "description": "ISO 4217"},
        "place": {"type": "object", "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}}},
        "phone": {"type": "string", "description": "the payer's number, E.164"},
    },
}
_CALL: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "time", "caller", "callee"],
    "properties": {
        "kind": {"const": "call"},
        **dict.fromkeys(("id", "imei", "imsi", "cell"), _TEXT),
        "time": _TIME,
        "caller": {"type": "string", "description": "E.164"},
        "callee": {"type": "string", "description": "E.164"},
        "trunk": {"enum": ["national", "foreign"]},
        "attestation": {"enum": ["A", "B", "C"], "description": "STIR/SHAKEN, RFC 8588"},
        "seconds": {"type": "number", "description": "where the call is over"},
    },
}


_CREDIT_TRANSFERS: dict[str, Any] = {"type": "string", "description": "an ISO 20022 message: pain.001 or pacs.008"}


def _asks(one: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    either = {"oneOf": [one, {"type": "array", "items": one}]}
    content = {"application/json": {"schema": either}} | {name: {"schema": schema} for name, schema in others.items()}
    return {"requestBody": {"required": True, "content": content}}


@plain.post(
    "/api/v1/decisions/payment",
    response_model=Decision | page_of(Decision),
    openapi_extra=_asks(_PAYMENT, **{"application/xml": _CREDIT_TRANSFERS}),
)
async def decide_payment(request: Request) -> Response:
    """Whether to book a payment: one, a list, or the list of an ISO 20022 message. Durable before it is answered; the
    same `id` gets the same answer."""
    return await _answered(request, "payment")


@plain.post("/api/v1/decisions/call", response_model=Decision | page_of(Decision), openapi_extra=_asks(_CALL))
async def decide_call(request: Request) -> Response:
    """Whether to connect a call: one, or a list. Durable before it is answered; the same `id` gets the same answer."""
    return await _answered(request, "call")


@router.get("/api/v1/decisions/{id}", response_model=dict[str, Any])
def read_decision(ports: PortsOf, caller: CallerOf, decision: DecisionId) -> Response:
    """A decision as it was answered, and what became of it."""
    found = _found(ports, caller, decision)
    return answer(found.told)


@router.get("/api/v1/decisions/{id}/why", response_model=dict[str, Any])
def explain_decision(ports: PortsOf, caller: CallerOf, decision: DecisionId) -> Response:
    """Why it was decided so: rules with their values, what moved the model most, the call before; as the caller may
    know it."""
    found = _found(ports, caller, decision)
    return answer(found.told | found.why)


@router.post("/api/v1/decisions/{id}/outcome", response_model=Caused)
def tell_outcome(ports: PortsOf, caller: CallerOf, context: ContextOf, decision: DecisionId, new: Outcome) -> Response:
    """Tells what a call or payment was. What is honest is released, what is fraud stays."""
    found = _found(ports, caller, decision)
    known_ms = from_datetime(new.known, "known") if new.known else context.now_ms
    if new.known and known_ms < from_text(found.told["time"], "time"):
        raise InputError("known", to_text(known_ms), f"a time after {found.told['time']}, when it happened")
    teller = _teller(ports, caller, context, new.by)
    command = TellOutcome(
        decision=decision,
        tenant=found.tenant,
        outcome=new.outcome,
        known_ms=known_ms,
        by=_tenant(caller),
        teller=teller,
    )
    return perform(ports, command, context)


@router.post("/api/v1/decisions/{id}/call_back", response_model=Caused)
def ask_call_back(ports: PortsOf, caller: CallerOf, context: ContextOf, decision: DecisionId) -> Response:
    """Asks the partner to call its customer back; it reads so under `call_back` of its decision."""
    found = _found(ports, caller, decision)
    command = AskCallBack(decision=decision, tenant=found.tenant, by=_tenant(caller))
    return perform(ports, command, context)


async def _answered(request: Request, kind: Kind) -> Response:
    ports: Ports = request.app.state.ports
    body = await body_of(request.receive, ports.limits)
    if kind == "payment" and is_xml(request.headers.get("content-type", "")):
        body = await run_in_threadpool(ports.credit_transfers, body)
    answered = await decide(request.app.state, request.state.caller, kind, body)
    return Response(answered, media_type="application/json")


def is_xml(content_type: str) -> bool:
    """Whether a body is told to be XML (RFC 7303)."""
    told_as = content_type.partition(";")[0].strip().lower()
    return told_as in ("application/xml", "text/xml") or told_as.endswith("+xml")


async def decide(state: State, caller: Caller, kind: Kind, body: bytes) -> bytes:
    """Asks the decision path, and waits for its answer.

    InputError, ContentConflict or BusyError where there is none.
    """
    ports: Ports = state.ports
    arrivals: Arrivals = state.arrivals
    future, done = arrivals.expect()
    ports.decisions.ask(_tenant(caller), kind, caller.role is Role.PARTNER, body, done)
    told = await future
    if isinstance(told, bytes):
        return told
    raise told


def _tenant(caller: Caller) -> str:
    return caller.name if caller.role is Role.PARTNER else CENTRE


def _teller(ports: Ports, caller: Caller, context: Context, given: str | None) -> Sealed | None:
    """Whom of its people a partner names, sealed: ``{partner}/{given}`` to the key ring. Analysts are told by name."""
    if caller.role is Role.PARTNER:
        person = ports.keyring.person_of(f"{caller.name}/{given}") if given else None
        return ports.keyring.seal(person, context.event_id(0), TELLER, given) if person and given else None
    if given not in (None, caller.name):
        raise InputError("by", given, f"{caller.name}, who tells it, or nothing")
    return None


def _found(ports: Ports, caller: Caller, decision: str) -> Decided:
    """The decision; a partner is told of its own alone, and of another's not even that there is one."""
    is_partner = caller.role is Role.PARTNER
    found = ports.decisions.look(decision, is_partner)
    if found is None or (is_partner and found.tenant != caller.name):
        raise problems.not_found("decision", decision)
    return found


def admitted_lately(state: State, authorization: str | None, kind: Kind) -> Caller | None:
    """The caller with a token, as its header has it, that was admitted within ADMITTED_MS; None for all others."""
    known = state.admitted.get((authorization, f"decide_{kind}"))
    return known[0] if known is not None and known[1] > state.ports.clock() else None


async def _admitted(request: Request, route: str) -> Caller:
    """As ``admit``; remembers a token that was admitted, for ``admitted_lately``."""
    header = request.headers.get("authorization")
    ports: Ports = request.app.state.ports
    if header is None:
        return await run_in_threadpool(admit, request, ports, route)
    admitted: dict[tuple[str, str], tuple[Caller, int]] = request.app.state.admitted
    now_ms = ports.clock()
    caller = await run_in_threadpool(admit, request, ports, route)
    if len(admitted) >= ADMITTED_MAX:
        admitted.clear()
    admitted[header, route] = (caller, now_ms + ADMITTED_MS)
    return caller


async def body_of(receive: Receive, limits: Limits) -> bytes:
    """The whole of a body; HTTPException where it is too large or too slow, ClientDisconnect where nobody is there."""
    parts = []
    size, more = 0, True
    try:
        async with asyncio.timeout(limits.body_wait_s):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                parts.append(message.get("body", b""))
                size, more = size + len(parts[-1]), message.get("more_body", False)
                if size > limits.decisions_body_bytes_max:
                    detail = f"a body may have at most {limits.decisions_body_bytes_max} bytes"
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    except TimeoutError as error:
        detail = f"no whole body came for {limits.body_wait_s:g} s"
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, detail) from error
    return b"".join(parts)
