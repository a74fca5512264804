"""Lists of what is blocked: SIM cards, numbers, devices, accounts, payees; and what people decide about an entry.

What is listed stands in events as keyed digests alone (``model.listing``): who has no key can't tell whose they are.
"""

from typing import Annotated

import msgspec

from saqta.model.kinds.record import NOTE_CHARS_MAX, Name, Reason, Record
from saqta.model.sealed import Sealed
from saqta.model.terms import ListedKind

LISTED_ROW_BYTES = 18
"""A digest of 16 bytes and, as two bytes with the higher first, which of the part's terms hold for it."""
LISTED_ROWS_MAX = 32_768
LIST_TERMS_MAX = 500
LIST_PARTS_MAX = 1_000
LIST_EVIDENCE_MAX = 20

Party = Annotated[str, msgspec.Meta(min_length=16, max_length=16, pattern="^[0-9a-f]*$")]
EntryId = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_CHARS_MAX)]


class ListTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is listed, why, by whom, and from when until when; None where it is open."""

    kind: ListedKind
    reason: Reason
    source: Name
    valid_from_ms: int | None = None
    valid_until_ms: int | None = None


class ListImported(Record, frozen=True, kw_only=True):
    """One of the ``parts`` of a list of ``total`` entries, numbered from 1; with its last part a ``version`` takes the
    place of the one before.

    ``rows`` are of LISTED_ROW_BYTES each, in the order of the file. ``root`` is the RFC 9162 Merkle root over them, a
    leaf being the row's digest and the JSON of its terms.
    """

    list: Name
    version: Name
    part: int
    parts: int
    terms: Annotated[tuple[ListTerms, ...], msgspec.Meta(max_length=LIST_TERMS_MAX)]
    rows: bytes
    root: str
    total: int


class ListEntryProposed(Record, frozen=True, kw_only=True):
    """Somebody proposes to block something; ``evidence`` are keys of events.

    ``value`` is what is to be blocked, or ``party`` the pseudonym by which decisions know who is.
    """

    entry: EntryId
    terms: ListTerms
    evidence: Annotated[tuple[str, ...], msgspec.Meta(max_length=LIST_EVIDENCE_MAX)] = ()
    value: Sealed | None = None
    party: Party | None = None


class ListEntryConfirmed(Record, frozen=True, kw_only=True):
    """A second person confirms what was proposed: it is in force."""

    entry: EntryId
    note: Note = ""


class ListEntryRejected(Record, frozen=True, kw_only=True):
    """A proposal is not followed."""

    entry: EntryId
    reason: Note


class ListEntryAppealed(Record, frozen=True, kw_only=True):
    """Whom it concerns objects; ``terms`` are those of the imported list, where the entry came from one."""

    entry: EntryId
    reason: Note
    terms: ListTerms | None = None


class ListEntryUpheld(Record, frozen=True, kw_only=True):
    """The appeal is not followed: the entry stays in force."""

    entry: EntryId
    reason: Note


class ListEntryLifted(Record, frozen=True, kw_only=True):
    """The entry is in force no longer, whatever list it came from; ``terms`` as in an appeal."""

    entry: EntryId
    reason: Note
    terms: ListTerms | None = None


class ListEntryViewed(Record, frozen=True, kw_only=True):
    """Somebody was shown in clear what an entry lists; the envelope says who and why."""

    entry: EntryId
