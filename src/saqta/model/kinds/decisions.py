"""Calls and payments that were decided, and what they turned out to be.

Who paid whom and who called whom stands in no event: only keyed pseudonyms of 64 bits do.
"""

import struct
from datetime import date
from typing import Annotated, Literal

import msgspec

from saqta.model.kinds.rates import CurrencyCode, DecimalText
from saqta.model.kinds.record import NAME_CHARS_MAX, Name, Reason, Record
from saqta.model.sealed import Sealed

ROWS_MAX = 256
"""One event holds at most so many decisions."""
PAST_ROWS_MAX, PAST_ROW_BYTES = 2_048, 50
"""One event holds at most so many past payments and labels."""
DECISION_REASONS_MAX = 6
LINES_MAX = 2
"""A rate goes over one other currency at most."""
DECISION_ROW_BYTES = 88
TELLER = "teller"
"""The field of an outcome that is sealed."""
SCORE_AT = 72
"""Where the score stands in a row, a little-endian double."""

Action = Literal["allow", "warn", "hold", "block"]
OutcomeWord = Literal["fraud", "honest", "unknown"]
Place = Annotated[int, msgspec.Meta(ge=0, lt=ROWS_MAX)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
DECISION_CHARS_MAX = 2 * NAME_CHARS_MAX
DecisionName = Annotated[str, msgspec.Meta(min_length=1, max_length=DECISION_CHARS_MAX)]


class DecisionReason(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why: a rule's name or a feature's, and words; what they tell ``of``: the whole decision path, a payment, a call,
    or a payer's call, which a bank learns of by the code alone. ``entry`` is the entry of a list that says so."""

    code: Name
    text: Reason
    of: Literal["path", "payment", "call", "payers_call"] = "path"
    entry: str | None = None


class NotableRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision that does not simply allow: what was decided and why, the features' values as base64 of float32.

    ``actor`` pays or calls, ``counterpart`` is paid or called, ``subscriber`` is the payer's telephone: pseudonyms.
    ``hold_until_ms`` is when the hold of a payment ends by itself; a call that is held is over.
    """

    row: Place
    kind: Literal["payment", "call"]
    action: Action
    actor: str
    counterpart: str
    time_ms: int
    reasons: Annotated[tuple[DecisionReason, ...], msgspec.Meta(max_length=DECISION_REASONS_MAX)]
    values: str
    subscriber: str | None = None
    amount: str | None = None
    currency: str | None = None
    hold_until_ms: int | None = None


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """A published line that an amount was converted by: ``units`` of ``currency`` are worth ``worth`` of ``quote``."""

    publisher: Name
    day: date
    currency: CurrencyCode
    units: DecimalText
    quote: CurrencyCode
    worth: DecimalText


class UsedRate(msgspec.Struct, frozen=True, kw_only=True):
    """What payments in ``currency`` on ``day`` were converted to tenge by: the lines, in the order of their use."""

    currency: CurrencyCode
    day: date
    lines: Annotated[tuple[Quoted, ...], msgspec.Meta(max_length=LINES_MAX)]


class ShadowRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that rules in shadow, or asleep, would have had a say in: their names."""

    row: Place
    rules: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=64)]


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What a second model that decides in shadow says of a commit: nothing was done because of it.

    ``rows`` is base64 of 5 bytes a row: the score, little-endian float32, and what would have been done with it in the
    place of the model in force (0 allow, 1 warn, 2 hold, 3 block). Of a call it says what was done.
    """

    model: Name
    rows: str


class DecisionsMade(Record, frozen=True, kw_only=True):
    """The decisions for one tenant in one commit; decision ``{tenant}-{number}-{n}`` is row n.

    ``rows`` is base64 of the rows, 88 bytes each (``fraud/serving/rows.py``). ``root`` is the RFC 9162 Merkle root over
    them, each followed by what ``notable`` says of it. ``features`` names the set of features; ``model`` is None where
    nothing was scored; ``fallback`` says in a word why rules and lists alone decided, and a later program may have more
    words. ``rates`` are those of the payments' days, as far as they were published.
    """

    tenant: Name
    number: Number
    model: str | None = None
    rules: Name
    features: Name
    root: str
    rows: str
    notable: Annotated[tuple[NotableRow, ...], msgspec.Meta(max_length=ROWS_MAX)] = ()
    fallback: Name | None = None
    rates: Annotated[tuple[UsedRate, ...], msgspec.Meta(max_length=ROWS_MAX)] = ()
    shadow: Annotated[tuple[ShadowRow, ...], msgspec.Meta(max_length=ROWS_MAX)] = ()
    challenge: Challenge | None = None


class PaymentsImported(Record, frozen=True, kw_only=True):
    """One of the ``parts``, numbered from 1, of what a partner paid before it asked for decisions, with labels.

    ``rows`` are PAST_ROW_BYTES each (``fraud/serving/history.py``), in the order in which all of it became known; names
    are the pseudonyms of that partner's decisions.
    """

    tenant: Name
    part: int
    parts: int
    rows: bytes


def score_of(rows: bytes, row: int) -> float:
    """The score of a decision, of the rows of its commit."""
    (score,) = struct.unpack_from("<d", rows, row * DECISION_ROW_BYTES + SCORE_AT)
    return float(score)


class OutcomeTold(Record, frozen=True, kw_only=True):
    """Somebody who should know tells what a decided call or payment was, and since when that is known: ``by`` is the
    partner or the centre, ``teller`` whom of its people the partner names; the centre's are told by ``actor``."""

    decision: DecisionName
    tenant: Name
    outcome: OutcomeWord
    known_ms: int
    by: Name
    teller: Sealed | None = None


class CallBackAsked(Record, frozen=True, kw_only=True):
    """Somebody asks the partner to call its customer back, who may be acting on what a thief says."""

    decision: DecisionName
    tenant: Name
    by: Name


class HoldReleased(Record, frozen=True, kw_only=True):
    """A hold came to its end, and nobody had confirmed it: what was held is allowed."""

    decision: DecisionName
    tenant: Name
