"""What is known of telephone lines, for banks that ask: SIM swaps, forwardings, calls that go on; by pseudonym.

What happened last counts, in whatever order it is told.
"""

from collections.abc import Iterable, Iterator

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import (
    FORWARDINGS,
    ON_CALL,
    SIM_SWAPS,
    WARNED,
    Changes,
    Forwardings,
    OnCall,
    Risk,
    SimSwap,
    Warned,
)

RISKY_MS = 10 * 60_000
"""A call that connects so soon after it was decided is the one that was decided."""


def _swapped(tables: Tables, recorded: Recorded, record: kinds.SimSwapped) -> Iterator[Change]:
    before, at_ms = tables.get(SIM_SWAPS, record.subscriber), recorded.event.time_ms
    if before is None or before.swapped_ms < at_ms:
        yield SIM_SWAPS.put(record.subscriber, SimSwap(swapped_ms=at_ms))


def _forwarded(tables: Tables, recorded: Recorded, record: kinds.ForwardingSet) -> Iterator[Change]:
    before, at_ms = tables.get(FORWARDINGS, record.subscriber), recorded.event.time_ms
    if before is None or before.set_ms <= at_ms:
        yield FORWARDINGS.put(record.subscriber, Forwardings(forwardings=record.forwardings, set_ms=at_ms))


def _connected(tables: Tables, recorded: Recorded, record: kinds.CallConnected) -> Iterator[Change]:
    event = recorded.event
    risk: Risk = "none"
    warned = tables.get(WARNED, record.callee)
    if warned and warned.caller == record.caller and abs(event.time_ms - warned.at_ms) <= RISKY_MS:
        risk = warned.risk
    now = OnCall(source=event.source, call=record.call, since_ms=event.time_ms, risk=risk)
    for subscriber in (record.caller, record.callee):
        before = tables.get(ON_CALL, subscriber)
        if before is None or before.since_ms <= event.time_ms:
            yield ON_CALL.put(subscriber, now)


def _ended(tables: Tables, recorded: Recorded, record: kinds.CallEnded) -> Iterator[Change]:
    for subscriber in (record.caller, record.callee):
        before = tables.get(ON_CALL, subscriber)
        if before and (before.source, before.call) == (recorded.event.source, record.call):
            yield ON_CALL.delete(subscriber)


def _decided(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> Iterable[Change]:
    """A blocked call never connects: it needs no row."""
    for row in record.notable:
        if row.kind == "call" and (row.action == "warn" or row.action == "hold"):
            yield WARNED.put(row.counterpart, Warned(caller=row.actor, at_ms=row.time_ms, risk=row.action))


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.SimSwapped: _swapped,
    kinds.ForwardingSet: _forwarded,
    kinds.CallConnected: _connected,
    kinds.CallEnded: _ended,
    kinds.DecisionsMade: _decided,
}
