"""Settings: read once from a TOML file, frozen, every key known.

The tables of the file are the records below: ``[serve]``, ``[edge]``, ``[log]``, ``[fraud]``, ``[mqtt]``, one
``[cameras.ID]`` a camera, one ``[onvif.NAME]`` a device whose events are taken in, and ``[sip]`` for switches that ask
before they connect a call.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from saqta.intake.frigate import Mqtt
from saqta.intake.onvif.events import OnvifDevice
from saqta.intake.sip.settings import Sip
from saqta.model.errors import InputError
from saqta.model.kinds import AfterS, Days, Ground, Limit, Line, Polygon
from saqta.model.place import Place


class Serve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the pages and the API are served."""

    host: str = "127.0.0.1"
    port: int = 8102


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The camera node: how many worker processes (0: one a core), how many frames a second are analysed, and the model
    that looks at them, an ONNX file or the name of one that `saqta model add` installed; on how many threads."""

    workers: int = 0
    analysed_fps: float = 5.0
    model: str | None = None
    model_threads: int = 1

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log: how often a checkpoint is signed while it grows."""

    checkpoint_every_s: float = 60.0


class Fraud(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls and payments: the folder of a model that `saqta fraud train` wrote (none: rules alone decide), a file of
    rules in place of the standard ones, the home country of telephone numbers (ISO 3166), for how long a hold lasts,
    and after how long the fallback answers."""

    model: str | None = None
    rules: str | None = None
    home: str = "KZ"
    hold_s: float = 1800.0
    deadline_ms: float = 100.0


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera; lines are ``[x0, y0, x1, y1]``, zones lists of ``[x, y]``, in fractions of the picture.

    Nobody may stay in a ``restricted`` zone for longer than ``intrusion_after_s``. A thing is abandoned when its owner
    has been away for ``abandoned_after_s``; ``abandoned_zones`` has other seconds for some zones, or ``"never"``; in a
    ``keep_clear`` zone nothing may be left at all. ``model`` is its own, instead of the node's.
    ``evidence_source`` is the address of its larger stream, which clips are cut from while ``source`` is analysed.
    Evidence is deleted after ``retention_days``. With ``seal_to``, a public key that `saqta seal keys` made, originals
    are kept as well, sealed to it.

    ``lanes`` names the zones in which vehicles run: nobody walks there, no vehicle stops for ``stopped_after_s`` while
    others pass, and none goes against the others, or against the arrow ``[x0, y0, x1, y1]`` that ``directions`` has for
    the zone. ``queue_max`` says for a zone how long a queue of standing vehicles may be, ``crowd_max`` how many people
    may be in it. ``ground`` has four points ``[x, y, across_m, along_m]``: with them speeds are told in km/h, and
    queues are measured in metres instead of vehicles.
    """

    source: str
    name: str = ""
    place: Place | None = None
    heading_deg: float | None = None
    lines: dict[str, Line] = {}
    zones: dict[str, Polygon] = {}
    restricted: tuple[str, ...] = ()
    intrusion_after_s: float = 2.0
    abandoned_after_s: float = 60.0
    abandoned_zones: dict[str, AfterS] = {}
    keep_clear: tuple[str, ...] = ()
    model: str | None = None
    evidence_source: str | None = None
    retention_days: Days | None = None
    seal_to: str | None = None
    lanes: tuple[str, ...] = ()
    stopped_after_s: float = 20.0
    directions: dict[str, Line] = {}
    queue_max: dict[str, Limit] = {}
    crowd_max: dict[str, Limit] = {}
    ground: Ground = ()


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
    except tomllib.TOMLDecodeError as error:
        raise InputError("settings", str(path), f"a TOML file ({error})") from error
    return _convert(content, path)


def _convert(content: dict[str, Any], path: Path) -> Settings:
    try:
        return msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise InputError("settings", str(path), f"known keys and fitting values ({error})") from error
