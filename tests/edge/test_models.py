"""Models: what of a file is believed, what the forms decode, and when a model looks."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edge import seeing
from edge.rendered import Walker, encode, scene
from saqta import registry
from saqta.edge.analysis import Analyser
from saqta.edge.frames import Frame, FrameReader
from saqta.edge.looks import MOVING_EVERY_S, STILL_EVERY_S, taken
from saqta.edge.models.installed import MODELS_MAX, install, installed, located
from saqta.edge.models.manifest import MANIFEST_BYTES_MAX, MODEL_BYTES_MAX, Manifest
from saqta.edge.models.model import BATCH_MAX, THINGS_MAX, Model
from saqta.edge.models.opening import open_model
from saqta.edge.models.view import View
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file
from saqta.edge.watch import watch
from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised

PLUGINS = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS)
SHARED = Path(__file__).resolve().parents[3] / "shared/data"
FORMS = {"yolox": seeing.yolox, "fastestdet": seeing.fastestdet, "nanodet": seeing.nanodet}


def picture(*dark: tuple[int, int, int, int], width: int = 192, height: int = 96) -> av.VideoFrame:
    """A bright frame with dark boxes in pixels."""
    colours = np.full((height, width, 3), 200, np.uint8)
    for x0, y0, x1, y1 in dark:
        colours[y0:y1, x0:x1] = 10
    return av.VideoFrame.from_ndarray(colours, format="bgr24").reformat(format="yuv420p")


@pytest.fixture(params=FORMS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    return open_model(FORMS[request.param](tmp_path / "seer.onnx"), registry.MODELS)


def test_a_bare_file_is_known_by_its_shapes_and_finds_things_where_they_are(model: Model) -> None:
    found = model.recognise([View(picture((96, 32, 128, 64)))])[0]
    assert {thing.kind for thing in found} == {"person"}
    best = found[0].box
    assert 0.45 < (best[0] + best[2]) / 2 < 0.72
    assert 0.3 < (best[1] + best[3]) / 2 < 0.7
    assert model.recognise([View(picture())]) == [[]]


def test_a_part_of_a_frame_is_looked_at_as_such(model: Model) -> None:
    frame = picture((96, 32, 128, 64))
    assert model.recognise([View(frame, (0.0, 0.0, 0.5, 1.0))]) == [[]]
    found = model.recognise([View(frame, (0.5, 0.0, 1.0, 1.0))])[0]
    assert all(0.5 <= thing.box[0] < thing.box[2] <= 1.0 for thing in found)
    assert any(thing.box[0] < 0.6 < thing.box[2] for thing in found)


def test_no_picture_gives_more_things_than_the_limit(tmp_path: Path) -> None:
    model = open_model(seeing.yolox(tmp_path / "seer.onnx", 256, box_px=8.0), registry.MODELS)
    found = model.recognise([View(picture((0, 0, 256, 256), width=256, height=256))])[0]
    assert len(found) == THINGS_MAX


def test_a_graph_that_takes_many_pictures_gets_them_in_batches(tmp_path: Path) -> None:
    one = open_model(seeing.yolox(tmp_path / "one.onnx"), registry.MODELS)
    many = open_model(seeing.yolox(tmp_path / "many.onnx", batch="n"), registry.MODELS)
    assert (one.entry.many, many.entry.many) == (False, True)
    views = [View(picture((8 * (n % 16), 32, 8 * (n % 16) + 32, 64))) for n in range(BATCH_MAX + 3)]
    assert many.recognise(views) == one.recognise(views)


def test_a_manifest_beside_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = seeing.fastestdet(tmp_path / "seer.onnx", classes=2, scale=1.0)
    told = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "form": "fastestdet", "licence": "MIT"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    path.with_suffix(".toml").write_text("\n".join([*lines, 'classes = ["car", "kite"]', "scale = [1, 1, 1]"]))
    model = open_model(path, registry.MODELS)
    assert model.licence == "MIT"
    assert {thing.kind for thing in model.recognise([View(picture((96, 32, 128, 64)))])[0]} == {"car"}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "hash": ({"sha256": "0" * 64}, "SHA-256"),
    "no hash": ({"sha256": "f00d"}, "manifest.sha256: got 'f00d', expected 64 hexadecimal digits"),
    "form": ({"form": "retina"}, "manifest.form"),
    "other form": ({"form": "yolox"}, "outputs of the form yolox"),
    "too few classes": ({"classes": ["person"]}, "manifest.classes"),
    "foreign classes": ({"classes": ["kite"]}, "at least one of person"),
    "width": ({"width": 64}, "manifest.width"),
    "layout": ({"layout": "nhwc"}, "three colours in the layout nhwc"),
    "score": ({"score_min": 2.0}, "manifest.score_min"),
    "scale": ({"scale": [1.0, 1.0]}, "manifest"),
    "unknown key": ({"threshold": 1}, "threshold"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_what_its_manifest_tells_is_refused_by_name(tmp_path: Path, case: str) -> None:
    path = seeing.fastestdet(tmp_path / "seer.onnx")
    told, expected = REFUSED[case]
    path.with_suffix(".json").write_text(json.dumps(told))
    with pytest.raises(InputError, match=expected):
        open_model(path, registry.MODELS)


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seer.onnx"
    whole = seeing.yolox(tmp_path / "whole.onnx").read_bytes()
    for content in (b"", b"a picture, perhaps" * 100, whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match="ONNX"):
            open_model(path, registry.MODELS)
    with pytest.raises(InputError, match="can be read"):
        open_model(tmp_path / "missing.onnx", registry.MODELS)
    with pytest.raises(InputError, match="outputs of the form"):
        open_model(seeing.fastestdet(tmp_path / "odd.onnx", 100), registry.MODELS)
    (tmp_path / "whole.json").write_text(" " * (MANIFEST_BYTES_MAX + 1))
    with pytest.raises(InputError, match="at most"):
        open_model(tmp_path / "whole.onnx", registry.MODELS)


def test_a_model_is_installed_with_what_is_known_of_it(tmp_path: Path) -> None:
    file = seeing.yolox(tmp_path / "seer.onnx")
    told = tmp_path / "told.toml"
    told.write_text('licence = "Apache-2.0"')
    folder = tmp_path / "models"
    install(file, told, folder, registry.MODELS)
    (one,) = installed(folder)
    assert one.manifest == Manifest(licence="Apache-2.0", sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    assert located("seer", folder) == str(one.path)
    assert located("other.onnx", folder) == "other.onnx"
    one.path.write_bytes(seeing.yolox(tmp_path / "other.onnx", 64).read_bytes())
    with pytest.raises(InputError, match="SHA-256"):
        open_model(one.path, registry.MODELS)
    for number in range(MODELS_MAX):
        (folder / f"{number}.onnx").touch()
    with pytest.raises(InputError, match=f"at most {MODELS_MAX}"):
        install(seeing.yolox(tmp_path / "late.onnx"), None, folder, registry.MODELS)


def looked_at(film: Path, model: Model) -> tuple[list[float], list[float]]:
    """(seconds of the frames that the model looked at, of those in which it found something)."""
    analyser = Analyser(CameraSettings(camera="C1", source=str(film)), {}, model)
    looks, finds = [], []
    for frame in FrameReader(open_file(str(film)), str(film), 5.0):
        glance = analyser.glance(frame)
        recognised = taken([glance.look])[0] if glance.look else None
        scene_ = glance.conclude(recognised).scene
        assert scene_.recognised == recognised
        if recognised is not None:
            looks.append(frame.at_s)
        if recognised:
            finds.append(frame.at_s)
    return looks, finds


def test_an_empty_scene_costs_one_look(tmp_path: Path, model: Model) -> None:
    film = encode(tmp_path / "empty.mp4", scene([], 3 * STILL_EVERY_S))
    assert looked_at(film, model) == ([0.0], [])


def test_movement_is_looked_at_within_its_bound_and_who_stands_from_the_start_is_seen(
    tmp_path: Path, model: Model
) -> None:
    stands = Walker((0.2, 0.9), (0.2, 0.9), 0, 40, width=0.3, height=0.6)
    walks = Walker((1.1, 0.9), (0.6, 0.9), 20, 25, width=0.2, height=0.4)
    looks, finds = looked_at(encode(tmp_path / "film.mp4", scene([stands, walks], 30)), model)
    assert finds[0] == 0.0
    assert [at_s for at_s in looks if at_s < 19] == pytest.approx([0.0, STILL_EVERY_S], abs=0.3)
    moving = [at_s for at_s in looks if 20.5 <= at_s <= 25]
    assert len(moving) >= 8
    assert min(later - one for one, later in pairwise(moving)) >= MOVING_EVERY_S


def test_a_stream_that_jumps_all_the_time_is_looked_at_within_the_bound(model: Model) -> None:
    analyser = Analyser(CameraSettings(camera="C1", source="x.mp4"), {}, model)
    frames = [Frame(picture(), number / 10, fresh=True) for number in range(20)]
    assert sum(analyser.glance(frame).look is not None for frame in frames) <= 2.0 / MOVING_EVERY_S + 1


def test_a_look_that_was_put_off_is_due_with_the_next_frame(model: Model) -> None:
    analyser = Analyser(CameraSettings(camera="C1", source="x.mp4"), {}, model)
    looks = []
    for number in range(4):
        glance = analyser.glance(Frame(picture(), number / 10, fresh=number == 0))
        looks.append(glance.look is not None)
        glance.conclude([] if number == 2 else None)
    assert looks == [True, True, True, False]


def test_who_is_far_away_in_a_large_picture_is_looked_at_more_closely(tmp_path: Path) -> None:
    model = open_model(seeing.yolox(tmp_path / "seer.onnx"), registry.MODELS)
    analyser = Analyser(CameraSettings(camera="C1", source="x.mp4"), {}, model)
    found = []
    for number in range(60):
        x = 200 + 8 * number
        walks = [(x, 300, x + 16, 340)] if number > 20 else []
        frame = Frame(picture(*walks, width=1280, height=720), number / 5, fresh=number == 0)
        found += analyser.step(frame).scene.recognised or []
    assert model.recognise([View(picture((600, 300, 616, 340), width=1280, height=720))]) == [[]]
    assert len(found) >= 10
    assert all(60 < one.bounds[0] < 180 and 60 < one.bounds[1] < 100 for one in found)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    walks = Walker((-0.1, 0.8), (0.7, 0.8), 2, 8)
    return encode(tmp_path_factory.mktemp("film") / "one.mp4", scene([walks], 10))


@pytest.mark.parametrize("with_model", [True, False])
def test_an_alert_says_whether_a_model_took_part(film: Path, tmp_path: Path, with_model: bool) -> None:
    path = seeing.yolox(tmp_path / "seer.onnx")
    events: list[Event] = []
    settings = CameraSettings(
        camera="C1",
        source=str(film),
        zones={"yard": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))},
        restricted=("yard",),
        model=str(path) if with_model else None,
    )
    watch(settings, PLUGINS, events.append, lambda: 0)
    alerts = [record for event in events if isinstance(record := catalogue.read(event), AlertRaised)]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    assert {alert.model for alert in alerts} == {f"seer@{digest}" if with_model else None}


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent: no real model to run")
@pytest.mark.parametrize("name", ["yolox_nano_416", "fastestdet_352"])
def test_a_real_model_finds_most_who_walk_in_a_real_clip(name: str) -> None:
    model = open_model(SHARED / f"models/{name}.onnx", registry.MODELS)
    for frame in FrameReader(open_file(str(SHARED / "video/vtest.avi")), "vtest.avi", 0.5):
        if frame.at_s >= 30:  # Six walk there, by eye: four to the left, a pair to the right.
            people = [thing for thing in model.recognise([View(frame.picture)])[0] if thing.kind == "person"]
            assert 5 <= len(people) <= 9
            break


def test_a_model_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(MODEL_BYTES_MAX + 1)
    with pytest.raises(InputError, match=f"at most {MODEL_BYTES_MAX} bytes"):
        open_model(path, registry.MODELS)
