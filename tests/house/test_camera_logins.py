"""Logins of cameras: they open the camera, and stand nowhere but where they are kept."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.rendered import FPS, access_units, encode, scene
from edge.rtsp_server import RtspServer
from house.test_serving import Serving
from saqta.log.sqlite import SqliteReader
from saqta.model import kinds
from saqta.model.catalogue import read
from saqta.wiring import announce, append

PASSWORDS = {"from-settings": "k9settings", "from-register": "k9register", "from-an-old-log": "k9oldlog"}


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[dict[str, RtspServer]]:
    """A camera for each way to register one, each behind a login of its own."""
    units = access_units(encode(tmp_path / "film.h264", scene([], 2)))
    servers = {
        name: RtspServer(units, fps=FPS, silent=True, login=f"eye:{password}") for name, password in PASSWORDS.items()
    }
    yield servers
    for server in servers.values():
        server.close()


def test_a_login_opens_its_camera_and_stands_in_no_event(cameras: dict[str, RtspServer], tmp_path: Path, saqta) -> None:
    told = {name: server.address.replace("://", f"://eye:{PASSWORDS[name]}@") for name, server in cameras.items()}
    data, settings, register = tmp_path / "data", tmp_path / "saqta.toml", tmp_path / "cameras.csv"
    settings.write_text(f'[serve]\nport = 0\n[cameras.from-settings]\nsource = "{told["from-settings"]}"\n')
    register.write_text(f"camera,source\nfrom-register,{told['from-register']}\n")
    assert saqta("import", "cameras", register, "--data", data).code == 0
    old = kinds.CameraRegistered(camera="from-an-old-log", name="Old", source=told["from-an-old-log"])
    append(data, announce([old], "test"))
    serving = Serving(data, settings)
    try:
        for name in PASSWORDS:
            serving.wait_for(f'"saqta.camera.connected.v1","subject":"camera/{name}"')
    finally:
        serving.end(signal.SIGTERM)
    for name in ("from-settings", "from-register"):
        holding = [
            path.name for path in data.iterdir() if path.is_file() and PASSWORDS[name].encode() in path.read_bytes()
        ]
        assert holding == ["logins.db"]
    log = SqliteReader(data / "log.db")
    records = [read(one.event) for one in log.read(0, limit=1000)]
    log.close()
    sources = [one.source for one in records if isinstance(one, kinds.CameraRegistered) and one.camera == old.camera]
    assert sources == [old.source, cameras[old.camera].address]
