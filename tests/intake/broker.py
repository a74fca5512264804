"""A real MQTT broker (amqtt) on loopback, in a process of its own: it can be killed, and come back on the same port."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

USER, PASSWORD = "frigate", "correct horse"
START_WAIT_S = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RunningBroker:
    """Serves on ``port`` while its block runs, then dies; asks for a login where it may keep one in ``passwords``."""

    def __init__(self, port: int, passwords: Path | None = None) -> None:
        self._port = port
        self._words = [sys.executable, __file__, str(port), *filter(None, [str(passwords) if passwords else None])]
        if passwords is not None:
            from pwdlib import PasswordHash
            from pwdlib.hashers.argon2 import Argon2Hasher

            passwords.write_text(f"{USER}:{PasswordHash((Argon2Hasher(),)).hash(PASSWORD)}\n")

    def __enter__(self) -> "RunningBroker":
        self._process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline_s = time.monotonic() + START_WAIT_S
        while not self._answers():
            assert self._process.poll() is None
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True


async def _serve(port: int, passwords: str | None) -> None:
    from amqtt.broker import Broker

    plugins: dict[str, dict[str, Any]] = {
        "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": passwords is None}
    }
    if passwords is not None:
        plugins["amqtt.plugins.authentication.FileAuthPlugin"] = {"password_file": passwords}
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
    await Broker({"listeners": listeners, "plugins": plugins}).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
