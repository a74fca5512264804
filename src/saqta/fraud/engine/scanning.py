"""Reads payments as nearly all are written, from JSON straight into the machine's events, by compiled code.

A payment is plain where its object has only texts of ASCII without escapes, each field once, its time in UTC with three
decimals at most. It is read here as ``wire`` reads it. What is not plain is left to ``wire``, which reads it or says
what is wrong with it: nothing is refused here.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from saqta.fraud.engine.compiled import compiled, lowest_bit, word_at
from saqta.fraud.engine.fields import LETTERS, A, amount, code_place, is_e164, moment
from saqta.fraud.engine.layout import EVENT, PAYMENT, Array, Record
from saqta.fraud.engine.naming import ACCOUNT, CHANNEL, CURRENCY_NUMBERS, DEVICE, ID, NUMBER
from saqta.fraud.engine.xxh3 import BYTES_MAX, xxh3

WORD_BYTES = 8
PLAIN_CHARS_MAX = BYTES_MAX - WORD_BYTES
"""A plain text is hashed behind the name of its kind, which takes a word at most."""
NAMED = np.dtype([("is_plain", "<u4"), ("chars", "<u4"), ("id", "<u8", (PLAIN_CHARS_MAX // WORD_BYTES,))])
"""Whether a payment is plain; then also its id, as partners write it."""
CURRENCY = np.dtype([("number", "u2"), ("exponent", "u1")])
"""Of a currency's code, where ``code_place`` says: its number in the machine, 0 for none, and its decimals."""

_FIELDS = ("id", "time", "account", "payee", "amount", "currency", "kind", "channel", "device", "phone")
_ID, _TIME, _ACCOUNT, _PAYEE, _AMOUNT, _CURRENCY, _KIND, _CHANNEL, _DEVICE, _PHONE = range(len(_FIELDS))
_NEEDED = (1 << _KIND) - 1
_HASHED = {_ID: ID, _ACCOUNT: ACCOUNT, _PAYEE: ACCOUNT, _CHANNEL: CHANNEL, _DEVICE: DEVICE, _PHONE: NUMBER}
_PREFIX_BYTES = np.array([len(_HASHED.get(field, "")) for field in range(len(_FIELDS))])
"""How long the name of a field's kind is, 0 where no key is made of it."""


def _word(text: str) -> int:
    return int.from_bytes(text.encode().ljust(WORD_BYTES, b"\0"), "little")


_PREFIXES = np.array([_word(_HASHED.get(field, "").rjust(WORD_BYTES)) for field in range(len(_FIELDS))], np.uint64)
_NAMES = np.array([_word(name) for name in _FIELDS], np.uint64)
_NAME_BYTES = np.array([len(name) for name in _FIELDS])
_EACH, _HIGH_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_QUOTES, _BACKSLASHES, _DELETES, _BLANKS = (np.uint64(ord(mark)) * _EACH for mark in '"\\\x7f ')
_QUOTE, _BACKSLASH, _COMMA, _COLON, _OPEN, _CLOSE, _LIST, _END = (ord(mark) for mark in '"\\,:{}[]')
_BLANK = ord(" ")
_SAYS_PAYMENT = np.uint64(_word("payment"))


_SCRATCH = np.dtype(
    [
        ("spans", "<i8", (len(_FIELDS), 2)),
        ("keys", "<u8", (len(_FIELDS),)),
        ("text", "<u8", (BYTES_MAX // WORD_BYTES,)),
    ]
)
"""Where an object's texts stand, from and to; their keys; and room for a text behind the name of its kind."""


class Columns(NamedTuple):
    """What was asked, in columns: ``events`` (layout.EVENT), of which the plain ones are filled in, and ``named``
    (NAMED)."""

    events: Array
    named: Array
    scratch: Array


def columns(rows: int) -> Columns:
    """Room for so many."""
    return Columns(np.empty(rows, EVENT), np.empty(rows, NAMED), np.empty(1, _SCRATCH))


def currency_table(exponents: Mapping[str, int]) -> Array:
    """The table (CURRENCY) of codes of three letters, from their decimals."""
    table = np.zeros(LETTERS**3, CURRENCY)
    for code, exponent in exponents.items():
        first, second, third = (ord(letter) - A for letter in code)
        table[(first * LETTERS + second) * LETTERS + third] = CURRENCY_NUMBERS[code], exponent
    return table


@compiled
def scan_list(body: Array, currencies: Array, into: Columns) -> int:
    """Reads a JSON list of objects, or one object, (bytes,) uint8; ``currencies`` as CURRENCY tells.

    How many they are; -1 where it is neither, or they are more than there is room for.
    """
    end, scratch = body.shape[0], into.scratch[0]
    at = _past_blanks(body, 0, end)
    if at == end or (body[at] != _LIST and body[at] != _OPEN):
        return -1
    is_list = body[at] == _LIST
    if is_list:
        at = _past_blanks(body, at + 1, end)
    count = 0
    while at < end and body[at] == _OPEN and count < into.events.shape[0]:
        at = _object(body, at, end, currencies, scratch, into.events[count], into.named[count])
        if at < 0:
            return -1
        count += 1
        at = _past_blanks(body, at, end)
        if not is_list or at == end or body[at] != _COMMA:
            break
        at = _past_blanks(body, at + 1, end)
        if at == end or body[at] != _OPEN:
            return -1
    if is_list:
        if at == end or body[at] != _END:
            return -1
        at = _past_blanks(body, at + 1, end)
    return count if at == end else -1


@compiled
def _object(body: Array, at: int, end: int, currencies: Array, scratch: Record, event: Record, named: Record) -> int:
    """Reads the object that opens at ``at``; the place behind it, -1 where it does not end."""
    behind = _plain(body, at + 1, end, currencies, scratch, event, named)
    named.is_plain = behind >= 0
    return behind if behind >= 0 else _past_object(body, at, end)


@compiled
def _past_object(body: Array, at: int, end: int) -> int:
    depth, in_text = 0, False
    while at < end:
        mark = body[at]
        if in_text:
            if mark == _BACKSLASH:
                at += 1
            in_text = mark != _QUOTE
        elif mark == _QUOTE:
            in_text = True
        elif mark in (_OPEN, _LIST):
            depth += 1
        elif mark in (_CLOSE, _END):
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


@compiled
def _past_blanks(body: Array, at: int, end: int) -> int:
    while at < end and (body[at] == _BLANK or (9 <= body[at] <= 13 and body[at] != 11 and body[at] != 12)):
        at += 1
    return at


@compiled
def _plain(body: Array, at: int, end: int, currencies: Array, scratch: Record, event: Record, named: Record) -> int:
    """Reads the object whose inside begins at ``at``; the place behind it, -1 where it is not plain."""
    seen = 0
    while True:
        at = _past_blanks(body, at, end)
        if at >= end or body[at] != _QUOTE:
            return -1
        field, at = _field(body, at + 1, end)
        if field < 0 or seen >> field & 1:
            return -1
        seen |= 1 << field
        at = _past_blanks(body, at, end)
        if at >= end or body[at] != _COLON:
            return -1
        at = _past_blanks(body, at + 1, end)
        if at >= end or body[at] != _QUOTE:
            return -1
        scratch.spans[field, 0] = at + 1
        at = _past_text(body, at + 1, end)
        if at < 0:
            return -1
        scratch.spans[field, 1] = at - 1
        at = _past_blanks(body, at, end)
        if at >= end or (body[at] != _COMMA and body[at] != _CLOSE):
            return -1
        at += 1
        if body[at - 1] == _CLOSE:
            break
    is_filled = seen & _NEEDED == _NEEDED and _fill(body, end, seen, currencies, scratch, event, named)
    return at if is_filled else -1


@compiled
def _word_at(body: Array, at: int, end: int) -> Any:
    """The 8 bytes at a place, zeros behind the end."""
    if at + WORD_BYTES <= end:
        return word_at(np.uint64(body.ctypes.data) + np.uint64(at))
    word = np.uint64(0)
    for n in range(max(end - at, 0)):
        word |= np.uint64(body[at + n]) << np.uint64(8 * n)
    return word


@compiled
def _nulls(word: Any) -> Any:
    """Bits of which the lowest is the highest of the word's first byte that is 0; none where there is none."""
    return (word - _EACH) & ~word & _HIGH_BITS


@compiled
def _first(word: Any, bytes: int) -> Any:
    """So many of the first bytes of a word."""
    return word & ((np.uint64(1) << np.uint64(8 * bytes)) - np.uint64(1)) if bytes < WORD_BYTES else word


@compiled
def _field(body: Array, at: int, end: int) -> tuple[int, int]:
    """The field that is named at ``at``, -1 for none that is known, and the place behind its quote."""
    word = _word_at(body, at, end)
    size = lowest_bit(_nulls(word ^ _QUOTES)) >> 3
    if at + size >= end or body[at + size] != _QUOTE:
        return -1, at
    name = _first(word, size)
    for field in range(len(_FIELDS)):
        if _NAMES[field] == name and _NAME_BYTES[field] == size:
            return field, at + size + 1
    return -1, at


@compiled
def _past_text(body: Array, at: int, end: int) -> int:
    """The place behind the quote of the text at ``at``; -1 where it is not plain."""
    first, marks = at, np.uint64(0)
    while marks == 0 and at < end:
        word = _word_at(body, at, end)
        marks = _nulls(word ^ _QUOTES) | _nulls(word ^ _BACKSLASHES) | _nulls(word ^ _DELETES)
        marks |= ((word - _BLANKS) & ~word | word) & _HIGH_BITS
        at += lowest_bit(marks) >> 3
    is_plain = at < end and body[at] == _QUOTE and first < at <= first + PLAIN_CHARS_MAX
    return at + 1 if is_plain else -1


@compiled
def _fill(body: Array, end: int, seen: int, currencies: Array, scratch: Record, event: Record, named: Record) -> bool:
    """The event of an object whose texts are found; False where one of them is none that is plain."""
    spans, keys = scratch.spans, scratch.keys
    if seen >> _KIND & 1:
        chars = spans[_KIND, 1] - spans[_KIND, 0]
        if _first(_word_at(body, spans[_KIND, 0], end), chars) != _SAYS_PAYMENT:
            return False
    event.time_ms = moment(body, spans[_TIME, 0], spans[_TIME, 1])
    place = code_place(body, spans[_CURRENCY, 0], spans[_CURRENCY, 1])
    if event.time_ms < 0 or place < 0 or currencies[place].number == 0:
        return False
    event.amount = amount(body, spans[_AMOUNT, 0], spans[_AMOUNT, 1], currencies[place].exponent)
    event.value = event.amount
    if event.amount <= 0.0 or (seen >> _PHONE & 1 and not is_e164(body, spans[_PHONE, 0], spans[_PHONE, 1])):
        return False
    for field in range(len(_FIELDS)):
        keys[field] = 0
        if seen >> field & 1 and _PREFIX_BYTES[field] > 0:
            keys[field] = _key(body, end, scratch, field, named)
    event.id, event.actor, event.counterpart = keys[_ID], keys[_ACCOUNT], keys[_PAYEE]
    event.device, event.subscriber, event.place = keys[_DEVICE], keys[_PHONE], 0
    event.facts = keys[_CHANNEL] & np.uint64(0xFFFFFFFF)
    event.kind, event.told, event.currency = PAYMENT, 0, currencies[place].number
    return True


@compiled
def _key(body: Array, end: int, scratch: Record, field: int, named: Record) -> Any:
    """As ``naming.key`` of a field's text; an id is kept as well."""
    text, prefix = scratch.text, _PREFIX_BYTES[field]
    first, chars = scratch.spans[field, 0], scratch.spans[field, 1] - scratch.spans[field, 0]
    text[0] = _PREFIXES[field]
    for n in range(0, chars, WORD_BYTES):
        word = _word_at(body, first + n, end)
        text[1 + n // WORD_BYTES] = word
        if field == _ID:
            named.id[n // WORD_BYTES] = word
    if field == _ID:
        named.chars = chars
    address = np.uint64(text.ctypes.data) + np.uint64(WORD_BYTES - prefix)
    return max(xxh3(address, np.uint64(prefix + chars)), np.uint64(1))
