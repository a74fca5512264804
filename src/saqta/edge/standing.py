"""How each camera of a node stands: connected or lost, struck by deaths of its workers, and which evidence is owed."""

from dataclasses import dataclass, field

import msgspec

from saqta.edge.keeping.evidence import CLIP_TYPE
from saqta.edge.session import camera_source
from saqta.edge.settings import CameraSettings
from saqta.edge.worker import Report
from saqta.model import catalogue
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised, CameraConnected, CameraLost, EvidenceKept, EvidenceLost
from saqta.model.terms import SEALED_TYPE

FORGIVEN_S = 600.0
"""Strikes are forgotten after this long without one."""
RESTART_S = 0.5
RESTART_MAX_S = 300.0
"""A worker starts again after RESTART_S, a struck stream after twice as long each time, up to RESTART_MAX_S."""


class CameraState(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera fares. ``dropped`` frames were lost because analysis could not keep up."""

    camera: str
    connected: bool
    quarantined: bool
    strikes: int
    decoded: int
    analysed: int
    dropped: int
    broken: int
    evidence_failure: str | None


@dataclass(eq=False)
class Camera:
    """One camera, as its node knows it from what its workers told and how they died."""

    settings: CameraSettings
    connected: bool = False
    lost: bool = False  # and an alert has told so
    quarantined: bool = False
    strikes: int = 0
    struck_s: float = 0.0
    owed: set[tuple[str, str]] = field(default_factory=set)
    """(an alert's key, the media type) of the evidence that its worker still has to tell of; the worker's own limits
    bound it."""
    report: Report | None = None

    @property
    def state(self) -> CameraState:
        """As it is told outside the node."""
        report = self.report or Report(self.settings.camera, 0, 0, 0, 0, None)
        return CameraState(
            camera=self.settings.camera,
            connected=self.connected,
            quarantined=self.quarantined,
            strikes=self.strikes,
            decoded=report.decoded,
            analysed=report.analysed,
            dropped=report.dropped,
            broken=report.broken,
            evidence_failure=report.evidence_failure,
        )

    @property
    def held_back_s(self) -> float:
        """How long a struck stream waits, in its worker or before a worker of its own starts."""
        return min(RESTART_MAX_S, RESTART_S * 4.0**self.strikes) if self.strikes else 0.0

    def told(self, record: CameraConnected | CameraLost) -> None:
        """It is connected, or lost."""
        self.connected = isinstance(record, CameraConnected)
        self.lost = isinstance(record, CameraLost) and (self.lost or record.retry_s > 0)

    def strike(self, now_s: float) -> None:
        """A worker died that was busy with its stream."""
        self.strikes = 1 + (self.strikes if now_s - self.struck_s < FORGIVEN_S else 0)
        self.struck_s = now_s

    def note(self, event: Event) -> None:
        """An alert of its own owes a clip, and an original where it has any, until it is told what became of them."""
        if event.source != camera_source(self.settings.camera):
            return
        record = catalogue.read(event)
        if isinstance(record, AlertRaised):
            media_types = [CLIP_TYPE, SEALED_TYPE] if self.settings.seal_to else [CLIP_TYPE]
            self.owed.update((event.key, media_type) for media_type in media_types)
        elif isinstance(record, EvidenceKept | EvidenceLost):
            self.owed.discard((record.alert, record.media_type))
