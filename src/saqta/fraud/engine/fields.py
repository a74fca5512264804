"""What a text of a payment says, read from its bytes by compiled code: a currency's code, a time, an amount, a number.

A text stands in ``body`` (uint8) from ``at`` until before ``stop``. What is not plain (``scanning``) is none here.
"""

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import DAY_MS, Array

LETTERS, A = 26, ord("A")
AMOUNT_DIGITS_MAX = 15
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_ZERO, _PLUS, _MINUS, _POINT, _COLON, _T, _Z = (ord(mark) for mark in "0+-.:TZ")


@compiled
def code_place(body: Array, at: int, stop: int) -> int:
    """Where a currency's code of three capital letters stands in the table; -1 for what is none."""
    if stop - at != 3:
        return -1
    place = 0
    for n in range(at, stop):
        letter = int(body[n]) - A
        if not 0 <= letter < LETTERS:
            return -1
        place = place * LETTERS + letter
    return place


@compiled
def _number(body: Array, at: int, digits: int) -> int:
    """The number that so many digits tell; -1 where one of them is none."""
    number = 0
    for n in range(at, at + digits):
        digit = int(body[n]) - _ZERO
        if not 0 <= digit <= 9:
            return -1
        number = number * 10 + digit
    return number


@compiled
def moment(body: Array, at: int, stop: int) -> int:
    """Milliseconds since 1970 of an RFC 3339 time in UTC; -1 where it is none, or has more than three decimals."""
    decimals = stop - at - 21
    if stop - at != 20 and not 1 <= decimals <= 3:
        return -1
    if body[at + 4] != _MINUS or body[at + 7] != _MINUS or body[at + 10] != _T or body[stop - 1] != _Z:
        return -1
    if body[at + 13] != _COLON or body[at + 16] != _COLON:
        return -1
    year, month, day = _number(body, at, 4), _number(body, at + 5, 2), _number(body, at + 8, 2)
    hour, minute, second = _number(body, at + 11, 2), _number(body, at + 14, 2), _number(body, at + 17, 2)
    milliseconds = 0
    if decimals > 0:
        milliseconds = _number(body, at + 20, decimals)
        if body[at + 19] != _POINT or milliseconds < 0:
            return -1
        for _ in range(3 - decimals):
            milliseconds *= 10
    if year < 1970 or not 1 <= month <= 12 or not 0 <= hour <= 23 or not 0 <= minute <= 59 or not 0 <= second <= 59:
        return -1
    leaps = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _MONTH_DAYS[month - 1] + leaps:
        return -1
    return _days(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds


@compiled
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, by years that begin in March, so that a leap day is their last."""
    year -= month <= 2
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719_468


@compiled
def amount(body: Array, at: int, stop: int, exponent: int) -> float:
    """An amount above zero, in units of its currency; 0 for what is none that is plain."""
    minor, digits, decimals = 0, 0, -1
    for n in range(at, stop):
        digit = int(body[n]) - _ZERO
        if 0 <= digit <= 9:
            minor = minor * 10 + digit
            digits += 1
            decimals += decimals >= 0
        elif body[n] == _POINT and decimals < 0 and digits > 0:
            decimals = 0
        else:
            return 0.0
        if digits > AMOUNT_DIGITS_MAX:
            return 0.0
    if digits == 0 or decimals == 0 or decimals > exponent or digits - max(decimals, 0) + exponent > AMOUNT_DIGITS_MAX:
        return 0.0
    unit = 1
    for n in range(exponent):
        unit *= 10
        if n >= max(decimals, 0):
            minor *= 10
    return minor / float(unit)


@compiled
def is_e164(body: Array, at: int, stop: int) -> bool:
    """Whether it is a telephone number in E.164, as ``numbers`` has it: a plus and 7 to 15 digits, the first not 0."""
    if not 8 <= stop - at <= 16 or body[at] != _PLUS or body[at + 1] == _ZERO:
        return False
    return _number(body, at + 1, stop - at - 1) >= 0
