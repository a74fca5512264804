"""Appending to the log of a running server, over ``control.sock`` in its data folder.

Commands decide in their own process and append through the server that owns the log. The socket is the owner's alone
(mode 0600): who may open it may already read the folder. A request is one line of JSON,
``{"events": [stored bytes as text, ...], "expected": {...}}``; the answer one more,
``{"positions": [[seq, repeat], ...]}`` or ``{"error": [kind, arguments...]}``.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from saqta.log.port import Log, Position
from saqta.model.errors import ContentConflict, InputError, SaqtaError, StorageError, VersionConflict
from saqta.model.event import Event, decode, encode

REQUEST_BYTES_MAX = 64 << 20
REQUEST_WAIT_S = 10.0
POLL_S = 0.2
ANSWER_WAIT_S = 600.0
TAKEN_IN_WAIT_S = 2.0

_ERRORS: dict[str, type[SaqtaError]] = {
    error.__name__: error for error in (InputError, VersionConflict, ContentConflict, StorageError)
}


class _Request(msgspec.Struct):
    events: list[str]
    expected: dict[str, int]


def append_through(data: Path, events: Sequence[Event], expected: Mapping[str, int]) -> list[Position] | None:
    """Appends through the server that runs on ``data``; None when none runs. Blocks until the events are durable.

    Raises what ``Log.append`` raises.
    """
    with socket.socket(socket.AF_UNIX) as server:
        try:
            _at(data, server.connect)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        server.settimeout(ANSWER_WAIT_S)
        request = _Request([encode(event).decode() for event in events], dict(expected))
        server.sendall(msgspec.json.encode(request) + b"\n")
        answer = json.loads(_line(server))
    if error := answer.get("error"):
        raise _ERRORS.get(error[0], StorageError)(*error[1:])
    return [Position(*position) for position in answer["positions"]]


class ControlServer:
    """Listens on ``control.sock`` and answers one request at a time, while ``run`` runs.

    Each answer waits until the tables hold what was appended, as ``taken_in`` (a position, seconds to wait) says, or
    have had ``TAKEN_IN_WAIT_S`` to: a new token is good for the next request.
    """

    def __init__(self, data: Path, log: Log, taken_in: Callable[[int, float], bool]) -> None:
        """StorageError where the socket can't be made."""
        self._path, self._log, self._taken_in = data / "control.sock", log, taken_in
        self._socket = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            self._path.unlink(missing_ok=True)
            _at(data, self._socket.bind)
        except OSError as error:
            raise StorageError(f"{self._path} can't be made: {error.strerror}") from error
        finally:
            os.umask(before)
        self._socket.listen()
        self._socket.settimeout(POLL_S)

    def run(self, stop: threading.Event) -> None:
        """Answers until ``stop`` is set, then takes the socket away. Blocks."""
        with self._socket:
            while not stop.is_set():
                try:
                    client, _ = self._socket.accept()
                except TimeoutError:
                    continue
                except OSError:
                    # So many files are open that nobody can be let in just now; that passes.
                    stop.wait(POLL_S)
                    continue
                with client, suppress(OSError):  # Who asked may have gone away before the answer.
                    client.settimeout(REQUEST_WAIT_S)
                    client.sendall(json.dumps(self._answer(client)).encode() + b"\n")
        self._path.unlink(missing_ok=True)

    def _answer(self, client: socket.socket) -> dict[str, Any]:
        try:
            request = msgspec.json.decode(_line(client), type=_Request)
            events = [decode(stored.encode()) for stored in request.events]
            positions = self._log.append(events, request.expected)
            self._taken_in(max((position.seq for position in positions), default=0), TAKEN_IN_WAIT_S)
            return {"positions": positions}
        except InputError as error:
            return {"error": ["InputError", error.field, str(error.given), error.expected]}
        except VersionConflict as error:
            return {"error": ["VersionConflict", error.subject, error.expected, error.actual]}
        except ContentConflict as error:
            return {"error": ["ContentConflict", error.source, error.id]}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return {"error": ["InputError", "request", "", f"events and expected versions ({error})"]}
        except SaqtaError as error:
            return {"error": ["StorageError", str(error)]}


def _at(data: Path, use: Callable[[str], None]) -> None:
    """Uses the socket's path by way of the folder's descriptor: a socket's name may hold 107 bytes, a path more."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        use(f"/proc/self/fd/{folder}/control.sock")
    finally:
        os.close(folder)


def _line(peer: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        chunk = peer.recv(1 << 16)
        if not chunk:
            raise StorageError("the other side of control.sock went away before it had answered")
        received += chunk
        if len(received) > REQUEST_BYTES_MAX:
            raise InputError("request", f"{len(received)} bytes", f"at most {REQUEST_BYTES_MAX} bytes")
    return bytes(received)
