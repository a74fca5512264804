"""Writes the answers to payments in tenge that are simply allowed, by compiled code: one text for all of a commit's."""

from collections.abc import Sequence
from itertools import accumulate

import msgspec
import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import Array

GROWN_MAX = 256
"""So much longer than its fixed parts an answer may be, but for its score: by its id, its row and its amount."""
HUNDREDTHS = 100
_encode = msgspec.json.Encoder().encode
_ZERO, _POINT, _COMMA, _QUOTE = (ord(mark) for mark in '0.,"')


def texts_of(parts: Sequence[bytes], named: Array, rows: Array, scores: Array, minor: Array) -> tuple[bytes, Array]:
    """The answers (n), each with a comma behind it, and how many bytes each takes, (n,).

    ``parts`` stand before the id, the score, the number of the row and the amount, which is told in hundredths by
    ``minor``, and behind it; ``named`` (scanning.NAMED) has the ids.
    """
    fixed = np.frombuffer(b"".join(parts), np.uint8)
    cuts = np.array([0, *accumulate(map(len, parts))])
    told = np.frombuffer(_encode(scores.tolist()), np.uint8)
    out, sizes = np.empty(len(rows) * (len(fixed) + GROWN_MAX) + len(told), np.uint8), np.empty(len(rows), np.int64)
    end = _tell(fixed, cuts, named, rows, told, minor, out, sizes)
    return out[:end].tobytes(), sizes


@compiled
def _tell(
    fixed: Array, cuts: Array, named: Array, rows: Array, scores: Array, minor: Array, out: Array, sizes: Array
) -> int:
    at, score = 0, 1  # The scores are a list in JSON.
    for n in range(rows.shape[0]):
        first = at
        at = _copy(fixed, cuts[0], cuts[1], out, at)
        at = _name(named[n].id, named[n].chars, out, at)
        at = _copy(fixed, cuts[1], cuts[2], out, at)
        last = score
        while last < scores.shape[0] - 1 and scores[last] != _COMMA:
            last += 1
        at = _copy(scores, score, last, out, at)
        score = last + 1
        at = _copy(fixed, cuts[2], cuts[3], out, at)
        at = _number(rows[n], 1, out, at)
        at = _copy(fixed, cuts[3], cuts[4], out, at)
        at = _number(minor[n] // HUNDREDTHS, 1, out, at)
        out[at] = _POINT
        at = _number(minor[n] % HUNDREDTHS, 2, out, at + 1)
        at = _copy(fixed, cuts[4], cuts[5], out, at)
        out[at] = _COMMA
        at += 1
        sizes[n] = at - first
    return at


@compiled
def _copy(text: Array, first: int, last: int, out: Array, at: int) -> int:
    for n in range(last - first):
        out[at + n] = text[first + n]
    return at + last - first


@compiled
def _name(words: Array, chars: int, out: Array, at: int) -> int:
    out[at] = _QUOTE
    for n in range(chars):
        out[at + 1 + n] = (words[n >> 3] >> np.uint64(8 * (n & 7))) & np.uint64(0xFF)
    out[at + 1 + chars] = _QUOTE
    return at + chars + 2


@compiled
def _number(number: int, digits: int, out: Array, at: int) -> int:
    """Writes a number of so many digits at least."""
    limit = 10**digits
    while number >= limit:
        digits, limit = digits + 1, limit * 10
    for n in range(digits - 1, -1, -1):
        out[at + n] = _ZERO + number % 10
        number //= 10
    return at + digits
