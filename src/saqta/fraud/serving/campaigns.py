"""Sees a campaign: one caller, or one payee, over several victims, with the payments of those who were called.

Pure, and by pseudonyms alone. The alert is raised when there are VICTIMS_MIN, and again each time that victims
and payments have become half as many again; with the first one its caller or payee is proposed for the lists.
"""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Event, Recorded, derive_id
from saqta.model.listing import party_entry
from saqta.model.step import Change, Table, Tables, follows
from saqta.model.terms import ListedKind

VICTIMS_MIN = 3
WINDOW_MS = 24 * 3_600_000
CALLED_MS = 3_600_000
"""A payment belongs to the campaign that called its payer so shortly before."""
MEMBERS_MAX = 256
PROPOSED_MS = 30 * 24 * 3_600_000
"""For so long a caller or payee would be blocked."""
LISTED_MAX = 15
"""So many of those that were stopped stand in an alert's reasons."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """``victims`` are pseudonyms, ``stopped`` what was done to which decision, both the newest MEMBERS_MAX."""

    first_ms: int
    last_ms: int
    victims: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    payments: int = 0
    told: int = 0

    @property
    def size(self) -> int:
        return len(self.victims) + self.payments


class Called(msgspec.Struct, frozen=True):
    """Who was called by which campaign last."""

    campaign: str
    time_ms: int


CAMPAIGNS = Table("fraud_campaigns", Campaign)
"""By ``call/{caller}`` or ``payment/{payee}``, pseudonyms."""
CALLED = Table("fraud_called", Called)
"""By who was called."""


def seen(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> tuple[list[Change], list[Event]]:
    """What a commit changes in the campaigns, the alerts of those that have grown enough, and what is proposed."""
    campaigns: dict[str, Campaign] = {}
    called: dict[str, Called] = {}
    for row in record.notable:
        if row.kind == "payment" and row.action == "warn":
            continue
        key = _key(tables, called, row)
        before = campaigns.get(key) or tables.get(CAMPAIGNS, key)
        campaigns[key] = _joined(before, f"{record.tenant}-{record.number}-{row.row}", row)
        if row.kind == "call":
            called[row.counterpart] = Called(key, row.time_ms)
    events = []
    for key, campaign in campaigns.items():
        if len(campaign.victims) >= VICTIMS_MIN and 2 * campaign.size >= 3 * campaign.told:
            campaigns[key] = msgspec.structs.replace(campaign, told=campaign.size)
            events.append(_alert(recorded, key, campaign))
            events += _proposal(recorded, key, campaign) if campaign.told == 0 else ()
    changes = [CAMPAIGNS.put(key, campaign) for key, campaign in campaigns.items()]
    return [*changes, *(CALLED.put(victim, row) for victim, row in called.items())], events


def _key(tables: Tables, called: dict[str, Called], row: kinds.NotableRow) -> str:
    """The campaign that a row belongs to: that of its caller, of who called the payer, or of the payee."""
    if row.kind == "call":
        return f"call/{row.actor}"
    before = (called.get(row.subscriber) or tables.get(CALLED, row.subscriber)) if row.subscriber else None
    if before is not None and 0 <= row.time_ms - before.time_ms <= CALLED_MS:
        return before.campaign
    return f"payment/{row.counterpart}"


def _joined(before: Campaign | None, decision: str, row: kinds.NotableRow) -> Campaign:
    if before is None or row.time_ms - before.last_ms > WINDOW_MS:
        before = Campaign(first_ms=row.time_ms, last_ms=row.time_ms)
    victim = row.counterpart if row.kind == "call" else row.subscriber or row.actor
    done = {"allow": "allowed", "warn": "warned of", "hold": "held", "block": "blocked"}[row.action]
    amount = f" of {row.amount} {row.currency}" if row.amount else ""
    victims = tuple(each for each in before.victims if each != victim)
    return msgspec.structs.replace(
        before,
        first_ms=min(before.first_ms, row.time_ms),
        last_ms=max(before.last_ms, row.time_ms),
        payments=before.payments + (row.kind == "payment"),
        victims=(*victims, victim)[-MEMBERS_MAX:],
        stopped=(*before.stopped, f"{row.kind}{amount} {done}: {decision}")[-MEMBERS_MAX:],
    )


def _alert(recorded: Recorded, key: str, campaign: Campaign) -> Event:
    """One alert of a campaign; those of one campaign share a source, by which they become one incident."""
    reasons = tuple(_reasons(key, campaign))
    (alert,) = follows("fraud", recorded, kinds.AlertRaised(kind="scam_campaign", reasons=reasons))
    return msgspec.structs.replace(alert, id=derive_id(alert.id, key), source=f"/saqta/fraud/{key}")


def _proposal(recorded: Recorded, key: str, campaign: Campaign) -> tuple[Event, ...]:
    """That the caller or payee is blocked, which a person confirms or rejects."""
    on, _, party = key.partition("/")
    kind = ListedKind.MSISDN if on == "call" else ListedKind.PAYEE
    terms = kinds.ListTerms(
        kind=kind,
        reason=next(_reasons(key, campaign)),
        source="Saqta",
        valid_until_ms=recorded.event.recorded_ms + PROPOSED_MS,
    )
    proposed = kinds.ListEntryProposed(
        entry=party_entry(kind, party), terms=terms, evidence=(recorded.event.key,), party=party
    )
    return follows("fraud", recorded, proposed)


def _reasons(key: str, campaign: Campaign) -> Iterator[str]:
    count, minutes = len(campaign.victims), (campaign.last_ms - campaign.first_ms) // 60_000 + 1
    what = "one number called" if key.startswith("call/") else "one account was to be paid by"
    newest = f"; the newest {LISTED_MAX} follow" if len(campaign.stopped) > LISTED_MAX else ""
    yield f"{what} {count} people within {minutes} min{newest}"
    yield from campaign.stopped[-LISTED_MAX:]
