"""Cameras and what they see."""

from typing import Annotated

import msgspec

from saqta.model.kinds.record import (
    ALERT_REASONS_MAX,
    Counts,
    Line,
    Name,
    Polygon,
    Reason,
    Record,
    Share,
    StreamTime,
    TrackNumber,
)
from saqta.model.place import Place


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

    kind: Name
    camera: Name | None = None
    place: Place | None = None
    box: tuple[Share, Share, Share, Share] | None = None
    at_s: StreamTime | None = None
    confidence: Share | None = None
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=ALERT_REASONS_MAX)] = ()
    state: Name | None = None
    zone: Name | None = None
    track: TrackNumber | None = None


class LineCounted(Record, frozen=True, kw_only=True):
    """What crossed a line of a camera from ``from_s`` to ``until_s`` of its stream, by direction and class."""

    camera: Name
    line: Name
    from_s: StreamTime
    until_s: StreamTime
    forward: Counts
    backward: Counts


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
