"""Folds of the system's own state, and the tally of events; every event that this version knows moves both."""

from collections.abc import Iterator
from typing import Any

import msgspec

from saqta.model import kinds
from saqta.model.catalogue import KINDS
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import PUT_ASIDE_SHOWN_MAX, STATUS, SYSTEM, TALLY, Changes, PutAside, Status, Tally

_UNTOUCHED = Status()
_NONE = Tally(count=0)


def _counted(tables: Tables, recorded: Recorded, record: Any) -> Iterator[Change]:
    type_ = recorded.event.type
    yield TALLY.put(type_, Tally(count=(tables.get(TALLY, type_) or _NONE).count + 1))
    status = tables.get(STATUS, SYSTEM) or _UNTOUCHED
    if isinstance(record, kinds.EventRefused):
        status = msgspec.structs.replace(status, refused=status.refused + 1)
    elif isinstance(record, kinds.EventPutAside):
        status = _put_aside(status, recorded, record)
    newest = msgspec.structs.replace(status, newest_seq=recorded.seq, newest_ms=recorded.event.recorded_ms)
    yield STATUS.put(SYSTEM, newest)


def _put_aside(status: Status, recorded: Recorded, record: kinds.EventPutAside) -> Status:
    entry = PutAside(step=record.step, seq=record.seq, reason=record.reason, time_ms=recorded.event.time_ms)
    return msgspec.structs.replace(
        status,
        put_aside=status.put_aside + 1,
        put_aside_last=(*status.put_aside_last, entry)[-PUT_ASIDE_SHOWN_MAX:],
    )


FOLDS: dict[type[kinds.Record], Changes] = {kind.record: _counted for kind in KINDS.values()}
