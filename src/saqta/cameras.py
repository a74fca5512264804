"""The cameras of a centre, as its settings and its log have them: what the node is told of them, and what the log is.

A login is parted from its address before an event tells of the camera, and kept in the data folder.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from saqta.config import Edge, Settings
from saqta.edge.covering.faces import faces_of
from saqta.edge.keeping.retention import Kept
from saqta.edge.models.installed import located
from saqta.edge.node import CAMERAS_MAX
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.worker import Said
from saqta.folder import Folder
from saqta.log.logins import Logins
from saqta.model import kinds
from saqta.model.errors import InputError
from saqta.model.login import Login, parted
from saqta.views.tables import CAMERAS, KEPT, REGISTERED

NODE = Edge()
"""A node that nothing was set for."""


class Cameras:
    """The cameras of the centre over one data folder."""

    def __init__(self, folder: Folder, settings: Settings, plugins: Plugins, loop_files: bool) -> None:
        self._folder, self._settings, self._plugins, self._loop_files = folder, settings, plugins, loop_files
        self._models: set[str | None] = set()
        self._face_models: set[str | None] = set()

    def changed(self) -> Iterator[kinds.CameraRegistered]:
        """Cameras whose settings are not what the log says of them; InputError where one can't be watched so.

        And those whose login stands in the log, as versions before this one had it: they are told anew, without.
        """
        for name, camera in self._settings.cameras.items():
            options = msgspec.structs.asdict(camera) | {"name": camera.name or name}
            record = kinds.CameraRegistered(camera=name, **options)
            self._watchable(record)
            record = without_logins(record, self._folder.logins)
            if record != self._folder.tables.get(REGISTERED, name):
                yield record
        for name, known in self._folder.tables.scan(REGISTERED):
            if name not in self._settings.cameras:
                with suppress(InputError):  # It is told when the camera is to be opened.
                    record = without_logins(known, self._folder.logins)
                    if record != known:
                        yield record

    def watched(self, lose: Callable[[kinds.CameraLost], None]) -> Iterator[CameraSettings]:
        """What the node shall watch; a camera that can't be watched is given to ``lose``, and the others go on."""
        for number, (name, camera) in enumerate(self._folder.tables.scan(REGISTERED)):
            try:
                if number >= CAMERAS_MAX:
                    raise InputError("cameras", name, f"at most {CAMERAS_MAX} on one node")
                yield self._watchable(camera)
            except InputError as error:
                lose(kinds.CameraLost(camera=name, reason=str(error), retry_s=0.0))

    def said_of(self, camera: str) -> Said:
        """What people said of a camera's picture."""
        row = self._folder.tables.get(CAMERAS, camera)
        if row is None:
            return Said(camera, ())
        return Said(camera, tuple(fixture.box for fixture in row.fixtures), row.view_accepted_ms or 0)

    def kept_evidence(self) -> Iterator[Kept]:
        """All evidence that is kept, and for how long."""
        days = {name: camera.retention_days for name, camera in self._folder.tables.scan(REGISTERED)}
        for sha256, kept in self._folder.tables.scan(KEPT):
            yield Kept(sha256, kept.camera, kept.media_type, kept.kept_ms, days.get(kept.camera), kept.expired)

    def _watchable(self, camera: kinds.CameraRegistered) -> CameraSettings:
        """Opens a camera's model here, once: a bad one is refused by name, and stops no worker."""
        with _of_camera(camera.camera):
            settings = camera_settings(
                camera, self._settings.edge, self._folder.path, self._loop_files, self._folder.logins.of
            )
            self._plugins.factory(settings.source)
            if settings.model not in self._models:
                self._plugins.model(settings)
                self._models.add(settings.model)
            if settings.faces not in self._face_models:
                faces_of(settings.faces, settings.model_threads)
                self._face_models.add(settings.faces)
        said = self.said_of(camera.camera)
        return msgspec.structs.replace(settings, fixtures=said.fixtures, view_accepted_ms=said.view_accepted_ms)


def models_folder(data: Path) -> Path:
    """Where a data folder has its models."""
    return data / "models"


def camera_settings(
    camera: kinds.CameraRegistered,
    edge: Edge = NODE,
    data: Path = Path(),
    loop: bool = False,
    login_of: Callable[[str], Login | None] = lambda address: None,
) -> CameraSettings:
    """What the camera node is told of a camera; InputError names what can't be so.

    ``login_of`` gives the login of an address that holds none itself.
    """
    options = msgspec.structs.asdict(camera) | {"model": located(camera.model or edge.model, models_folder(data))}
    for field, login_field in (("source", "login"), ("evidence_source", "evidence_login")):
        if options[field] is not None:
            options[field], login = parted(options[field])
            options[login_field] = login or login_of(options[field])
    return CameraSettings(
        **options,
        analysed_fps=edge.analysed_fps,
        model_threads=edge.model_threads,
        faces=edge.faces,
        loop=loop,
    )


@contextmanager
def _of_camera(name: str) -> Iterator[None]:
    """An InputError from here names the camera, too."""
    try:
        yield
    except InputError as error:
        raise InputError(f"cameras.{name}.{error.field}", error.given, error.expected) from error


def without_logins(camera: kinds.CameraRegistered, logins: Logins) -> kinds.CameraRegistered:
    """The camera as its event may tell it: the logins that stand in its addresses are kept apart, in ``logins``."""
    evidence = None if camera.evidence_source is None else logins.part(camera.evidence_source)
    return msgspec.structs.replace(camera, source=logins.part(camera.source), evidence_source=evidence)
