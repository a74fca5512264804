"""What the README and CONTRIBUTING tell people to type works as it stands there."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import SAQTA
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.watch import watch
from saqta.registry import SOURCES

ROOT = Path(__file__).parents[2]
SERVE_S = 8.0
DEMO_ARGS = "--for 5 --port 0 --json"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def commands() -> list[str]:
    return [line for block in blocks("README.md", "sh") for line in block.splitlines() if line]


@pytest.mark.timeout(300)
def test_the_readmes_commands_run_in_their_order(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    settings = tmp_path / "docs" / "examples" / "saqta.toml"
    settings.write_text(settings.read_text().replace("port = 8102", "port = 0"))
    environment = os.environ | {"PATH": f"{SAQTA.parent}{os.pathsep}{os.environ['PATH']}"}
    assert [line for line in commands() if line.startswith("make")] == ["make demo", "make test"]
    for line in commands():
        words = shlex.split(line)
        if words[0] == "make":
            # `make test` is what runs this test; `make demo` is told to stop by itself.
            extra = [f"ARGS={DEMO_ARGS} --data {tmp_path / 'demo'}"] if words[1] == "demo" else ["--dry-run"]
            words = ["make", "--silent", "-C", str(ROOT), words[1], *extra]
        started = subprocess.Popen(
            words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            out, _ = started.communicate(timeout=SERVE_S if words[1] == "serve" else 120)
        except subprocess.TimeoutExpired:
            assert words[1] == "serve", line
            started.send_signal(signal.SIGTERM)
            out, _ = started.communicate(timeout=30)
        assert started.returncode == 0, f"{line}\n{out.decode()}"


def test_every_command_of_the_readme_is_known(saqta) -> None:
    for line in commands():
        words = shlex.split(line)
        if words[0] == "saqta":
            verb = words[1:3] if words[1] in ("log", "user", "token", "person") else words[1:2]
            assert saqta(*verb, "--help").code == 0, line


def test_the_detector_of_contributing_works_as_it_stands() -> None:
    (source,) = blocks("CONTRIBUTING.md", "python")
    module: dict[str, object] = {}
    exec(compile(source, "CONTRIBUTING.md", "exec"), module)
    module["PEOPLE_MAX"] = 0
    summary = watch(
        CameraSettings(camera="C1", source="sim:demo/depot?seconds=15"),
        Plugins(SOURCES, {"full_house": module["full_house"]}, {}),
        lambda event: None,
        lambda: 0,
    )
    assert summary.alerts["full_house"] >= 1
