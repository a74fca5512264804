"""What events say: one record for each kind, named like the event, without its version.

A version that changes gets a record of its own (``AlertRaisedV2``) and one upcaster.
"""

from saqta.model.kinds.cameras import (
    AlertRaised,
    CameraConnected,
    CameraLost,
    CameraQuarantined,
    CameraRegistered,
    EvidenceKept,
    EvidenceViewed,
    LineCounted,
)
from saqta.model.kinds.city import MapLayerImported, RoadsImported
from saqta.model.kinds.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentClosed,
    IncidentNoted,
    IncidentOpened,
    IncidentPrioritised,
    IncidentReopened,
)
from saqta.model.kinds.people import PersonErased, PersonViewed, SessionEnded, SessionStarted, TokenAdded, UserAdded
from saqta.model.kinds.record import (
    ALERT_REASON_CHARS_MAX,
    ALERT_REASONS_MAX,
    CLASSES_MAX,
    COUNT_MAX,
    NAME_CHARS_MAX,
    STREAM_S_MAX,
    TRACK_MAX,
    Box,
    Line,
    Polygon,
    Record,
)
from saqta.model.kinds.refusals import EventPutAside, EventRefused
from saqta.model.kinds.units import (
    AssignmentArrived,
    AssignmentEnded,
    AssignmentMade,
    AssignmentStarted,
    Candidate,
    RecommendationMade,
    UnitPositioned,
    UnitRegistered,
    UnitStatusChanged,
)

__all__ = [
    "ALERT_REASONS_MAX",
    "ALERT_REASON_CHARS_MAX",
    "CLASSES_MAX",
    "COUNT_MAX",
    "NAME_CHARS_MAX",
    "STREAM_S_MAX",
    "TRACK_MAX",
    "AlertRaised",
    "AssignmentArrived",
    "AssignmentEnded",
    "AssignmentMade",
    "AssignmentStarted",
    "Box",
    "CameraConnected",
    "CameraLost",
    "CameraQuarantined",
    "CameraRegistered",
    "Candidate",
    "EventPutAside",
    "EventRefused",
    "EvidenceKept",
    "EvidenceViewed",
    "IncidentAcknowledged",
    "IncidentAlertJoined",
    "IncidentClosed",
    "IncidentNoted",
    "IncidentOpened",
    "IncidentPrioritised",
    "IncidentReopened",
    "Line",
    "LineCounted",
    "MapLayerImported",
    "PersonErased",
    "PersonViewed",
    "Polygon",
    "RecommendationMade",
    "Record",
    "RoadsImported",
    "SessionEnded",
    "SessionStarted",
    "TokenAdded",
    "UnitPositioned",
    "UnitRegistered",
    "UnitStatusChanged",
    "UserAdded",
]
