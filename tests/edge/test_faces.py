"""Faces: found where they are by a graph of YuNet's form, whatever sides it takes, or refused in one clear sentence."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge import seeing
from edge.rendered import Walker, encode, scene
from saqta import registry
from saqta.edge.covering.faces import Faces
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.watch import watch
from saqta.model.errors import InputError


def frame() -> av.VideoFrame:
    """A bright frame of 256 × 128 pixels with a dark spot around (0.6, 0.5)."""
    colours = np.full((128, 256, 3), 200, np.uint8)
    colours[32:96, 128:176] = 5
    return av.VideoFrame.from_ndarray(colours, format="bgr24").reformat(format="yuv420p")


def finds_the_spot(faces: Faces) -> bool:
    boxes = [found.box for found in faces.look(frame())]
    middles = np.array([((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes])
    return bool(boxes) and bool(np.all(np.abs(middles - (0.6, 0.5)) < 0.25))


def test_a_face_is_found_where_it_is(tmp_path: Path) -> None:
    assert finds_the_spot(Faces(seeing.yunet(tmp_path / "yunet.onnx")))


def test_a_graph_that_takes_any_size_is_run_at_the_one_of_its_manifest(tmp_path: Path) -> None:
    path = seeing.yunet(tmp_path / "yunet.onnx", "width", "height")
    with pytest.raises(InputError, match=r"manifest\.width: got None, expected the input's size in pixels"):
        Faces(path)
    path.with_suffix(".toml").write_text("width = 160\nheight = 96\n")
    assert finds_the_spot(Faces(path))


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ({"width": 144}, "manifest.width: got 144, expected a multiple of 32"),
        ({"cells": 1}, "a graph that runs"),
        ({"cells": 0}, "a graph that runs|of the shape"),
    ],
)
def test_a_graph_that_cannot_be_read_so_is_refused_by_what_is_wrong(
    tmp_path: Path, made: dict[str, int], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        Faces(seeing.yunet(tmp_path / "yunet.onnx", **made))


def test_a_detector_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="YuNet's outputs"):
        Faces(seeing.yolox(tmp_path / "yolox.onnx"))


FACE = np.s_[40:72, 240:272]


@pytest.mark.parametrize("with_faces", [False, True])
def test_a_camera_with_a_face_model_covers_faces_that_never_stir_in_its_evidence(
    tmp_path: Path, with_faces: bool
) -> None:
    pictures = [cv2.convertScaleAbs(picture, beta=60) for picture in scene([Walker((-0.1, 0.9), (1.1, 0.9), 6, 9)], 11)]
    for picture in pictures:
        picture[FACE] = 5
    settings = CameraSettings(
        camera="C1",
        source=str(encode(tmp_path / "film.mp4", pictures)),
        zones={"yard": ((0.3, 0.7), (0.8, 0.7), (0.8, 1.0), (0.3, 1.0))},
        restricted=("yard",),
        intrusion_after_s=0.3,
        after_s=2.0,
        faces=str(seeing.yunet(tmp_path / "yunet.onnx")) if with_faces else None,
    )
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    watch(settings, Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS), lambda _: None, lambda: 0, evidence)
    with av.open(str(next(evidence.glob("*.mp4")))) as clip:
        last = list(clip.decode(video=0))[-1].to_ndarray(format="gray")
    rows, columns = (last.shape[0] / pictures[0].shape[0], last.shape[1] / pictures[0].shape[1])
    shown = last[round(44 * rows) : round(68 * rows), round(244 * columns) : round(268 * columns)]
    assert (np.median(shown) < 30) is not with_faces
