"""Lists of what is blocked: what was imported, and entries that people propose, confirm, appeal against and lift.

What is listed never stands in an address, and is shown in clear to those alone who decide about it, on record.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, create_model

from saqta.model.command import Context, DecideEntry, ProposeEntry
from saqta.model.errors import InputError
from saqta.model.kinds import (
    ALERT_REASON_CHARS_MAX,
    DECISION_CHARS_MAX,
    LIST_EVIDENCE_MAX,
    NAME_CHARS_MAX,
    ListEntryViewed,
    ListTerms,
)
from saqta.model.list_entry import Entry, Trigger, blocks
from saqta.model.listing import canonical, party_entry
from saqta.model.moment import from_datetime
from saqta.model.terms import ListedKind
from saqta.views.tables import LIST_ENTRIES, LIST_WAITING, LISTS, STOPPED, TOKENS, BlockingList, EntryOf, Stopped
from saqta.web import problems
from saqta.web.access import CallerOf, guarded_router
from saqta.web.commands import Caused, ContextOf, Door, OptionalReason, Reason, perform
from saqta.web.looks import StatedPurpose, record_look
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer, present, schema_of

router = guarded_router("lists")
EntryId = Annotated[str, Path(alias="id", max_length=80)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
EventKey = Annotated[str, StringConstraints(min_length=1, max_length=2049)]
ON_THE_QUEUE = "to decide about it"
EntryDetail = create_model("ListEntryDetail", __base__=schema_of(Entry), listed=(str | None, ...))


class Asked(Door):
    """What may be blocked; in the body, so that no number stands in an address."""

    kind: ListedKind
    value: Value


class Found(BaseModel):
    """Whether it is blocked now, by which entry, and on which terms."""

    entry: str
    blocked: bool
    terms: schema_of(ListTerms) | None  # type: ignore[valid-type]


class Proposal(Door):
    """Why, in whose name and for how long something should be blocked."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ALERT_REASON_CHARS_MAX)]
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARS_MAX)]
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class NewEntry(Proposal, Asked):
    """A proposal to block; it waits until a second person confirms it."""

    evidence: Annotated[tuple[EventKey, ...], Field(max_length=LIST_EVIDENCE_MAX)] = ()


class NewPartyEntry(Proposal):
    """A proposal to block somebody whom a decision knows by a pseudonym alone: who called or paid, who was called or
    paid, or the payer's telephone."""

    decision: Annotated[str, StringConstraints(min_length=1, max_length=DECISION_CHARS_MAX)]
    party: Literal["actor", "counterpart", "subscriber"]


class Reasoned(Door):
    reason: Reason


class Confirmation(Door):
    """`version` is that of the entry as it was read: 409 where it has moved on since."""

    reason: OptionalReason = ""
    version: int | None = None


CONFIRMED = Confirmation()


@router.get("/api/v1/lists", response_model=page_of(schema_of(BlockingList)))
def list_lists(ports: PortsOf, wanted: WantedPage) -> Response:
    """Imported lists that are in force, by name, with the Merkle roots over their parts."""
    return page(ports.tables, LISTS, wanted)


@router.post("/api/v1/lists/find", response_model=Found)
def find_listed(ports: PortsOf, asked: Asked) -> Response:
    """Whether something is blocked now, as itself or by a pseudonym that decisions know it by."""
    entry = ports.blocklist.entry_of(asked.kind, asked.value)
    blocked = ports.blocklist.look_up(asked.kind, asked.value, ports.clock())
    by_party = None if blocked else next(_by_party(ports, asked), None)
    if by_party is not None:
        entry, blocked = by_party.id, by_party.terms
    return answer({"entry": entry, "blocked": blocked is not None, "terms": present(blocked)})


def _by_party(ports: Ports, asked: Asked) -> Iterator[Entry]:
    """Entries that block it by a pseudonym: a number's own, an account's at each partner, as that one writes it."""
    if asked.kind is ListedKind.MSISDN:
        parties = [ports.decisions.subscriber(canonical(asked.kind, asked.value))]
    elif asked.kind in (ListedKind.ACCOUNT, ListedKind.PAYEE):
        partners = sorted({token.partner for _, token in ports.tables.scan(TOKENS) if token.partner})
        parties = [ports.decisions.account(asked.value, partner) for partner in partners]
    else:
        return
    for party in parties:
        row = ports.tables.get(LIST_ENTRIES, party_entry(asked.kind, party))
        if row is not None and blocks(row, ports.clock()):
            yield row


@router.get("/api/v1/lists/waiting", response_model=page_of(schema_of(Entry)))
def list_waiting(ports: PortsOf, wanted: WantedPage, state: Literal["proposed", "appealed"] | None = None) -> Response:
    """Entries that wait for a decision: appeals, then proposals, each the oldest first."""

    def show(_: str, waiting: EntryOf) -> Entry | None:
        return ports.tables.get(LIST_ENTRIES, waiting.entry)

    return page(ports.tables, LIST_WAITING, wanted, prefix=f"{state}/" if state else "", show=show)


@router.get("/api/v1/lists/entries", response_model=page_of(schema_of(Entry)))
def list_entries(ports: PortsOf, wanted: WantedPage) -> Response:
    """All entries that people decided about, by id."""
    return page(ports.tables, LIST_ENTRIES, wanted)


@router.get("/api/v1/lists/entries/{id}", response_model=EntryDetail)
def read_entry(ports: PortsOf, caller: CallerOf, entry: EntryId, purpose: StatedPurpose) -> Response:
    """One entry and, in `listed`, what it lists; that somebody was shown it is in the log first.

    Null where an entry came from an imported list, which holds digests alone, and where the person was erased.
    """
    row = _require(ports, entry)
    shown = _disclosed(ports, row)
    if shown is not None:
        record_look(ports, caller, ListEntryViewed(entry=entry), purpose or ON_THE_QUEUE)
    return answer(present(row) | {"listed": shown})


@router.post("/api/v1/lists/entries", status_code=HTTPStatus.CREATED, response_model=Caused)
def propose_entry(ports: PortsOf, context: ContextOf, new: NewEntry) -> Response:
    """Proposes to block something; a second person confirms it."""
    entry = ports.blocklist.entry_of(new.kind, new.value)
    person = ports.keyring.person_of(new.value)
    value = ports.keyring.seal(person, context.event_id(0), "value", new.value)
    terms = _terms(ports, new.kind, new)
    return _propose(ports, ProposeEntry(entry=entry, terms=terms, evidence=new.evidence, value=value), context)


@router.post("/api/v1/lists/parties", status_code=HTTPStatus.CREATED, response_model=Caused)
def propose_party(ports: PortsOf, context: ContextOf, new: NewPartyEntry) -> Response:
    """Proposes to block a party of a call or payment that was stopped; a second person confirms it.

    Accounts are known to the partner alone that asked about them: there they are blocked.
    """
    stopped = ports.tables.get(STOPPED, new.decision)
    if stopped is None:
        raise problems.not_found("case", new.decision)
    party = getattr(stopped, new.party)
    if party is None:
        raise InputError("party", new.party, "a party of this decision, which tells of no telephone")
    kind = _kind_of(stopped, new.party)
    command = ProposeEntry(
        entry=party_entry(kind, party), terms=_terms(ports, kind, new), evidence=(stopped.event,), party=party
    )
    return _propose(ports, command, context)


@router.post("/api/v1/lists/entries/{id}/confirm", response_model=Caused)
def confirm_entry(ports: PortsOf, context: ContextOf, entry: EntryId, said: Confirmation = CONFIRMED) -> Response:
    """Puts a proposed entry into force; another person than the one who proposed it."""
    command = DecideEntry(entry=entry, trigger=Trigger.CONFIRM, reason=said.reason, seen=said.version)
    return perform(ports, command, context)


@router.post("/api/v1/lists/entries/{id}/reject", response_model=Caused)
def reject_entry(ports: PortsOf, context: ContextOf, entry: EntryId, said: Reasoned) -> Response:
    """Does not follow a proposal."""
    return perform(ports, DecideEntry(entry=entry, trigger=Trigger.REJECT, reason=said.reason), context)


@router.post("/api/v1/lists/entries/{id}/appeal", response_model=Caused)
def appeal_entry(ports: PortsOf, context: ContextOf, entry: EntryId, said: Reasoned) -> Response:
    """Takes down that whom it concerns objects; it stays in force until that is decided."""
    return perform(ports, DecideEntry(entry=entry, trigger=Trigger.APPEAL, reason=said.reason), context)


@router.post("/api/v1/lists/entries/{id}/uphold", response_model=Caused)
def uphold_entry(ports: PortsOf, context: ContextOf, entry: EntryId, said: Reasoned) -> Response:
    """Does not follow the appeal; another person than the one who put the entry into force."""
    return perform(ports, DecideEntry(entry=entry, trigger=Trigger.UPHOLD, reason=said.reason), context)


@router.post("/api/v1/lists/entries/{id}/lift", response_model=Caused)
def lift_entry(ports: PortsOf, context: ContextOf, entry: EntryId, said: Reasoned) -> Response:
    """Takes an entry out of force, whatever list it came from."""
    return perform(ports, DecideEntry(entry=entry, trigger=Trigger.LIFT, reason=said.reason), context)


def _kind_of(stopped: Stopped, party: str) -> ListedKind:
    """As what a party of a decision is listed."""
    if stopped.kind == "call" or party == "subscriber":
        return ListedKind.MSISDN
    return ListedKind.ACCOUNT if party == "actor" else ListedKind.PAYEE


def _terms(ports: Ports, kind: ListedKind, new: Proposal) -> ListTerms:
    terms = ListTerms(
        kind=kind,
        reason=new.reason,
        source=new.source,
        valid_from_ms=from_datetime(new.valid_from) if new.valid_from else None,
        valid_until_ms=from_datetime(new.valid_until) if new.valid_until else None,
    )
    if terms.valid_until_ms is not None and terms.valid_until_ms <= max(terms.valid_from_ms or 0, ports.clock()):
        raise InputError("valid_until", str(new.valid_until), "a time to come, after `valid_from`")
    return terms


def _propose(ports: Ports, command: ProposeEntry, context: Context) -> Response:
    response = perform(ports, command, context, HTTPStatus.CREATED)
    response.headers["location"] = f"/api/v1/lists/entries/{command.entry}"
    return response


def _require(ports: Ports, entry: str) -> Entry:
    row = ports.tables.get(LIST_ENTRIES, entry)
    if row is None:
        raise problems.not_found("entry", entry)
    return row


def _disclosed(ports: Ports, row: Entry) -> str | None:
    """What an entry lists, in clear; the id of the event that it was sealed for stands with it."""
    if row.value is None or row.proposed_event is None:
        return None
    return ports.keyring.disclose(row.value, row.proposed_event, "value")
