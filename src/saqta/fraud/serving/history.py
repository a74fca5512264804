"""A partner's past payments, with what they turned out to be, as they stand in the log: so that the state is no young
one when the partner begins to ask.

They come in the order in which all of it became known, under the pseudonyms that decisions have. The machine takes them
as it takes decisions, and nobody is answered.
"""

from collections.abc import Sequence

import numpy as np

from saqta.fraud.engine.layout import EVENT, Array
from saqta.fraud.learning.payments import Payments, stream
from saqta.fraud.serving.pseudonyms import NameKeys, pseudonymise
from saqta.model.errors import DamageError
from saqta.model.kinds import PAST_ROWS_MAX, PaymentsImported

PAST = np.dtype(
    [
        ("time_ms", "<i8"),
        ("id", "<u8"),
        ("actor", "<u8"),
        ("counterpart", "<u8"),
        ("device", "<u8"),
        ("amount", "<f8"),
        ("kind", "<u1"),
        ("told", "<u1"),
    ]
)
"""A payment or a label, as layout.EVENT names its parts; it lies in logs, and is never changed."""


def imported(payments: Payments, label_delay_d: int, tenant: str, keys: NameKeys) -> list[PaymentsImported]:
    """The parts in which payments are imported; labels of which nothing says when they were known are so after
    ``label_delay_d`` days."""
    events = stream(payments, label_delay_d).events
    pseudonymise(events, keys)
    rows = np.empty(len(events), PAST)
    for name in PAST.names or ():
        rows[name] = events[name]
    starts = range(0, len(rows), PAST_ROWS_MAX)
    return [
        PaymentsImported(
            tenant=tenant, part=part, parts=len(starts), rows=rows[start : start + PAST_ROWS_MAX].tobytes()
        )
        for part, start in enumerate(starts, 1)
    ]


def moments_of(parts: Sequence[PaymentsImported]) -> list[int]:
    """When the last of each part became known."""
    return [int(np.frombuffer(part.rows, PAST)["time_ms"][-1]) for part in parts]


def events_of_past(record: PaymentsImported) -> Array:
    """The machine's events (layout.EVENT), at most PAST_ROWS_MAX, in order; DamageError when they are none."""
    if len(record.rows) % PAST.itemsize or len(record.rows) > PAST_ROWS_MAX * PAST.itemsize:
        raise DamageError(f"part {record.part} of the past payments of {record.tenant} is cut")
    rows = np.frombuffer(record.rows, PAST)
    events = np.zeros(len(rows), EVENT)
    for name in PAST.names or ():
        events[name] = rows[name]
    events["value"] = rows["amount"]
    return events
