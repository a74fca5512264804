"""The HTTP server: uvicorn, with limits of its own and a stop that does not wait for live streams."""

import socket

import uvicorn
from fastapi import FastAPI

from saqta.model.errors import InputError, StorageError
from saqta.web.live import Broadcaster

PORT_MAX = 65_535
BACKLOG_MAX = 256
REQUEST_HEAD_BYTES_MAX = 32 << 10
KEEP_ALIVE_S = 15
STOP_WAIT_S = 3


def listen(host: str, port: int) -> socket.socket:
    """A listening socket (port 0: any free one); InputError for no port, StorageError where it can't be had."""
    if not 0 <= port <= PORT_MAX:
        raise InputError("port", port, f"0 to {PORT_MAX}")
    try:
        listening = socket.create_server((host, port), family=_family(host), backlog=BACKLOG_MAX)
        # Whoever is accepted inherits it: an answer's head and body are two writes, and the second must not wait for
        # the first to be acknowledged, which takes 40 ms. asyncio sets it only on sockets that it made itself.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise StorageError(
            f"can't listen on {host} port {port}: {error}; stop what uses it, or choose another"
        ) from error


class Server(uvicorn.Server):
    """Serves ``app`` on a socket of ``listen``: ``run(sockets=[...])`` blocks until ``should_exit`` is set."""

    def __init__(self, app: FastAPI, *live: Broadcaster) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                h11_max_incomplete_event_size=REQUEST_HEAD_BYTES_MAX,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=STOP_WAIT_S,
            )
        )
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the live streams, then stops as uvicorn does: what is being answered is answered first."""
        for live in self._live:
            live.close()
        await super().shutdown(sockets)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
