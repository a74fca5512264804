"""A server at work on real streams: commands reach it, it stops cleanly, and a kill loses nothing."""

import json
import signal
import socket
import stat
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import SAQTA, STOP_WAIT_S
from intake.sip_switch import UdpSwitch
from saqta.control import REQUEST_BYTES_MAX, append_through
from saqta.model import kinds
from saqta.model.errors import ContentConflict, InputError, VersionConflict
from saqta.model.event import Event
from saqta.wiring import announce

START_WAIT_S = 90.0
SETTINGS = """
[serve]
port = 0
[log]
checkpoint_every_s = 1
[cameras.depot]
source = "sim:demo/depot"
restricted = ["all"]
[cameras.depot.zones]
all = [[0, 0], [1, 0], [1, 1], [0, 1]]
"""


class Serving:
    """``saqta serve`` in a process of its own."""

    def __init__(self, data: Path, settings: Path) -> None:
        self.data = data
        self._process = subprocess.Popen([SAQTA, "serve", "--data", data, "--settings", settings])
        deadline = time.monotonic() + START_WAIT_S
        while not (self._answers() or self._process.poll() is not None or time.monotonic() > deadline):
            time.sleep(0.1)
        if not self._answers():
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the centre is not ready after {START_WAIT_S:.0f} s")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen((self.data / "address").read_text() + "/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait_for(self, what: str) -> None:
        """Until an event of that type stands in the log."""
        deadline = time.monotonic() + START_WAIT_S
        while what not in (self.data / "log.db-wal").read_bytes().decode(errors="replace"):
            assert time.monotonic() < deadline, what
            time.sleep(0.2)

    def end(self, number: int) -> int:
        self._process.send_signal(number)
        return self._process.wait(STOP_WAIT_S)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "saqta.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture
def serving(tmp_path: Path, settings: Path) -> Iterator[Serving]:
    started = Serving(tmp_path / "data", settings)
    yield started
    started.end(signal.SIGKILL)


def unit(name: str) -> list[Event]:
    return announce([kinds.UnitRegistered(unit=name, name=name)], "test")


def test_commands_reach_the_server_and_it_stops_cleanly(serving: Serving, saqta) -> None:
    data = serving.data
    assert stat.S_IMODE((data / "control.sock").stat().st_mode) == 0o600
    link = saqta("user", "add", "alice", "--role", "dispatcher", "--data", data)
    assert link.out.startswith((data / "address").read_text())
    token = saqta("token", "add", "--role", "analyst", "--data", data).out.strip()
    request = urllib.request.Request(
        (data / "address").read_text() + "/api/v1/cameras", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert [camera["id"] for camera in json.load(answer)["items"]] == ["depot"]
    serving.wait_for("saqta.alert.raised.v1")
    request.full_url = request.full_url.removesuffix("/api/v1/cameras") + "/metrics"
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert 'saqta_camera_frames_total{camera="depot",fate="analysed"}' in answer.read().decode()
    assert saqta("log", "rebuild", "--data", data).code == 2
    assert saqta("log", "verify", "--data", data).code == 0
    assert serving.end(signal.SIGTERM) == 0
    assert not (data / "control.sock").exists()
    verified = saqta("log", "verify", "--data", data, "--json").summary
    assert (verified["ok"], verified["tree_size"]) == (True, verified["events"])


def test_the_control_socket_tells_the_logs_own_errors(serving: Serving) -> None:
    (event,) = unit("U1")
    first = append_through(serving.data, [event], {"unit/U1": 0})
    assert first is not None
    assert append_through(serving.data, [event], {}) == [(first[0].seq, True)]
    with pytest.raises(VersionConflict, match="unit/U1 moved on"):
        append_through(serving.data, unit("U1"), {"unit/U1": 0})
    with pytest.raises(ContentConflict):
        append_through(serving.data, [Event(**{**_fields(event), "actor": "somebody else"})], {})
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(serving.data / "control.sock"))
        stranger.sendall(b"[]\n")
        assert b"expected" in stranger.recv(1 << 16)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(serving.data / "control.sock"))
        stranger.sendall(b'{"\xff": []}\n')
        assert b"expected" in stranger.recv(1 << 16)
    with pytest.raises(InputError, match="at most"):
        append_through(serving.data, unit("x" * REQUEST_BYTES_MAX), {})


def test_a_kill_loses_nothing(serving: Serving, settings: Path, saqta) -> None:
    data = serving.data
    serving.wait_for("saqta.incident.opened.v1")
    acknowledged = append_through(data, unit("U9"), {})
    assert acknowledged is not None
    serving.end(signal.SIGKILL)
    again = Serving(data, settings)
    assert again.end(signal.SIGTERM) == 0
    verified = saqta("log", "verify", "--data", data, "--json").summary
    assert verified["ok"]
    assert verified["events"] >= acknowledged[0].seq
    live = saqta("log", "replay", "--data", data, "--json").lines
    assert saqta("log", "rebuild", "--data", data, "--json").lines == live


def test_a_switch_asks_over_sip_and_a_spoofed_number_is_declined(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = tmp_path / "sip.toml"
    settings.write_text(
        f"[serve]\nport = 0\n[sip]\nhost = '127.0.0.1'\nport = {port}\ntrunks = {{'127.0.0.1/32' = 'foreign'}}\n"
    )
    serving = Serving(tmp_path / "data", settings)
    try:
        with UdpSwitch(port) as switch:
            while (spoofed := switch.call("sip:+77029876543@x")).status == 503:
                time.sleep(0.1)
            honest = switch.call("sip:+442071838750@x")
        assert (spoofed.status, honest.status) == (603, 302)
        assert spoofed.header("X-Saqta-Decision").startswith("sip-")
        serving.wait_for("saqta.decisions.made.v1")
        assert serving.end(signal.SIGTERM) == 0
    finally:
        serving.end(signal.SIGKILL)


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
