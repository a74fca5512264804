"""The analysis of one stream: frame → what differs → blobs → tracks → (a model's look) → crossings and alerts.

Starts afresh, with new tracks, where the stream jumps or its picture changes size; the empty scene is kept as long as
the size is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import cv2
import msgspec
import numpy as np

from saqta.edge.arrays import Gray, gray
from saqta.edge.frames import Frame, luma
from saqta.edge.left.finding import Things
from saqta.edge.looks import Look, Looks, taken
from saqta.edge.models.model import Model
from saqta.edge.picture.background import SETTLED_S, Background, Comparison
from saqta.edge.picture.blobs import Bounds
from saqta.edge.picture.ghosts import GhostFinder
from saqta.edge.picture.segment import find_blobs
from saqta.edge.plugins import Detector, DetectorFactory, GuardFactory, Learner
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.sight import Sight
from saqta.edge.tracking.ground import GroundMap, Stretch
from saqta.edge.tracking.lines import Crossing, LineCounter
from saqta.edge.tracking.tracker import Tracker
from saqta.edge.tracking.tracks import Track, widened
from saqta.edge.tracking.votes import vote
from saqta.model.kinds import AlertRaised, Box, Record

MOVING_MARGIN = 0.15
"""Nothing is learned under the box of what moves, widened by this part of it."""
RESTS_S = 4.0
"""What has not gone on for this long rests."""
PARKED_S = 120.0
"""What came and has rested for this long becomes part of the empty scene."""
PARKED_MAX = 32
"""More parked things than this stay tracks."""


class Findings(NamedTuple):
    """What one frame gave: the scene, who crossed a line, what the detectors tell, and the lines that are occupied."""

    scene: Scene
    crossings: Sequence[Crossing]
    records: Sequence[Record]
    occupied: Sequence[str] = ()


class Glance(NamedTuple):
    """What a frame shows before any model looked, and whether one should: ``conclude`` gets what it made of it, or
    None where none did, once, before the stream's next frame."""

    look: Look | None
    conclude: Callable[[Sequence[Recognised] | None], Findings]

    def finish(self) -> Findings:
        """Lets the model look at once, where one should, and concludes."""
        return self.conclude(taken([self.look])[0] if self.look else None)


class Analyser:
    """Analyses the frames of one stream, in order. Spends CPU, waits for nothing.

    A frame is taken in by ``step``, or by ``glance`` where a model looks at the frames of several streams together.
    It may ``hear`` between two frames what a person says of the picture. ``name`` tells the things that it finds from
    those of other analysers of the same camera.
    """

    def __init__(
        self,
        settings: CameraSettings,
        detectors: Mapping[str, DetectorFactory],
        model: Model | None = None,
        name: str = "",
        guards: Mapping[str, GuardFactory] = {},
    ) -> None:
        self.sight = Sight(settings, guards)
        self._fixtures, self._view_accepted_ms = settings.fixtures, settings.view_accepted_ms
        self._settings, self._detectors, self._model, self._name = settings, detectors, model, name
        self._looks = Looks()
        self._stage: _Stage | None = None
        self._is_new_view = False

    def hear(self, fixtures: tuple[Box, ...], view_accepted_ms: int) -> None:
        """What belongs into the picture, and when its view was last accepted: it is learned anew if that is news."""
        self._fixtures = fixtures
        if view_accepted_ms != self._view_accepted_ms:
            self._view_accepted_ms, self._is_new_view = view_accepted_ms, True
            self.sight.accept()

    def step(self, frame: Frame) -> Findings:
        """Takes in one frame."""
        return self.glance(frame).finish()

    def glance(self, frame: Frame) -> Glance:
        """Takes in what needs no model."""
        picture = luma(frame.picture, self._settings.analysis_side_px)
        stage = self._stage
        if stage is None or frame.fresh or self._is_new_view:
            stage = _Stage(self._settings, self._detectors, picture, frame.at_s, self._name, stage, self._is_new_view)
            self._stage, self._is_new_view = stage, False
        sighting = self.sight.step(picture, frame.at_s, frame.fresh)
        if not sighting.sees:
            unseen = Findings(stage.unseen(picture, frame.at_s), (), sighting.records)
            return Glance(None, lambda recognised: unseen)
        scene = stage.glance(picture, frame.at_s, self._fixtures)
        look = None
        if self._model is not None and self._looks.due(scene, frame.fresh):
            look = Look(self._model, frame, scene)

        def conclude(recognised: Sequence[Recognised] | None) -> Findings:
            if look is not None:
                self._looks.found(recognised)
            return self._told(stage.conclude(scene._replace(recognised=recognised)), sighting.records)

        return Glance(look, conclude)

    def _told(self, findings: Findings, before: Sequence[Record]) -> Findings:
        return findings._replace(records=[*before, *map(self._signed, findings.records)])

    def _signed(self, record: Record) -> Record:
        """An alert of something in the picture says which model took part, where one did."""
        if self._model is None or not isinstance(record, AlertRaised) or record.box is None:
            return record
        return msgspec.structs.replace(record, model=self._model.name)


class _Stage:
    """The analysis between two fresh starts; takes the empty scene over from ``before`` when the sizes agree, and
    the view is the same."""

    def __init__(
        self,
        settings: CameraSettings,
        detectors: Mapping[str, DetectorFactory],
        first: Gray,
        at_s: float,
        name: str,
        before: "_Stage | None",
        is_new_view: bool,
    ) -> None:
        self._picture = (first.shape[1], first.shape[0])
        same_scene = before is not None and before._picture == self._picture and not is_new_view
        self._background: Background = before._background if before is not None and same_scene else Background(first)
        self._parked: list[Bounds] = before._parked if before is not None and same_scene else []
        self._tracker: Tracker = Tracker(self._picture, before._tracker.next_number if before is not None else 1)
        self._things = _things_after(before, name, self._picture, at_s, same_scene)
        self._ghosts = GhostFinder(self._picture)
        self._ground = GroundMap(settings.ground, self._picture) if settings.ground else None
        stretch = Stretch(settings.known_length, self._picture) if settings.known_length else None
        self._lines = LineCounter(settings.lines, self._picture, self._ground or stretch)
        self._detectors = _detectors_after(before if same_scene else None, detectors, settings)
        self._last_s: float = at_s

    def glance(self, picture: Gray, at_s: float, fixtures: Sequence[Box]) -> Scene:
        step_s, self._last_s = at_s - self._last_s, at_s
        compared = self._background.compare(picture, step_s)
        if compared.known:
            self._follow(picture, compared, at_s, step_s)
        else:
            self._tracker.forget(self._tracker.tracks)
        confirmed = [track for track in self._tracker.tracks if track.confirmed]
        moving = self._under([track for track in confirmed if at_s - track.rests_since_s < RESTS_S])
        resting = self._under([track for track in confirmed if at_s - track.rests_since_s >= RESTS_S])
        unsettled = self._background.unsettled(picture, step_s) if compared.known else compared.differs
        self._find_things(picture, compared, at_s, step_s)
        self._background.learn(picture, compared.differs, moving, resting, step_s)
        return Scene(
            at_s=at_s,
            step_s=step_s,
            picture=self._picture,
            luma=picture,
            expected=compared.expected,
            differs=compared.differs,
            unsettled=unsettled,
            moving=moving,
            tracks=self._tracker.tracks,
            parked=tuple(self._parked),
            known=compared.known,
            settled_s=self._background.age_s,
            fixtures=fixtures,
            ground=self._ground,
            things=self._things,
        )

    def conclude(self, scene: Scene) -> Findings:
        if not scene.known:
            return Findings(scene, (), ())
        vote(scene.tracks, scene.recognised or ())
        crossings = self._lines.step(scene.tracks, scene.at_s)
        records = [record for detector in self._detectors.values() for record in detector(scene)]
        return Findings(scene, crossings, records, self._lines.occupied(scene.tracks))

    def unseen(self, picture: Gray, at_s: float) -> Scene:
        """The scene of a frame that can't be trusted: nothing is known, and nothing learned of it."""
        step_s, self._last_s = at_s - self._last_s, at_s
        nothing: Gray = np.zeros_like(picture)
        return Scene(
            at_s=at_s,
            step_s=step_s,
            picture=self._picture,
            luma=picture,
            expected=picture,
            differs=nothing,
            unsettled=nothing,
            moving=nothing,
            tracks=(),
            parked=tuple(self._parked),
            known=False,
            settled_s=self._background.age_s,
            things=self._things,
        )

    def _follow(self, picture: Gray, compared: Comparison, at_s: float, step_s: float) -> None:
        solid = compared.solid
        ghosts = self._ghosts.step(picture, compared.expected, compared.differs, step_s)
        if ghosts is not None:
            self._background.absorb(picture, ghosts)
            self._parked[:] = [box for box in self._parked if not _is_mostly_in(box, ghosts)]
            solid = gray(cv2.subtract(solid, ghosts))
        blobs = find_blobs(solid, compared.strong)
        self._tracker.step(blobs, at_s)
        self._park(picture, at_s)

    def _find_things(self, picture: Gray, compared: Comparison, at_s: float, step_s: float) -> None:
        if self._background.age_s < SETTLED_S:
            self._things.stop()
        elif compared.known:
            seen = self._background.as_exposed(picture)
            if not self._things.started:
                self._things.start(self._background.usual, self._background.threshold, at_s)
            brightest, threshold = self._background.brightest, self._background.threshold
            self._things.step(seen, brightest, threshold, self._tracker.tracks, at_s, step_s)

    def _park(self, picture: Gray, at_s: float) -> None:
        for track in [track for track in self._tracker.tracks if at_s - track.rests_since_s >= PARKED_S]:
            if len(self._parked) < PARKED_MAX:
                self._parked.append(widened(track.bounds, MOVING_MARGIN))
                self._background.absorb(picture, self._filled(self._parked[-1:]))
                self._tracker.forget([track])

    def _under(self, tracks: Sequence[Track]) -> Gray:
        return self._filled([widened(track.bounds, MOVING_MARGIN) for track in tracks])

    def _filled(self, boxes: Sequence[Bounds]) -> Gray:
        mask: Gray = np.zeros((self._picture[1], self._picture[0]), np.uint8)
        for box in boxes:
            x0, y0, x1, y1 = (round(edge) for edge in box)
            cv2.rectangle(mask, (x0, y0), (x1, y1), 255, cv2.FILLED)
        return mask


def _detectors_after(
    before: _Stage | None, factories: Mapping[str, DetectorFactory], settings: CameraSettings
) -> dict[str, Detector]:
    """Made anew, but for those that learn the scene and know it from the stage before."""
    detectors = {name: factory(settings) for name, factory in factories.items()}
    for name, known in before._detectors.items() if before is not None else ():
        if isinstance(known, Learner):
            known.begin_afresh()
            detectors[name] = known
    return detectors


def _things_after(before: _Stage | None, name: str, picture: tuple[int, int], at_s: float, same_scene: bool) -> Things:
    """The things of the stage before, by the clock of the stage that begins at ``at_s``."""
    if before is None or not same_scene:
        return Things(picture, name, before._things.next_number if before is not None else 1)
    before._things.shift(at_s - before._last_s)
    return before._things


def _is_mostly_in(box: Bounds, mask: Gray) -> bool:
    x0, y0, x1, y1 = (max(0, round(edge)) for edge in box)
    return bool((mask[y0:y1, x0:x1] > 0).mean() >= 0.3)
