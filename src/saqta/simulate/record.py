"""Writes a scenario down: its events, its cameras' streams as files, and the truth about them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from saqta.model.catalogue import make
from saqta.model.command import ReportPosition
from saqta.model.event import Event, Recorded, derive_id, encode
from saqta.model.kinds import UnitPositioned, UnitRegistered
from saqta.model.unit import Unit, apply
from saqta.simulate.camera.render import FPS, Renderer
from saqta.simulate.camera.stream import Encoder
from saqta.simulate.camera.truth import truth
from saqta.simulate.field import ACTOR, Field
from saqta.simulate.fraud import telephony
from saqta.simulate.scenario import FOUNDED_MS, SOURCE, Scenario, scenario, setup_events

Progress = Callable[[str, float], None]
"""Is told what is being written, and which share of it is done."""


class Written(NamedTuple):
    """How much was written, and where."""

    events: int
    frames: int
    files: tuple[Path, ...]


def simulate(name: str, seed: int, out_dir: Path, seconds: float, progress: Progress) -> Written:
    """Writes ``events.jsonl`` (CloudEvents, one a line), ``CAMERA.mp4`` for every camera, and ``truth.json`` (a list,
    one ``Truth`` a camera) into ``out_dir``, which is made. InputError when there is no such scenario.

    Of ``telephony``, which has calls in place of cameras and its own length, what ``write_telephony`` tells.
    """
    if name == telephony.NAME:
        calls, files = telephony.write_telephony(seed, out_dir)
        return Written(calls, 0, files)
    what = scenario(name, seed)
    out_dir.mkdir(parents=True, exist_ok=True)
    events = [*setup_events(what, FOUNDED_MS), *_patrols(what, seconds)]
    path = out_dir / "events.jsonl"
    path.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    written, frames = [path], 0
    for camera in what.scenes:
        written.append(out_dir / f"{camera}.mp4")
        frames += _film(what, camera, written[-1], seconds, progress)
    written.append(out_dir / "truth.json")
    truths = [truth(scene, seconds) for scene in what.scenes.values()]
    written[-1].write_bytes(msgspec.json.format(msgspec.json.encode(truths), indent=1))
    return Written(len(events), frames, tuple(written))


def _film(what: Scenario, camera: str, path: Path, seconds: float, progress: Progress) -> int:
    renderer, frames = Renderer(what.scene(camera)), round(seconds * FPS)
    encoder = Encoder(str(path), "mp4")
    for number in range(frames):
        encoder.write(renderer, number)
        progress(camera, (number + 1) / frames)
    encoder.close()
    return frames


def _patrols(what: Scenario, seconds: float) -> list[Event]:
    """What the units tell from the founding on, while nothing happens."""
    units = [_standing(unit) for unit in what.units]
    field = Field(what)
    events = []
    for second in range(int(seconds)):
        now_ms = FOUNDED_MS + second * 1000
        for context, command in field.tick(units, {}, now_ms):
            if isinstance(command, ReportPosition):
                told = UnitPositioned(
                    unit=command.unit,
                    place=command.place,
                    heading_deg=command.heading_deg,
                    speed_kmh=command.speed_kmh,
                )
                id = derive_id(context.cause, "positioned")
                events.append(make(told, id=id, source=f"/{SOURCE}", actor=ACTOR, time_ms=now_ms, recorded_ms=now_ms))
    return events


def _standing(registered: UnitRegistered) -> Unit:
    event = make(registered, id="unit", source=f"/{SOURCE}", actor=ACTOR, time_ms=FOUNDED_MS, recorded_ms=FOUNDED_MS)
    unit = apply(None, Recorded(1, b"", event), registered)
    if unit is None:
        raise AssertionError("a registered unit is a unit")
    return unit
