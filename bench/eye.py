"""What the camera node sees, against the truth: things left behind in rendered scenes, counts and quiet on real clips.

1,000 scenes of seeds take some ten minutes of two cores; SAQTA_EYE_SCENES says how many, SAQTA_EYE_FIRST where to
begin. Clips are those of ../shared/data/video, where it is there; what is known of them is read by ``labels``.
"""

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from saqta import registry
from saqta.edge.analysis import Analyser
from saqta.edge.frames import Frame
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.watch import watch
from saqta.model.kinds import AlertRaised, Box
from saqta.simulate import labels
from saqta.simulate.labels import Label, Left
from saqta.simulate.left import scenes

SCENES = 1000
USUAL = {"FIRST": 1, "SCENES": SCENES}
CLIPS = Path(__file__).parents[2] / "shared/data/video"
RECALL_GOAL, FALSE_ALARMS_AN_HOUR_GOAL, PUT_DOWN_ERROR_GOAL_S, LATE_GOAL_S = 0.95, 0.1, 1.0, 1.0
SAME_SHARE = 0.2
"""An alert is about a thing where their boxes share this part of their union…"""
MATCH_S = 10.0
"""…and it comes no further from when the thing became abandoned than this."""
QUIET_AFTER_S = (5.0, 10.0, 30.0)
"""No clip on which nothing is left behind raises an alert, whatever the limit."""


class Seen(NamedTuple):
    """What came of one scene: each thing that was abandoned with its alert (None: missed), and the false alarms."""

    name: str
    seconds: float
    found: Sequence[tuple[Left, AlertRaised | None]]
    false: Sequence[AlertRaised]


def run() -> list[dict[str, object]]:
    """Recall, false alarms and errors over the scenes; counts and false alarms on the clips."""
    first, count = (int(os.environ.get(f"SAQTA_EYE_{name}", usual)) for name, usual in USUAL.items())
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        figures = scored(pool.imap_unordered(see, range(first, first + count)))
    return figures + on_clips(CLIPS)


def see(seed: int) -> Seen:
    """Renders and watches the scene of a seed."""
    cv2.setNumThreads(1)
    scene = scenes.scene(seed)
    settings = CameraSettings(camera="eye", source="eye", abandoned_after_s=scene.plot.abandoned_after_s)
    analyser = Analyser(settings, registry.DETECTORS)
    alerts = [
        record
        for at_s, picture in scene.frames()
        for record in analyser.step(Frame(picture, at_s, at_s == 0.0)).records
        if isinstance(record, AlertRaised) and record.kind == "abandoned_object"
    ]
    found: list[tuple[Left, AlertRaised | None]] = []
    for thing in scene.plot.left:
        if thing.abandoned_s is not None:
            alert = next(filter(partial(_is_about, thing), alerts), None)
            found.append((thing, alert))
    told = [alert for _, alert in found]
    return Seen(scene.name, scene.plot.seconds, found, [alert for alert in alerts if alert not in told])


def scored(seen: Iterable[Seen]) -> list[dict[str, object]]:
    """The figures of scenes."""
    scenes = list(seen)
    pairs = [pair for scene in scenes for pair in scene.found]
    told = [(thing, alert) for thing, alert in pairs if alert is not None]
    hours = sum(scene.seconds for scene in scenes) / 3600
    put_down = [abs((alert.put_down_s or 0.0) - thing.put_down_s) for thing, alert in told]
    late = [(alert.at_s or 0.0) - (thing.abandoned_s or 0.0) for thing, alert in told]
    false = sum(len(scene.false) for scene in scenes)
    return [
        _figure("eye abandoned recall", len(told) / max(1, len(pairs)), "share", "goal", RECALL_GOAL),
        _figure("eye abandoned false alarms", false / hours, "an hour", "goal", FALSE_ALARMS_AN_HOUR_GOAL),
        _figure("eye put-down error, median", _quantile(put_down, 0.5), "s", "goal", PUT_DOWN_ERROR_GOAL_S),
        _figure("eye put-down error, 95 %", _quantile(put_down, 0.95), "s", "goal", PUT_DOWN_ERROR_GOAL_S),
        _figure("eye alert late, median", _quantile(late, 0.5), "s", "goal", LATE_GOAL_S),
        _figure("eye alert late, 95 %", _quantile(late, 0.95), "s", "goal", LATE_GOAL_S),
        _figure("eye scenes", len(scenes), "scenes", "all of them", SCENES),
    ]


def on_clips(folder: Path) -> list[dict[str, object]]:
    """Counts against those by eye, and false alarms where nothing is left behind."""
    if not folder.is_dir():
        return []
    known = labels.read(folder / "truth.json")
    return [figure for name, label in known.items() for figure in _on(folder / name, label)]


def _on(clip: Path, label: Label) -> Iterable[dict[str, object]]:
    plugins = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS)
    if label.counted is not None:
        told = CameraSettings(camera="eye", source=str(clip), lines={"line": label.counted.line})
        counts = watch(told, plugins, lambda _: None, lambda: 0).counts["line"]
        total = sum(sum(by_class.values()) for by_class in counts.values())
        yield _figure(f"eye count {clip.name}", total, "crossings", "by eye", label.counted.total)
    for after_s in QUIET_AFTER_S if label.left is None or not label.left else ():
        told = CameraSettings(camera="eye", source=str(clip), abandoned_after_s=after_s)
        alerts = watch(told, plugins, lambda _: None, lambda: 0).alerts.get("abandoned_object", 0)
        yield _figure(f"eye alerts {clip.name}, {after_s:g} s", alerts, "alerts", "none", 0)


def _is_about(thing: Left, alert: AlertRaised) -> bool:
    close = abs((alert.at_s or 0.0) - (thing.abandoned_s or 0.0)) <= MATCH_S
    return close and alert.box is not None and _shared(alert.box, thing.box) > SAME_SHARE


def _shared(one: Box, other: Box) -> float:
    width, height = (max(0.0, min(one[i + 2], other[i + 2]) - max(one[i], other[i])) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if values else float("nan")


def _figure(name: str, value: float, unit: str, reference: str, reference_value: float) -> dict[str, object]:
    ratio = value / reference_value if reference_value else float(value)
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "reference": reference,
        "reference_value": reference_value,
        "ratio": round(ratio, 3),
    }
