"""Settings: read once from a TOML file, frozen, every key known.

The tables of the file are the records below: ``[serve]``, ``[edge]``, ``[log]``, ``[fraud]``, ``[mqtt]``, one
``[cameras.ID]`` a camera, one ``[onvif.NAME]`` a device whose events are taken in, and ``[sip]`` for switches that ask
before they connect a call.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from saqta.intake.frigate import Mqtt
from saqta.intake.onvif.events import OnvifDevice
from saqta.intake.sip.settings import Sip
from saqta.model.errors import InputError
from saqta.model.kinds import CameraOptions

WORKERS_MAX = 256


class Serve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the pages and the API are served."""

    host: str = "127.0.0.1"
    port: int = 8102


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The camera node: how many worker processes (0: one a core), how many frames a second are analysed, and the model
    that looks at them, an ONNX file or the name of one that `saqta model add` installed; on how many threads. ``faces``
    is a face model, an ONNX file such as YuNet: the faces that it finds are covered in all evidence."""

    workers: Annotated[int, msgspec.Meta(ge=0, le=WORKERS_MAX)] = 0
    analysed_fps: float = 5.0
    model: str | None = None
    model_threads: int = 1
    faces: str | None = None

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log: how often a checkpoint is signed while it grows."""

    checkpoint_every_s: float = 60.0


class Fraud(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls and payments: the folder of a model that `saqta fraud train` wrote (none: rules alone decide), that of a
    second one which decides in shadow beside it, a file of rules in place of the standard ones, the home country of
    telephone numbers (ISO 3166), for how long a hold lasts, and after how long the fallback answers."""

    model: str | None = None
    challenger: str | None = None
    rules: str | None = None
    home: str = "KZ"
    hold_s: float = 1800.0
    deadline_ms: float = 100.0


class Camera(CameraOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    __doc__ = CameraOptions.__doc__


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings; what the file leaves out has the default shown in ``docs/settings.md``."""

    serve: Serve = Serve()
    edge: Edge = Edge()
    log: LogSettings = LogSettings()
    fraud: Fraud = Fraud()
    cameras: dict[str, Camera] = {}
    mqtt: Mqtt = Mqtt()
    onvif: dict[str, OnvifDevice] = {}
    sip: Sip = Sip()


def load(path: Path | None) -> Settings:
    """The settings of a TOML file, the defaults where ``path`` is None; InputError names what does not belong."""
    if path is None:
        return Settings()
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise InputError("settings", str(path), f"a readable file ({error.strerror})") from error
    except (UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise InputError("settings", str(path), f"a TOML file in UTF-8 ({error})") from error
    return _convert(content)


def _convert(content: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise _fault(content, error) from error


def _fault(content: dict[str, Any], error: msgspec.ValidationError) -> InputError:
    """What is wrong, and where. The error itself does not tell of which camera or device it speaks."""
    told, _, place = str(error).partition(" - at `$")
    table, named, rest = place.strip(".`").partition("[...]")
    given = _within(content, table)
    for name, one in given.items() if named else ():
        alone: dict[str, Any] = {name: one}
        for outer in reversed(table.split(".")):
            alone = {outer: alone}
        try:
            msgspec.convert(alone, Settings)
        except msgspec.ValidationError:
            table, given = f"{table}.{name}", one
            break
    where = ".".join(filter(None, ("settings", table + rest)))
    return InputError(where, _within(given, rest), f"keys and values as docs/settings.md tells of them ({told})")


def _within(given: Any, path: str) -> Any:
    """What stands at a path of names, as far down as it can be followed."""
    for name in (step.partition("[")[0] for step in path.split(".")):
        given = given.get(name, given) if isinstance(given, dict) else given
    return given
