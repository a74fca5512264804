"""The tables of calls and payments that were stopped, in the orders in which they are looked for, and of the money that
this kept."""

from saqta.model.kinds import ROWS_MAX, OutcomeWord
from saqta.model.money import minor_units
from saqta.model.step import Table
from saqta.views.tables.row import Row

TENGE = "KZT"
LAST = 10**15 - 1
"""What comes first has the smallest key: of the newest, and of the largest, what is left of this number."""
URGENT_MS = 15 * 60_000
"""Of holds that end within the same quarter of an hour, the larger amount is the more urgent."""


class Stopped(Row, frozen=True, kw_only=True):
    """A call or payment that was not simply allowed; ``event`` is the key of the event that says so.

    ``actor`` calls or pays, ``counterpart`` is called or paid, ``subscriber`` is the payer's telephone: pseudonyms.
    ``codes`` and ``says`` are the reasons, in order; ``in_tenge`` is the amount at the day's rate, None where there was
    none. ``attempt`` is one for the same payment tried again on the same day.
    """

    decision: str
    event: str
    tenant: str
    kind: str
    action: str
    score: float
    codes: tuple[str, ...]
    says: tuple[str, ...]
    actor: str
    counterpart: str
    time_ms: int
    subscriber: str | None = None
    amount: str | None = None
    currency: str | None = None
    in_tenge: str | None = None
    attempt: str | None = None
    hold_until_ms: int | None = None
    call_back_ms: int | None = None
    released: bool = False
    outcome: OutcomeWord | None = None


class DecisionOf(Row, frozen=True, kw_only=True):
    """The decision that stands at this place."""

    decision: str


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


class Waiting(Row, frozen=True, kw_only=True):
    """How many payments and callers wait for somebody to say what they are; ``version`` is the seq of the newest event
    about any that was stopped."""

    count: int = 0
    version: int = 0


STOPPED = Table("fraud_stopped", Stopped)
"""By decision."""
BY_URGENCY = Table("fraud_by_urgency", DecisionOf)
"""What waits, of each caller the newest call, by ``urgency_key``: the most urgent first."""
CALLS_WAITING = Table("fraud_calls_waiting", DecisionOf)
"""Every call that waits, by ``calls_key``: the first of each caller stands there."""
BY_FIGURE = Table("fraud_by_figure", DecisionOf)
"""What a figure counts, by ``{figure}/{place}``: such as ``calls_blocked`` or ``kept/KZT``."""
BY_PARTY = Table("fraud_by_party", DecisionOf)
"""By ``{actor, counterpart or subscriber}/{place}``."""
BY_REASONS = Table("fraud_by_reasons", DecisionOf)
"""By ``{reasons_key}/{place}``."""
ATTEMPTS = Table("fraud_attempts", Attempt)
"""By attempt."""
MONEY = Table("fraud_money", Money)
"""By currency."""
DECIDED = Table("fraud_decided", Decided)
"""One row, under SYSTEM."""
WAITING = Table("fraud_waiting", Waiting)
"""One row, under SYSTEM."""


def place(stopped: Stopped) -> str:
    """Where it stands among others: the newest first."""
    return place_of(stopped.time_ms, stopped.decision)


def place_of(time_ms: int, decision: str) -> str:
    """The same, of its time and name."""
    return f"{LAST - time_ms:015d}/{decision}"


def calls_key(stopped: Stopped) -> str:
    """Where a call stands among those of its caller: the newest first, of one moment the last that was decided."""
    _, number, row = stopped.decision.rsplit("-", 2)
    return f"{stopped.actor}/{place_of(stopped.time_ms, f'{LAST - int(number) * ROWS_MAX - int(row):015d}')}"


def urgency_key(stopped: Stopped) -> str:
    """First what is held, by the end of the hold, then the newest of what is blocked; within URGENT_MS by amount, then
    by score, the highest first."""
    if stopped.hold_until_ms is not None:
        moment = f"hold/{stopped.hold_until_ms // URGENT_MS:012d}"
    else:
        moment = f"no_end/{(LAST - stopped.time_ms) // URGENT_MS:012d}"
    amount = LAST - min(minor_units(stopped.in_tenge, TENGE) if stopped.in_tenge else 0, LAST)
    score = 1_000_000 - round(stopped.score * 1_000_000)
    return f"{moment}/{amount:015d}/{score:07d}/{stopped.decision}"


def reasons_key(stopped: Stopped) -> str:
    """One for all that were stopped for the same reasons."""
    return f"{stopped.kind}/{'+'.join(sorted(stopped.codes))}"
