"""What telecoms tell of lines, as the machine's events: SIM swaps, calls that connect, calls that are over."""

import numpy as np

from saqta.fraud.engine.layout import CONNECTED, ENDED, EVENT, SWAP, Array
from saqta.fraud.engine.naming import ID
from saqta.fraud.serving.pseudonyms import pseudonym_of
from saqta.model.event import Recorded
from saqta.model.kinds import CallConnected, CallEnded, SimSwapped

LINES = (SimSwapped, CallConnected, CallEnded)
Told = SimSwapped | CallConnected | CallEnded


def line_event(recorded: Recorded, told: Told, naming_key: bytes) -> Array:
    """The event (layout.EVENT), (1,). A call is named by who tells of it and what it is called there, under a key that
    stays the same: nobody knows where in the state its name falls."""
    event = np.zeros(1, EVENT)
    event["time_ms"] = recorded.event.time_ms
    if isinstance(told, SimSwapped):
        event["kind"], event["subscriber"] = SWAP, int(told.subscriber, 16)
        return event
    event["kind"] = CONNECTED if isinstance(told, CallConnected) else ENDED
    event["actor"], event["counterpart"] = int(told.caller, 16), int(told.callee, 16)
    event["id"] = int(pseudonym_of(ID, f"{recorded.event.source} {told.call}", naming_key), 16)
    return event
