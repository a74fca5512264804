"""Telephone numbers: of which country one is, and whether that country assigns its range (by libphonenumber's
tables)."""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

from saqta.model.errors import InputError

KNOWN_MAX = 1 << 16
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number"),
    *("voip", "pager", "uan", "voicemail"),
)


class Number(NamedTuple):
    """The country, an ISO 3166 code ("" where none has it), and whether the number lies in a range that it
    assigns."""

    country: str
    assigned: bool


class _Country(NamedTuple):
    code: str
    leading: re.Pattern[str] | None
    whole: re.Pattern[str]
    assigned: re.Pattern[str]


def require_e164(text: str, field: str) -> None:
    """InputError for what is no number in E.164."""
    if not _E164.fullmatch(text):
        raise InputError(field, text, "a number in E.164, such as +77011234567")


def require_country(code: str, field: str) -> None:
    """InputError for what is no country that has telephone numbers."""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise InputError(field, code, "a country by its two letters of ISO 3166, such as KZ")


class Numbers:
    """Looks numbers up; the last KNOWN_MAX are remembered, since most call again."""

    def __init__(self) -> None:
        self._known: dict[str, Number] = {}

    def look_up(self, text: str, field: str) -> Number:
        """What is known of a number in E.164; InputError where it is none."""
        number = self._known.get(text)
        if number is None:
            require_e164(text, field)
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            number = self._known[text] = _find(text[1:])
        return number


def _find(digits: str) -> Number:
    """As libphonenumber decides: the country whose leading digits fit, else the first that assigns the number."""
    for length in (1, 2, 3):
        countries = _countries(int(digits[:length]))
        if countries:
            break
    national = digits[length:]
    for country in countries:
        if len(countries) == 1:
            return Number(country.code, _assigns(country, national))
        if country.leading is not None:
            if country.leading.match(national):
                return Number(country.code, _assigns(country, national))
        elif _assigns(country, national):
            return Number(country.code, True)
    return Number("", False)


def _assigns(country: _Country, national: str) -> bool:
    return bool(country.whole.fullmatch(national) and country.assigned.fullmatch(national))


@cache
def _countries(calling_code: int) -> tuple[_Country, ...]:
    """The countries of a calling code, the main one first; their patterns compiled once."""
    found = []
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(calling_code, ()):
        table = PhoneMetadata.metadata_for_region_or_calling_code(calling_code, code)
        if table is None or table.general_desc is None or table.general_desc.national_number_pattern is None:
            continue
        whole = re.compile(table.general_desc.national_number_pattern)
        kinds = [desc.national_number_pattern for kind in _KINDS if (desc := getattr(table, kind)) is not None]
        assigned = "|".join(f"(?:{pattern})" for pattern in kinds if pattern)
        leading = re.compile(table.leading_digits) if table.leading_digits else None
        found.append(_Country(code, leading, whole, re.compile(assigned)))
    return tuple(found)
