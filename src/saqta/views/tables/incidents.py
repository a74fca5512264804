"""Incidents as the desk sees them, and their timelines."""

from typing import Any

from saqta.model.incident import Incident
from saqta.model.kinds import Candidate
from saqta.model.step import Table
from saqta.views.tables.row import Row

CLOSED_ON_BOARD_MAX = 100
"""The board shows every incident that is not closed, and this many of those closed last."""


class ClosedLast(Row, frozen=True, kw_only=True):
    """The closed incidents on the board, the oldest first: when each was closed, and its id."""

    closed: tuple[tuple[int, str], ...] = ()


class IncidentOf(Row, frozen=True, kw_only=True):
    """The incident that an entry of an index leads to."""

    incident: str


class Recommendation(Row, frozen=True, kw_only=True):
    """Who should go: ``travel_s`` by road, ``candidates`` are the runners-up in order, then those passed over."""

    incident: str
    unit: str | None
    travel_s: float | None
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    made_ms: int


class Entry(Row, frozen=True, kw_only=True):
    """One line of an incident's timeline: ``text`` a plain sentence, ``data`` the event's without personal fields."""

    seq: int
    type: str
    time_ms: int
    recorded_ms: int
    actor: str
    text: str
    data: dict[str, Any]


class Early(Row, frozen=True, kw_only=True):
    """Entries that wait until their alert belongs to an incident, oldest first."""

    entries: tuple[Entry, ...] = ()


INCIDENTS = Table("incidents", Incident)
"""Every incident, by id."""

OPENED = Table("incidents_opened", IncidentOf)
"""Every incident, the newest first; see ``opened_key``."""

BOARD = Table("board", Incident)
"""Incidents that are not closed and the newest closed ones, by id, without personal fields."""

CLOSED = Table("board_closed", ClosedLast)
"""One row, under SYSTEM."""

CALLERS = Table("callers", IncidentOf)
"""Incidents with fields that are sealed under a person's key, by ``{person}/{incident}``."""

RECOMMENDATIONS = Table("recommendations", Recommendation)
"""By incident; taken away when it is closed."""

TIMELINE = Table("timeline", Entry)
"""By ``{incident}/{seq:012d}``; see ``timeline_key``."""

EARLY = Table("timeline_early", Early)
"""By the key of the alert's event."""


def opened_key(incident: Incident) -> str:
    """The key of an incident among all, which makes the newest the first."""
    return f"{999_999_999_999_999 - incident.opened_ms:015d}/{incident.id}"


def timeline_key(incident: str, seq: int) -> str:
    """The key of a timeline's entry: those of an incident lie together, in the order in which they came to it.

    ``seq`` is that of the event that brought them; what an alert brought with it comes right after (``early_key``).
    """
    return f"{incident}/{seq:012d}"


def early_key(incident: str, seq: int, entry: Entry) -> str:
    """The key of an entry that came with the alert that the event at ``seq`` brought."""
    return f"{timeline_key(incident, seq)}/{entry.seq:012d}"
