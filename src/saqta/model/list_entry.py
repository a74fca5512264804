"""An entry that people decide about, and its states as a table: what may follow what, and nothing else may.

Pure: ``apply`` takes an entry and an event and gives the entry after it. What an imported list holds is in force
without an entry; one is made when somebody appeals or lifts it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from saqta.model import kinds
from saqta.model.errors import StateError
from saqta.model.event import Recorded
from saqta.model.kinds import ListTerms
from saqta.model.sealed import Sealed
from saqta.model.terms import EntryState


class Trigger(StrEnum):
    """What moves an entry."""

    PROPOSE = "propose"
    CONFIRM = "confirm"
    REJECT = "reject"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    LIFT = "lift"


PROPOSED, IN_FORCE, REJECTED, APPEALED, LIFTED = EntryState

TRANSITIONS: dict[EntryState, dict[Trigger, EntryState]] = {
    PROPOSED: {Trigger.CONFIRM: IN_FORCE, Trigger.REJECT: REJECTED},
    IN_FORCE: {Trigger.APPEAL: APPEALED, Trigger.LIFT: LIFTED},
    REJECTED: {Trigger.PROPOSE: PROPOSED},
    APPEALED: {Trigger.UPHOLD: IN_FORCE, Trigger.LIFT: LIFTED},
    LIFTED: {Trigger.PROPOSE: PROPOSED},
}
"""State, trigger, state after. An entry that is appealed against stays in force until the appeal is decided, eased
while it ``is_in_doubt``; one that was lifted stays so, whatever is imported or proposed, until two people put it into
force again."""
DOUBT_MS = 14 * 86_400_000
"""For so long an appeal that nobody decides puts an entry in doubt."""

BLOCKING = frozenset({IN_FORCE, APPEALED})


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as it stands; ``version`` is the seq of the newest event about it.

    ``decided_by`` is who decided last: somebody else decides about an appeal. ``upheld`` is whether an appeal against
    it was refused before, ``lifted`` whether it was lifted and not put into force since. ``value`` is sealed for the
    event whose id is ``proposed_event``.
    """

    id: str
    state: EntryState
    terms: ListTerms
    version: int
    changed_ms: int
    proposed_by: str | None = None
    decided_by: str | None = None
    evidence: tuple[str, ...] = ()
    appeal: str | None = None
    appealed_ms: int | None = None
    outcome: str | None = None
    value: Sealed | None = None
    party: str | None = None
    proposed_event: str | None = None
    upheld: bool = False
    lifted: bool = False


def require(entry: Entry, trigger: Trigger) -> EntryState:
    """The state after ``trigger``; StateError, with the reason in words, when the table forbids it."""
    after = TRANSITIONS[entry.state].get(trigger)
    if after is None:
        allowed = ", ".join(TRANSITIONS[entry.state])
        raise StateError(f"list_entry/{entry.id}", f"is {entry.state}: {trigger} is not possible, only {allowed}")
    return after


def require_proposable(entry: Entry | None, at_ms: int) -> None:
    """StateError while an entry waits or blocks; one whose time is over may be proposed again."""
    is_over = entry is not None and entry.terms.valid_until_ms is not None and entry.terms.valid_until_ms <= at_ms
    if entry is not None and not is_over:
        require(entry, Trigger.PROPOSE)


def is_valid(terms: ListTerms, at_ms: int) -> bool:
    """Whether the terms hold at a moment: from their first on, until before their last."""
    return (terms.valid_from_ms or 0) <= at_ms and (terms.valid_until_ms is None or at_ms < terms.valid_until_ms)


def blocks(entry: Entry, at_ms: int) -> bool:
    """Whether an entry blocks by itself; one that came from an imported list does so only as long as that list does."""
    return entry.proposed_by is not None and entry.state in BLOCKING and is_valid(entry.terms, at_ms)


def is_in_doubt(entry: Entry, at_ms: int) -> bool:
    """Whether what an entry blocks is rather held or warned of: while the first appeal waits, for DOUBT_MS, against
    what people of the centre listed. What an authority or an operator gave out blocks until it is decided, and so does
    what was upheld before: who swindles appeals as well."""
    first = entry.state is EntryState.APPEALED and entry.proposed_by is not None and not entry.upheld
    return first and at_ms < (entry.appealed_ms or 0) + DOUBT_MS


def apply(entry: Entry | None, recorded: Recorded, record: kinds.Record) -> Entry | None:
    """The entry after an event about it; None where there is none yet and the event does not say what it lists.

    Raises StateError when the table forbids the event, which a decider never appends: ``require`` first. What a step
    proposes may wait or block already: then nothing changes but the version.
    """
    if isinstance(record, kinds.ListEntryProposed):
        return _proposed(entry, recorded, record)
    if entry is None and isinstance(record, kinds.ListEntryAppealed | kinds.ListEntryLifted) and record.terms:
        entry = Entry(id=record.entry, state=IN_FORCE, terms=record.terms, version=0, changed_ms=0)
    if entry is None:
        return None
    change = _CHANGES[type(record)](entry, recorded, record)
    return msgspec.structs.replace(entry, **change, version=recorded.seq, changed_ms=recorded.event.time_ms)


def _proposed(entry: Entry | None, recorded: Recorded, record: kinds.ListEntryProposed) -> Entry:
    try:
        require_proposable(entry, recorded.event.time_ms)
    except StateError:
        if recorded.event.cause is None:
            raise
        assert entry is not None  # noqa: S101 - only an entry can be in the way
        return msgspec.structs.replace(entry, version=recorded.seq)
    return Entry(
        id=record.entry,
        state=PROPOSED,
        terms=record.terms,
        version=recorded.seq,
        changed_ms=recorded.event.time_ms,
        proposed_by=recorded.event.actor,
        evidence=record.evidence,
        value=record.value,
        party=record.party,
        proposed_event=recorded.event.id,
        lifted=entry is not None and entry.lifted,
    )


def _confirmed(entry: Entry, recorded: Recorded, record: kinds.ListEntryConfirmed) -> dict[str, Any]:
    return {"state": require(entry, Trigger.CONFIRM), "decided_by": recorded.event.actor, "lifted": False}


def _rejected(entry: Entry, recorded: Recorded, record: kinds.ListEntryRejected) -> dict[str, Any]:
    return {"state": require(entry, Trigger.REJECT), "decided_by": recorded.event.actor, "outcome": record.reason}


def _appealed(entry: Entry, recorded: Recorded, record: kinds.ListEntryAppealed) -> dict[str, Any]:
    moment = recorded.event.time_ms
    return {"state": require(entry, Trigger.APPEAL), "appeal": record.reason, "appealed_ms": moment}


def _upheld(entry: Entry, recorded: Recorded, record: kinds.ListEntryUpheld) -> dict[str, Any]:
    by = recorded.event.actor
    return {"state": require(entry, Trigger.UPHOLD), "decided_by": by, "outcome": record.reason, "upheld": True}


def _lifted(entry: Entry, recorded: Recorded, record: kinds.ListEntryLifted) -> dict[str, Any]:
    by = recorded.event.actor
    return {"state": require(entry, Trigger.LIFT), "decided_by": by, "outcome": record.reason, "lifted": True}


_CHANGES: dict[type[kinds.Record], Callable[[Entry, Recorded, Any], dict[str, Any]]] = {
    kinds.ListEntryConfirmed: _confirmed,
    kinds.ListEntryRejected: _rejected,
    kinds.ListEntryAppealed: _appealed,
    kinds.ListEntryUpheld: _upheld,
    kinds.ListEntryLifted: _lifted,
}
EVENTS: tuple[type[kinds.Record], ...] = (kinds.ListEntryProposed, *_CHANGES)
"""The kinds that ``apply`` understands."""
