"""Cuts a stream into SIP messages by their Content-Length (RFC 3261, section 18.3); nothing here does I/O."""

from saqta.intake.sip.message import MESSAGE_BYTES_MAX, content_length

PING = b"\r\n\r\n"
PONG = b"\r\n"
"""What keeps a connection open (RFC 5626, section 4.4.1): one is answered with the other."""
_END = b"\r\n\r\n"


class Framer:
    """One stream; once ``is_broken``, nobody knows where its next message begins."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self.is_broken = False

    def feed(self, data: bytes) -> list[bytes]:
        """Whole messages, in their order, and a PING for each one; of a broken one what there is."""
        self._rest += data
        out: list[bytes] = []
        while self._rest and not self.is_broken:
            message = self._next()
            if message is None:
                break
            out.append(message)
        return out

    def _next(self) -> bytes | None:
        if self._rest.startswith(PING):
            return self._cut(len(PING))
        if self._rest.startswith(PONG) and len(self._rest) >= len(PING):
            del self._rest[: len(PONG)]
        head = self._rest.find(_END)
        if head < 0:
            return self._broken() if len(self._rest) > MESSAGE_BYTES_MAX else None
        length = content_length(bytes(self._rest[:head]))
        size = head + len(_END) + (length or 0)
        if length is None or size > MESSAGE_BYTES_MAX:
            return self._broken()
        return self._cut(size) if len(self._rest) >= size else None

    def _cut(self, size: int) -> bytes:
        message = bytes(self._rest[:size])
        del self._rest[:size]
        return message

    def _broken(self) -> bytes:
        self.is_broken = True
        return self._cut(len(self._rest))
