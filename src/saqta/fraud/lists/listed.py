"""Which names of a payment or a call lists are asked about, and what they say.

A name has its bit in the machine's event, its feature ``{field}_listed`` and its rule ``listed_{field}`` (lists.toml).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from saqta.fraud.engine.layout import (
    LISTED_ACTOR,
    LISTED_COUNTERPART,
    LISTED_DEVICE,
    LISTED_IN_DOUBT,
    LISTED_SIM,
    LISTED_SUBSCRIBER,
    Record,
)
from saqta.fraud.lists.blocklist import Blocklist, Listing
from saqta.fraud.wire import Call, Label, Payment
from saqta.model.terms import ListedKind


class Name(NamedTuple):
    """A field of what is asked, as what it may be listed, its bit, and where its pseudonym stands in layout.EVENT; ""
    where it has none."""

    field: str
    kind: ListedKind
    bit: int
    party: str = ""

    @property
    def rule(self) -> str:
        """The rule on it."""
        return f"listed_{self.field}"


NAMES: dict[type[Payment] | type[Call] | type[Label], tuple[Name, ...]] = {
    Label: (),
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


APPEALED = {"listed_call_appealed", "listed_payment_appealed"}
"""The rules on what is in doubt, whichever name it is."""
WARNED = "listed_callee"
"""The rule on a name that is warned of alone, in doubt or not."""


def listed(asked: Payment | Call | Label, blocklist: Blocklist, at_ms: int) -> dict[str, Listing]:
    """What lists say at a moment of the names of what is asked, by the names of their rules; nothing of a label."""

    def of(name: Name) -> Listing | None:
        value = getattr(asked, name.field)
        return blocklist.listing(name.kind, value, at_ms) if value else None

    return _said(asked, of)


def parties_listed(asked: Payment | Call, event: Record, blocklist: Blocklist, at_ms: int) -> dict[str, Listing]:
    """The same of the pseudonyms in an ``event`` (layout.EVENT)."""

    def of(name: Name) -> Listing | None:
        return blocklist.party(name.kind, int(event[name.party]), at_ms) if name.party else None

    return _said(asked, of)


def _said(asked: Payment | Call | Label, of: Callable[[Name], Listing | None]) -> dict[str, Listing]:
    return {name.rule: listing for name in NAMES[type(asked)] if (listing := of(name)) is not None}


def told_of(asked: Payment | Call | Label, found: Mapping[str, Listing]) -> int:
    """The bits of the names that are listed. Beside one that blocks, what is in doubt adds nothing."""
    bits = {name.rule: name.bit for name in NAMES[type(asked)]}
    certain = sum(bits[rule] for rule, listing in found.items() if not listing.in_doubt)
    return certain or sum(bits[rule] for rule in found) | LISTED_IN_DOUBT


def listing_of(rule: str, found: Mapping[str, Listing]) -> Listing | None:
    """What a rule on lists follows; None for any other rule."""
    if rule not in APPEALED:
        return found.get(rule)
    return next((listing for name, listing in found.items() if listing.in_doubt and name != WARNED), None)


def with_source(text: str, listing: Listing) -> str:
    """What a rule on lists says, with the entry's reason and its source where whoever is answered may know them."""
    return text if listing.terms is None else f"{text}: {listing.terms.reason} ({listing.terms.source})"
