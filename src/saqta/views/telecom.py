"""What is known of telephone lines, for banks that ask: SIM swaps, forwardings, calls that go on; by pseudonym.

What happened last counts, in whatever order it is told.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import (
    FORWARDINGS,
    LINE_CALLS_MAX,
    ON_CALL,
    SIM_SWAPS,
    WARNED,
    Changes,
    Forwardings,
    LineCall,
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
    at_ms, risk = recorded.event.time_ms, _risk(tables, recorded, record)

    def connected(call: LineCall) -> LineCall:
        is_over = call.ended_ms is not None and call.ended_ms >= at_ms
        return msgspec.structs.replace(call, since_ms=at_ms, ended_ms=call.ended_ms if is_over else None, risk=risk)

    yield from _changed(tables, recorded, record, connected)


def _ended(tables: Tables, recorded: Recorded, record: kinds.CallEnded) -> Iterator[Change]:
    at_ms = recorded.event.time_ms

    def ended(call: LineCall) -> LineCall:
        began_since = call.since_ms is not None and call.since_ms > at_ms
        return call if began_since else msgspec.structs.replace(call, ended_ms=at_ms)

    yield from _changed(tables, recorded, record, ended)


def _changed(
    tables: Tables,
    recorded: Recorded,
    record: kinds.CallConnected | kinds.CallEnded,
    change: Callable[[LineCall], LineCall],
) -> Iterator[Change]:
    """Changes one call of both its parties, and forgets what ended, then their oldest, where there are too many."""
    name = (recorded.event.source, record.call)
    for subscriber in dict.fromkeys((record.caller, record.callee)):
        row = tables.get(ON_CALL, subscriber)
        calls = {(call.source, call.call): call for call in (row.calls if row else ())}
        calls[name] = change(calls.get(name, LineCall(source=name[0], call=name[1])))
        newest = sorted(calls.values(), key=_rank)[-LINE_CALLS_MAX:]
        yield ON_CALL.put(subscriber, OnCall(calls=tuple(newest)))


def _rank(call: LineCall) -> tuple[bool, int]:
    """What goes on stands above all that ended, then the newer above the older."""
    goes_on = call.since_ms is not None and call.ended_ms is None
    return goes_on, max(call.since_ms or 0, call.ended_ms or 0)


def _risk(tables: Tables, recorded: Recorded, record: kinds.CallConnected) -> Risk:
    warned = tables.get(WARNED, record.callee)
    is_it = warned and warned.caller == record.caller and abs(recorded.event.time_ms - warned.at_ms) <= RISKY_MS
    return warned.risk if warned and is_it else "none"


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
