"""Names become keys: 64-bit hashes (XXH3) of what is named and its text. Zero stands for none."""

from xxhash import xxh3_64_intdigest

from saqta.model.money import EXPONENTS

ACCOUNT, NUMBER, RANGE, DEVICE, CELL, PLACE, CHANNEL, ID = (
    "account:",
    "number:",
    "range:",
    "device:",
    "cell:",
    "place:",
    "channel:",
    "id:",
)

CURRENCIES = ("", *sorted(EXPONENTS))
"""A currency's number in the machine is its place here."""
CURRENCY_NUMBERS = {code: number for number, code in enumerate(CURRENCIES)}


def key(kind: str, text: str) -> int:
    """The key of one text of a kind; who pays and who is paid are both accounts."""
    return xxh3_64_intdigest((kind + text).encode()) or 1
