from pathlib import Path

import pytest

from saqta.config import WORKERS_MAX, Camera, Settings, load
from saqta.edge.settings import CameraSettings
from saqta.model.errors import InputError
from saqta.model.kinds import CameraOptions, CameraRegistered


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "saqta.toml"
    path.write_text(text)
    return load(path)


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None) == Settings()
    assert load(None).edge.worker_count >= 1


def test_a_camera_is_read_whole(tmp_path: Path) -> None:
    text = """
    [serve]
    port = 9000
    [cameras.C1]
    source = "rtsp://10.0.0.1/stream"
    place = { lat = 51.1, lon = 71.4 }
    restricted = ["yard"]
    [cameras.C1.zones]
    yard = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
    """
    read = settings(tmp_path, text)
    assert read.serve.port == 9000
    assert read.cameras["C1"].zones["yard"][2] == (0.9, 0.9)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[edge]\nanalyzed_fps = 5", "analyzed_fps"),
        ("[edg]\nworkers = 5", "edg"),
        ('[serve]\nport = "http"', "port"),
        ("[cameras.C1]\nname = 'no source'", "source"),
        ("[cameras.C1]\nsource = 'a'\nplace = { lat = 100, lon = 0 }", "lat in -90..90"),
        ("[cameras.C1]\nsource = 'a'\n[cameras.C2]\nsource = 'b'\nlop = 1", r"settings\.cameras\.C2: got .*`lop`"),
        ("[cameras.C2]\nsource = 5", r"settings\.cameras\.C2\.source: got .*Expected `str`, got `int`"),
        ("[onvif.yard]\naddress = 5", r"settings\.onvif\.yard\.address: got 5, "),
        ("[cameras.C2]\nsource = 'a'\nrestricted = 'yard'", r"settings\.cameras\.C2\.restricted: got 'yard', "),
        ('[sip.trunks]\n"10.0.0.0/8" = "home"', r"settings\.sip\.trunks\.10\.0\.0\.0/8: got 'home', "),
        ("serve = 5", r"settings\.serve: got 5, "),
        ("[edge]\nworkers = -1", r"settings\.edge\.workers: got"),
        (f"[edge]\nworkers = {WORKERS_MAX + 1}", r"settings\.edge\.workers: got"),
        ("serve = [", "TOML"),
    ],
)
def test_what_does_not_belong_is_named(tmp_path: Path, text: str, names: str) -> None:
    with pytest.raises(InputError, match=names):
        settings(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml"):
        load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=r"settings: got .*clip\.mp4.*, expected a TOML file in UTF-8"):
        load(path)


def test_what_can_be_said_of_a_camera_is_said_once() -> None:
    options = set(CameraOptions.__struct_fields__)
    assert set(Camera.__struct_fields__) == options
    assert set(CameraRegistered.__struct_fields__) == {"camera", *options}
    assert options < set(CameraSettings.__struct_fields__)
