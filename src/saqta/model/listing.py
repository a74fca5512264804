"""What can be listed, in its canonical form, and the keyed digest that stands for it in events.

The digest is BLAKE2b's own keyed mode (RFC 7693), 16 bytes, over the kind and the canonical text: a lookup takes less
than a microsecond, and nobody without the key can tell by trying all numbers whose digest it is.
"""

import hashlib
import re
from collections.abc import Callable, Iterator

from saqta.model.errors import InputError
from saqta.model.kinds import LISTED_ROW_BYTES, ListImported, ListTerms
from saqta.model.terms import ListedKind

DIGEST_BYTES = 16
ACCOUNT_CHARS_MAX = 64

_SPACES = re.compile(r"[\s\u00a0-]")
_FORMS: dict[ListedKind, tuple[re.Pattern[str], str]] = {
    ListedKind.MSISDN: (re.compile(r"\+[1-9][0-9]{6,14}"), "a telephone number in E.164, such as +77011234567"),
    ListedKind.IMSI: (re.compile(r"[0-9]{14,15}"), "an IMSI of 14 or 15 digits"),
    ListedKind.IMEI: (re.compile(r"[0-9]{14,16}"), "an IMEI of 14 to 16 digits"),
    ListedKind.ACCOUNT: (re.compile(r"[0-9A-Z]{1,64}"), "an account of up to 64 letters and digits"),
    ListedKind.PAYEE: (re.compile(r"[0-9A-Z]{1,64}"), "an account of up to 64 letters and digits"),
}
IMEI_DIGITS = 14
"""The type and the serial number; the check digit and the software's version behind them say nothing of the device."""


def canonical(kind: ListedKind, value: str) -> str:
    """The one form of what may be written in several; InputError when it is nothing of that kind.

    >>> canonical(ListedKind.MSISDN, "+7 701 123-45-67"), canonical(ListedKind.IMEI, "490154203237518")
    ('+77011234567', '49015420323751')
    """
    form, expected = _FORMS[kind]
    plain = value if form.fullmatch(value) else _SPACES.sub("", value).upper()
    if not form.fullmatch(plain):
        raise InputError("value", value, expected)
    return plain[:IMEI_DIGITS] if kind is ListedKind.IMEI else plain


def digester(key: bytes) -> Callable[[ListedKind, str], bytes]:
    """The digest of a canonical value under a key of at most 64 bytes."""
    keyed = {kind: hashlib.blake2b(f"{kind}:".encode(), digest_size=DIGEST_BYTES, key=key) for kind in ListedKind}

    def digest(kind: ListedKind, value: str) -> bytes:
        state = keyed[kind].copy()
        state.update(value.encode())
        return state.digest()

    return digest


def entry_id(kind: ListedKind, digest: bytes) -> str:
    """The name of an entry in addresses and subjects; it says nothing of what is listed to those without the key."""
    return f"{kind}-{digest.hex()}"


def party_entry(kind: ListedKind, party: str) -> str:
    """The name of the entry for one whom decisions know by a pseudonym alone, which needs no key of its own.

    >>> party_entry(ListedKind.MSISDN, "00112233aabbccdd")
    'msisdn-dd69348094ebd0be3064ef36ad535775'
    """
    return entry_id(kind, hashlib.blake2b(f"party:{kind}:{party}".encode(), digest_size=DIGEST_BYTES).digest())


def digest_of(entry: str) -> bytes:
    """The digest in an entry's name; InputError when it is none."""
    kind, _, digest = entry.partition("-")
    if kind not in set(ListedKind) or not re.fullmatch(r"[0-9a-f]{32}", digest):
        raise InputError("entry", entry, "an entry's id, such as msisdn-0123456789abcdef0123456789abcdef")
    return bytes.fromhex(digest)


def listed(part: ListImported) -> Iterator[tuple[bytes, ListTerms]]:
    """Every row of a part: its digest and its terms."""
    rows = part.rows
    for at in range(0, len(rows), LISTED_ROW_BYTES):
        middle, end = at + DIGEST_BYTES, at + LISTED_ROW_BYTES
        yield rows[at:middle], part.terms[int.from_bytes(rows[middle:end])]


def find_in(part: ListImported, digest: bytes) -> ListTerms | None:
    """The terms on which a digest stands in a part; None where it doesn't."""
    at = part.rows.find(digest)
    while at >= 0 and at % LISTED_ROW_BYTES:
        at = part.rows.find(digest, at + 1)
    end = at + LISTED_ROW_BYTES
    return None if at < 0 else part.terms[int.from_bytes(part.rows[at + DIGEST_BYTES : end])]
