"""What events say: one record for each kind, named like the event, without its version.

Fields named ``…_ms`` are UTC milliseconds; boxes and lines are fractions of the picture's width and height, origin
top left. A version that changes gets a record of its own (``AlertRaisedV2``) and one upcaster.
"""

from typing import Annotated, Any

import msgspec

from saqta.model.place import Place
from saqta.model.sealed import Sealed
from saqta.model.terms import Disposition, Priority, Role, UnitStatus

Box = tuple[float, float, float, float]
Line = tuple[float, float, float, float]
Polygon = tuple[tuple[float, float], ...]

NAME_CHARS_MAX = 64
ALERT_REASONS_MAX = 20
ALERT_REASON_CHARS_MAX = 300
STREAM_S_MAX = 1_000_000_000
TRACK_MAX = 2**53
COUNT_MAX = 1_000_000
CLASSES_MAX = 32

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARS_MAX)]
_Reason = Annotated[str, msgspec.Meta(max_length=ALERT_REASON_CHARS_MAX)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_StreamTime = Annotated[float, msgspec.Meta(ge=0, le=STREAM_S_MAX)]
_Counts = Annotated[dict[_Name, Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]], msgspec.Meta(max_length=CLASSES_MAX)]
_Track = Annotated[int, msgspec.Meta(ge=0, le=TRACK_MAX)]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of one kind of event."""


# Cameras and what they see


class CameraRegistered(Record, frozen=True, kw_only=True):
    """A camera is known: where it stands, its lines and zones by name; ``restricted`` names some of the zones."""

    camera: str
    name: str
    source: str
    place: Place | None = None
    heading_deg: float | None = None
    lines: dict[str, Line] = {}
    zones: dict[str, Polygon] = {}
    restricted: tuple[str, ...] = ()
    intrusion_after_s: float = 2.0


class CameraConnected(Record, frozen=True, kw_only=True):
    """Frames arrive from the camera (again)."""

    camera: str
    width: int
    height: int
    fps: float


class CameraLost(Record, frozen=True, kw_only=True):
    """No frames arrive any more: the stream ended, stalled or broke; ``retry_s`` until the next try."""

    camera: str
    reason: str
    retry_s: float


class CameraQuarantined(Record, frozen=True, kw_only=True):
    """The stream killed its worker twice and runs in a process of its own from now on."""

    camera: str
    reason: str


class AlertRaised(Record, frozen=True, kw_only=True):
    """A detector or a partner claims that something happens.

    ``at_s`` is seconds since the source's first frame; ``state`` is an object's, ``track`` a number within the stream.
    """

    kind: _Name
    camera: _Name | None = None
    place: Place | None = None
    box: tuple[_Share, _Share, _Share, _Share] | None = None
    at_s: _StreamTime | None = None
    confidence: _Share | None = None
    reasons: Annotated[tuple[_Reason, ...], msgspec.Meta(max_length=ALERT_REASONS_MAX)] = ()
    state: _Name | None = None
    zone: _Name | None = None
    track: _Track | None = None


class LineCounted(Record, frozen=True, kw_only=True):
    """What crossed a line of a camera from ``from_s`` to ``until_s`` of its stream, by direction and class."""

    camera: _Name
    line: _Name
    from_s: _StreamTime
    until_s: _StreamTime
    forward: _Counts
    backward: _Counts


class EvidenceKept(Record, frozen=True, kw_only=True):
    """A redacted clip or still was kept; its file is found by ``sha256``. ``alert`` is the alert's event key."""

    alert: str
    camera: str
    sha256: str
    media_type: str
    size_bytes: int
    from_s: float
    until_s: float


class EvidenceViewed(Record, frozen=True, kw_only=True):
    """Somebody looked at evidence; the envelope says who and why."""

    sha256: str


# Incidents


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


# Units and assignments


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


# The city


class RoadsImported(Record, frozen=True, kw_only=True):
    """A part of the road graph. ``nodes`` by id; each edge is (from, to, length_m, speed_kmh), one-way."""

    network: str
    nodes: dict[str, Place]
    edges: tuple[tuple[str, str, float, float], ...]


class MapLayerImported(Record, frozen=True, kw_only=True):
    """A layer of the base map as GeoJSON features: ``water``, ``park``, ``building``, ``road``, ``district``."""

    layer: str
    features: tuple[dict[str, Any], ...]


# People who work with Saqta, and people whom it is about


class UserAdded(Record, frozen=True, kw_only=True):
    """A person may sign in once with the link whose secret has this digest, until ``link_until_ms``."""

    user: str
    role: Role
    link_sha256: str
    link_until_ms: int


class SessionStarted(Record, frozen=True, kw_only=True):
    """A one-time link was used; it is spent. ``session_sha256`` is the digest of the cookie's secret."""

    user: str
    link_sha256: str
    session_sha256: str
    until_ms: int


class SessionEnded(Record, frozen=True, kw_only=True):
    """A person signed out."""

    user: str
    session_sha256: str


class TokenAdded(Record, frozen=True, kw_only=True):
    """A program may call; a partner's token posts as its own ``partner_source`` only."""

    token: str
    role: Role
    token_sha256: str
    partner: str | None = None
    partner_source: str | None = None


class PersonErased(Record, frozen=True, kw_only=True):
    """The keys of a person's fields were destroyed: what was sealed under them is gone for ever."""

    person: str


class PersonViewed(Record, frozen=True, kw_only=True):
    """Somebody was shown in clear who called about an incident; the envelope says who and why."""

    person: str
    incident: str


# The log about itself


class EventRefused(Record, frozen=True, kw_only=True):
    """An event came again under a known ``(source, id)`` with other content; digests of both are kept."""

    refused_source: str
    refused_id: str
    stored_sha256: str
    offered_sha256: str


class EventPutAside(Record, frozen=True, kw_only=True):
    """A step could not take the event at ``seq`` and went on without it."""

    step: str
    seq: int
    reason: str
