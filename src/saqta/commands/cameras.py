"""``saqta watch``: one camera, without a centre."""

from collections.abc import Iterable, Sequence
from typing import Annotated, TypeVar

import msgspec
import typer

from saqta import wiring
from saqta.cameras import models_folder
from saqta.commands.options import DATA, Data, Json, SettingsFile
from saqta.config import Camera, load
from saqta.edge.models.installed import located
from saqta.edge.settings import CameraSettings, parse_abandoned_zone, parse_line, parse_zone
from saqta.edge.watch import watch as watch_source
from saqta.model import kinds
from saqta.model.catalogue import read as read_data
from saqta.model.errors import InputError
from saqta.model.event import Event, encode
from saqta.model.login import parted
from saqta.terminal import Results, progress

Value = TypeVar("Value")
Texts = list[str] | None
Lines = Annotated[Texts, typer.Option(metavar="LINE", help="Count here: NAME=x0,y0,x1,y1.")]
Zones = Annotated[Texts, typer.Option(metavar="ZONE", help="A zone: NAME=x,y,x,y,x,y…")]
Restricted = Annotated[Texts, typer.Option(metavar="NAME", help="A zone where nobody may stay.")]
IntrusionAfter = Annotated[float | None, typer.Option(help="How long somebody may stay there; 2.")]
AbandonedAfter = Annotated[float | None, typer.Option(help="How long a thing may lie without its owner; 60.")]
AbandonedZones = Annotated[
    Texts, typer.Option(metavar="RULE", help="Other seconds in a zone: NAME=SECONDS or NAME=never.")
]
KeepClear = Annotated[Texts, typer.Option(metavar="NAME", help="A zone where nothing may stand.")]
Lanes = Annotated[Texts, typer.Option(metavar="NAME", help="A zone where vehicles run.")]
AnalysedFps = Annotated[float | None, typer.Option(help="How many frames a second are analysed; 5.")]
Model = Annotated[
    str | None, typer.Option(metavar="FILE.onnx", help="A detector model, or the name of an installed one.")
]


def watch(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, rtsp://… or sim:SCENARIO/CAMERA.")],
    camera: Annotated[str, typer.Option(help="The camera's id; its lines and zones come from --settings.")] = "camera",
    settings: SettingsFile = None,
    line: Lines = None,
    zone: Zones = None,
    restricted: Restricted = None,
    intrusion_after_s: IntrusionAfter = None,
    abandoned_after_s: AbandonedAfter = None,
    abandoned_zone: AbandonedZones = None,
    keep_clear: KeepClear = None,
    lane: Lanes = None,
    analysed_fps: AnalysedFps = None,
    model: Model = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Watch one source from its beginning to its end, and tell what happens in it."""
    loaded = load(settings)
    if settings is not None and camera not in loaded.cameras:
        raise InputError("camera", camera, f"one of the settings: {', '.join(loaded.cameras) or 'there is none'}")
    known = loaded.cameras.get(camera, Camera(source=source))
    bare, login = parted(source)
    own = {
        "source": bare,
        "evidence_source": None,
        "lines": known.lines | _named("line", map(parse_line, line or ())),
        "zones": known.zones | _named("zone", map(parse_zone, zone or ())),
        "restricted": _names("restricted", known.restricted, restricted),
        "intrusion_after_s": known.intrusion_after_s if intrusion_after_s is None else intrusion_after_s,
        "abandoned_after_s": known.abandoned_after_s if abandoned_after_s is None else abandoned_after_s,
        "abandoned_zones": known.abandoned_zones
        | _named("abandoned_zone", map(parse_abandoned_zone, abandoned_zone or ())),
        "keep_clear": _names("keep_clear", known.keep_clear, keep_clear),
        "lanes": _names("lane", known.lanes, lane),
        "model": located(model or known.model or loaded.edge.model, models_folder(data)),
    }
    told = CameraSettings(
        **msgspec.structs.asdict(known) | own,
        camera=camera,
        login=login,
        analysed_fps=loaded.edge.analysed_fps if analysed_fps is None else analysed_fps,
        model_threads=loaded.edge.model_threads,
        faces=loaded.edge.faces,
    )
    _watch(told, Results(as_json))


def _named(field: str, given: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """What was told under each name; InputError where one was told twice: which of them is meant can't be known."""
    named: dict[str, Value] = {}
    for name, value in given:
        if name in named:
            raise InputError(field, name, "each name once")
        named[name] = value
    return named


def _names(field: str, known: Sequence[str], given: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known) | _named(field, ((name, None) for name in given or ())))


def _watch(told: CameraSettings, results: Results) -> None:
    with progress(f"watching {told.source}") as advance:
        summary = watch_source(
            told,
            wiring.PLUGINS,
            lambda event: _tell(event, results),
            wiring.now_ms,
            progress=lambda at_s: advance(int(at_s)),
        )
    results.summary(msgspec.to_builtins(summary))


def _tell(event: Event, results: Results) -> None:
    data = read_data(event)
    when, what = "", bytes(event.data).decode()
    if isinstance(data, kinds.AlertRaised | kinds.ObjectStateChanged):
        when = "" if data.at_s is None else f"{data.at_s:8.2f} s  "
        state = f"{data.state}: " if data.state else ""
        what = f"{state}{'; '.join(data.reasons)}"
    elif isinstance(data, kinds.LineCounted):
        forward, backward = (sum(counts.values()) for counts in (data.forward, data.backward))
        when, what = f"{data.until_s:8.2f} s  ", f"{data.line}: {forward} forward, {backward} backward"
    results.line(encode(event), f"{when}{event.type.removeprefix('saqta.').removesuffix('.v1')}  {what}")
