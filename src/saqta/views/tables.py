"""The tables that pages read: what a row of each holds, and under which key.

- Every row is made from the log alone; the tables may be thrown away and rebuilt.
- ``LIVE_TABLES`` are those whose changes go to every console; no personal field stands in them.
- A field that ends in ``_ms`` is a moment in UTC milliseconds, never a duration.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec

from saqta.model.event import Recorded
from saqta.model.incident import Incident
from saqta.model.kinds import Box, CameraRegistered, Candidate, Line, Polygon, RatesPublished
from saqta.model.list_entry import Entry as ListEntry
from saqta.model.place import Place
from saqta.model.step import Change, Table, Tables
from saqta.model.terms import CameraStatus, Role
from saqta.model.unit import Unit

Changes = Callable[[Tables, Recorded, Any], Iterable[Change]]
"""What one event changes in one family of tables."""

CLOSED_ON_BOARD_MAX = 100
"""The board shows every incident that is not closed, and this many of those closed last."""

PUT_ASIDE_SHOWN_MAX = 20
"""The status lists the reasons of this many of the newest events put aside."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table of ours."""


class Evidence(Row, frozen=True, kw_only=True):
    """A redacted clip or still of an alert, or a sealed original, until it was deleted; ``from_s`` and ``until_s`` are
    seconds of its camera's stream, ``shows`` says what a still shows."""

    sha256: str
    media_type: str
    size_bytes: int
    from_s: float
    until_s: float
    shows: str = ""
    deleted_ms: int | None = None


class Alert(Row, frozen=True, kw_only=True):
    """An alert as it was raised, the incident that it belongs to, and its evidence, oldest first.

    Of a thing left: when it was put down and when its owner left (seconds of the camera's stream), the owner's ``path``
    of x, y and seconds, and whether a person said that it belongs there.
    """

    kind: str
    camera: str | None
    place: Place | None
    box: Box | None
    at_s: float | None
    time_ms: int
    confidence: float | None
    reasons: tuple[str, ...]
    zone: str | None
    track: int | None
    state: str | None
    put_down_s: float | None = None
    left_s: float | None = None
    path: tuple[tuple[float, float, float], ...] = ()
    is_fixture: bool = False
    incident: str | None = None
    evidence: tuple[Evidence, ...] = ()


class EvidenceOf(Row, frozen=True, kw_only=True):
    """Which alert a piece of evidence was kept for."""

    alert: str


class KeptFile(Row, frozen=True, kw_only=True):
    """A file of evidence that is there: since when, and whether it is about to be deleted."""

    camera: str
    media_type: str
    kept_ms: int
    expired: bool = False


class DeletedFile(Row, frozen=True, kw_only=True):
    """A file of evidence that was deleted, when and why."""

    deleted_ms: int
    reason: str


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


class LineCounts(Row, frozen=True, kw_only=True):
    """What crossed a line since the camera is known, by direction and class."""

    forward: dict[str, int] = {}
    backward: dict[str, int] = {}


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


class User(Row, frozen=True, kw_only=True):
    """A person who works with Saqta; ``link_sha256`` is the digest of a sign-in link that was not used yet."""

    user: str
    role: Role
    link_sha256: str | None
    link_until_ms: int
    added_ms: int


class Session(Row, frozen=True, kw_only=True):
    """A person is signed in until ``until_ms``."""

    user: str
    started_ms: int
    until_ms: int


class Token(Row, frozen=True, kw_only=True):
    """A program may call; a partner's posts as its ``partner_source`` only."""

    token: str
    role: Role
    partner: str | None
    partner_source: str | None
    added_ms: int


class Erased(Row, frozen=True, kw_only=True):
    """A person whose keys were to be destroyed."""

    erased_ms: int


class MapLayer(Row, frozen=True, kw_only=True):
    """A layer of the base map, as GeoJSON features."""

    layer: str
    features: tuple[dict[str, Any], ...]


class PutAside(Row, frozen=True, kw_only=True):
    """An event that a step could not take."""

    step: str
    seq: int
    reason: str
    time_ms: int


class Status(Row, frozen=True, kw_only=True):
    """The system's own state; the newest event is the newest one of a kind that this version knows."""

    put_aside: int = 0
    put_aside_last: tuple[PutAside, ...] = ()
    refused: int = 0
    newest_seq: int = 0
    newest_ms: int = 0


class Publication(Row, frozen=True, kw_only=True):
    """What a publisher published of a day."""

    published: RatesPublished


class Rate(Row, frozen=True, kw_only=True):
    """What one unit of a currency is worth in ``quote``, by its national bank or, where that is silent, by another.

    Decimal texts: ``rate`` and ``rate_before``, that of the publisher's day before, have six significant digits,
    ``change_percent`` four decimals; ``-0.0000`` is a little less than nothing.
    """

    currency: str
    quote: str
    rate: str
    rate_before: str | None
    change_percent: str | None
    publisher: str
    day: date
    day_before: date | None


class BlockingList(Row, frozen=True, kw_only=True):
    """An imported list as it is in force: how many entries it has, and the Merkle roots over its parts."""

    list: str
    version: str
    entries: int
    roots: tuple[str, ...]
    imported_ms: int


class ListPart(Row, frozen=True, kw_only=True):
    """A part of a version of a list that may not be whole yet."""

    version: str
    root: str


class EntryOf(Row, frozen=True, kw_only=True):
    """The entry that waits for a decision."""

    entry: str


class Tally(Row, frozen=True, kw_only=True):
    """How many events of a type there are."""

    count: int


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

ALERTS = Table("alerts", Alert)
"""By the key of the alert's event."""

EVIDENCE = Table("evidence", EvidenceOf)
KEPT = Table("evidence_kept", KeptFile)
DELETED = Table("evidence_deleted", DeletedFile)
"""By ``{sha256}/{alert}``: one clip may be kept for several alerts."""

TIMELINE = Table("timeline", Entry)
"""By ``{incident}/{seq:012d}``; see ``timeline_key``."""

EARLY = Table("timeline_early", Early)
"""By the key of the alert's event."""

UNITS = Table("units", Unit)
"""By unit."""

CAMERAS = Table("cameras", Camera)
"""By camera."""

REGISTERED = Table("cameras_registered", CameraRegistered)
"""By camera: how it was registered, its source included; for the camera node, never for a page."""

TRAFFIC_MINUTES = Table("traffic_minutes", Traffic)
TRAFFIC_HOURS = Table("traffic_hours", Traffic)
"""By camera, line and beginning, the oldest first; see ``traffic_key``."""

STATUS = Table("status", Status)
"""One row, under SYSTEM."""

USERS = Table("users", User)
"""By user."""

SESSIONS = Table("sessions", Session)
"""By the digest of the session's secret."""

TOKENS = Table("tokens", Token)
"""By the digest of the token."""

ERASED = Table("persons_erased", Erased)
"""By person."""

MAP_LAYERS = Table("map_layers", MapLayer)
"""By layer."""

PUBLICATIONS = Table("rates_published", Publication)
"""By publisher, quote and day, the newest day first; see ``publication_key``."""

RATES = Table("rates", Rate)
"""By currency."""

LISTS = Table("lists", BlockingList)
"""By list."""

LIST_PARTS = Table("list_roots", ListPart)
"""By ``{list}/{part:04d}``."""

LIST_ENTRIES = Table("list_entries_shown", ListEntry)
"""Entries that people decided about, by id."""

LIST_WAITING = Table("list_entries_waiting", EntryOf)
"""Entries that wait for a decision, by ``{state}/{changed_ms:015d}/{entry}``: the oldest first."""

TALLY = Table("tally", Tally)
"""By CloudEvents type."""

TABLES: tuple[Table[Any], ...] = (
    INCIDENTS,
    OPENED,
    BOARD,
    CLOSED,
    CALLERS,
    RECOMMENDATIONS,
    ALERTS,
    EVIDENCE,
    KEPT,
    DELETED,
    TIMELINE,
    EARLY,
    UNITS,
    CAMERAS,
    REGISTERED,
    TRAFFIC_MINUTES,
    TRAFFIC_HOURS,
    STATUS,
    USERS,
    SESSIONS,
    TOKENS,
    ERASED,
    MAP_LAYERS,
    PUBLICATIONS,
    RATES,
    LISTS,
    LIST_PARTS,
    LIST_ENTRIES,
    LIST_WAITING,
    TALLY,
)
LIVE_TABLES: tuple[Table[Any], ...] = (BOARD, RECOMMENDATIONS, UNITS, CAMERAS, STATUS, RATES)
SYSTEM = "system"


def opened_key(incident: Incident) -> str:
    """The key of an incident among all, which makes the newest the first."""
    return f"{999_999_999_999_999 - incident.opened_ms:015d}/{incident.id}"


def waiting_key(entry: ListEntry) -> str:
    """The key of an entry that waits."""
    return f"{entry.state}/{entry.changed_ms:015d}/{entry.id}"


def traffic_key(camera: str, line: str | None = None, from_ms: int | None = None) -> str:
    """The key of a minute or an hour of a line; without its beginning, or its line, what all of those begin with."""
    key = quote(camera, safe="") + "/"
    if line is not None:
        key += quote(line, safe="") + "/"
    return key if from_ms is None else f"{key}{from_ms:015d}"


def publication_key(published: RatesPublished) -> str:
    """The key of a publication; ``rsplit("/", 1)`` parts the day from what lies before it."""
    return f"{published.publisher}/{published.quote}/{date.max.toordinal() - published.day.toordinal():07d}"


def timeline_key(incident: str, seq: int) -> str:
    """The key of a timeline's entry: those of an incident lie together, in the order in which they came to it.

    ``seq`` is that of the event that brought them; what an alert brought with it comes right after (``early_key``).
    """
    return f"{incident}/{seq:012d}"


def early_key(incident: str, seq: int, entry: Entry) -> str:
    """The key of an entry that came with the alert that the event at ``seq`` brought."""
    return f"{timeline_key(incident, seq)}/{entry.seq:012d}"
