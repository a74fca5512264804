"""One session of a camera: from its first frame until the stream ends, what it finds told as events.

Event ids are derived from the camera, the session's start and a running number, so that they are unique and a session
that is told twice is known as one.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from saqta.edge.analysis import Analyser, Findings, Glance
from saqta.edge.covering.faces import Faces, Glimpses
from saqta.edge.covering.redaction import Redactor, cover
from saqta.edge.frames import Frame, planes
from saqta.edge.keeping.evidence import CLIP_TYPE, STILL_TYPE, Cut, Hidden, Kept, Ring, Still
from saqta.edge.keeping.evidence import keep as keep_evidence
from saqta.edge.keeping.main_stream import MainStream
from saqta.edge.keeping.originals import Group, keep_sealed
from saqta.edge.keeping.sealing import public_key
from saqta.edge.keeping.stills import Stills, in_view
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.figures import Directions, Figures
from saqta.model import catalogue
from saqta.model.event import Event, derive_id
from saqta.model.kinds import (
    ALERT_REASON_CHARS_MAX,
    AlertRaised,
    CameraConnected,
    CameraLost,
    CameraSightChanged,
    EvidenceKept,
    EvidenceLost,
    ObjectStateChanged,
    Record,
)
from saqta.model.moment import Clock
from saqta.model.terms import SEALED_TYPE

ACTOR = "saqta/edge"


def lost_alert(camera: str, reason: str, at_s: float | None = None) -> AlertRaised:
    """The alert of a camera whose frames came and do not come any more."""
    at_s = round(at_s, 3) if at_s is not None else None
    return AlertRaised(kind="camera_lost", camera=camera, at_s=at_s, confidence=1.0, reasons=(f"no frames: {reason}",))


def camera_source(camera: str) -> str:
    """The event source of a camera."""
    return f"/saqta/cameras/{camera}"


class Session:
    """``step`` each frame in order, then ``close``. Events go to ``emit`` as they happen, what is kept to ``keep``.

    An ``analyser`` that is handed in knows the scene from the session before. Moments are ``started_ms`` plus the
    stream's seconds, ``speed`` times as fast as they were filmed. Clips are of the ``main`` stream where there is one.
    ``original`` is told of each alert, and from when until when its original is wanted. What ``faces`` finds is
    covered.
    ``step`` spends CPU and blocks only in ``emit`` and ``keep``.
    """

    def __init__(
        self,
        settings: CameraSettings,
        plugins: Plugins,
        clock: Clock,
        emit: Callable[[Sequence[Event]], None],
        keep: Callable[[Cut], None] | None = None,
        analyser: Analyser | None = None,
        speed: float = 1.0,
        main: MainStream | None = None,
        original: Callable[[str, float, float], None] | None = None,
        faces: Faces | None = None,
    ) -> None:
        self._figures = Figures(settings.camera, tuple(settings.lines))
        self.started_ms = clock()
        self._settings, self._clock, self._emit, self._keep, self._speed = settings, clock, emit, keep, speed
        self._analyser = analyser or Analyser(
            settings, plugins.detectors, plugins.model(settings), f"{self.started_ms:x}-", plugins.guards
        )
        self._redactor, self._ring, self._stills = Redactor(), Ring(settings.before_s, settings.after_s), Stills()
        self._main, self._original, self._glimpses = main, original, Glimpses(faces)
        self._at_s = 0.0
        self._ordinal = 0
        self._guarded = frozenset(plugins.guards)
        self._unseeing: str | None = None

    @property
    def counts(self) -> dict[str, Directions]:
        """What crossed each line since the session began."""
        return self._figures.counts

    @property
    def waits(self) -> bool:
        """Whether clips or stills wait for frames to come."""
        return self._ring.waits or self._stills.waits

    def begin(self) -> None:
        """The first frame is here: the stream's seconds count from now, however long opening it took."""
        self.started_ms = self._clock()

    def connected(self, width: int, height: int, fps: float) -> None:
        """Tells that frames arrive, and whether the camera still doesn't see."""
        record = CameraConnected(camera=self._settings.camera, width=width, height=height, fps=round(fps, 3))
        self._emit([self._event(one, self._at_s) for one in (record, *self._analyser.sight.standing(self._at_s))])

    def step(self, frame: Frame) -> Findings:
        """Takes in a frame, tells what it shows and keeps it, covered, for evidence."""
        return self.glance(frame).finish()

    def glance(self, frame: Frame) -> Glance:
        """As ``step``, as far as no model is needed; ``conclude`` does the rest."""
        self._at_s = frame.at_s
        glance = self._analyser.glance(frame)
        return glance._replace(conclude=lambda recognised: self._conclude(frame, glance.conclude(recognised)))

    def _conclude(self, frame: Frame, findings: Findings) -> Findings:
        events = [self._told(record, frame.at_s) for record in findings.records]
        if self._keep is not None:
            self._remember(frame, findings, events)
        self._figures.add(findings.scene.step_s, findings.crossings, findings.occupied)
        if self._figures.due(frame.at_s):
            events += self._counted()
        if events:
            self._emit(events)
        return findings

    def close(self, reason: str | None = None, retry_s: float = 0.0, alarm: bool = False) -> None:
        """The stream is over: tells the last counts, the clips so far, and, with a reason, that the camera is lost.

        That is an alert too, where it is an ``alarm``.
        """
        events = self._counted()
        if reason is not None:
            record = CameraLost(camera=self._settings.camera, reason=reason, retry_s=retry_s)
            events.append(self._event(record, self._at_s))
        if reason is not None and alarm:
            alert = self._event(lost_alert(self._settings.camera, reason, self._at_s), self._at_s)
            events.append(alert)
            self._expect(alert.key, self._at_s)
        if events:
            self._emit(events)
        self._cut_out(self._ring.rest())
        self._cut_out(self._stills.rest(self._ring))

    def kept(self, cut: Cut, folder: Path) -> None:
        """Writes a clip or still and tells of it; may be called from another thread. StorageError when it can't be
        written."""
        clip = self._main.clip(cut) if self._main is not None and not cut.shows else None
        kept = keep_evidence(folder, cut, clip)
        self._tell_kept(kept, cut.alert, cut.shows)

    def sealed(self, alert: str, groups: Sequence[Group], folder: Path) -> None:
        """As ``kept``, of the original frame groups of an alert."""
        if self._settings.seal_to is not None:
            self._tell_kept(keep_sealed(folder, groups, public_key(self._settings.seal_to)), alert)

    def lost(self, cut: Cut, reason: str) -> None:
        """Tells that a clip or still could not be kept; may be called from another thread."""
        self._tell_lost(cut.alert, STILL_TYPE if cut.shows else CLIP_TYPE, reason, cut.shows)

    def original_lost(self, alert: str, reason: str, partly: bool = False) -> None:
        """As ``lost``, of the original of an alert."""
        self._tell_lost(alert, SEALED_TYPE, reason, partly=partly)

    def _tell_lost(self, alert: str, media_type: str, reason: str, shows: str = "", partly: bool = False) -> None:
        record = EvidenceLost(
            alert=alert,
            camera=self._settings.camera,
            media_type=media_type,
            reason=reason[:ALERT_REASON_CHARS_MAX],
            shows=shows,
            partly=partly,
        )
        id = derive_id(alert, "evidence lost", media_type, shows, str(partly))
        self._emit([self._make(record, id, self._at_s, alert)])

    def _tell_kept(self, kept: Kept, alert: str, shows: str = "") -> None:
        record = EvidenceKept(
            alert=alert,
            camera=self._settings.camera,
            sha256=kept.sha256,
            media_type=kept.media_type,
            size_bytes=kept.size_bytes,
            from_s=round(kept.from_s, 3),
            until_s=round(kept.until_s, 3),
            shows=shows,
        )
        which = "sealed" if kept.media_type == SEALED_TYPE else shows
        id = derive_id(alert, "evidence", *filter(None, [which]))
        self._emit([self._make(record, id, kept.until_s, alert)])

    def _remember(self, frame: Frame, findings: Findings, events: Sequence[Event]) -> None:
        scene = findings.scene
        faces = self._glimpses.take(frame, wanted=bool(findings.records))
        things = [thing.bounds for thing in scene.things.all if thing.is_shown]
        covers = self._redactor.look(scene, things, None if faces is None else [face.box for face in faces])
        wanted = self._ring.wants(frame.at_s)
        if wanted or findings.records or self._stills.waits:
            picture = planes(frame.picture, self._settings.evidence_side_px)
            hidden = Hidden(covers, scene.picture, frame.arrived_s)
            now = Still(frame.at_s, cover(picture, covers, scene.picture), hidden)
            if wanted:
                self._ring.add(now)
            self._keep_stills(findings.records, events, now)
            self._cut_out(self._stills.due(now, in_view(scene, covers) if self._stills.waits else ()))
        for record, event in zip(findings.records, events, strict=True):
            if isinstance(record, AlertRaised):
                self._expect(event.key, frame.at_s)
        self._cut_out(self._ring.due(frame.at_s))

    def _expect(self, alert: str, at_s: float) -> None:
        """A clip of the seconds around an alert is wanted, and their original."""
        self._cut_out(self._ring.expect(alert, at_s))
        if self._original is not None:
            self._original(alert, at_s - self._settings.before_s, at_s + self._settings.after_s)

    def _keep_stills(self, records: Sequence[Record], events: Sequence[Event], now: Still) -> None:
        for record, event in zip(records, events, strict=True):
            if isinstance(record, ObjectStateChanged):
                self._stills.changed(record, self._ring)
            elif isinstance(record, AlertRaised) and record.object is not None:
                self._cut_out(self._stills.expect(record, event.key, now))
            elif isinstance(record, AlertRaised) and record.kind in self._guarded:
                before = self._ring.nearest(now.at_s - self._settings.before_s) or now
                self._cut_out([Cut(event.key, (before,), "before"), Cut(event.key, (now,), "now")])

    def _cut_out(self, cuts: Sequence[Cut]) -> None:
        for cut in cuts:
            if self._keep is not None and cut.stills:
                self._keep(cut)
            elif self._keep is not None:
                self.lost(cut, "no frame of those seconds is left")

    def _counted(self) -> list[Event]:
        return [self._event(record, self._at_s) for record in self._figures.told(self._at_s)]

    def _told(self, record: Record, at_s: float) -> Event:
        """The event of what was found; a change of sight is caused by the alert that told of it."""
        if isinstance(record, CameraSightChanged):
            return self._event(record, at_s, self._unseeing)
        event = self._event(record, at_s)
        if isinstance(record, AlertRaised) and record.kind in self._guarded:
            self._unseeing = event.key
        return event

    def _event(self, record: Record, at_s: float, cause: str | None = None) -> Event:
        self._ordinal += 1
        source = camera_source(self._settings.camera)
        return self._make(record, derive_id(source, str(self.started_ms), str(self._ordinal)), at_s, cause)

    def _make(self, record: Record, id: str, at_s: float, cause: str | None = None) -> Event:
        return catalogue.make(
            record,
            id=id,
            source=camera_source(self._settings.camera),
            actor=ACTOR,
            time_ms=self.started_ms + round(at_s * 1000 / self._speed),
            recorded_ms=self._clock(),
            cause=cause,
        )
