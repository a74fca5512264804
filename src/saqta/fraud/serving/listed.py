"""Which names of a payment or a call lists are asked about, and what they say.

A name has its bit in the machine's event, its feature ``{field}_listed`` and its rule ``listed_{field}`` (lists.toml).
"""

from typing import NamedTuple

from saqta.fraud.layout import (
    LISTED_ACTOR,
    LISTED_COUNTERPART,
    LISTED_DEVICE,
    LISTED_SIM,
    LISTED_SUBSCRIBER,
    Record,
)
from saqta.fraud.lists.blocklist import Blocklist, Listing
from saqta.fraud.wire import Call, Payment
from saqta.model.terms import ListedKind


class Name(NamedTuple):
    """A field of what is asked, as what it may be listed, its bit, and where its pseudonym stands in layout.EVENT; ""
    where it has none."""

    field: str
    kind: ListedKind
    bit: int
    party: str = ""


NAMES: dict[type[Payment] | type[Call], tuple[Name, ...]] = {
    Call: (
        Name("caller", ListedKind.MSISDN, LISTED_ACTOR, "actor"),
        Name("callee", ListedKind.MSISDN, LISTED_COUNTERPART, "counterpart"),
        Name("imei", ListedKind.IMEI, LISTED_DEVICE),
        Name("imsi", ListedKind.IMSI, LISTED_SIM),
    ),
    Payment: (
        Name("account", ListedKind.ACCOUNT, LISTED_ACTOR, "actor"),
        Name("payee", ListedKind.PAYEE, LISTED_COUNTERPART, "counterpart"),
        Name("phone", ListedKind.MSISDN, LISTED_SUBSCRIBER, "subscriber"),
    ),
}


def listed(asked: Payment | Call, blocklist: Blocklist, at_ms: int) -> tuple[int, dict[str, Listing]]:
    """The bits of the names that lists block at a moment, and by the names of their rules what lists say."""
    bits, found = 0, {}
    for field, kind, bit, _ in NAMES[type(asked)]:
        value = getattr(asked, field)
        listing = blocklist.listing(kind, value, at_ms) if value else None
        if listing is not None:
            bits |= bit
            found[f"listed_{field}"] = listing
    return bits, found


def parties_listed(
    asked: Payment | Call, event: Record, blocklist: Blocklist, at_ms: int
) -> tuple[int, dict[str, Listing]]:
    """The same of the pseudonyms in an ``event`` (layout.EVENT)."""
    bits, found = 0, {}
    for field, kind, bit, party in NAMES[type(asked)]:
        listing = blocklist.party(kind, int(event[party]), at_ms) if party else None
        if listing is not None:
            bits |= bit
            found[f"listed_{field}"] = listing
    return bits, found
