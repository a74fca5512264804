"""Cameras as they stand, and what they counted."""

from collections.abc import Mapping
from urllib.parse import quote

from saqta.model.kinds import Box, CameraRegistered, Line, Polygon
from saqta.model.place import Place
from saqta.model.step import Table
from saqta.model.terms import CameraStatus
from saqta.views.tables.row import Row


class LineCounts(Row, frozen=True, kw_only=True):
    """What crossed a line since the camera is known, by direction and class."""

    forward: dict[str, int] = {}
    backward: dict[str, int] = {}


def added(before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counts by class, with more counts added to them."""
    return {**before, **{name: before.get(name, 0) + count for name, count in more.items()}}


class Traffic(Row, frozen=True, kw_only=True):
    """What crossed a line of a camera in a minute or an hour, by direction and class.

    It was watched for ``watched_s`` of the time from ``from`` to ``until``; something was on it for the share
    ``occupied`` of that. ``speed_kmh`` is the mean over ground, with its standard uncertainty, where it is known.
    """

    camera: str
    line: str
    from_ms: int
    until_ms: int
    forward: dict[str, int] = {}
    backward: dict[str, int] = {}
    watched_s: float = 0.0
    occupied: float | None = None
    speed_kmh: float | None = None
    speed_uncertainty_kmh: float | None = None

    @property
    def crossings(self) -> int:
        """All that crossed, both ways."""
        return sum(self.forward.values()) + sum(self.backward.values())


class Fixture(Row, frozen=True, kw_only=True):
    """A thing in a camera's picture of which a person said that it belongs there."""

    box: Box
    alert: str | None
    incident: str | None
    marked_ms: int


class Camera(Row, frozen=True, kw_only=True):
    """A camera as it stands: what it looks at, whether its picture comes, and what it counted, by line.

    ``fault`` is the kind of alert that tells why its picture shows nothing that can be trusted, None where it sees.
    ``fixtures`` are the newest FIXTURES_MAX, oldest first: marking one more forgets the oldest.
    ``view_accepted_ms`` is when a person last said that what it looks at since it was moved is meant.
    """

    id: str
    name: str
    place: Place | None = None
    heading_deg: float | None = None
    lines: dict[str, Line] = {}
    zones: dict[str, Polygon] = {}
    restricted: tuple[str, ...] = ()
    status: CameraStatus = CameraStatus.REGISTERED
    reason: str | None = None
    status_ms: int
    fault: str | None = None
    fault_reason: str | None = None
    fault_ms: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    counts: dict[str, LineCounts] = {}
    fixtures: tuple[Fixture, ...] = ()
    view_accepted_ms: int | None = None


CAMERAS = Table("cameras", Camera)
"""By camera."""

REGISTERED = Table("cameras_registered", CameraRegistered)
"""By camera: how it was registered, its source included; for the camera node, never for a page."""

TRAFFIC_MINUTES = Table("traffic_minutes", Traffic)

TRAFFIC_HOURS = Table("traffic_hours", Traffic)
"""By camera, line and beginning, the oldest first; see ``traffic_key``."""


def traffic_key(camera: str, line: str | None = None, from_ms: int | None = None) -> str:
    """The key of a minute or an hour of a line; without its beginning, or its line, what all of those begin with."""
    key = quote(camera, safe="") + "/"
    if line is not None:
        key += quote(line, safe="") + "/"
    return key if from_ms is None else f"{key}{from_ms:015d}"
