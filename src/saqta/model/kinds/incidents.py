"""Incidents, from opened to closed."""

from saqta.model.kinds.record import Record
from saqta.model.place import Place
from saqta.model.sealed import Sealed
from saqta.model.terms import Disposition, Priority


class IncidentOpened(Record, frozen=True, kw_only=True):
    """Alerts, a call or a person made an incident; ``reasons`` say in words why it is one, and of this priority."""

    incident: str
    kind: str
    title: str
    priority: Priority
    received_ms: int
    place: Place | None = None
    alert: str | None = None
    camera: str | None = None
    reasons: tuple[str, ...] = ()
    caller_name: Sealed | None = None
    caller_number: Sealed | None = None


class IncidentAlertJoined(Record, frozen=True, kw_only=True):
    """A further alert belongs to the incident; ``reason`` says why."""

    incident: str
    alert: str
    reason: str
    camera: str | None = None


class IncidentAcknowledged(Record, frozen=True, kw_only=True):
    """A person has seen the incident and takes it."""

    incident: str


class IncidentPrioritised(Record, frozen=True, kw_only=True):
    """The incident's priority was changed."""

    incident: str
    priority: Priority
    reason: str


class IncidentNoted(Record, frozen=True, kw_only=True):
    """Somebody wrote a note to the incident."""

    incident: str
    text: str


class IncidentClosed(Record, frozen=True, kw_only=True):
    """The incident is over; ``disposition`` says what it was."""

    incident: str
    disposition: Disposition
    note: str = ""


class IncidentReopened(Record, frozen=True, kw_only=True):
    """A closed incident goes on."""

    incident: str
    reason: str
