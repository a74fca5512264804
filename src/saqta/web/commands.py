"""What routes that command something share: who asks and under which key, and the answer.

A command is decided by its step, behind ``Ports.decide``. The same ``Idempotency-Key`` of the same caller at the same
address is the same command: it is done once, and the answer to it is the same again; with another body it is refused.
"""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from fastapi import Depends, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from saqta.model.command import (
    KIND_CHARS_MAX,
    NOTE_CHARS_MAX,
    REASON_CHARS_MAX,
    TITLE_CHARS_MAX,
    Command,
    Context,
)
from saqta.model.errors import InputError
from saqta.model.place import Place
from saqta.model.step import COMMAND_DIGEST
from saqta.web.access import CallerOf
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer

KEY_HEADER = "Idempotency-Key"
KEY_CHARS_MAX = 255

Kind = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=KIND_CHARS_MAX)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_CHARS_MAX)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_CHARS_MAX)]
OptionalText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_CHARS_MAX)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARS_MAX)]
OptionalReason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=REASON_CHARS_MAX)]


class Door(BaseModel):
    """A request's body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class PlaceGiven(Door):
    """A point, WGS 84, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]

    def place(self) -> Place:
        return Place(self.lat, self.lon)


class CloudEvent(BaseModel):
    """An event as it stands in the log (CloudEvents 1.0)."""

    model_config = ConfigDict(extra="allow")

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: AwareDatetime
    recorded: AwareDatetime
    actor: str
    purpose: str | None = None
    cause: str | None = None
    data: dict[str, Any]


class Caused(BaseModel):
    """The events that a command caused, in order."""

    events: list[CloudEvent]


async def _purpose(
    purpose: Annotated[
        str | None, Header(alias="X-Purpose", max_length=1024, description="Why, percent-encoded")
    ] = None,
) -> str | None:
    return unquote(purpose) if purpose else None


PurposeOf = Annotated[str | None, Depends(_purpose)]


async def _context(
    request: Request,
    ports: PortsOf,
    caller: CallerOf,
    purpose: PurposeOf,
    key: Annotated[
        str | None, Header(alias=KEY_HEADER, min_length=1, max_length=KEY_CHARS_MAX, pattern=r"^[!-~]+$")
    ] = None,
) -> Context:
    return Context(
        actor=caller.actor,
        key=f"{request.url.path} {key or ports.new_id()}",
        now_ms=ports.clock(),
        purpose=purpose,
    )


ContextOf = Annotated[Context, Depends(_context)]


def perform(ports: Ports, command: Command, context: Context, status: int = HTTPStatus.OK) -> Response:
    """Has the command decided; answers with its events when the tables hold them, or have had ``read_back_wait_s`` to.

    Blocks. Raises what the step's ``decide`` raises, and InputError where the key was used for another request.
    """
    asked = context.asking(command)
    recorded = ports.decide(command, asked)
    if any((each.event.extensions or {}).get(COMMAND_DIGEST) != asked.digest for each in recorded):
        key = context.key.rpartition(" ")[2]
        raise InputError(KEY_HEADER, key, f"a key of its own: this {KEY_HEADER} was used for another request")
    newest_seq = max((each.seq for each in recorded), default=0)
    ports.live.reached(newest_seq, ports.limits.read_back_wait_s)
    return answer({"events": [msgspec.Raw(each.stored) for each in recorded]}, status)
