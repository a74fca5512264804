"""What every test may use: the program as a user starts it."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from saqta.__main__ import main

SAQTA = Path(sys.executable).with_name("saqta")
STOP_WAIT_S = 20.0
DEMO_WAIT_S = 120.0

# A property is not late on a machine that is busy.
settings.register_profile("saqta", deadline=None)
settings.load_profile("saqta")


class Ran(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        return dict(self.lines[-1]["summary"])


@pytest.fixture(scope="session")
def saqta() -> Callable[..., Ran]:
    """Runs ``saqta`` with arguments to its end, in this process: the same function that the command calls."""

    def run(*arguments: object) -> Ran:
        code = 0
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    return run


class RunningDemo:
    """``saqta demo`` at work in ``data``, on a port of its own."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self._process = subprocess.Popen(
            [SAQTA, "demo", "--port", "0", "--json", "--data", data, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        first = self._process.stdout.readline()
        assert first, self._process.communicate(timeout=STOP_WAIT_S)[1]
        told = json.loads(first)
        self.url: str = told["address"].removesuffix("/console")
        self.sign_in_link: str = told["sign_in"]

    def stop(self) -> None:
        """Kills it, so that its streams break."""
        self._process.kill()
        self._process.communicate()

    def end(self) -> tuple[int, dict[str, Any]]:
        """Ends it as Ctrl-C does; its exit status and its summary."""
        self._process.send_signal(signal.SIGINT)
        return self.wait(STOP_WAIT_S)

    def wait(self, wait_s: float = DEMO_WAIT_S) -> tuple[int, dict[str, Any]]:
        """Its exit status and its summary, when it has ended by itself."""
        out, err = self._process.communicate(timeout=wait_s)
        assert out, err
        return self._process.returncode, json.loads(out.splitlines()[-1])["summary"]

    @property
    def running(self) -> bool:
        return self._process.poll() is None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo, serving its simulated city for one file of tests."""
    demo = RunningDemo(tmp_path_factory.mktemp("demo"))
    yield demo
    if demo.running:
        demo.stop()


@pytest.fixture(scope="session")
def shared_video() -> Callable[[str], Path]:
    """A clip of the shared data by its name; a test that needs one is skipped, and says so, where there is none."""
    folder = Path(os.environ.get("SAQTA_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "video"

    def find(name: str) -> Path:
        if not (folder / name).exists():
            pytest.skip(f"the shared clip {name} is not here")
        return folder / name

    return find
