"""Rows of telephone lines: SIM swaps, forwardings, calls that go on; all by the subscriber's pseudonym."""

from typing import Literal

from saqta.model.kinds import ForwardingWord
from saqta.model.step import Table
from saqta.views.tables.row import Row

LINE_CALLS_MAX = 8
Risk = Literal["none", "warn", "hold"]
RISKS: tuple[Risk, ...] = ("none", "warn", "hold")
"""From the least on."""


class SimSwap(Row, frozen=True, kw_only=True):
    """When a number came to the SIM card that it has."""

    swapped_ms: int


class Forwardings(Row, frozen=True, kw_only=True):
    """How calls are forwarded since ``set_ms``."""

    forwardings: tuple[ForwardingWord, ...]
    set_ms: int


class LineCall(Row, frozen=True, kw_only=True):
    """A call of a subscriber, by its telecom's name of it, and what was decided of it. ``since_ms`` is None where its
    end alone was told so far, ``ended_ms`` where nobody told the end."""

    source: str
    call: str
    since_ms: int | None = None
    ended_ms: int | None = None
    risk: Risk = "none"


class OnCall(Row, frozen=True, kw_only=True):
    """LINE_CALLS_MAX calls of a subscriber: what ended first, then what goes on, each the oldest first; one may be held
    while another comes."""

    calls: tuple[LineCall, ...]


class Warned(Row, frozen=True, kw_only=True):
    """The last call to a subscriber that was not simply allowed, and could still be connected."""

    caller: str
    at_ms: int
    risk: Risk


SIM_SWAPS = Table("sim_swaps", SimSwap)
FORWARDINGS = Table("forwardings", Forwardings)
ON_CALL = Table("on_call", OnCall)
WARNED = Table("warned_calls", Warned)
