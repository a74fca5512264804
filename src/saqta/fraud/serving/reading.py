"""What a request asks: one payment or call, or a list of them, each read by itself."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import msgspec
import numpy as np

from saqta.fraud.engine.layout import Array
from saqta.fraud.engine.scanning import Columns, none_plain
from saqta.fraud.wire import Call, Payment, name_of, payments_in, refused
from saqta.model.errors import InputError

ASKED_MAX = 1_000
"""One request asks for so many decisions."""
Kind = Literal["payment", "call"]
Asked = Payment | Call
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


class Question:
    """What was asked, in order; ``many`` where it was a list. What is plain stands in ``columns``, and is read as a
    message only where somebody wants to know more of it."""

    def __init__(
        self, kind: Kind, body: bytes, many: bool, columns: Columns, messages: Sequence[Asked | InputError] = ()
    ) -> None:
        self.many, self.columns = many, columns
        self._kind, self._body, self._read = kind, body, dict(enumerate(messages))

    def __len__(self) -> int:
        return len(self.columns.events)

    def message(self, at: int) -> Asked | InputError:
        """What was asked at a place, or why that can't be read."""
        if at not in self._read:
            self._read[at] = _read(self._kind, self._part(at))
        return self._read[at]

    def messages(self) -> Sequence[Asked | InputError]:
        """All of it, in order."""
        if not self._read:
            self._read = dict(enumerate(_messages(self._kind, self._body, self.many)))
        return [self.message(at) for at in range(len(self))]

    def name(self, at: int) -> str | None:
        """The id that stands at a place, whatever else is wrong there."""
        return name_of(self._part(at))

    def _part(self, at: int) -> bytes:
        return bytes(self._parts[at])

    @cached_property
    def _parts(self) -> Sequence[bytes | msgspec.Raw]:
        return _split(self._body) if self.many else [self._body]


class Batch:
    """What several questions ask, one after the other; ``events`` and ``named`` are those of ``Columns``."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.starts: list[int] = np.cumsum([0, *map(len, questions)]).tolist()
        """Where each question begins, and the last one ends."""
        first = questions[0].columns
        rest = [question.columns for question in questions[1:]]
        self.events: Array = np.concatenate([first.events, *(each.events for each in rest)]) if rest else first.events
        self.named: Array = np.concatenate([first.named, *(each.named for each in rest)]) if rest else first.named

    def __len__(self) -> int:
        return self.starts[-1]

    def message(self, at: int) -> Asked | InputError:
        """As ``Question.message``."""
        question, within = self._question(at)
        return question.message(within)

    def messages(self) -> list[Asked | InputError]:
        """All of it, in order."""
        return [message for question in self.questions for message in question.messages()]

    def name(self, at: int) -> str | None:
        """As ``Question.name``."""
        question, within = self._question(at)
        return question.name(within)

    def _question(self, at: int) -> tuple[Question, int]:
        number = bisect_right(self.starts, at) - 1
        return self.questions[number], at - self.starts[number]


def read(kind: Kind, body: bytes) -> Question:
    """The question of a body; InputError when it is no JSON, one bad object, or too long a list."""
    many = body.lstrip(b" \t\r\n").startswith(b"[")
    found = payments_in(body, ASKED_MAX) if kind == "payment" else None
    if found is None or not found.named["is_plain"].any():
        messages = _messages(kind, body, many)
        if len(messages) > ASKED_MAX:
            raise InputError("body", f"{len(messages)} to decide", f"at most {ASKED_MAX} in one request")
        return Question(kind, body, many, none_plain(len(messages)), messages)
    question = Question(kind, body, many, found)
    for at in np.flatnonzero(found.named["is_plain"] == 0).tolist():
        question.message(at)
    return question


def _messages(kind: Kind, body: bytes, many: bool) -> Sequence[Asked | InputError]:
    """All that a body asks; InputError when it is no JSON, or one bad object."""
    if not many:
        one = _read(kind, body)
        if isinstance(one, InputError):
            raise one
        return [one]
    try:
        messages: Sequence[Asked] = _MANY[kind].decode(body)
        return messages
    except UNREADABLE:
        return [_read(kind, bytes(part)) for part in _split(body)]


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
