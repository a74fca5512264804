"""POST /api/v1/events: claims of partners and devices, in CloudEvents, durable before they are answered.

A claim says what somebody or something saw; the catalogue says which of our kinds are claims, and kinds that are not
ours are kept. What a person decides is never taken from here, from nobody: commands go to the routes of incidents and
units, where the step decides them. Nor is a ``saqta.…`` kind that we don't know: a later version would believe it.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from saqta.model import catalogue
from saqta.model.catalogue import KINDS
from saqta.model.errors import ForbiddenError
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised
from saqta.model.terms import PartnerKind, Role
from saqta.views.tables import REGISTERED
from saqta.web import envelope
from saqta.web.access import Caller, CallerOf, guarded_router, require_kind
from saqta.web.envelope import Claim
from saqta.web.paging import page_of
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer
from saqta.web.subscribers import NUMBERS, without_numbers

CLAIMS = sorted(name for name, kind in KINDS.items() if kind.claim)

router = guarded_router("events")


class Taken(BaseModel):
    """Where an event stands in the log; `repeat` when it stood there before."""

    source: str
    id: str
    seq: int
    repeat: bool


async def _body(request: Request) -> bytes:
    return await request.body()


def _claims(headers: Mapping[str, str], body: bytes, events_max: int) -> list[Claim]:
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type == envelope.STRUCTURED:
        return [envelope.read_structured(body)]
    if media_type == envelope.BATCH:
        return envelope.read_batch(body, events_max)
    if any(name.startswith("ce-") for name in headers):
        return [envelope.read_binary(headers, body)]
    raise HTTPException(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f"send {envelope.STRUCTURED}, {envelope.BATCH}, or the event's attributes in ce-… headers",
    )


_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string"},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string"},
        "data": {},
    },
}


@router.post(
    "/api/v1/events",
    status_code=HTTPStatus.ACCEPTED,
    response_model=page_of(Taken),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                envelope.STRUCTURED: {"schema": _EVENT},
                envelope.BATCH: {"schema": {"type": "array", "items": _EVENT}},
                "application/json": {"schema": {"description": "data, with the attributes in ce-… headers"}},
            },
        }
    },
)
def post_events(request: Request, ports: PortsOf, caller: CallerOf, body: Annotated[bytes, Depends(_body)]) -> Response:
    """Takes CloudEvents, all or none; a repeat is taken again, the same id with other content is refused."""
    claims = _claims(request.headers, body, ports.limits.events_per_request_max)
    events = []
    for place, claim in enumerate(claims):
        _require_allowed(caller, claim)
        with envelope.within(place) if len(claims) > 1 else nullcontext():
            event = _event(ports, caller, without_numbers(claim, ports.decisions.subscriber))
            _require_own_camera(ports, caller, event)
            events.append(event)
    positions = ports.log.append(events) if events else []
    items = [
        {"source": event.source, "id": event.id, "seq": position.seq, "repeat": position.repeat}
        for event, position in zip(events, positions, strict=True)
    ]
    return answer({"items": items, "next": None}, HTTPStatus.ACCEPTED)


def _require_allowed(caller: Caller, claim: Claim) -> None:
    source, type_ = claim.name[0], claim.attributes["type"]
    if type_.split(".")[0] == "saqta" and not (type_ in KINDS and KINDS[type_].claim):
        why = "only Saqta itself makes such events" if type_ in KINDS else "no such kind is known here"
        raise ForbiddenError(f"{type_} is no claim: {why}; claims are {', '.join(CLAIMS)}, and kinds that are not ours")
    if caller.role is Role.PARTNER and source != caller.partner_source:
        raise ForbiddenError(f"partner {caller.name} posts as {caller.partner_source}, not as {source}")
    if type_ in NUMBERS:
        require_kind(caller, PartnerKind.TELECOM)
    if source.startswith("/saqta"):
        raise ForbiddenError(f"{source} is Saqta's own source")


def _require_own_camera(ports: Ports, caller: Caller, event: Event) -> None:
    """A partner does not speak for a camera of ours."""
    record = catalogue.read(event)
    claimed = record.camera if isinstance(record, AlertRaised) else None
    if caller.role is Role.PARTNER and claimed and ports.tables.get(REGISTERED, claimed):
        raise ForbiddenError(f"{claimed} is a camera of this centre: only the centre speaks for it")


def _event(ports: Ports, caller: Caller, claim: Claim) -> Event:
    """The claim's event; one without a time keeps, when it is sent again, the time that it got first."""
    now_ms = ports.clock()
    before = None if "time" in claim.attributes else ports.log.find(*claim.name)
    return envelope.to_event(claim, caller.actor, now_ms, before.event.time_ms if before else now_ms)
