"""CloudEvents 1.0 over HTTP (HTTP protocol binding, JSON format, JSON batch format) into events of the log.

- The sender says what, about what and when; Saqta says who (``actor``) and when it came to know (``recorded``).
- ``data`` is JSON and is kept as it came. Kinds that we know are checked; others are kept as they are.
- ``subject`` orders work in the log. For kinds that we know the catalogue gives it, and what the sender called it is
  kept as ``claimedsubject``; other kinds may not take a subject of ours.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

import msgspec

from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.event import TEXT_CHARS_MAX, Event
from saqta.model.kinds import AlertRaised, Record
from saqta.model.moment import from_text

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EXTENSIONS_MAX = 32
INTEGER_MAX = 2**31 - 1
NESTING_MAX = 64
AHEAD_S_MAX = 300
"""A sender's clock may be ahead of ours by this much."""
CLAIMED_SUBJECT = "claimedsubject"

Shape = TypeVar("Shape")

_REQUIRED = ("specversion", "id", "source", "type")
_TEXTS = (*_REQUIRED, "subject", "time", "datacontenttype", "purpose", "cause")
_GIVEN_BY_US = ("actor", "recorded", CLAIMED_SUBJECT)
_NAME = re.compile(r"[a-z0-9]{1,20}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json(;.*)?", re.IGNORECASE)
_WITHIN = re.compile(r"`\$\.?([^`]*)`|missing required field `(\w+)`")
_NOUNS = frozenset(kind.subject.split("/")[0] for kind in catalogue.KINDS.values())
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_NO_DATA = msgspec.Raw(b"{}")


class Claim(NamedTuple):
    """One CloudEvent as it was sent: its attributes, checked one by one, and its data."""

    attributes: Mapping[str, Any]
    data: msgspec.Raw

    @property
    def name(self) -> tuple[str, str]:
        return self.attributes["source"], self.attributes["id"]


def read_structured(body: bytes) -> Claim:
    """The claim of a structured-mode body; InputError when it is none."""
    return _claim(_json(body, dict[str, msgspec.Raw], "event"))


def read_batch(body: bytes, events_max: int) -> list[Claim]:
    """The claims of a batch, in order; InputError, with the item's place, when one is none or there are too many."""
    items = _json(body, list[dict[str, msgspec.Raw]], "batch")
    if len(items) > events_max:
        raise InputError("batch", f"{len(items)} events", f"at most {events_max} events")
    claims = []
    for place, item in enumerate(items):
        with within(place):
            claims.append(_claim(item))
    return claims


def read_binary(headers: Mapping[str, str], body: bytes) -> Claim:
    """The claim of a binary-mode request: attributes in ``ce-…`` headers, percent-encoded, and data as body."""
    attributes: dict[str, Any] = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    attributes["datacontenttype"] = headers.get("content-type")
    return Claim(_checked(attributes), _json(body, msgspec.Raw, "data") if body else _NO_DATA)


@contextmanager
def within(place: int) -> Iterator[None]:
    """Names the item of a batch in the InputErrors of its block: ``id`` is ``[3].id``."""
    try:
        yield
    except InputError as error:
        raise InputError(f"[{place}].{error.field}", error.given, error.expected) from error


def to_event(claim: Claim, actor: str, now_ms: int, time_if_none_ms: int) -> Event:
    """The event of a claim. InputError names the attribute, or the field of ``data`` as ``data.kind``."""
    attributes = claim.attributes
    event = Event(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        subject=attributes.get("subject", attributes["source"]),
        time_ms=from_text(attributes["time"]) if "time" in attributes else time_if_none_ms,
        recorded_ms=now_ms,
        actor=actor,
        data=claim.data,
        purpose=attributes.get("purpose"),
        cause=attributes.get("cause"),
        extensions={name: value for name, value in attributes.items() if name not in _TEXTS} or None,
    )
    if event.time_ms > now_ms + AHEAD_S_MAX * 1000:
        raise InputError("time", attributes["time"], f"a time that has come, or comes within {AHEAD_S_MAX} s")
    record = _record(event)
    if record is None:
        if event.subject.split("/")[0] in _NOUNS:
            raise InputError("subject", event.subject, "a subject that is none of Saqta's own")
        return event
    if isinstance(record, AlertRaised) and record.at_s is None and "time" not in attributes:
        raise InputError("time", None, "when it happened: the event's time, or the data's at_s")
    return _about(event, catalogue.subject_of(record), attributes.get("subject"))


def _about(event: Event, subject: str, claimed: str | None) -> Event:
    if len(subject) > TEXT_CHARS_MAX:
        raise InputError("data", subject, f"names of together at most {TEXT_CHARS_MAX} characters")
    extensions = event.extensions
    if claimed not in (None, subject):
        extensions = {**(extensions or {}), CLAIMED_SUBJECT: claimed}
    return msgspec.structs.replace(event, subject=subject, extensions=extensions)


def _record(event: Event) -> Record | None:
    try:
        return catalogue.read(event)
    except InputError as error:
        found = _WITHIN.findall(str(error.__cause__))
        path = [part for where in reversed(found) for part in where if part]
        raise InputError(".".join(["data", *path]), error.given, error.expected) from error


def _claim(item: dict[str, msgspec.Raw]) -> Claim:
    if "data_base64" in item:
        raise InputError("data_base64", "…", "data in JSON")
    data = item.pop("data", _NO_DATA)
    return Claim(_checked({name: msgspec.json.decode(raw) for name, raw in item.items()}), data)


def _checked(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that are there, each fit for the log."""
    given = {name: _attribute(name, value) for name, value in attributes.items() if value is not None}
    for name in _REQUIRED:
        if name not in given:
            raise InputError(name, None, "a CloudEvents 1.0 event, which has it")
    if "#" in str(given["source"]):
        raise InputError("source", given["source"], "a URI without #, which parts source from id in an event's key")
    if given["specversion"] != "1.0":
        raise InputError("specversion", given["specversion"], "1.0")
    if not _JSON_TYPE.fullmatch(str(given.get("datacontenttype", "application/json"))):
        raise InputError("datacontenttype", given["datacontenttype"], "application/json")
    if len(given) > len(_TEXTS) + EXTENSIONS_MAX:
        raise InputError("event", f"{len(given)} attributes", f"at most {EXTENSIONS_MAX} extensions")
    return given


def _attribute(name: str, value: object) -> str | int | bool:
    if not _NAME.fullmatch(name):
        raise InputError(name[:20] or "event", name, "attributes named by 1 to 20 of a-z and 0-9")
    if name in _GIVEN_BY_US:
        raise InputError(name, value, "nothing: Saqta gives it")
    if isinstance(value, str):
        if not 0 < len(value) <= TEXT_CHARS_MAX or _CONTROL.search(value):
            raise InputError(name, value, f"1 to {TEXT_CHARS_MAX} characters, none of them a control character")
        return value
    if name in _TEXTS or not isinstance(value, int) or not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise InputError(name, value, "a text" if name in _TEXTS else "a text, a boolean, or an integer of 32 bits")
    return value


def _json(body: bytes, shape: type[Shape], field: str) -> Shape:
    """``body`` as JSON of a shape; every number and text within it can be read and written again."""
    if _depth(body) > NESTING_MAX:
        raise InputError(field, body[:40], f"JSON nested at most {NESTING_MAX} deep")
    try:
        body.decode()
        msgspec.json.decode(body)
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(field, body[:40], f"JSON ({error})") from error


def _depth(body: bytes) -> int:
    """How deep lists and objects lie in each other, without going down into them."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
