"""SIP messages (RFC 3261, section 7): bytes in, requests out, answers back into bytes; nothing here does I/O.

- Bytes that are no UTF-8 pass through unchanged where a header is copied into an answer.
- What is wrong with a request stands in its ``fault``, as long as there is a Via by which it can be answered.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MESSAGE_BYTES_MAX = 16_384
HEADERS_MAX = 128
VIAS_MAX = 70
"""Max-Forwards begins at 70: no request comes over more hops."""
VERSION = "SIP/2.0"
PHRASES = {
    100: "Trying",
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    433: "Anonymity Disallowed",
    481: "Call/Transaction Does Not Exist",
    487: "Request Terminated",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
    603: "Decline",
    608: "Rejected",
}
COMPACT = {
    "i": "call-id",
    "m": "contact",
    "e": "content-encoding",
    "l": "content-length",
    "c": "content-type",
    "f": "from",
    "s": "subject",
    "k": "supported",
    "t": "to",
    "v": "via",
    "y": "identity",
}
"""Short forms of headers' names (RFC 3261, section 7.3.3; RFC 8224 for Identity)."""
NEEDED = ("to", "from", "call-id", "cseq")
LENGTH_DIGITS_MAX = 9
ONCE = frozenset({"to", "from", "call-id", "cseq", "max-forwards", "content-length"})

_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_CSEQ = re.compile(r"(\d{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]+)", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>[A-Za-z0-9-]+)\s+"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?:\s*:\s*(?P<port>\d{1,5}))?\s*(?P<params>(?:;.*)?)",
    re.ASCII | re.IGNORECASE,
)
Headers = tuple[tuple[str, str], ...]


class Fault(NamedTuple):
    """Why a request can't be taken: a status of SIP, and what was wrong with what."""

    status: int
    text: str


class Via(NamedTuple):
    """The hop that a request came over last; ``text`` is its whole value."""

    text: str
    host: str
    port: int | None
    branch: str | None
    wants_port: bool


class Request(NamedTuple):
    """A request; headers' names are in small letters, in the order in which they came, with what each line held."""

    method: str
    uri: str
    headers: Headers
    via: Via
    vias: tuple[str, ...]
    cseq: int
    fault: Fault | None

    def first(self, name: str) -> str | None:
        """The value of the first header of that name."""
        return next(self.every(name), None)

    def every(self, name: str) -> Iterator[str]:
        return (value for key, value in self.headers if key == name)


class _Wrong(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.fault = Fault(status, text)


def read_request(message: bytes) -> Request | None:
    """The request in a datagram, or one framed from a stream; None for what can't be answered, or is no request."""
    head, found, body = message.lstrip(b"\r\n").partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    start = lines[0]
    if start.startswith("SIP/") or not start:
        return None
    headers, fault = _headers(_unfolded(lines[1:]))
    if len(message) > MESSAGE_BYTES_MAX:
        fault = Fault(513, f"more than {MESSAGE_BYTES_MAX} bytes")
    elif not found:
        fault = Fault(400, "the headers do not end")
    vias = tuple(part for key, value in headers if key == "via" for part in listed(value))
    via = _via(vias[0]) if vias else None
    if via is None:
        return None
    method, uri, cseq = start.partition(" ")[0], "", 0
    try:
        method, uri = _start(start)
        if fault is None:
            cseq = _checked(headers, vias, method, len(body))
    except _Wrong as wrong:
        fault = wrong.fault
    return Request(method, uri, headers, via, vias, cseq, fault)


def content_length(head: bytes) -> int | None:
    """How many bytes follow a head in a stream; None where it does not say, or says it badly."""
    headers, fault = _headers(_unfolded(head.decode("utf-8", "surrogateescape").split("\r\n")[1:]))
    lengths = {value for key, value in headers if key == "content-length"}
    return int(lengths.pop()) if len(lengths) == 1 and not fault and all(map(_is_length, lengths)) else None


def encode(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """An answer without a body."""
    lines = [f"{VERSION} {status} {PHRASES[status]}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode("utf-8", "surrogateescape")


def quoted(text: str) -> str:
    """A quoted string (RFC 3261, section 25.1).

    >>> quoted('a "b"')
    '"a \\\\"b\\\\""'
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(value: str) -> list[str]:
    """The parts of a value that commas separate, outside quotation marks and angle brackets; empty ones left out.

    >>> listed('"Ann, B" <sip:a,b@c>, <tel:+1>')
    ['"Ann, B" <sip:a,b@c>', '<tel:+1>']
    """
    parts, start, at = [], 0, 0
    closing = ""
    while at < len(value):
        char = value[at]
        if closing == '"' and char == "\\":
            at += 1
        elif closing:
            closing = "" if char == closing else closing
        elif char in '"<':
            closing = '"' if char == '"' else ">"
        elif char == ",":
            parts.append(value[start:at].strip())
            start = at + 1
        at += 1
    return [part for part in (*parts, value[start:].strip()) if part]


def _unfolded(lines: Sequence[str]) -> list[str]:
    """A line that begins with a blank goes on with the one before it."""
    out: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and out:
            out[-1] = f"{out[-1]} {line.strip()}"
        else:
            out.append(line)
    return out


def _headers(lines: Sequence[str]) -> tuple[Headers, Fault | None]:
    """The headers that can be read, and what is wrong with one that can't."""
    headers, fault = [], None
    if len(lines) > HEADERS_MAX:
        fault = Fault(400, f"more than {HEADERS_MAX} headers")
    for line in lines[:HEADERS_MAX]:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.fullmatch(name) or _CONTROL.search(value):
            fault = fault or Fault(400, "a line that is no header")
            continue
        headers.append((COMPACT.get(name.lower(), name.lower()), value.strip(" \t")))
    return tuple(headers), fault


def _start(line: str) -> tuple[str, str]:
    """The method and the Request-URI."""
    method, _, rest = line.partition(" ")
    uri, _, version = rest.partition(" ")
    if not _TOKEN.fullmatch(method) or not _URI.fullmatch(uri):
        raise _Wrong(400, "no request line")
    if version.upper() != VERSION:
        raise _Wrong(505 if version.upper().startswith("SIP/") else 400, f"{VERSION} alone is spoken here")
    return method, uri


def _checked(headers: Headers, vias: Sequence[str], method: str, body_bytes: int) -> int:
    """The number of the request's CSeq, once all that must stand in it does."""
    values: dict[str, set[str]] = {}
    for key, value in headers:
        if key in ONCE:
            values.setdefault(key, set()).add(value)
    for name in NEEDED:
        if name not in values:
            raise _Wrong(400, f"no {name}")
    for name, given in values.items():
        if len(given) > 1:
            raise _Wrong(400, f"more than one {name}")
    if len(vias) > VIAS_MAX:
        raise _Wrong(400, f"more than {VIAS_MAX} via")
    length = next(iter(values.get("content-length", {str(body_bytes)})))
    if not _is_length(length) or int(length) > body_bytes:
        raise _Wrong(400, "content-length does not fit")
    cseq = _CSEQ.fullmatch(next(iter(values["cseq"])))
    if cseq is None or cseq[2] != method or int(cseq[1]) >= 2**31:
        raise _Wrong(400, "cseq does not fit")
    return int(cseq[1])


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LENGTH_DIGITS_MAX


def _via(text: str) -> Via | None:
    found = _VIA.fullmatch(text)
    if found is None or int(found["port"] or 0) >= 1 << 16:
        return None
    params = {
        name.strip().lower(): value.strip()
        for name, _, value in (param.partition("=") for param in found["params"].split(";")[1:])
    }
    port = int(found["port"]) if found["port"] else None
    return Via(text, found["host"], port, params.get("branch") or None, "rport" in params)
