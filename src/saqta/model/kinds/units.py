"""Units and what they are sent to."""

import msgspec

from saqta.model.kinds.record import Record
from saqta.model.place import Place
from saqta.model.terms import UnitStatus


class UnitRegistered(Record, frozen=True, kw_only=True):
    """A unit is known: what it can do and where its station is."""

    unit: str
    name: str
    capabilities: tuple[str, ...] = ()
    place: Place | None = None


class UnitPositioned(Record, frozen=True, kw_only=True):
    """A unit told where it is."""

    unit: str
    place: Place
    heading_deg: float | None = None
    speed_kmh: float | None = None


class UnitStatusChanged(Record, frozen=True, kw_only=True):
    """A unit became available or went out of service, apart from any assignment."""

    unit: str
    status: UnitStatus


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit that could go: ``travel_s`` by road, or why it was passed over."""

    unit: str
    travel_s: float | None = None
    distance_m: float | None = None
    passed_over: str | None = None


class RecommendationMade(Record, frozen=True, kw_only=True):
    """The nearest fitting unit for an incident, with reasons, and the runners-up in order; None when none fits."""

    incident: str
    unit: str | None
    travel_s: float | None
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()


class AssignmentMade(Record, frozen=True, kw_only=True):
    """A unit was sent to an incident."""

    incident: str
    unit: str
    travel_s: float | None = None
    reasons: tuple[str, ...] = ()


class AssignmentStarted(Record, frozen=True, kw_only=True):
    """The unit is en route."""

    incident: str
    unit: str


class AssignmentArrived(Record, frozen=True, kw_only=True):
    """The unit is on scene."""

    incident: str
    unit: str


class AssignmentEnded(Record, frozen=True, kw_only=True):
    """The unit left the incident: cleared, withdrawn, the incident was closed, or it goes on to ``diverted_to``."""

    incident: str
    unit: str
    reason: str
    diverted_to: str | None = None
