"""What can be plugged into a camera: sources, detectors, guards and forms of models, handed in by whoever starts it.

A detector is one file in ``detectors`` and one line in ``saqta.registry``, a guard one in ``guards``. Its factory makes
one for each session of a camera, with whatever it has to remember (but see ``Learner``); factories are module-level, so
that worker processes get them by name.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from saqta.edge.models.form import Form
from saqta.edge.models.model import Model
from saqta.edge.models.opening import open_model
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.source import Opened, SourceFactory, scheme
from saqta.edge.view import Outlook
from saqta.model.errors import InputError
from saqta.model.kinds import Record

Detector = Callable[[Scene], Sequence[Record]]
"""Looks at one analysed frame, in order of time, and tells what it found: alerts, each at the moment it is decided."""
DetectorFactory = Callable[[CameraSettings], Detector]


@runtime_checkable
class Learner(Protocol):
    """A detector that learns the scene. Where a stream begins afresh with a picture of the same size, it is not made
    anew: it forgets the tracks and times that it knew, and keeps what it has learned."""

    def __call__(self, scene: Scene, /) -> Sequence[Record]: ...
    def begin_afresh(self) -> None: ...


class Suspicion(NamedTuple):
    """Why a camera may not see: an alert once it has been so for ``wait_s``. While in ``doubt`` nothing is detected."""

    reasons: tuple[str, ...]
    confidence: float
    wait_s: float
    doubt: bool = True


Guard = Callable[[Outlook], Suspicion | None]
"""Looks at a frame now and then, in order of time, and tells what speaks against it: None where nothing does."""
GuardFactory = Callable[[CameraSettings], Guard]


class Plugins(NamedTuple):
    """Sources by scheme, detectors by name, forms of models by name, guards by the kind of alert that they raise."""

    sources: Mapping[str, SourceFactory]
    detectors: Mapping[str, DetectorFactory]
    models: Mapping[str, Form]
    guards: Mapping[str, GuardFactory] = {}

    def open(self, source: str) -> Opened:
        """Opens a source; InputError when it can't be."""
        return self.factory(source)(source)

    def factory(self, source: str) -> SourceFactory:
        """What opens a source, by its scheme; InputError when there is none."""
        factory = self.sources.get(scheme(source))
        if factory is None:
            raise InputError("source", source, f"a file or one of {', '.join(sorted(self.sources))}")
        return factory

    def model(self, settings: CameraSettings) -> Model | None:
        """The camera's model, None where it goes without; opened afresh. InputError when the file can't be used."""
        if settings.model is None:
            return None
        return open_model(Path(settings.model), self.models, settings.model_threads)
