"""The tables of calls and payments that were stopped, and of the money that this kept."""

from saqta.model.kinds import OutcomeWord
from saqta.model.step import Table
from saqta.views.tables.row import Row


class Stopped(Row, frozen=True, kw_only=True):
    """A call or payment that was not simply allowed; ``event`` is the key of the event that says so. ``attempt`` is one
    for the same payment tried again on the same day."""

    decision: str
    event: str
    tenant: str
    kind: str
    action: str
    codes: tuple[str, ...]
    time_ms: int
    amount: str | None = None
    currency: str | None = None
    attempt: str | None = None
    hold_until_ms: int | None = None
    released: bool = False
    outcome: OutcomeWord | None = None


class Attempt(Row, frozen=True, kw_only=True):
    """By which decision the money of an attempt was kept."""

    kept_by: str


class Money(Row, frozen=True, kw_only=True):
    """Of one currency, in its smallest units: what was held or blocked, what of it was then confirmed as fraud, once an
    attempt, and what was let go. ``kept_kzt_minor`` is the second at the day's rates, as far as there were any."""

    currency: str
    stopped_count: int = 0
    stopped_minor: int = 0
    kept_count: int = 0
    kept_minor: int = 0
    kept_kzt_minor: int = 0
    kept_without_rate_count: int = 0
    released_count: int = 0
    released_minor: int = 0


class Decided(Row, frozen=True, kw_only=True):
    """How many were decided, and how."""

    decisions: int = 0
    calls_warned: int = 0
    calls_held: int = 0
    calls_blocked: int = 0
    payments_warned: int = 0
    payments_held: int = 0
    payments_blocked: int = 0


STOPPED = Table("fraud_stopped", Stopped)
"""By decision."""
ATTEMPTS = Table("fraud_attempts", Attempt)
"""By attempt."""
MONEY = Table("fraud_money", Money)
"""By currency."""
DECIDED = Table("fraud_decided", Decided)
"""One row, under SYSTEM."""
