"""Ends the holds whose time has come, unless somebody told meanwhile what they were."""

import threading
from collections.abc import Iterator

from saqta.fraud.serving.step import ENDING
from saqta.log.port import Log
from saqta.model.catalogue import make, subject_of
from saqta.model.errors import VersionConflict
from saqta.model.event import Event, derive_id
from saqta.model.kinds import HoldReleased
from saqta.model.moment import Clock
from saqta.model.step import Tables

LOOK_S = 0.5
SOURCE = "/saqta/fraud/holds"


def release(tables: Tables, log: Log, clock: Clock, stop: threading.Event) -> None:
    """Releases what has been held for long enough, until ``stop`` is set. Blocks."""
    while not stop.wait(LOOK_S):
        for event, version in due(tables, clock()):
            try:
                log.append([event], {event.subject: version})
            except VersionConflict:
                continue  # Somebody told something first; what becomes of the hold stands in the tables soon.


def due(tables: Tables, now_ms: int) -> Iterator[tuple[Event, int]]:
    """The ends of the holds that are over, the first first, each with the version of what was known of it."""
    for key, held in tables.scan(ENDING):
        if held.until_ms > now_ms:
            return
        decision = key.partition("/")[2]
        record = HoldReleased(decision=decision, tenant=held.tenant)
        released = make(
            record,
            id=derive_id(subject_of(record), "released"),
            source=SOURCE,
            actor="saqta/fraud",
            time_ms=held.until_ms,
            recorded_ms=max(now_ms, held.until_ms),
        )
        yield released, held.version
