"""Folds of calls and payments that were stopped: what each is, what waits for somebody, and where to look for it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.moment import to_datetime
from saqta.model.money import EXPONENTS, decimal_text, minor_units
from saqta.model.rates import Quotation, converted_by
from saqta.model.step import Change, Tables
from saqta.views.tables import (
    BY_FIGURE,
    BY_PARTY,
    BY_REASONS,
    BY_URGENCY,
    CALLS_WAITING,
    STOPPED,
    SYSTEM,
    WAITING,
    Changes,
    DecisionOf,
    Stopped,
    Waiting,
)
from saqta.views.tables.fraud import TENGE, calls_key, place, reasons_key, urgency_key

Rates = Mapping[tuple[str, date], Sequence[kinds.Quoted]]
"""The published lines that payments of a currency and a day were converted by."""
DONE = {"allow": "warned", "warn": "warned", "hold": "held", "block": "blocked"}


def waits(stopped: Stopped) -> bool:
    """Whether somebody should still say what it is."""
    return stopped.action in ("hold", "block") and not stopped.released and stopped.outcome in (None, "unknown")


def figure(stopped: Stopped) -> str:
    """Where it is counted: ``calls_blocked``, ``payments_held`` …"""
    return f"{stopped.kind}s_{DONE[stopped.action]}"


def _made(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> Iterator[Change]:
    content, queue = base64.b64decode(record.rows), _Queue(tables)
    rates = {(rate.currency, rate.day): rate.lines for rate in record.rates}
    for row in record.notable:
        stopped = _stopped(recorded, record, row, kinds.score_of(content, row.row), rates)
        at, of = place(stopped), DecisionOf(decision=stopped.decision)
        yield STOPPED.put(stopped.decision, stopped)
        yield BY_FIGURE.put(f"{figure(stopped)}/{at}", of)
        yield BY_REASONS.put(f"{reasons_key(stopped)}/{at}", of)
        for party in {stopped.actor, stopped.counterpart, stopped.subscriber} - {None}:
            yield BY_PARTY.put(f"{party}/{at}", of)
        if waits(stopped):
            yield from queue.enter(stopped)
    if record.notable:
        yield _waiting(tables, recorded, queue.grown)


def _stopped(
    recorded: Recorded, record: kinds.DecisionsMade, row: kinds.NotableRow, score: float, rates: Rates
) -> Stopped:
    attempt, in_tenge = None, None
    if row.amount and row.currency:
        day = to_datetime(row.time_ms).date()
        attempt = "/".join((record.tenant, row.actor, row.counterpart, row.amount, row.currency, day.isoformat()))
        in_tenge = _in_tenge(row.amount, row.currency, rates.get((row.currency, day)))
    return Stopped(
        decision=f"{record.tenant}-{record.number}-{row.row}",
        event=recorded.event.key,
        tenant=record.tenant,
        kind=row.kind,
        action=row.action,
        score=score,
        codes=tuple(reason.code for reason in row.reasons),
        says=tuple(reason.text for reason in row.reasons),
        actor=row.actor,
        counterpart=row.counterpart,
        subscriber=row.subscriber,
        time_ms=row.time_ms,
        amount=row.amount,
        currency=row.currency,
        in_tenge=in_tenge,
        attempt=attempt,
        hold_until_ms=row.hold_until_ms,
    )


def _in_tenge(amount: str, currency: str, lines: Sequence[kinds.Quoted] | None) -> str | None:
    """In tenge by the lines that the decision names; None where it names none."""
    minor = minor_units(amount, currency)
    if currency == TENGE:
        return decimal_text(minor, TENGE)
    if lines is None:
        return None
    rate = converted_by(currency, (Quotation(**msgspec.structs.asdict(line)) for line in lines))
    return decimal_text(round(minor * rate * Fraction(10) ** (EXPONENTS[TENGE] - EXPONENTS[currency])), TENGE)


def _told(tables: Tables, recorded: Recorded, record: kinds.OutcomeTold) -> Iterator[Change]:
    yield from _changed(tables, recorded, record.decision, outcome=record.outcome)


def _released(tables: Tables, recorded: Recorded, record: kinds.HoldReleased) -> Iterator[Change]:
    yield from _changed(tables, recorded, record.decision, released=True)


def _asked(tables: Tables, recorded: Recorded, record: kinds.CallBackAsked) -> Iterator[Change]:
    yield from _changed(tables, recorded, record.decision, call_back_ms=recorded.event.time_ms)


def _changed(tables: Tables, recorded: Recorded, decision: str, **told: object) -> Iterator[Change]:
    before = tables.get(STOPPED, decision)
    if before is None:
        return
    after = msgspec.structs.replace(before, **told)
    yield STOPPED.put(decision, after)
    queue = _Queue(tables)
    if waits(after) and not waits(before):
        yield from queue.enter(after)
    elif waits(before) and not waits(after):
        yield from queue.leave(before)
    yield _waiting(tables, recorded, queue.grown)


class _Queue:
    """What an event changes in the queue: every payment that waits stands in it, and of each caller's calls that wait
    the newest, for it is the caller that somebody has to look at. ``grown`` is by how much it is longer then."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self.grown = tables, 0
        self._shown: dict[str, Stopped | None] = {}

    def enter(self, stopped: Stopped) -> Iterator[Change]:
        """One that waits takes the place of its caller's call there, unless that is newer."""
        if stopped.kind == "call":
            yield CALLS_WAITING.put(calls_key(stopped), DecisionOf(decision=stopped.decision))
            shown = self._of_caller(stopped.actor)
            if shown is not None and calls_key(shown) < calls_key(stopped):
                return
            if shown is not None:
                yield self._hide(shown)
            self._shown[stopped.actor] = stopped
        yield self._show(stopped)

    def leave(self, stopped: Stopped) -> Iterator[Change]:
        """One of which somebody said what it was gives its place to its caller's newest that still waits."""
        if stopped.kind != "call":
            yield self._hide(stopped)
            return
        yield CALLS_WAITING.delete(calls_key(stopped))
        newest, after = (*self._calls_of(stopped.actor, 2), None, None)[:2]
        if newest is None or newest.decision != stopped.decision:
            return
        yield self._hide(stopped)
        if after is not None:
            yield self._show(after)

    def _show(self, stopped: Stopped) -> Change:
        self.grown += 1
        return BY_URGENCY.put(urgency_key(stopped), DecisionOf(decision=stopped.decision))

    def _hide(self, stopped: Stopped) -> Change:
        self.grown -= 1
        return BY_URGENCY.delete(urgency_key(stopped))

    def _of_caller(self, caller: str) -> Stopped | None:
        if caller not in self._shown:
            self._shown[caller] = next(self._calls_of(caller, 1), None)
        return self._shown[caller]

    def _calls_of(self, caller: str, limit: int) -> Iterator[Stopped | None]:
        for _, of in self._tables.scan(CALLS_WAITING, f"{caller}/", limit=limit):
            yield self._tables.get(STOPPED, of.decision)


def _waiting(tables: Tables, recorded: Recorded, more: int) -> Change:
    before = tables.get(WAITING, SYSTEM) or Waiting()
    return WAITING.put(SYSTEM, Waiting(count=before.count + more, version=recorded.seq))


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.DecisionsMade: _made,
    kinds.OutcomeTold: _told,
    kinds.CallBackAsked: _asked,
    kinds.HoldReleased: _released,
}
