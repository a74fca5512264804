"""Whether a camera sees: its guards are asked before anything is detected, and nothing is while one of them doubts.

One alert when a camera goes blind, moves or freezes, and a change of sight when it does and when it sees again. What a
guard suspects becomes an alert when it has lasted; what stays strange without one is a new view after a while.
"""

from collections.abc import Mapping
from typing import NamedTuple

from saqta.edge.arrays import Gray
from saqta.edge.plugins import Guard, GuardFactory, Suspicion
from saqta.edge.settings import CameraSettings
from saqta.edge.view import Outlook, View
from saqta.model.kinds import AlertRaised, CameraSightChanged, Record

GLANCE_S = 0.38
"""Guards are asked this often."""
GAP_S = 0.9
"""A suspicion goes on that paused for no longer."""
CLEAR_S = 1.1
"""A camera sees again when nothing has spoken against it for this long ..."""
CLEAR_LOST_MAX = 0.4
FORGET_S = 30.0
"""... and its view is the known one, but for this part; after longer the view is learned anew."""
DOUBT_MAX_S = 60.0
"""A doubt that lasts for longer without becoming an alert ends with the view being learned anew."""


class Sighting(NamedTuple):
    """Whether the frame can be trusted, and what there is to tell."""

    sees: bool
    records: tuple[Record, ...] = ()


class _Doubt(NamedTuple):
    """A suspicion, since when it has gone on, and when it was last felt."""

    since_s: float
    last_s: float
    suspicion: Suspicion


class Sight:
    """The sight of one camera, over all its sessions."""

    def __init__(self, settings: CameraSettings, guards: Mapping[str, GuardFactory]) -> None:
        self._settings, self._factories = settings, guards
        self._view: View | None = None
        self._guards: dict[str, Guard] = {}
        self._doubts: dict[str, _Doubt] = {}
        self._standing: AlertRaised | None = None
        self._glanced_s = self._clear_since_s = self._doubted_since_s = 0.0
        self._sees = True

    def step(self, luma: Gray, at_s: float, fresh: bool) -> Sighting:
        """Takes in a frame; ``fresh`` where its time has nothing to do with the last one's."""
        view = self._view
        if view is None or view.shape != luma.shape:
            return self._begin(luma, at_s)
        if fresh:
            self._doubts.clear()
            self._glanced_s = self._clear_since_s = self._doubted_since_s = at_s
        elif at_s - self._glanced_s < GLANCE_S:
            return Sighting(self._sees)
        step_s, self._glanced_s = at_s - self._glanced_s, at_s
        outlook = view.look(luma, at_s)
        for kind, guard in self._guards.items():
            self._note(kind, guard(outlook), at_s)
        records = self._judge(outlook)
        doubtful = any(doubt.suspicion.doubt for doubt in self._doubts.values())
        self._sees = self._standing is None and not doubtful
        if self._sees:
            self._doubted_since_s = at_s
            view.learn(step_s)
        elif self._standing is None and at_s - self._doubted_since_s > DOUBT_MAX_S:
            view.forget(luma)
        return Sighting(self._sees, records)

    def accept(self) -> None:
        """What the camera looks at is meant: the next frame begins its view, and it sees."""
        self._view = None

    def standing(self, at_s: float) -> tuple[Record, ...]:
        """What still has to be known of a camera that comes again, and did not see before."""
        return (self._changed(at_s),) if self._standing is not None else ()

    def _begin(self, luma: Gray, at_s: float) -> Sighting:
        self._view = View(luma)
        self._guards = {kind: factory(self._settings) for kind, factory in self._factories.items()}
        self._doubts.clear()
        self._glanced_s = self._doubted_since_s = at_s
        self._sees, stood, self._standing = True, self._standing, None
        return Sighting(True, (self._changed(at_s),) if stood is not None else ())

    def _note(self, kind: str, suspicion: Suspicion | None, at_s: float) -> None:
        doubt = self._doubts.get(kind)
        if suspicion is not None:
            self._doubts[kind] = _Doubt(doubt.since_s if doubt is not None else at_s, at_s, suspicion)
        elif doubt is not None and at_s - doubt.last_s > GAP_S:
            del self._doubts[kind]

    def _judge(self, outlook: Outlook) -> tuple[Record, ...]:
        at_s = outlook.at_s
        standing = self._standing.kind if self._standing is not None else None
        sure = [
            kind
            for kind, (since_s, last_s, suspicion) in self._doubts.items()
            if last_s == at_s and at_s - since_s >= suspicion.wait_s
        ]
        if sure and standing not in self._doubts:
            return self._raise(sure[0], self._doubts[sure[0]].suspicion, at_s)
        if any(doubt.last_s == at_s for doubt in self._doubts.values()):
            self._clear_since_s = at_s
        elif standing is not None:
            clear_s = at_s - self._clear_since_s
            if clear_s >= FORGET_S or (clear_s >= CLEAR_S and outlook.lost <= CLEAR_LOST_MAX):
                self._standing = None
                return (self._changed(at_s),)
        return ()

    def _raise(self, kind: str, suspicion: Suspicion, at_s: float) -> tuple[Record, ...]:
        self._standing = AlertRaised(
            kind=kind,
            camera=self._settings.camera,
            box=(0.0, 0.0, 1.0, 1.0),
            at_s=round(at_s, 3),
            confidence=round(suspicion.confidence, 2),
            reasons=suspicion.reasons,
        )
        self._clear_since_s = at_s
        return self._standing, self._changed(at_s)

    def _changed(self, at_s: float) -> CameraSightChanged:
        alert = self._standing
        return CameraSightChanged(
            camera=self._settings.camera,
            fault=alert.kind if alert is not None else None,
            reason=alert.reasons[0] if alert is not None else "",
            at_s=round(at_s, 3),
        )
