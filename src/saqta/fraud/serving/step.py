"""What follows from decisions: holds that end, outcomes that are told, and how many a source may tell.

A source that tells of fraud in masses would teach the state to distrust whom it likes; so it may tell of a share of
what was decided for it, and of a few at least.
"""

import msgspec

from saqta.fraud.serving import campaigns
from saqta.model import kinds
from saqta.model.command import AskCallBack, Command, Context, TellOutcome
from saqta.model.errors import InputError, LimitError
from saqta.model.event import Recorded
from saqta.model.moment import to_text
from saqta.model.sealed import Sealed
from saqta.model.step import NOTHING, Change, Outcome, Step, Table, Tables, commanded
from saqta.model.terms import CENTRE

FRAUDS_TOLD_MIN = 100
FRAUDS_TOLD_SHARE = 0.05
"""A source may tell of so many frauds a day, or of this share of the decisions of that day and the day before."""
DAY_MS = 86_400_000
QUOTED_DAYS_MAX = 60
"""So many of the newest days of each publisher are kept; for older payments no amount in tenge is told."""


class Source(msgspec.Struct, frozen=True):
    """What a source did on a day."""

    decisions: int = 0
    frauds_told: int = 0


class Held(msgspec.Struct, frozen=True):
    """A hold that goes on; ``version`` is the seq of the newest that somebody told of it, 0 for nothing."""

    tenant: str
    until_ms: int
    version: int = 0


class Told(msgspec.Struct, frozen=True):
    """The newest outcome of a decision, by a partner or the centre; ``hold_until_ms`` is the end of a hold that
    confirming it cut short. ``event`` is the id of what told it, ``actor`` who did; ``teller`` is sealed for it."""

    tenant: str
    outcome: kinds.OutcomeWord
    known_ms: int
    by: str
    hold_until_ms: int | None = None
    event: str = ""
    actor: str = ""
    teller: Sealed | None = None


class CallBack(msgspec.Struct, frozen=True):
    """Who asked when that a customer is called back."""

    asked_ms: int
    by: str


class Swapped(msgspec.Struct, frozen=True):
    """When a number came to the SIM card that it has."""

    swapped_ms: int


class LineTold(msgspec.Struct, frozen=True):
    """The seq of what was told last of a call that connected or ended: so the decision path learns of it."""

    seq: int


SOURCES = Table("fraud_sources", Source)
"""By ``{source}/{day}``, days since 1970."""
HELD = Table("fraud_held", Held)
"""By decision."""
ENDING = Table("fraud_holds_ending", Held)
"""By ``{until_ms:015d}/{decision}``: the first to end is the first."""
TOLD = Table("fraud_outcomes", Told)
"""By decision."""
CALL_BACKS = Table("fraud_call_backs", CallBack)
"""By decision."""
SWAPS = Table("fraud_sim_swaps", Swapped)
"""By subscriber."""
LINES_TOLD = Table("fraud_lines_told", LineTold)
"""One row, by NEWEST."""
NEWEST = "newest"
QUOTED = Table("fraud_rates", kinds.RatesPublished)
"""By ``{publisher}/{quote}/{day}``."""


def _made(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> Outcome:
    changes: list[Change] = []
    rows = len(record.rows) * 3 // 4 // kinds.DECISION_ROW_BYTES
    for name in sorted({record.tenant, CENTRE}):
        key = _source_key(name, recorded.event.recorded_ms)
        source = tables.get(SOURCES, key) or Source()
        changes.append(SOURCES.put(key, msgspec.structs.replace(source, decisions=source.decisions + rows)))
    for row in record.notable:
        if row.hold_until_ms is not None:
            decision = f"{record.tenant}-{record.number}-{row.row}"
            changes += _holds(decision, Held(record.tenant, row.hold_until_ms))
    grown, alerts = campaigns.seen(tables, recorded, record)
    return Outcome((*changes, *grown), tuple(alerts))


def _told(tables: Tables, recorded: Recorded, record: kinds.OutcomeTold) -> Outcome:
    held, before = tables.get(HELD, record.decision), tables.get(TOLD, record.decision)
    hold_until_ms = held.until_ms if held else before.hold_until_ms if before else None
    told = Told(
        tenant=record.tenant,
        outcome=record.outcome,
        known_ms=record.known_ms,
        by=record.by,
        hold_until_ms=hold_until_ms,
        event=recorded.event.id,
        actor=recorded.event.actor,
        teller=record.teller,
    )
    changes = [TOLD.put(record.decision, told)]
    if record.outcome == "fraud":
        key = _source_key(record.by, recorded.event.recorded_ms)
        source = tables.get(SOURCES, key) or Source()
        changes.append(SOURCES.put(key, msgspec.structs.replace(source, frauds_told=source.frauds_told + 1)))
    if record.outcome != "unknown":
        changes += _ended(tables, record.decision)
    elif hold_until_ms is not None:  # What was confirmed is in doubt again: it is held for as long as it was to be.
        changes += _holds(record.decision, Held(record.tenant, hold_until_ms, recorded.seq))
    return Outcome(tuple(changes))


def _asked(tables: Tables, recorded: Recorded, record: kinds.CallBackAsked) -> Outcome:
    changes = [CALL_BACKS.put(record.decision, CallBack(recorded.event.time_ms, record.by))]
    held = tables.get(HELD, record.decision)
    if held is not None:
        changes += _holds(record.decision, msgspec.structs.replace(held, version=recorded.seq))
    return Outcome(tuple(changes))


def _released(tables: Tables, recorded: Recorded, record: kinds.HoldReleased) -> Outcome:
    changes = _ended(tables, record.decision)
    before = tables.get(TOLD, record.decision)
    if before is not None:
        changes.append(TOLD.put(record.decision, msgspec.structs.replace(before, hold_until_ms=None)))
    return Outcome(tuple(changes))


def _holds(decision: str, held: Held) -> list[Change]:
    return [HELD.put(decision, held), ENDING.put(ending_key(decision, held), held)]


def _ended(tables: Tables, decision: str) -> list[Change]:
    held = tables.get(HELD, decision)
    return [HELD.delete(decision), ENDING.delete(ending_key(decision, held))] if held else []


def decide(tables: Tables, command: Command, context: Context) -> Outcome:
    """Takes an outcome, or that a customer should be called back, once.

    InputError for a time to come, LimitError where the source tells of too many frauds.
    """
    if isinstance(command, AskCallBack):
        if tables.get(CALL_BACKS, command.decision) is not None:
            return NOTHING
        asked = kinds.CallBackAsked(decision=command.decision, tenant=command.tenant, by=command.by)
        return Outcome(events=commanded(context, asked))
    assert isinstance(command, TellOutcome)  # noqa: S101 - wiring gives this step nothing else
    if command.known_ms > context.now_ms:
        raise InputError("known", to_text(command.known_ms), "a time that is not in the future")
    before = tables.get(TOLD, command.decision)
    if before is not None and (before.outcome, before.by) == (command.outcome, command.by):
        return NOTHING
    if command.outcome == "fraud":
        _require_within_limit(tables, command.by, context.now_ms)
    told = kinds.OutcomeTold(
        decision=command.decision,
        tenant=command.tenant,
        outcome=command.outcome,
        known_ms=command.known_ms,
        by=command.by,
        teller=command.teller,
    )
    released = kinds.HoldReleased(decision=command.decision, tenant=command.tenant)
    ends_hold = command.outcome == "honest" and tables.get(HELD, command.decision) is not None
    return Outcome(events=commanded(context, told, *((released,) if ends_hold else ())))


def _require_within_limit(tables: Tables, by: str, now_ms: int) -> None:
    today, yesterday = (tables.get(SOURCES, _source_key(by, at)) or Source() for at in (now_ms, now_ms - DAY_MS))
    most = max(FRAUDS_TOLD_MIN, int((today.decisions + yesterday.decisions) * FRAUDS_TOLD_SHARE))
    if today.frauds_told >= most:
        raise LimitError(
            f"{by} told of {today.frauds_told} frauds today, and may tell of {most}: "
            f"{FRAUDS_TOLD_SHARE:.0%} of what was decided for it, {FRAUDS_TOLD_MIN} at least"
        )


def ending_key(decision: str, held: Held) -> str:
    """The key of a hold among those that go on."""
    return f"{held.until_ms:015d}/{decision}"


def _swapped(tables: Tables, recorded: Recorded, record: kinds.SimSwapped) -> Outcome:
    before, at_ms = tables.get(SWAPS, record.subscriber), recorded.event.time_ms
    if before is not None and before.swapped_ms >= at_ms:
        return NOTHING
    return Outcome((SWAPS.put(record.subscriber, Swapped(at_ms)),))


def _line_told(tables: Tables, recorded: Recorded, record: kinds.CallConnected | kinds.CallEnded) -> Outcome:
    return Outcome((LINES_TOLD.put(NEWEST, LineTold(recorded.seq)),))


def _published(tables: Tables, recorded: Recorded, record: kinds.RatesPublished) -> Outcome:
    series = f"{record.publisher}/{record.quote}/"
    known = {key for key, _ in tables.scan(QUOTED, series)} | {series + record.day.isoformat()}
    over = sorted(known)[:-QUOTED_DAYS_MAX]
    return Outcome((QUOTED.put(series + record.day.isoformat(), record), *(QUOTED.delete(key) for key in over)))


def _source_key(source: str, at_ms: int) -> str:
    return f"{source}/{at_ms // DAY_MS}"


STEP = Step(
    name="fraud",
    tables=(SOURCES, HELD, ENDING, TOLD, CALL_BACKS, SWAPS, LINES_TOLD, QUOTED, campaigns.CAMPAIGNS, campaigns.CALLED),
    folds={
        kinds.DecisionsMade: _made,
        kinds.OutcomeTold: _told,
        kinds.CallBackAsked: _asked,
        kinds.HoldReleased: _released,
        kinds.SimSwapped: _swapped,
        kinds.CallConnected: _line_told,
        kinds.CallEnded: _line_told,
        kinds.RatesPublished: _published,
    },
    decide=decide,
)
