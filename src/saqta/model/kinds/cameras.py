"""Cameras and what they see."""

from typing import Annotated

import msgspec

from saqta.model.kinds.record import (
    ALERT_REASONS_MAX,
    NOTE_CHARS_MAX,
    AfterS,
    Bounds,
    Counts,
    Days,
    Ground,
    Kmh,
    KnownLength,
    Limit,
    Line,
    Name,
    Path,
    Polygon,
    Reason,
    Record,
    Share,
    StreamTime,
    TrackNumber,
)
from saqta.model.place import Place
from saqta.model.terms import ObjectState


class CameraOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One camera; lines are ``[x0, y0, x1, y1]``, zones lists of ``[x, y]``, in fractions of the picture.

    Nobody may stay in a ``restricted`` zone for longer than ``intrusion_after_s``. A thing is abandoned when its owner
    has been away for ``abandoned_after_s``; ``abandoned_zones`` has other seconds for some zones, or ``"never"``; in a
    ``keep_clear`` zone nothing may be left at all. ``model`` is its own, instead of the node's.
    ``evidence_source`` is the address of its larger stream, which clips are cut from while ``source`` is analysed.
    Evidence is deleted after ``retention_days``. With ``seal_to``, a public key that `saqta seal keys` made, originals
    are kept as well, sealed to it.

    ``lanes`` names the zones in which vehicles run: nobody walks there, no vehicle stops for ``stopped_after_s`` while
    others pass, and none goes against the others, or against the arrow ``[x0, y0, x1, y1]`` that ``directions`` has for
    the zone. ``queue_max`` says for a zone how long a queue of standing vehicles may be, ``crowd_max`` how many people
    may be in it. ``ground`` has four points ``[x, y, across_m, along_m]``: with them speeds are told in km/h, and
    queues are measured in metres instead of vehicles. Where no four points can be measured, ``known_length`` has one
    stretch ``[x0, y0, x1, y1, length_m]`` along the road: what goes along it has a speed, less exactly.
    """

    name: str = ""
    source: str
    place: Place | None = None
    heading_deg: float | None = None
    lines: dict[str, Line] = {}
    zones: dict[str, Polygon] = {}
    restricted: tuple[str, ...] = ()
    intrusion_after_s: float = 2.0
    abandoned_after_s: float = 60.0
    abandoned_zones: dict[str, AfterS] = {}
    keep_clear: tuple[str, ...] = ()
    model: str | None = None
    evidence_source: str | None = None
    retention_days: Days | None = None
    seal_to: str | None = None
    lanes: tuple[str, ...] = ()
    stopped_after_s: float = 20.0
    directions: dict[str, Line] = {}
    queue_max: dict[str, Limit] = {}
    crowd_max: dict[str, Limit] = {}
    ground: Ground = ()
    known_length: KnownLength | None = None


class CameraRegistered(CameraOptions, Record, frozen=True):
    """A camera is known, with all that the settings can say of one; evidence is kept for ever where it has no days."""

    camera: str


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


class CameraSightChanged(Record, frozen=True, kw_only=True):
    """Frames arrive, and from ``at_s`` on the camera does not see: ``fault`` is the kind of the alert that told so; or,
    without one, it sees again. The event's ``cause`` is that alert, where it is known."""

    camera: str
    fault: Name | None = None
    reason: Reason = ""
    at_s: StreamTime | None = None


class CameraQuarantined(Record, frozen=True, kw_only=True):
    """The stream killed its worker twice and runs in a process of its own from now on."""

    camera: str
    reason: str


class AlertRaised(Record, frozen=True, kw_only=True):
    """A detector or a partner claims that something happens.

    ``at_s`` is seconds since the source's first frame, as are ``put_down_s`` and ``left_s``, when an object was put
    down and when its owner left; ``state`` is an object's, ``track`` a number within the stream: of an object, its
    owner's, whose way is ``path``. ``model`` names the one that took part, where one did.
    """

    kind: Name
    camera: Name | None = None
    place: Place | None = None
    box: Bounds | None = None
    at_s: StreamTime | None = None
    confidence: Share | None = None
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=ALERT_REASONS_MAX)] = ()
    state: Name | None = None
    zone: Name | None = None
    track: TrackNumber | None = None
    object: Name | None = None
    put_down_s: StreamTime | None = None
    left_s: StreamTime | None = None
    path: Path = ()
    model: Name | None = None


class ObjectStateChanged(Record, frozen=True, kw_only=True):
    """A thing that somebody left, or that appeared, is in another state; its first event tells of the thing itself.

    ``object`` names it within its camera. ``owner`` is the track that brought it, None where none was seen to, and
    ``path`` the way that one took. ``put_down_s``, ``left_s`` (when its owner left its surroundings) and ``at_s`` are
    seconds since the source's first frame. ``zone`` is the one whose rule it goes by.
    """

    camera: Name
    object: Name
    state: ObjectState
    box: Bounds
    at_s: StreamTime
    put_down_s: StreamTime
    left_s: StreamTime | None = None
    owner: TrackNumber | None = None
    path: Path = ()
    zone: Name | None = None
    confidence: Share | None = None
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=ALERT_REASONS_MAX)] = ()


class FixtureMarked(Record, frozen=True, kw_only=True):
    """A person says that what stands in the box belongs there: it stays known, and is never told as left again.

    ``alert`` is the key of the event that told it as left, ``incident`` the one that came of it.
    """

    camera: Name
    box: Bounds
    object: Name | None = None
    note: Annotated[str, msgspec.Meta(max_length=NOTE_CHARS_MAX)] = ""
    alert: str | None = None
    incident: str | None = None


class FixtureReleased(Record, frozen=True, kw_only=True):
    """A person says that what stands in the box does not belong there after all."""

    camera: Name
    box: Bounds
    alert: str | None = None
    incident: str | None = None
    reason: Annotated[str, msgspec.Meta(max_length=NOTE_CHARS_MAX)] = ""


class ViewAccepted(Record, frozen=True, kw_only=True):
    """A person says that what a camera looks at since it was moved is meant: it is learned as the view from now on, and
    what was marked as a fixture in the old one is forgotten. ``alert`` is the key of the event that told of the
    movement, ``incident`` the one that came of it."""

    camera: Name
    note: Annotated[str, msgspec.Meta(max_length=NOTE_CHARS_MAX)] = ""
    alert: str | None = None
    incident: str | None = None


class LineCounted(Record, frozen=True, kw_only=True):
    """What crossed a line of a camera from ``from_s`` to ``until_s`` of its stream, by direction and class.

    ``occupied`` is the share of that time in which something stood on the line or crossed it, ``speed_kmh`` the mean
    speed over ground, with its standard uncertainty, where the ground is known.
    """

    camera: Name
    line: Name
    from_s: StreamTime
    until_s: StreamTime
    forward: Counts
    backward: Counts
    occupied: Share | None = None
    speed_kmh: Kmh | None = None
    speed_uncertainty_kmh: Kmh | None = None


class EvidenceKept(Record, frozen=True, kw_only=True):
    """A redacted clip or still was kept; its file is found by ``sha256``. ``alert`` is the alert's event key.

    A still of an object ``shows`` it ``before`` it was put down, its ``drop`` or ``now``; this is empty for a clip.
    """

    alert: str
    camera: str
    sha256: str
    media_type: str
    size_bytes: int
    from_s: float
    until_s: float
    shows: str = ""


class EvidenceLost(Record, frozen=True, kw_only=True):
    """Evidence of an alert could not be kept; or, where it is lost ``partly``, not all of it could.

    ``alert``, ``media_type`` and ``shows`` are what they are, or would have been, where it is kept.
    """

    alert: str
    camera: str
    media_type: str
    reason: Reason
    shows: str = ""
    partly: bool = False


class EvidenceExpired(Record, frozen=True, kw_only=True):
    """The days for which the camera's evidence is kept are over: its file is to be deleted, come what may."""

    sha256: str
    camera: str
    retention_days: float


class EvidenceDeleted(Record, frozen=True, kw_only=True):
    """A file of evidence is gone, for ever; its digest stays."""

    sha256: str
    camera: str
    reason: str


class OriginalOpened(Record, frozen=True, kw_only=True):
    """A sealed original is being opened by the envelope's actor, for its purpose; ``second`` is the person beside."""

    sha256: str
    second: str


class EvidenceViewed(Record, frozen=True, kw_only=True):
    """Somebody looked at evidence; the envelope says who and why."""

    sha256: str
