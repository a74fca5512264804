"""The HTTP server: uvicorn on httptools and uvloop, with limits of its own; its stop does not wait for live streams."""

import socket

import uvicorn
import uvloop
from fastapi import FastAPI
from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from saqta.model.errors import InputError, StorageError
from saqta.web.direct import Direct
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


class Bounded(HttpToolsProtocol):
    """HTTP/1.1, with a head of at most REQUEST_HEAD_BYTES_MAX: what is longer gets 400, and no more of it is read."""

    _head_bytes: int | None = 0
    """What came of a head that isn't complete; None while a body comes."""

    def data_received(self, data: bytes) -> None:
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > REQUEST_HEAD_BYTES_MAX:
            self._head_bytes = None
            if not self.transport.is_closing():
                self.send_400_response(f"a request's head may have at most {REQUEST_HEAD_BYTES_MAX} bytes")

    def on_headers_complete(self) -> None:
        come, self._head_bytes = self._head_bytes or 0, None
        # What came may be more than the head: its own length is summed up only where it could be too long.
        if come > REQUEST_HEAD_BYTES_MAX and self._length() > REQUEST_HEAD_BYTES_MAX:
            raise HttpParserError("the head is too long")  # A 400 comes of it.
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()

    def _length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)


class Server(uvicorn.Server):
    """Serves ``app`` on a socket of ``listen``: ``run(sockets=[...])`` blocks until ``should_exit`` is set."""

    def __init__(self, app: FastAPI, *live: Broadcaster) -> None:
        super().__init__(
            uvicorn.Config(
                Direct(app),
                http=Bounded,
                lifespan="on",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=STOP_WAIT_S,
            )
        )
        self._live = live

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        uvloop.run(self.serve(sockets))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the live streams, then stops as uvicorn does: what is being answered is answered first."""
        for live in self._live:
            live.close()
        await super().shutdown(sockets)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
