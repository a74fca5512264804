"""Folds of decisions and their outcomes: how many there were, and what money was kept.

Money is kept when a payment was held or blocked and is then confirmed as fraud, once an attempt; what was released
before it was confirmed had gone.
"""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.money import minor_units
from saqta.model.step import Change, Tables
from saqta.views.stopped import DONE
from saqta.views.tables import (
    ATTEMPTS,
    BY_FIGURE,
    DECIDED,
    MONEY,
    STOPPED,
    SYSTEM,
    Attempt,
    Changes,
    Decided,
    DecisionOf,
    Money,
    Stopped,
)
from saqta.views.tables.fraud import TENGE, place, place_of


def _made(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> Iterator[Change]:
    decided = tables.get(DECIDED, SYSTEM) or Decided()
    counts = msgspec.structs.asdict(decided)
    counts["decisions"] += len(record.rows) * 3 // 4 // kinds.DECISION_ROW_BYTES
    money: dict[str, Money] = {}
    for row in record.notable:
        counts[f"{row.kind}s_{DONE[row.action]}"] += row.action != "allow"
        if row.currency and row.amount and row.action in ("hold", "block"):
            before = money.get(row.currency) or _money(tables, row.currency)
            money[row.currency] = msgspec.structs.replace(
                before,
                stopped_count=before.stopped_count + 1,
                stopped_minor=before.stopped_minor + minor_units(row.amount, row.currency),
            )
            decision = f"{record.tenant}-{record.number}-{row.row}"
            yield BY_FIGURE.put(
                f"stopped/{row.currency}/{place_of(row.time_ms, decision)}", DecisionOf(decision=decision)
            )
    yield from (MONEY.put(currency, row) for currency, row in money.items())
    yield DECIDED.put(SYSTEM, Decided(**counts))


def _told(tables: Tables, recorded: Recorded, record: kinds.OutcomeTold) -> Iterator[Change]:
    stopped = tables.get(STOPPED, record.decision)
    if stopped is None or stopped.attempt is None or stopped.action not in ("hold", "block"):
        return
    attempt = tables.get(ATTEMPTS, stopped.attempt)
    if record.outcome == "fraud" and attempt is None and not stopped.released:
        yield ATTEMPTS.put(stopped.attempt, Attempt(kept_by=stopped.decision))
        yield BY_FIGURE.put(_figure_key("kept", stopped), DecisionOf(decision=stopped.decision))
        yield _kept(tables, stopped, 1)
    elif record.outcome != "fraud" and attempt is not None and attempt.kept_by == stopped.decision:
        yield ATTEMPTS.delete(stopped.attempt)
        yield BY_FIGURE.delete(_figure_key("kept", stopped))
        yield _kept(tables, stopped, -1)


def _kept(tables: Tables, stopped: Stopped, sign: int) -> Change:
    currency = stopped.currency or ""
    before, minor = _money(tables, currency), minor_units(stopped.amount or "", currency)
    after = msgspec.structs.replace(
        before,
        kept_count=before.kept_count + sign,
        kept_minor=before.kept_minor + sign * minor,
        kept_kzt_minor=before.kept_kzt_minor + sign * (minor_units(stopped.in_tenge, TENGE) if stopped.in_tenge else 0),
        kept_without_rate_count=before.kept_without_rate_count + (sign if stopped.in_tenge is None else 0),
    )
    return MONEY.put(currency, after)


def _released(tables: Tables, recorded: Recorded, record: kinds.HoldReleased) -> Iterator[Change]:
    stopped = tables.get(STOPPED, record.decision)
    if stopped is None or stopped.released or stopped.outcome == "fraud":
        return
    if stopped.currency and stopped.amount:
        before = _money(tables, stopped.currency)
        yield BY_FIGURE.put(_figure_key("released", stopped), DecisionOf(decision=stopped.decision))
        yield MONEY.put(
            stopped.currency,
            msgspec.structs.replace(
                before,
                released_count=before.released_count + 1,
                released_minor=before.released_minor + minor_units(stopped.amount, stopped.currency),
            ),
        )


def _figure_key(figure: str, stopped: Stopped) -> str:
    return f"{figure}/{stopped.currency}/{place(stopped)}"


def _money(tables: Tables, currency: str) -> Money:
    return tables.get(MONEY, currency) or Money(currency=currency)


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.DecisionsMade: _made,
    kinds.OutcomeTold: _told,
    kinds.HoldReleased: _released,
}
