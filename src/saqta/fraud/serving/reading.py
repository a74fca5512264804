"""What a request asks: one payment or call, or a list of them, each read by itself."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

import msgspec
import numpy as np

from saqta.fraud.engine.layout import Array
from saqta.fraud.engine.scanning import NAMED, Columns
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
    message only where somebody wants to know more of it; they are None where nothing is plain."""

    def __init__(
        self,
        kind: Kind,
        body: bytes,
        many: bool,
        columns: Columns | None = None,
        messages: Sequence[Asked | InputError] = (),
    ) -> None:
        self.many, self.columns = many, columns
        self._kind, self._body, self._messages = kind, body, messages
        self._read: dict[int, Asked | InputError] = {}
        self._count = len(messages if columns is None else columns.events)

    def __len__(self) -> int:
        return self._count

    def message(self, at: int) -> Asked | InputError:
        """What was asked at a place, or why that can't be read."""
        if self._messages:
            return self._messages[at]
        if at not in self._read:
            self._read[at] = _read(self._kind, self._part(at))
        return self._read[at]

    def messages(self) -> Sequence[Asked | InputError]:
        """All of it, in order."""
        self._messages = self._messages or _messages(self._kind, self._body, self.many)
        return self._messages

    def name(self, at: int) -> str | None:
        """The id that stands at a place, whatever else is wrong there."""
        return name_of(self._part(at))

    def _part(self, at: int) -> bytes:
        return bytes(self._parts[at])

    @cached_property
    def _parts(self) -> Sequence[bytes | msgspec.Raw]:
        return _split(self._body) if self.many else [self._body]


class Batch:
    """What several questions ask, one after the other; where ``has_plain``, ``is_plain`` and ``named`` (scanning.NAMED)
    tell of each."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.starts = [0, *accumulate(map(len, questions))]
        """Where each question begins, and the last one ends."""
        self.has_plain = any(question.columns is not None for question in questions)
        self.is_plain, self.named = np.zeros(len(self), bool), np.empty(len(self) if self.has_plain else 0, NAMED)
        for part, columns in self._columns():
            self.named[part] = columns.named
            self.is_plain[part] = columns.named["is_plain"]

    def put(self, events: Array) -> None:
        """Puts what is plain among ``events`` (layout.EVENT), each in its place."""
        for part, columns in self._columns():
            events[part] = columns.events

    def _columns(self) -> Iterator[tuple[slice, Columns]]:
        for question, start in zip(self.questions, self.starts, strict=False):
            if question.columns is not None:
                yield slice(start, start + len(question)), question.columns

    def __len__(self) -> int:
        return self.starts[-1]

    def message(self, at: int) -> Asked | InputError:
        """As ``Question.message``."""
        number = bisect_right(self.starts, at) - 1
        return self.questions[number].message(at - self.starts[number])

    def messages(self) -> list[Asked | InputError]:
        """All of it, in order."""
        return [message for question in self.questions for message in question.messages()]


def read(kind: Kind, body: bytes) -> Question:
    """The question of a body; InputError when it is no JSON, one bad object, or too long a list.

    Who asks one at a time is answered sooner without columns.
    """
    many = body.lstrip(b" \t\r\n").startswith(b"[")
    columns = payments_in(body, ASKED_MAX) if many and kind == "payment" else None
    if columns is None or not columns.named["is_plain"].any():
        messages = _messages(kind, body, many)
        if len(messages) > ASKED_MAX:
            raise InputError("body", f"{len(messages)} to decide", f"at most {ASKED_MAX} in one request")
        return Question(kind, body, many, messages=messages)
    question = Question(kind, body, many, columns)
    for at in (columns.named["is_plain"] == 0).nonzero()[0].tolist():
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
