"""The event: CloudEvents 1.0 in JSON, and the bytes that the log keeps.

- The stored bytes are made once, by ``encode``, and never again: they are the leaf of the Merkle tree.
- ``seq`` is not part of them: it is the place that the log gave.
- They are one line of JSON: no line feed stands in them, so that a file of lines holds the leaves as they are.
- Attributes that we don't know are kept and passed on, whoever sent them.
"""

import hashlib
from base64 import b32encode
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from saqta.model.errors import InputError
from saqta.model.moment import from_datetime, to_datetime

EVENT_BYTES_MAX = 1 << 20
TEXT_CHARS_MAX = 1024


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. ``(source, id)`` names it for ever; ``data`` is JSON, kept as it came.

    ``time_ms`` is when it happened, ``recorded_ms`` when we came to know, ``actor`` who or what did it, ``purpose``
    why (where something sensitive was looked at or changed), ``cause`` the ``key`` of the event it follows from.
    ``extensions`` holds CloudEvents attributes that are not ours.
    """

    id: str
    source: str
    type: str
    subject: str
    time_ms: int
    recorded_ms: int
    actor: str
    data: msgspec.Raw
    purpose: str | None = None
    cause: str | None = None
    extensions: dict[str, str | int | bool] | None = None

    @property
    def key(self) -> str:
        """The event's name in one text: source and id."""
        return f"{self.source}#{self.id}"


class Recorded(msgspec.Struct, frozen=True):
    """An event in its place: ``seq`` counts from 1, ``stored`` are the leaf's bytes."""

    seq: int
    stored: bytes
    event: Event


_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
_Extensions = dict[str, str | int | bool]


class _Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    specversion: Literal["1.0"]
    id: _Text
    source: _Text
    type: _Text
    subject: _Text
    time: datetime
    recorded: datetime
    actor: _Text
    purpose: str | None = None
    cause: str | None = None
    datacontenttype: str = "application/json"
    data: msgspec.Raw = msgspec.Raw(b"{}")


_encoder = msgspec.json.Encoder()
_wire_decoder = msgspec.json.Decoder(_Wire)
_OURS = frozenset(_Wire.__struct_fields__)


def encode(event: Event) -> bytes:
    """The event's stored bytes: one line of JSON, attributes in a fixed order; InputError over EVENT_BYTES_MAX."""
    wire = _Wire(
        specversion="1.0",
        id=event.id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=to_datetime(event.time_ms),
        recorded=to_datetime(event.recorded_ms),
        actor=event.actor,
        purpose=event.purpose,
        cause=event.cause,
        data=event.data,
    )
    stored = _encoder.encode(wire)
    if event.extensions:
        stored = _encoder.encode({**msgspec.json.decode(stored), **event.extensions})
    elif b"\n" in stored or b"\r" in stored:
        stored = msgspec.json.format(stored, indent=-1)
    if len(stored) > EVENT_BYTES_MAX:
        raise InputError("event", f"{len(stored)} bytes", f"at most {EVENT_BYTES_MAX} bytes")
    return stored


def decode(stored: bytes) -> Event:
    """The event of stored bytes; InputError naming the attribute when they are not an event of ours."""
    extensions: _Extensions | None = None
    try:
        if not stored.isascii():
            stored.decode()  # The decoder passes over texts within ``data``.
        try:
            wire = _wire_decoder.decode(stored)
        except msgspec.ValidationError:
            attributes = msgspec.json.decode(stored, type=dict[str, Any])
            others = {name: attributes.pop(name) for name in list(attributes) if name not in _OURS}
            extensions = msgspec.convert(others, _Extensions)
            wire = msgspec.convert(
                attributes | {"data": msgspec.Raw(_encoder.encode(attributes.get("data", {})))}, _Wire
            )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("event", stored[:40], f"a CloudEvents 1.0 event ({error})") from error
    return Event(
        id=wire.id,
        source=wire.source,
        type=wire.type,
        subject=wire.subject,
        time_ms=from_datetime(wire.time),
        recorded_ms=from_datetime(wire.recorded, "recorded"),
        actor=wire.actor,
        data=wire.data,
        purpose=wire.purpose,
        cause=wire.cause,
        extensions=extensions or None,
    )


def derive_id(cause: str, *parts: str) -> str:
    """An id that the same cause always gives again: 32 letters and digits of SHA-256 over cause and parts.

    >>> derive_id("/cameras/C1#7", "incident") == derive_id("/cameras/C1#7", "incident")
    True
    """
    digest = hashlib.sha256("\0".join((cause, *parts)).encode()).digest()
    return b32encode(digest[:20]).decode().lower()
