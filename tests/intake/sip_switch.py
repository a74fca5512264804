"""A telephone switch that asks over SIP, for tests: its own sockets, whole dialogs, true branches and tags."""

import base64
import json
import re
import socket
from itertools import count
from typing import NamedTuple

WAIT_S = 10.0
_numbers = count(1)


class Reply(NamedTuple):
    """An answer as it came."""

    status: int
    phrase: str
    headers: list[tuple[str, str]]
    raw: bytes

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key == name)


def read_reply(data: bytes) -> Reply:
    head, _, body = data.partition(b"\r\n\r\n")
    start, *lines = head.decode(errors="surrogateescape").split("\r\n")
    assert not body
    _, status, phrase = start.split(" ", 2)
    pairs = [line.split(": ", 1) for line in lines]
    return Reply(int(status), phrase, [(name, value) for name, value in pairs], data)


def request(
    method: str = "INVITE",
    caller: str = "sip:+77029876543@switch.kz",
    callee: str = "sip:+77011234567@saqta.kz",
    *more: str,
    number: int | None = None,
    transport: str = "UDP",
    to_tag: str = "",
) -> bytes:
    """A request; the same ``number`` makes the same transaction of the same call."""
    number = number or next(_numbers)
    lines = [
        f"{method} {callee} SIP/2.0",
        f"Via: SIP/2.0/{transport} switch.kz:5070;rport;branch=z9hG4bK{number}",
        "Max-Forwards: 70",
        f'From: "Bank" <{caller}>;tag=f{number}',
        f"To: <{callee}>{to_tag and f';tag={to_tag}'}",
        f"Call-ID: {number}@switch.kz",
        f"CSeq: 1 {method}",
        "Contact: <sip:switch.kz:5070>",
        *more,
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def passport(attest: str, orig: str, dest: str, at_s: float) -> str:
    """An Identity header with a signature that nobody made."""
    claims = {"attest": attest, "dest": {"tn": [dest]}, "iat": int(at_s), "orig": {"tn": orig}, "origid": "1"}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, claims)]
    return f"Identity: {parts[0]}.{parts[1]}.c2lnbmF0dXJl;info=<https://cert.kz/x.pem>;alg=ES256;ppt=shaken"


def ack(invite: bytes, reply: Reply) -> bytes:
    """The ACK to a final answer that is no 2xx: the INVITE's own Via, the answer's To (RFC 3261, section 17.1.1.3)."""
    text = re.sub(r"^INVITE|(?<=CSeq: 1 )INVITE", "ACK", invite.decode())
    return re.sub(r"To: [^\r]*", f"To: {reply.header('To')}", text).encode()


class UdpSwitch:
    """One switch on a socket of its own."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(WAIT_S)

    def __enter__(self) -> "UdpSwitch":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.send(data)

    def receive(self) -> Reply:
        return read_reply(self._socket.recv(65_535))

    def final(self) -> Reply:
        reply = self.receive()
        return self.final() if reply.status < 200 else reply

    def call(self, *args: str) -> Reply:
        """A whole call: INVITE, the final answer, ACK."""
        invite = request("INVITE", *args)
        self.send(invite)
        reply = self.final()
        self.send(ack(invite, reply))
        return reply
