"""``saqta watch``: one camera, without a centre."""

from typing import Annotated

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


def watch(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, rtsp://… or sim:SCENARIO/CAMERA.")],
    camera: Annotated[str, typer.Option(help="The camera's id; its lines and zones come from --settings.")] = "camera",
    settings: SettingsFile = None,
    line: Annotated[list[str] | None, typer.Option(metavar="LINE", help="Count here: NAME=x0,y0,x1,y1.")] = None,
    zone: Annotated[list[str] | None, typer.Option(help="A zone: NAME=x,y,x,y,x,y…", metavar="ZONE")] = None,
    restricted: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A zone where nobody may stay.")] = None,
    intrusion_after_s: Annotated[float | None, typer.Option(help="How long somebody may stay there; 2.")] = None,
    abandoned_after_s: Annotated[
        float | None, typer.Option(help="How long a thing may lie without its owner; 60.")
    ] = None,
    abandoned_zone: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Other seconds in a zone: NAME=SECONDS or NAME=never.")
    ] = None,
    keep_clear: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A zone where nothing may stand.")
    ] = None,
    lane: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A zone where vehicles run.")] = None,
    analysed_fps: Annotated[float | None, typer.Option(help="How many frames a second are analysed; 5.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="FILE.onnx", help="A detector model, or the name of an installed one.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Watch one source from its beginning to its end, and tell what happens in it."""
    loaded = load(settings)
    known = loaded.cameras.get(camera, Camera(source=source))
    if settings is not None and camera not in loaded.cameras:
        raise InputError("camera", camera, f"one of the settings: {', '.join(loaded.cameras) or 'there is none'}")
    bare, login = parted(source)
    own = {
        "source": bare,
        "evidence_source": None,
        "lines": known.lines | dict(map(parse_line, line or ())),
        "zones": known.zones | dict(map(parse_zone, zone or ())),
        "restricted": (*known.restricted, *(restricted or ())),
        "intrusion_after_s": known.intrusion_after_s if intrusion_after_s is None else intrusion_after_s,
        "abandoned_after_s": known.abandoned_after_s if abandoned_after_s is None else abandoned_after_s,
        "abandoned_zones": known.abandoned_zones | dict(map(parse_abandoned_zone, abandoned_zone or ())),
        "keep_clear": (*known.keep_clear, *(keep_clear or ())),
        "lanes": (*known.lanes, *(lane or ())),
        "model": located(model or known.model or loaded.edge.model, models_folder(data)),
    }
    told = CameraSettings(
        **msgspec.structs.asdict(known) | own,
        camera=camera,
        login=login,
        analysed_fps=loaded.edge.analysed_fps if analysed_fps is None else analysed_fps,
        model_threads=loaded.edge.model_threads,
    )
    results = Results(as_json)
    with progress(f"watching {bare}") as advance:
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
