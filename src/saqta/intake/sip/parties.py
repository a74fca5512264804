"""Who calls whom: numbers in E.164 from the addresses of a request, and what its Identity header attests.

- A number is read from sip, sips and tel URIs (RFC 3261, RFC 3966). One without a plus is national or international as
  the home country dials; where neither fits it is taken as international over a foreign trunk, national over others.
- Who calls stands in P-Asserted-Identity (RFC 3325), else in From. Over a foreign trunk nobody vouches for either, and
  one of them may be for show: a number of the home country counts before others.
- A PASSporT's (RFC 8225, RFC 8588) signature is not checked here. What it says against the call, attestation C, is
  believed of anybody; A and B only of neighbours that check signatures, and only for these two numbers, by a fresh one.
"""

import base64
import binascii
import re
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec
import phonenumbers

from saqta.intake.sip.message import Request, listed
from saqta.intake.sip.settings import Trunk

KNOWN_MAX = 1 << 14
FRESH_S = 60
"""A PASSporT is good for so long (RFC 8224, section 4.1)."""
PASSPORT_CHARS_MAX = 4_096
IDENTITIES_MAX = 4
ASSERTED_MAX = 4

Attestation = Literal["A", "B", "C"]

_ADDRESS = re.compile(r'(?:"(?:\\.|[^"\\])*"\s*|[^<"]*)<([^<>]*)>(.*)', re.DOTALL)
_SEPARATORS = str.maketrans("", "", "-.() ")
_DIGITS = re.compile(r"\+?\d{1,20}", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_Numbers = Annotated[list[str], msgspec.Meta(min_length=1, max_length=16)]


class _Party(msgspec.Struct, frozen=True):
    tn: str | _Numbers = ""

    @property
    def numbers(self) -> list[str]:
        return [self.tn] if isinstance(self.tn, str) else self.tn


class _Passport(msgspec.Struct, frozen=True):
    attest: Attestation
    iat: int
    orig: _Party
    dest: _Party


_read_passport = msgspec.json.Decoder(_Passport).decode


def address(value: str) -> tuple[str, str]:
    """The URI of a name-addr or addr-spec (RFC 3261, section 20.10), and the parameters behind it.

    >>> address('"A" <sip:a@b;x=1>;tag=9'), address("sip:a@b;tag=9")
    (('sip:a@b;x=1', ';tag=9'), ('sip:a@b', ';tag=9'))
    """
    found = _ADDRESS.fullmatch(value)
    if found:
        return found[1].strip(), found[2]
    uri, semicolon, params = value.partition(";")
    return uri.strip(), semicolon + params


def tag_of(value: str) -> str | None:
    """The tag of a From or To."""
    for param in address(value)[1].split(";"):
        name, _, tag = param.partition("=")
        if name.strip().lower() == "tag":
            return tag.strip() or None
    return None


def dialled(uri: str) -> str | None:
    """The digits that a URI has for its user, with a plus where it has one; None where it names no telephone.

    >>> dialled("sip:+7-701-1234567;x=y@example.kz"), dialled("tel:1234567;phone-context=+7701"), dialled("sip:anna@b")
    ('+77011234567', '+77011234567', None)
    """
    scheme, _, rest = uri.partition(":")
    if scheme.lower() in ("sip", "sips"):
        user, at, _ = rest.partition("@")
        rest = user.partition(":")[0] if at else ""
    elif scheme.lower() != "tel":
        return None
    number, *params = unquote(rest).split(";")
    number = number.translate(_SEPARATORS)
    for param in params:
        name, _, context = param.partition("=")
        if name.lower() == "phone-context" and context.startswith("+") and not number.startswith("+"):
            number = context.translate(_SEPARATORS) + number
    return number if _DIGITS.fullmatch(number) else None


@lru_cache(KNOWN_MAX)
def e164(number: str, home: str, trunk: Trunk) -> str | None:
    """A dialled number in E.164; None for what can't be one, such as 112.

    >>> e164("87011234567", "KZ", "national"), e164("0077011234567", "KZ", "foreign"), e164("112", "KZ", "national")
    ('+77011234567', '+77011234567', None)
    """
    if not number.startswith("+"):
        if number.startswith("00"):
            number = f"+{number[2:]}"
        else:
            number = _nationally(number, home) or (f"+{number}" if trunk == "foreign" else "")
    return number if _E164.fullmatch(number) else None


def caller_of(request: Request, home: str, trunk: Trunk) -> str | None:
    """The caller's number in E.164; None where the request has none."""
    asserted = [part for value in request.every("p-asserted-identity") for part in listed(value)][:ASSERTED_MAX]
    found = [
        number
        for value in (*asserted, request.first("from") or "")
        if (written := dialled(address(value)[0])) and (number := e164(written, home, trunk))
    ]
    if trunk == "foreign":
        found.sort(key=lambda number: _country(number) != home)
    return found[0] if found else None


def attestation_of(request: Request, caller: str, callee: str, now_ms: int, checks: bool) -> Attestation | None:
    """What may be believed of what the request attests; ``checks`` where who brings it has checked the signature."""
    attested: set[Attestation] = set()
    for value in [part for each in request.every("identity") for part in listed(each)][:IDENTITIES_MAX]:
        passport = _passport(value)
        if passport is None:
            continue
        fits = caller[1:] in _bare(passport.orig) and callee[1:] in _bare(passport.dest)
        fresh = abs(now_ms / 1000 - passport.iat) <= FRESH_S
        if passport.attest == "C" or (checks and fits and fresh):
            attested.add(passport.attest)
    return max(attested, default=None)


def _passport(value: str) -> _Passport | None:
    """The claims of the compact form ``header.claims.signature;info=…``; None where there are none of these."""
    parts = value[:PASSPORT_CHARS_MAX].partition(";")[0].split(".")
    if len(parts) != 3:
        return None
    claims = parts[1]
    try:
        return _read_passport(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return None


def _bare(party: _Party) -> list[str]:
    return [number.lstrip("+") for number in party.numbers]


def _nationally(number: str, home: str) -> str | None:
    """As dialled in the home country, in E.164; None where no range there, nor abroad, fits."""
    try:
        read = phonenumbers.parse(number, home)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(read):
        return None
    return str(phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(KNOWN_MAX)
def _country(number: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None
