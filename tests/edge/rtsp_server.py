"""A minimal RTSP server on loopback (RFC 2326; H.264 as of RFC 6184, interleaved): a real wire to test against.

It stands in for somebody else's server, which no test meets yet: pip found no wheel of gstreamer-libs for Linux and
Python 3.11, and those of mediamtx-py and rtsp carry no server's program.
"""

import base64
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence

RTP_BYTES_MAX = 1200
CLOCK_HZ = 90_000


class RtspServer:
    """Plays ``units`` (access units as lists of NAL units, parameter sets in the first) at ``fps`` to each who asks.

    After the last one it goes on ``silent`` (the connection stays open) or closes the connection. Each play begins when
    ``begin`` returns: two streams of one camera begin together. ``stamp`` gives a unit's time in seconds by its number.
    With a ``login``, USER:PASSWORD, who doesn't tell it is refused (RFC 7617).
    """

    def __init__(
        self,
        units: Sequence[Sequence[bytes]],
        fps: float,
        *,
        silent: bool,
        begin: Callable[[], object] = lambda: None,
        stamp: Callable[[int], float] | None = None,
        login: str | None = None,
    ) -> None:
        self._login = login
        self._stamp = stamp or (lambda number: number / fps)
        self._units, self._fps, self._silent, self._begin = units, fps, silent, begin
        self.connections = 0
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/camera"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as requests:
            while not self._stopped.is_set():
                head = _head(requests)
                if head is None:
                    return
                method, sequence, login = head
                body, extra, status = b"", b"", b"200 OK"
                if login != self._login and method != "OPTIONS":
                    method, status, extra = "", b"401 Unauthorized", b'WWW-Authenticate: Basic realm="camera"\r\n'
                elif method == "DESCRIBE":
                    body, extra = self._description(), b"Content-Type: application/sdp\r\n"
                elif method == "SETUP":
                    extra = b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1;timeout=60\r\n"
                elif method == "PLAY":
                    extra = b"Session: 1\r\n"
                answer = b"RTSP/1.0 %s\r\nCSeq: %s\r\nContent-Length: %d\r\n%s\r\n" % (
                    status,
                    sequence,
                    len(body),
                    extra,
                )
                client.sendall(answer + body)
                if method == "PLAY":
                    self.connections += 1
                    self._begin()
                    self._play(client)
                    return

    def _description(self) -> bytes:
        sets = [base64.b64encode(nal) for nal in self._units[0] if nal[0] & 31 in (7, 8)]
        return (
            b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            b"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=%s\r\na=control:track1\r\n"
        ) % b",".join(sets)

    def _play(self, client: socket.socket) -> None:
        sequence, began_s = 0, time.monotonic()
        try:
            for number, unit in enumerate(self._units):
                stamp = round(self._stamp(number) * CLOCK_HZ) & 0xFFFFFFFF
                payloads = [payload for nal in unit for payload in _payloads(nal)]
                for place, payload in enumerate(payloads):
                    last = place == len(payloads) - 1
                    header = struct.pack("!BBHII", 0x80, 96 | last << 7, sequence & 0xFFFF, stamp, 7)
                    packet = header + payload
                    client.sendall(struct.pack("!cBH", b"$", 0, len(packet)) + packet)
                    sequence += 1
                time.sleep(max(0.0, began_s + (number + 1) / self._fps - time.monotonic()))
            if self._silent:
                self._stopped.wait()
        except OSError:
            return


def _head(requests: "socket.SocketIO | object") -> tuple[str, bytes, str | None] | None:
    """(method, sequence, login) of a request."""
    lines = []
    while (line := requests.readline()) not in (b"", b"\r\n"):  # type: ignore[attr-defined]
        lines.append(line)
    if not lines:
        return None
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
    told = fields.get(b"authorization", b"").removeprefix(b"Basic ")
    return lines[0].split()[0].decode(), fields.get(b"cseq", b"0"), base64.b64decode(told).decode() if told else None


def _payloads(nal: bytes) -> list[bytes]:
    if len(nal) <= RTP_BYTES_MAX:
        return [nal]
    indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 31
    parts = [nal[place : place + RTP_BYTES_MAX] for place in range(1, len(nal), RTP_BYTES_MAX)]
    return [
        bytes((indicator, (place == 0) << 7 | (place == len(parts) - 1) << 6 | kind)) + part
        for place, part in enumerate(parts)
    ]
