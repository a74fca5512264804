"""Folds of decisions and their outcomes: what was stopped, and what money that kept.

Money is kept when a payment was held or blocked and is then confirmed as fraud, once an attempt; what was released
before it was confirmed had gone.
"""

from collections.abc import Iterator
from datetime import date

import msgspec

from saqta.model import kinds
from saqta.model.errors import InputError
from saqta.model.event import Recorded
from saqta.model.moment import to_datetime
from saqta.model.money import minor_units
from saqta.model.rates import RateBook
from saqta.model.step import Change, Tables
from saqta.views.tables import (
    ATTEMPTS,
    DECIDED,
    MONEY,
    PUBLICATIONS,
    STOPPED,
    SYSTEM,
    Attempt,
    Changes,
    Decided,
    Money,
    Stopped,
)

IN = "KZT"
ROW_BYTES = 88


def _made(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> Iterator[Change]:
    decided = tables.get(DECIDED, SYSTEM) or Decided()
    counts = msgspec.structs.asdict(decided)
    counts["decisions"] += len(record.rows) * 3 // 4 // ROW_BYTES
    money: dict[str, Money] = {}
    for row in record.notable:
        stopped = _stopped(recorded, record, row)
        yield STOPPED.put(stopped.decision, stopped)
        counts[f"{row.kind}s_{_DONE[row.action]}"] += row.action != "allow"
        if row.currency and row.amount and row.action in ("hold", "block"):
            before = money.get(row.currency) or _money(tables, row.currency)
            money[row.currency] = msgspec.structs.replace(
                before,
                stopped_count=before.stopped_count + 1,
                stopped_minor=before.stopped_minor + minor_units(row.amount, row.currency),
            )
    yield from (MONEY.put(currency, row) for currency, row in money.items())
    yield DECIDED.put(SYSTEM, Decided(**counts))


_DONE = {"allow": "warned", "warn": "warned", "hold": "held", "block": "blocked"}


def _stopped(recorded: Recorded, record: kinds.DecisionsMade, row: kinds.NotableRow) -> Stopped:
    attempt = None
    if row.kind == "payment":
        day = to_datetime(row.time_ms).date().isoformat()
        attempt = "/".join((record.tenant, row.actor, row.counterpart, row.amount or "", row.currency or "", day))
    return Stopped(
        decision=f"{record.tenant}-{record.number}-{row.row}",
        event=recorded.event.key,
        tenant=record.tenant,
        kind=row.kind,
        action=row.action,
        codes=tuple(reason.code for reason in row.reasons),
        time_ms=row.time_ms,
        amount=row.amount,
        currency=row.currency,
        attempt=attempt,
        hold_until_ms=row.hold_until_ms,
    )


def _told(tables: Tables, recorded: Recorded, record: kinds.OutcomeTold) -> Iterator[Change]:
    stopped = tables.get(STOPPED, record.decision)
    if stopped is None:
        return
    yield STOPPED.put(record.decision, msgspec.structs.replace(stopped, outcome=record.outcome))
    if stopped.attempt is None or stopped.action not in ("hold", "block"):
        return
    attempt = tables.get(ATTEMPTS, stopped.attempt)
    if record.outcome == "fraud" and attempt is None and not stopped.released:
        yield ATTEMPTS.put(stopped.attempt, Attempt(kept_by=stopped.decision))
        yield _kept(tables, stopped, 1)
    elif record.outcome != "fraud" and attempt is not None and attempt.kept_by == stopped.decision:
        yield ATTEMPTS.delete(stopped.attempt)
        yield _kept(tables, stopped, -1)


def _kept(tables: Tables, stopped: Stopped, sign: int) -> Change:
    currency = stopped.currency or ""
    before, minor = _money(tables, currency), minor_units(stopped.amount or "", currency)
    in_tenge = _in_tenge(tables, minor, currency, to_datetime(stopped.time_ms).date())
    after = msgspec.structs.replace(
        before,
        kept_count=before.kept_count + sign,
        kept_minor=before.kept_minor + sign * minor,
        kept_kzt_minor=before.kept_kzt_minor + sign * (in_tenge or 0),
        kept_without_rate_count=before.kept_without_rate_count + (sign if in_tenge is None else 0),
    )
    return MONEY.put(currency, after)


def _in_tenge(tables: Tables, minor: int, currency: str, day: date) -> int | None:
    """In the smallest units of the tenge at the rates of the payment's day; None where nobody published one."""
    if currency == IN:
        return minor
    book = RateBook(row.published for _, row in tables.scan(PUBLICATIONS))
    try:
        return book.convert(minor, currency, IN, day).amount_minor
    except InputError:
        return None


def _released(tables: Tables, recorded: Recorded, record: kinds.HoldReleased) -> Iterator[Change]:
    stopped = tables.get(STOPPED, record.decision)
    if stopped is None or stopped.released or stopped.outcome == "fraud":
        return
    yield STOPPED.put(record.decision, msgspec.structs.replace(stopped, released=True))
    if stopped.currency and stopped.amount:
        before = _money(tables, stopped.currency)
        yield MONEY.put(
            stopped.currency,
            msgspec.structs.replace(
                before,
                released_count=before.released_count + 1,
                released_minor=before.released_minor + minor_units(stopped.amount, stopped.currency),
            ),
        )


def _money(tables: Tables, currency: str) -> Money:
    return tables.get(MONEY, currency) or Money(currency=currency)


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.DecisionsMade: _made,
    kinds.OutcomeTold: _told,
    kinds.HoldReleased: _released,
}
