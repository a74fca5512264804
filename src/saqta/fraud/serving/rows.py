"""How the decisions of one commit stand in the log: a row of 88 bytes each, under a Merkle root of their own.

- A row is the machine's event with its names as pseudonyms, then the score and the rules that fired: enough to rebuild
  the state, and to know a repeat.
- What is not simply allowed has a notable row besides, with action, reasons in words and the features' values.
- A leaf is a row's bytes, then its notable row in JSON: one decision is proved without showing the others.
"""

import base64
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np

from saqta.fraud.engine import sha256
from saqta.fraud.engine.layout import EVENT, PAYMENT, Array
from saqta.fraud.engine.naming import CURRENCIES
from saqta.fraud.serving.disclosure import Reader, disclosed
from saqta.fraud.serving.tenge import NUMBER_OF_TENGE, TENGE, InTenge, Tenge
from saqta.fraud.serving.wording import HUNDREDTHS, texts_of
from saqta.fraud.wire import Reason
from saqta.fraud.youth import YOUNG
from saqta.log.merkle import leaf_hash
from saqta.model.errors import DamageError, InputError
from saqta.model.kinds import DecisionsMade, NotableRow, UsedRate
from saqta.model.moment import to_text

ROW = np.dtype(
    [
        ("time_ms", "<i8"),
        *((name, "<u8") for name in ("id", "actor", "counterpart", "device", "subscriber", "place")),
        ("amount", "<f8"),
        ("facts", "<u4"),
        ("kind", "<u1"),
        ("told", "<u1"),
        ("currency", "<u2"),
        ("score", "<f8"),
        ("mask", "<u8"),
    ]
)
"""As layout.EVENT and layout.ANSWER name them; it lies in logs, and is never changed."""
EVENT_FIELDS = tuple(name for name in ROW.names or () if name not in ("score", "mask"))
SOURCE = "/saqta/fraud"
HASH_BYTES = 32
_encode = msgspec.json.Encoder().encode


class Place(NamedTuple):
    """Where a decision stands: in which of its tenant's commits, and in which row."""

    number: int
    row: int


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What partners get for one payment or call."""

    id: str
    action: str
    score: float
    reasons: tuple[Reason, ...]
    decision_id: str
    model: str | None
    rules: str
    hold_until: str | None = None
    tenge: InTenge | None = None


NO_MODEL = Reason("no_model", "no model is installed: rules and lists alone decided")
DEADLINE = Reason("deadline", "the deadline had come: rules and lists alone decided, on what was told")
FALLBACKS = {"no_model": NO_MODEL, "deadline": DEADLINE, "young_state": YOUNG}


def packed(events: Array, answers: Array) -> Array:
    """The rows of events (layout.EVENT) and their answers (layout.ANSWER): (n, 88) uint8."""
    rows = np.empty(len(events), ROW)
    for name in EVENT_FIELDS:
        rows[name] = events[name]
    rows["score"], rows["mask"] = answers["score"], answers["mask"]
    return as_bytes(rows)


def as_bytes(rows: Array) -> Array:
    """Rows (ROW) as their bytes, (n, 88) uint8."""
    return rows.view(np.uint8).reshape(-1, ROW.itemsize)


def leaves(rows: Array, notable: Sequence[NotableRow]) -> Array:
    """The leaves' hashes, in order, as ``sha256`` has them, (n, 8) uint32, of rows (n, 88) uint8."""
    hashes = sha256.leaf_words(rows)
    for row in notable:
        hashes[row.row] = sha256.words_of(leaf_hash(rows[row.row].tobytes() + _encode(row)))
    return hashes


def root_of(rows: Array, notable: Sequence[NotableRow]) -> str:
    """The root over the leaves, in hexadecimal; of at least one row, (n, 88) uint8."""
    return sha256.bytes_of(sha256.root_words(leaves(rows, notable))).hex()


class Commit:
    """Decisions as they were recorded together, and their rows (ROW)."""

    def __init__(self, made: DecisionsMade, rows: Array) -> None:
        self.made, self.rows = made, rows
        self.notable = {row.row: row for row in made.notable}
        self._allowed = _allowed(made)
        self._tenge = Tenge(made.rates)

    def answer(self, id: str, row: int, reader: Reader) -> Answered:
        """What this reader gets for the decision in ``row``, which its partner calls ``id``."""
        made, notable = self.made, self.notable.get(row)
        also = () if self._is_spared(row) else _fallback(made)
        hold_until_ms = notable.hold_until_ms if notable else None
        return Answered(
            id=id,
            action=notable.action if notable else "allow",
            score=self._scores[row],
            reasons=(*disclosed(notable.reasons, reader), *also) if notable else also,
            decision_id=f"{made.tenant}-{made.number}-{row}",
            model=made.model,
            rules=made.rules,
            hold_until=None if hold_until_ms is None else to_text(hold_until_ms),
            tenge=self._in_tenge(row),
        )

    def _is_spared(self, row: int) -> bool:
        """Whether it is a call beside payments on which no model acts yet: on calls none ever does."""
        return self.made.fallback == "young_state" and self._paid[row][0] != PAYMENT

    @cached_property
    def _scores(self) -> list[float]:
        scores: list[float] = self.rows["score"].tolist()
        return scores

    @cached_property
    def _paid(self) -> list[tuple[int, int, int, float]]:
        columns = (self.rows[name].tolist() for name in ("kind", "currency", "time_ms", "amount"))
        return list(zip(*columns, strict=True))

    def _in_tenge(self, row: int) -> InTenge | None:
        """What a payment comes to; None for a call."""
        kind, currency, time_ms, amount = self._paid[row]
        return self._tenge.of(currency, time_ms, amount) if kind == PAYMENT else None

    def valued_in(self, row: int) -> str | None:
        """The currency in which features took a payment's amount: its own where no rate was in force; None for a
        call."""
        kind, currency = int(self.rows["kind"][row]), int(self.rows["currency"][row])
        return None if kind != PAYMENT else TENGE if self._in_tenge(row) else CURRENCIES[currency]

    @property
    def source(self) -> str:
        """The source of the commit's event."""
        return f"{SOURCE}/{self.made.tenant}"

    def leaves(self) -> list[bytes]:
        """The hashes of the rows' leaves, in order."""
        hashes = sha256.bytes_of(leaves(as_bytes(self.rows), self.made.notable))
        return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]

    def line(self, id: str, row: int, reader: Reader) -> bytes:
        """The same in JSON."""
        if row in self.notable or self._is_spared(row):
            return _encode(self.answer(id, row, reader))
        before, score, number, tenge, behind = self._allowed
        told = (before, _encode(id), score, _encode(self._scores[row]), number, row, tenge)
        return b"%b%b%b%b%b%d%b%b%b" % (*told, _encode(self._in_tenge(row)), behind)

    @property
    def is_brief(self) -> Array:
        """Of which rows ``texts`` can tell: payments in tenge that are simply allowed, (n,) bool."""
        brief: Array = (self.rows["kind"] == PAYMENT) & (self.rows["currency"] == NUMBER_OF_TENGE)
        if self.notable:
            brief[list(self.notable)] = False
        return brief

    def texts(self, named: Array, at: Array) -> tuple[bytes, Array]:
        """The lines of the rows ``at``, that are brief, (n,), one after the other with a comma behind each, and their
        sizes; ``named`` (scanning.NAMED) has their ids."""
        before, score, row, tenge, behind = self._allowed
        parts = (before, score, row, tenge + b'{"amount":"', b'","rates":[]}' + behind)
        hundredths = np.rint(self.rows["amount"][at] * HUNDREDTHS).astype(np.int64)
        return texts_of(parts, named, at, self.rows["score"][at], hundredths)


def _fallback(made: DecisionsMade) -> tuple[Reason, ...]:
    """Why rules and lists alone decided, if they did; a later program may know more whys than this one."""
    if made.fallback is None:
        return ()
    return (FALLBACKS.get(made.fallback, Reason(made.fallback, "rules and lists alone decided")),)


def _allowed(made: DecisionsMade) -> list[bytes]:
    """The answers to what is simply allowed, in JSON: what stands before id, score, row and amount in tenge, and behind
    these."""
    place: Any = msgspec.Raw(b"\0")  # No text in JSON holds this byte.
    decision: Any = msgspec.Raw(_encode(f"{made.tenant}-{made.number}-")[:-1] + b'\0"')
    answered = Answered(
        id=place,
        action="allow",
        score=place,
        reasons=_fallback(made),
        decision_id=decision,
        model=made.model,
        rules=made.rules,
        tenge=place,
    )
    return _encode(answered).split(b"\0")


def commit_of(made: DecisionsMade) -> Commit:
    """A commit as it stands in the log; DamageError when its rows are not what its root says."""
    content = base64.b64decode(made.rows)
    count, rest = divmod(len(content), ROW.itemsize)
    rows = np.frombuffer(content[: count * ROW.itemsize], ROW)
    is_whole = count and not rest and all(told.row < count for told in made.notable)
    if not is_whole or root_of(as_bytes(rows), made.notable) != made.root:
        raise DamageError(f"the rows of decisions {made.tenant}-{made.number} are not what their root says")
    return Commit(made, rows)


def events_of(rows: Array, rates: Iterable[UsedRate]) -> Array:
    """The machine's events (layout.EVENT) of rows, in arrays of their own, valued by the rates recorded with them."""
    events = np.zeros(len(rows), EVENT)
    for name in EVENT_FIELDS:
        events[name] = rows[name]
    events["value"] = events["amount"]
    Tenge(rates).value(events)
    return events


def place_of(decision: str) -> tuple[str, Place]:
    """The tenant and the place that a decision's name tells; InputError for what is none.

    >>> place_of("bank-a-7-3")
    ('bank-a', Place(number=7, row=3))
    """
    tenant, _, rest = decision.rpartition("-")
    tenant, _, number = tenant.rpartition("-")
    if not (tenant and _is_number(number) and _is_number(rest)):
        raise InputError("decision", decision, "a decision_id as it was answered")
    return tenant, Place(int(number), int(rest))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16


def values_text(values: Array) -> str:
    """A row of features, (features,) float32, as base64."""
    return base64.b64encode(values.tobytes()).decode()


def values_of(text: str) -> Array:
    """The inverse of ``values_text``."""
    return np.frombuffer(base64.b64decode(text), np.float32)
