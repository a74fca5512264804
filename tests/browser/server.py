"""What the browser tests talk to."""

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from conftest import SAQTA
from saqta import wiring
from saqta.model.terms import Role
from saqta.web.accounts import add_user

START_WAIT_S = 90.0


class Server(Protocol):
    """The program; ``sign_in_link`` works once."""

    url: str
    sign_in_link: str

    def stop(self) -> None:
        """Ends it at once; its live streams break."""
        ...


class Serving(NamedTuple):
    """``saqta serve`` at work."""

    process: subprocess.Popen[bytes]
    url: str
    sign_in_link: str

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(data: Path, name: str = "alice", role: Role = Role.DISPATCHER) -> Iterator[Serving]:
    """The program over what ``data`` holds, with somebody of its own who may sign in."""
    secret = add_user(lambda events: wiring.append(data, events), wiring.now_ms, wiring.new_secret, name, role, "test")
    process = subprocess.Popen([SAQTA, "serve", "--data", data, "--port", "0"], stderr=subprocess.DEVNULL)
    until_s = time.monotonic() + START_WAIT_S
    while not _is_ready(data) and time.monotonic() < until_s:
        time.sleep(0.05)
    url = (data / "address").read_text()
    started = Serving(process, url, f"{url}/sign-in?link={secret}")
    try:
        yield started
    finally:
        started.stop()


def _is_ready(data: Path) -> bool:
    try:
        with urllib.request.urlopen((data / "address").read_text() + "/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
