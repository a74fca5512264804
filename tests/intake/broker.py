"""A real MQTT broker (amqtt) on loopback, in a thread of its own, that can go away and come back on the same port."""

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

USER, PASSWORD = "frigate", "correct horse"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RunningBroker:
    """Serves on ``port`` while its block runs; asks for a login where it may keep one in ``passwords``."""

    def __init__(self, port: int, passwords: Path | None = None) -> None:
        self.port = port
        self._config: dict[str, Any] = {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": passwords is None}},
        }
        if passwords is not None:
            passwords.write_text(f"{USER}:{PasswordHash((Argon2Hasher(),)).hash(PASSWORD)}\n")
            file_plugin = {"password_file": str(passwords)}
            self._config["plugins"]["amqtt.plugins.authentication.FileAuthPlugin"] = file_plugin
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "RunningBroker":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        broker = Broker(self._config)
        await broker.start()
        self._ready.set()
        await self._stop.wait()
        await broker.shutdown()
