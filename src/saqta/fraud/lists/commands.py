"""What people ask of an entry, decided into events, or refused with the reason.

Two people: who proposed an entry does not confirm it, and who put it into force does not decide the appeal against it.
"""

from collections.abc import Callable
from typing import Any

from saqta.fraud.lists.tables import ENTRIES, imported_terms
from saqta.model import command as commands
from saqta.model import kinds
from saqta.model.command import REASON_CHARS_MAX, Command, Context
from saqta.model.errors import InputError, StateError
from saqta.model.kinds import ListTerms
from saqta.model.list_entry import Entry, Trigger, require, require_proposable
from saqta.model.listing import digest_of
from saqta.model.step import Outcome, Tables, commanded, require_seen


def decide(tables: Tables, command: Command, context: Context) -> Outcome:
    """The events of a command about an entry. StateError when its state or who asks forbids it; InputError for an
    entry that is not known."""
    if isinstance(command, commands.ProposeEntry):
        return _propose(tables, command, context)
    assert isinstance(command, commands.DecideEntry)  # noqa: S101 - wiring gives this step nothing else
    return _decide(tables, command, context)


def _propose(tables: Tables, command: commands.ProposeEntry, context: Context) -> Outcome:
    entry = tables.get(ENTRIES, command.entry)
    require_proposable(entry, context.now_ms)
    if entry is None and (terms := imported_terms(tables, digest_of(command.entry), context.now_ms)):
        raise StateError(_subject(command.entry), f"is blocked already, by {terms.source}: {terms.reason}")
    record = kinds.ListEntryProposed(
        entry=command.entry,
        terms=command.terms,
        evidence=command.evidence,
        value=command.value,
        party=command.party,
    )
    return Outcome(events=commanded(context, record), expected=_seen(command.entry, entry))


def _decide(tables: Tables, command: commands.DecideEntry, context: Context) -> Outcome:
    entry = tables.get(ENTRIES, command.entry)
    terms = None if entry else imported_terms(tables, digest_of(command.entry), context.now_ms)
    if entry is None and (terms is None or command.trigger not in (Trigger.APPEAL, Trigger.LIFT)):
        raise InputError("entry", command.entry, f"an entry that one can {command.trigger}")
    if entry is not None:
        require_seen(_subject(entry.id), command.seen, entry.version)
        require(entry, command.trigger)
        _require_another(entry, command.trigger, context.actor)
    reason = _reason(command)
    record = _RECORDS[command.trigger](command.entry, reason, terms)
    return Outcome(events=commanded(context, record), expected=_seen(command.entry, entry))


_RECORDS: dict[Trigger, Callable[[str, str, ListTerms | None], Any]] = {
    Trigger.CONFIRM: lambda entry, reason, terms: kinds.ListEntryConfirmed(entry=entry, note=reason),
    Trigger.REJECT: lambda entry, reason, terms: kinds.ListEntryRejected(entry=entry, reason=reason),
    Trigger.APPEAL: lambda entry, reason, terms: kinds.ListEntryAppealed(entry=entry, reason=reason, terms=terms),
    Trigger.UPHOLD: lambda entry, reason, terms: kinds.ListEntryUpheld(entry=entry, reason=reason),
    Trigger.LIFT: lambda entry, reason, terms: kinds.ListEntryLifted(entry=entry, reason=reason, terms=terms),
}


def _require_another(entry: Entry, trigger: Trigger, actor: str) -> None:
    if trigger is Trigger.CONFIRM and actor == entry.proposed_by:
        raise StateError(_subject(entry.id), f"was proposed by {actor}: another person confirms it")
    if entry.appeal and trigger in (Trigger.UPHOLD, Trigger.LIFT) and actor == entry.decided_by:
        raise StateError(_subject(entry.id), f"was put into force by {actor}: another person decides the appeal")


def _reason(command: commands.DecideEntry) -> str:
    reason = command.reason.strip()
    least = 0 if command.trigger is Trigger.CONFIRM else 1
    if not least <= len(reason) <= REASON_CHARS_MAX:
        raise InputError("reason", reason, f"a reason of {least} to {REASON_CHARS_MAX} characters")
    return reason


def _seen(id: str, entry: Entry | None) -> dict[str, int]:
    return {_subject(id): entry.version if entry else 0}


def _subject(id: str) -> str:
    return f"list_entry/{id}"
