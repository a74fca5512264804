"""Listens to switches over UDP and TCP, asks the decision path, and answers; one thread, which never waits for one of
them."""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Literal

import msgspec
import structlog

from saqta.intake.arrivals import Arrival
from saqta.intake.sip.framing import PING, PONG, Framer
from saqta.intake.sip.responder import Ask, Call, Responder, Verdict
from saqta.intake.sip.settings import Sip
from saqta.intake.sip.transactions import Key, Peer, Send
from saqta.model.errors import InputError, SaqtaError
from saqta.model.moment import Clock, to_text

DATAGRAM_BYTES_MAX = 65_535
DATAGRAMS_MAX = 256
"""So many are read before others have their turn."""
RECEIVE_BYTES = 4 << 20
"""So much may wait in the system's buffer, or as much as the system allows."""
READ_BYTES = 65_536
STREAMS_MAX = 256
STREAM_IDLE_S = 600.0
UNSENT_BYTES_MAX = 256 << 10
"""A stream whose other end reads no more than that late is closed."""
BACKLOG = 64
POLL_S = 0.2
Done = Callable[[bytes | SaqtaError], None]
DecideCall = Callable[[str, bytes, Done], None]
"""Asks in a partner's name whether to connect a call (``POST /api/v1/decisions/call``, one in JSON); what it hands over
is called once, from any thread, with the answer in JSON or why there is none. SaqtaError where it can't be asked."""
logger = structlog.get_logger()


class _Reason(msgspec.Struct, frozen=True):
    code: str
    text: str


class _Answer(msgspec.Struct, frozen=True):
    action: Literal["allow", "warn", "hold", "block"]
    reasons: tuple[_Reason, ...] = ()
    decision_id: str | None = None


_read_answer = msgspec.json.Decoder(_Answer).decode
_encode = msgspec.json.Encoder().encode


def sip(settings: Sip, home: str, decide: DecideCall, clock: Clock, secret: bytes) -> Iterator[Arrival]:
    """What listens as the settings say, nothing without a host; InputError where it can't be."""
    if settings.host:
        responder = Responder(settings, home, secret)
        datagrams, streams = bound(settings.host, settings.port)
        yield Arrival("sip", Listener(datagrams, streams, responder, settings.partner, decide, clock).run)


def bound(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Sockets for UDP and TCP on one port; InputError where that can't be listened on."""
    with ExitStack() as stack:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            streams = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            streams.bind(address)
            streams.listen(BACKLOG)
            datagrams = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            datagrams.bind(streams.getsockname())
        except OSError as error:
            raise InputError("sip.host", f"{host}:{port}", f"an address to listen on ({error})") from error
        stack.pop_all()
    return datagrams, streams


class _Stream:
    def __init__(self, connection: socket.socket, peer: Peer) -> None:
        self.connection, self.peer = connection, peer
        self.framer, self.unsent = Framer(), bytearray()
        self.heard_s = time.monotonic()


class Listener:
    """One listener; ``run`` blocks until it is stopped, and closes the sockets."""

    def __init__(
        self,
        datagrams: socket.socket,
        streams: socket.socket,
        responder: Responder,
        partner: str,
        decide: DecideCall,
        clock: Clock,
    ) -> None:
        self._datagrams, self._listening = datagrams, streams
        self._responder, self._partner, self._decide, self._clock = responder, partner, decide, clock
        self._streams: dict[int, _Stream] = {}
        self._numbers = count(1)
        self._verdicts: deque[tuple[Key, Verdict]] = deque()
        self._woken, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def run(self, stop: threading.Event) -> None:
        with self._selector, self._datagrams, self._listening, self._woken, self._waker:
            ready = {
                self._datagrams: self._read_datagrams,
                self._listening: self._accept,
                self._woken: self._wake,
            }
            for each, act in ready.items():
                each.setblocking(False)
                self._selector.register(each, selectors.EVENT_READ, act)
            self._waker.setblocking(False)
            try:
                while not stop.is_set():
                    for key, _ in self._selector.select(self._patience_s()):
                        key.data()
                    self._tell_verdicts()
                    self._follow(self._responder.transactions.due(_now_ms()))
                    self._close_idle()
            finally:
                for number in list(self._streams):
                    self._close(number)

    def _patience_s(self) -> float:
        next_ms = self._responder.transactions.next_ms
        return POLL_S if next_ms is None else min(POLL_S, max(0.0, (next_ms - _now_ms()) / 1000))

    def _read_datagrams(self) -> None:
        for _ in range(DATAGRAMS_MAX):
            try:
                data, address = self._datagrams.recvfrom(DATAGRAM_BYTES_MAX)
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # Somebody whom we answered listens no longer.
            self._receive(data, Peer(address[0], address[1]))

    def _accept(self) -> None:
        try:
            connection, address = self._listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        if len(self._streams) >= STREAMS_MAX or not self._responder.knows(address[0]):
            connection.close()
            return
        connection.setblocking(False)
        number = next(self._numbers)
        self._streams[number] = _Stream(connection, Peer(address[0], address[1], number))
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._read_stream(number))

    def _read_stream(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        self._flush(number)
        try:
            data = stream.connection.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        stream.heard_s = time.monotonic()
        for message in stream.framer.feed(data):
            if message == PING:
                self._send(Send(PONG, stream.peer))
            else:
                self._receive(message, stream.peer)
        if not data or stream.framer.is_broken:
            self._close(number)

    def _receive(self, data: bytes, source: Peer) -> None:
        self._follow(self._responder.receive(data, source, _now_ms(), self._clock()))

    def _follow(self, events: "list[Send | Ask] | list[Send]") -> None:
        for event in events:
            if isinstance(event, Send):
                self._send(event)
            else:
                self._ask(event)

    def _ask(self, ask: Ask) -> None:
        def done(answer: bytes | SaqtaError) -> None:
            self._verdicts.append((ask.key, verdict_of(answer)))
            try:
                self._waker.send(b"\0")
            except OSError:
                return  # It is awake, or over.

        try:
            self._decide(self._partner, body_of(ask.call), done)
        except SaqtaError as error:
            self._verdicts.append((ask.key, verdict_of(error)))

    def _wake(self) -> None:
        self._woken.recv(READ_BYTES)

    def _tell_verdicts(self) -> None:
        while self._verdicts:
            key, verdict = self._verdicts.popleft()
            self._follow(self._responder.decided(key, verdict, _now_ms()))

    def _send(self, send: Send) -> None:
        if send.to.stream is None:
            try:
                self._datagrams.sendto(send.data, (send.to.host, send.to.port))
            except OSError as error:  # A datagram may be lost anywhere; the other side asks again.
                logger.warning("not sent", to=send.to.host, reason=str(error))
        elif stream := self._streams.get(send.to.stream):
            stream.unsent += send.data
            self._flush(send.to.stream)

    def _flush(self, number: int) -> None:
        """Sends what a stream takes, and waits for the rest."""
        stream = self._streams[number]
        try:
            sent = stream.connection.send(stream.unsent) if stream.unsent else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = len(stream.unsent)  # It is gone; the next look at it says so.
        del stream.unsent[:sent]
        if len(stream.unsent) > UNSENT_BYTES_MAX:
            self._close(number)
            return
        wants = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.unsent else 0)
        self._selector.modify(stream.connection, wants, lambda: self._read_stream(number))

    def _close_idle(self) -> None:
        oldest_s = time.monotonic() - STREAM_IDLE_S
        for number in [number for number, stream in self._streams.items() if stream.heard_s < oldest_s]:
            self._close(number)

    def _close(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._selector.unregister(stream.connection)
            stream.connection.close()


def body_of(call: Call) -> bytes:
    """A call as the decision path reads it."""
    told = call._asdict() | {"kind": "call", "time": to_text(call.time_ms)}
    del told["time_ms"]
    return _encode({name: value for name, value in told.items() if value is not None})


def verdict_of(answer: bytes | SaqtaError) -> Verdict:
    """What an answer of the decision path says."""
    if isinstance(answer, SaqtaError):
        return Verdict("fault", (str(answer),)) if isinstance(answer, InputError) else Verdict("busy")
    try:
        read = _read_answer(answer)
    except msgspec.DecodeError:
        return Verdict("fault", ("the decision can't be read",))
    return Verdict(read.action, tuple(f"{each.code}: {each.text}" for each in read.reasons), read.decision_id)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
