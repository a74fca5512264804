"""Alerts and the evidence that was kept for them."""

from saqta.model.kinds import Box
from saqta.model.place import Place
from saqta.model.step import Table
from saqta.views.tables.row import Row


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


ALERTS = Table("alerts", Alert)
"""By the key of the alert's event."""

EVIDENCE = Table("evidence", EvidenceOf)
"""By ``{sha256}/{alert}``: one clip may be kept for several alerts."""

KEPT = Table("evidence_kept", KeptFile)
DELETED = Table("evidence_deleted", DeletedFile)
"""By the digest of the file."""
