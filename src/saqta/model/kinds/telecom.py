"""What telecoms tell of their subscribers' lines, for banks that ask.

No number stands in an event: ``subscriber``, ``caller`` and ``callee`` are pseudonyms, the same ones as in decisions.
"""

from typing import Annotated, Literal

import msgspec

from saqta.model.kinds.record import Name, Record

FORWARDINGS_MAX = 4
Subscriber = Annotated[str, msgspec.Meta(min_length=16, max_length=16, pattern="^[0-9a-f]*$")]
ForwardingWord = Literal["unconditional", "conditional_busy", "conditional_not_reachable", "conditional_no_answer"]


class SimSwapped(Record, frozen=True, kw_only=True):
    """A number came to another SIM card; its first one counts as well."""

    subscriber: Subscriber


class ForwardingSet(Record, frozen=True, kw_only=True):
    """How a subscriber's calls are forwarded from now on; not at all where there are no ``forwardings``."""

    subscriber: Subscriber
    forwardings: Annotated[tuple[ForwardingWord, ...], msgspec.Meta(max_length=FORWARDINGS_MAX)] = ()


class CallConnected(Record, frozen=True, kw_only=True):
    """Two subscribers began to speak; ``call`` is the telecom's name of the call."""

    call: Name
    caller: Subscriber
    callee: Subscriber


class CallEnded(Record, frozen=True, kw_only=True):
    """A call that was connected is over."""

    call: Name
    caller: Subscriber
    callee: Subscriber
