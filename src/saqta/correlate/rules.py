"""What belongs together, as a table: a line for each kind of alert.

An alert never joins an incident that is less urgent than itself: what is worse than everything known is told anew.
"""

from typing import NamedTuple

from saqta.model.errors import InputError
from saqta.model.terms import Priority

KIND_CHARS_MAX = 64


class Rule(NamedTuple):
    """What an alert of a kind opens, and what it joins.

    It opens an incident of that ``title`` and ``priority``, or joins one of the kinds ``joins``, less than ``radius_m``
    away (0: of the same camera only), last heard of at most ``window_s`` before it; or first heard of so long after it,
    when it comes late.
    """

    title: str
    priority: Priority
    window_s: int
    radius_m: float
    joins: tuple[str, ...]


_PICTURE = ("camera_lost", "camera_frozen", "camera_blind", "camera_moved")

RULES: dict[str, Rule] = {
    "wrong_way": Rule("Vehicle against the traffic", Priority.P1, 60, 200, ("wrong_way",)),
    "intrusion": Rule("Intrusion", Priority.P2, 120, 60, ("intrusion",)),
    "abandoned_object": Rule("Object left behind", Priority.P2, 300, 30, ("abandoned_object",)),
    "scam_campaign": Rule("Scam campaign", Priority.P2, 3_600, 0, ("scam_campaign",)),
    "crowd": Rule("Crowd", Priority.P3, 300, 100, ("crowd",)),
    "stopped_vehicle": Rule("Stopped vehicle", Priority.P3, 300, 80, ("stopped_vehicle", "wrong_way")),
    "queue": Rule("Traffic queue", Priority.P4, 600, 200, ("queue", "stopped_vehicle", "wrong_way")),
    "camera_blind": Rule("Camera blind", Priority.P3, 600, 0, _PICTURE),
    "camera_moved": Rule("Camera moved", Priority.P3, 600, 0, _PICTURE),
    "camera_frozen": Rule("Camera picture frozen", Priority.P3, 600, 0, _PICTURE),
    "camera_lost": Rule("Camera lost", Priority.P3, 600, 0, _PICTURE),
}
"""Kinds of alert that have a rule of their own."""


def rule_of(kind: str) -> Rule:
    """The rule of a kind; one without a line belongs with its own kind. InputError over KIND_CHARS_MAX."""
    known = RULES.get(kind)
    if known is not None:
        return known
    if not 0 < len(kind) <= KIND_CHARS_MAX:
        raise InputError("kind", kind, f"1 to {KIND_CHARS_MAX} characters")
    return Rule(kind.replace("_", " ").capitalize(), Priority.P3, 120, 75, (kind,))
