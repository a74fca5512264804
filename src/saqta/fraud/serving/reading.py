"""What a request asks: one payment or call, or a list of them, each read by itself."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from saqta.fraud.serving.judging import Asked
from saqta.fraud.wire import Call, Payment, refused
from saqta.model.errors import InputError

ASKED_MAX = 1_000
"""One request asks for so many decisions."""
Kind = Literal["payment", "call"]
_ONE: dict[Kind, msgspec.json.Decoder[Any]] = {
    "payment": msgspec.json.Decoder(Payment),
    "call": msgspec.json.Decoder(Call),
}
_MANY: dict[Kind, msgspec.json.Decoder[Any]] = {
    "payment": msgspec.json.Decoder(list[Payment]),
    "call": msgspec.json.Decoder(list[Call]),
}
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
_parts = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Question(NamedTuple):
    """What was asked, in order, with an error in the place of what can't be read; ``many`` where it was a list."""

    asked: Sequence[Asked | InputError]
    many: bool


def read(kind: Kind, body: bytes) -> Question:
    """The question of a body; InputError when it is no JSON, one bad object, or too long a list."""
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        one = _read(kind, body)
        if isinstance(one, InputError):
            raise one
        return Question((one,), many=False)
    asked: Sequence[Asked | InputError]
    try:
        asked = _MANY[kind].decode(body)
    except UNREADABLE:
        asked = [_read(kind, bytes(part)) for part in _split(body)]
    if len(asked) > ASKED_MAX:
        raise InputError("body", f"{len(asked)} to decide", f"at most {ASKED_MAX} in one request")
    return Question(asked, many=True)


def _read(kind: Kind, content: bytes) -> Asked | InputError:
    try:
        one: Asked = _ONE[kind].decode(content)
        return one
    except UNREADABLE as error:
        told = refused(content, error)
        return InputError("kind", told.given, f"{kind}, or nothing") if told.field == "kind" else told


def _split(body: bytes) -> list[msgspec.Raw]:
    try:
        return _parts(body)
    except UNREADABLE as error:
        raise InputError("body", body[:40].decode(errors="replace"), f"JSON ({error})") from error
