"""What partners send and get, one JSON object a line: payments, calls and labels in, answers or errors out."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from struct import Struct
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from saqta.fraud.engine import layout
from saqta.fraud.engine.layout import CALL_S_MAX, Array
from saqta.fraud.engine.naming import ACCOUNT, CELL, CHANNEL, CURRENCY_NUMBERS, DEVICE, ID, NUMBER, PLACE, RANGE, key
from saqta.fraud.engine.rules import Action
from saqta.fraud.engine.scanning import Columns, columns, currency_table, scan_list
from saqta.fraud.numbers import Numbers, require_country, require_e164
from saqta.model.errors import InputError
from saqta.model.money import EXPONENTS, minor_units
from saqta.model.place import Place

TEXT_MAX = 128
SINCE_MS = 946_684_800_000
RANGE_DIGITS = 4
"""Numbers that differ in so many of their last digits alone are of one range."""
FUTURE_MS = 5 * 60_000
"""For so long a partner's clock may run before ours."""
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Moment = Annotated[datetime, Meta(tz=True)]
PACKED = Struct("<qQQQQQQdIBBHd")
"""An event as layout.EVENT has it."""
_CURRENCIES = currency_table(EXPONENTS)
_UNIT = {code: 10.0**exponent for code, exponent in EXPONENTS.items()}
_TRUNK = {None: 0, "foreign": layout.FOREIGN_TRUNK, "national": layout.NATIONAL_TRUNK}
_ATTESTED = {None: 0, "A": layout.ATTESTED_A, "B": layout.ATTESTED_B, "C": layout.ATTESTED_C}
_A_TEXT, _A_TIME = (
    f"a text of 1 to {TEXT_MAX} characters",
    "an RFC 3339 time with its zone, such as 2026-01-31T08:00:00Z",
)
_EXPECTED = {
    **dict.fromkeys(("id", "of", "account", "payee", "channel", "device", "imei", "imsi", "cell"), _A_TEXT),
    **dict.fromkeys(("time", "known"), _A_TIME),
    **dict.fromkeys(("caller", "callee", "phone"), "a number in E.164, such as +77011234567"),
    "kind": "payment, call or label",
    "amount": "a decimal text, such as 12500.00",
    "currency": "a currency's code of ISO 4217, such as KZT",
    "place": "lat from -90 to 90 and lon from -180 to 180",
    "trunk": "national or foreign",
    "attestation": "A, B or C",
    "seconds": f"a number from 0 to {CALL_S_MAX}",
}
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_WHERE = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)


class Payment(msgspec.Struct, tag_field="kind", tag="payment", frozen=True, gc=False, forbid_unknown_fields=True):
    """``amount`` is decimal text; ``phone`` the payer's number in E.164, which joins the payment to calls."""

    id: Text
    time: Moment
    account: Text
    payee: Text
    amount: Text
    currency: Text
    channel: Text | None = None
    device: Text | None = None
    place: Place | None = None
    phone: Text | None = None


class Call(msgspec.Struct, tag_field="kind", tag="call", frozen=True, gc=False, forbid_unknown_fields=True):
    """``caller`` and ``callee`` in E.164; ``seconds`` where the call is over."""

    id: Text
    time: Moment
    caller: Text
    callee: Text
    trunk: Literal["national", "foreign"] | None = None
    attestation: Literal["A", "B", "C"] | None = None
    imei: Text | None = None
    imsi: Text | None = None
    cell: Text | None = None
    seconds: Annotated[float, Meta(ge=0, le=CALL_S_MAX)] | None = None


class Label(msgspec.Struct, tag_field="kind", tag="label", frozen=True, gc=False, forbid_unknown_fields=True):
    """What the payment or call ``of`` turned out to be, and since when that is known."""

    id: Text
    of: Text
    fraud: bool
    known: Moment


Message = Payment | Call | Label


class Reason(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why: a rule's name or a feature's, and words; which ``entry`` of a list, where it is one."""

    code: str
    text: str
    entry: str | None = None


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What to do with one payment or call."""

    id: str
    action: Action
    score: float
    reasons: tuple[Reason, ...]
    model: str
    rules: str
    decision_id: str


decode: Callable[[bytes], Message] = msgspec.json.Decoder(Message).decode
encode = msgspec.json.Encoder().encode


class Packer:
    """Turns messages into the machine's events."""

    def __init__(self, home: str) -> None:
        require_country(home, "home")
        self._home = home
        self._numbers = Numbers()

    def pack(self, message: Message, now_ms: int, out: bytearray, at: int) -> None:
        """Writes one event at ``at``; InputError where a field says what can't be."""
        if isinstance(message, Payment):
            self._payment(message, now_ms, out, at)
        elif isinstance(message, Call):
            self._call(message, now_ms, out, at)
        else:
            known_ms = _past_ms(message.known, now_ms, "known")
            said = layout.FRAUD if message.fraud else layout.HONEST
            of = key(ID, message.of)
            PACKED.pack_into(out, at, known_ms, of, 0, 0, 0, 0, 0, 0.0, 0, layout.LABEL, said, 0, 0.0)

    def _payment(self, message: Payment, now_ms: int, out: bytearray, at: int) -> None:
        currency = message.currency
        amount = minor_units(message.amount, currency) / _UNIT[currency]
        place, phone = message.place, message.phone
        if phone:
            require_e164(phone, "phone")
        PACKED.pack_into(
            out,
            at,
            _past_ms(message.time, now_ms, "time"),
            key(ID, message.id),
            key(ACCOUNT, message.account),
            key(ACCOUNT, message.payee),
            key(DEVICE, message.device) if message.device else 0,
            key(NUMBER, phone) if phone else 0,
            key(PLACE, f"{place.lat},{place.lon}") if place else 0,
            amount,
            key(CHANNEL, message.channel) & 0xFFFFFFFF if message.channel else 0,
            layout.PAYMENT,
            0,
            CURRENCY_NUMBERS[currency],
            amount,
        )

    def _call(self, message: Call, now_ms: int, out: bytearray, at: int) -> None:
        caller = self._numbers.look_up(message.caller, "caller")
        callee = self._numbers.look_up(message.callee, "callee")
        facts = _TRUNK[message.trunk] | _ATTESTED[message.attestation]
        facts |= layout.CALLER_NATIONAL if caller.country == self._home else 0
        facts |= 0 if caller.assigned else layout.CALLER_UNASSIGNED
        facts |= layout.CALLEE_NATIONAL if callee.country == self._home else 0
        facts |= 0 if callee.assigned else layout.CALLEE_UNASSIGNED
        PACKED.pack_into(
            out,
            at,
            _past_ms(message.time, now_ms, "time"),
            key(ID, message.id),
            key(NUMBER, message.caller),
            key(NUMBER, message.callee),
            key(DEVICE, message.imei) if message.imei else 0,
            key(RANGE, message.callee[:-RANGE_DIGITS]),
            key(CELL, message.cell) if message.cell else 0,
            -1.0 if message.seconds is None else message.seconds,
            facts,
            layout.CALL,
            0,
            0,
            0.0,
        )


def payments_in(body: bytes, most: int) -> Columns | None:
    """The payments of a JSON list or object, of which the plain ones are read; None where it is neither, or there are
    more than ``most``."""
    into = columns(min(body.count(b"{"), most))
    count = scan_list(np.frombuffer(body, np.uint8), _CURRENCIES, into) if body else -1
    return None if count < 0 else into._replace(events=into.events[:count], named=into.named[:count])


def is_past(time_ms: Array, now_ms: int) -> Array:
    """Which times may be those of events."""
    found: Array = (time_ms >= SINCE_MS) & (time_ms <= now_ms + FUTURE_MS)
    return found


def _past_ms(moment: datetime, now_ms: int, field: str) -> int:
    """Milliseconds, rounded down: a timestamp is a float that lies within a microsecond of its moment."""
    moment_ms = int(moment.timestamp() * 1000.0 + 0.0005)
    if not SINCE_MS <= moment_ms <= now_ms + FUTURE_MS:
        raise InputError(field, moment.isoformat(), "a time since 2000 that is not in the future")
    return moment_ms


class _Named(msgspec.Struct):
    id: str | None = None


def name_of(line: bytes) -> str | None:
    """The id that a line gives itself, whatever else is wrong with it."""
    try:
        return msgspec.json.decode(line, type=_Named).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def refused(line: bytes, error: Exception) -> InputError:
    """The error of a line that can't be taken: the field, what stood there, what belongs there."""
    if isinstance(error, InputError):
        return error
    if not isinstance(error, msgspec.ValidationError):
        return InputError("line", line[:80].decode(errors="replace"), "a JSON object: a payment, a call or a label")
    parts = _WHERE.fullmatch(str(error))
    expected, field = (parts[1], parts[2] or "line") if parts else (str(error), "line")
    missing = _MISSING.fullmatch(expected)
    if missing:
        return InputError(missing[1], None, "a value: it is left out")
    unknown = _UNKNOWN.fullmatch(expected)
    if unknown:
        return InputError(unknown[1], _given(line, [unknown[1]]), "nothing: no field has that name")
    plain = _EXPECTED.get(field, expected.removeprefix("Expected ").partition(", got ")[0].replace("`", ""))
    return InputError(field, _given(line, field.split(".")), plain)


def _given(line: bytes, names: Sequence[str]) -> object:
    try:
        given = msgspec.json.decode(line)
        for name in names:
            given = given.get(name) if isinstance(given, dict) else given
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        given = line[:80].decode(errors="replace")
    return given
