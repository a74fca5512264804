"""Decides what a request is answered with: bytes and time in, answers and questions out; nothing here does I/O.

- A call that may go on is redirected to where it was going (302); one that is blocked is declined (603, or 608 of
  RFC 8688), one that is held is forbidden (403) until a person has looked. Why stands in Reason (RFC 3326, RFC 6432).
- A call to what is no number in E.164, such as 112, is never asked about: it goes on.
- All but calls that are asked about is answered without a memory of it (RFC 3261, section 8.2.7): the same request gets
  the same answer.
"""

import hashlib
import re
from typing import Literal, NamedTuple

from saqta.intake.sip.message import Request, encode, listed, quoted, read_request
from saqta.intake.sip.parties import Attestation, attestation_of, caller_of, dialled, e164, tag_of
from saqta.intake.sip.settings import Neighbour, Neighbours, Sip, Trunk
from saqta.intake.sip.transactions import Key, Peer, Send, Transactions

ALLOWED = ("INVITE", "ACK", "CANCEL", "OPTIONS")
OTHERS = frozenset({"BYE", "INFO", "MESSAGE", "NOTIFY", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE"})
"""Methods that are known, and have no place here."""
SCHEMES = frozenset({"sip", "sips", "tel"})
MAGIC = "z9hG4bK"
"""A branch that begins so is unique (section 8.1.1.7)."""
PORT = 5060
RETRY_S = 1
REASON_CHARS_MAX = 300
CALL_REJECTED = 'Q.850;cause=21;text="call rejected"'
_RPORT = re.compile(r";\s*rport\s*(?==|;|$)(?:=\s*[^;\s]*)?", re.IGNORECASE)
_RECEIVED = re.compile(r";\s*received\s*=[^;]*", re.IGNORECASE)
Fields = tuple[tuple[str, str], ...]


class Call(NamedTuple):
    """A call to be decided."""

    id: str
    time_ms: int
    caller: str
    callee: str
    trunk: Trunk
    attestation: Attestation | None


class Ask(NamedTuple):
    """A call that waits for its verdict."""

    key: Key
    call: Call


class Verdict(NamedTuple):
    """What was decided, why in words, and the decision's name; busy and fault where nothing could be."""

    action: Literal["allow", "warn", "hold", "block", "busy", "fault"]
    reasons: tuple[str, ...] = ()
    decision: str | None = None


class Reply(NamedTuple):
    """What all answers to one request have in common."""

    to: Peer
    headers: Fields
    tag: str
    uri: str

    def send(self, status: int, *more: tuple[str, str]) -> Send:
        tagged = tuple(
            (name, f"{value};tag={self.tag}" if name == "To" and tag_of(value) is None else value)
            for name, value in self.headers
        )
        return Send(encode(status, (*(self.headers if status == 100 else tagged), *more)), self.to)


class Responder:
    """One responder; ``secret`` makes its tags its own."""

    def __init__(self, settings: Sip, home: str, secret: bytes) -> None:
        """InputError for settings that can't be."""
        self._neighbours = Neighbours(settings)
        self._home, self._secret, self._rejects_with = home, secret, settings.rejects_with
        self.transactions = Transactions()
        self._replies: dict[Key, Reply] = {}

    def knows(self, host: str) -> bool:
        """Whether a neighbour is at that address."""
        return self._neighbours.find(host) is not None

    def receive(self, data: bytes, source: Peer, now_ms: int, wall_ms: int) -> list[Send | Ask]:
        """What follows from one message; ``now_ms`` never goes back, ``wall_ms`` is the time of day."""
        request = read_request(data)
        if request is None:
            return []
        key = _key(request, source)
        if request.method == "ACK":
            self.transactions.acknowledge(key, now_ms)
            return []
        reply = self._reply(request, source, key)
        neighbour = self._neighbours.find(source.host)
        if request.fault:
            return [reply.send(request.fault.status, _warning(request.fault.text))]
        if neighbour is None:
            return [reply.send(403, _warning("no trunk is known at this address"))]
        if request.method == "INVITE":
            return self._invite(request, reply, key, neighbour, now_ms, wall_ms)
        if request.method == "CANCEL":
            return self._cancel(reply, key, now_ms)
        if request.method == "OPTIONS":
            return [_unsupported(request, reply) or reply.send(200, _allow(), ("Accept", "application/sdp"))]
        return [reply.send(405 if request.method in OTHERS else 501, _allow())]

    def decided(self, key: Key, verdict: Verdict, now_ms: int) -> list[Send]:
        """What follows from a verdict; nothing where the call was given up meanwhile."""
        reply = self._replies.pop(key, None)
        if reply is None:
            return []
        return self.transactions.answer(key, self._answer(reply, verdict).data, now_ms)

    def _invite(
        self, request: Request, reply: Reply, key: Key, neighbour: Neighbour, now_ms: int, wall_ms: int
    ) -> list[Send | Ask]:
        copy = self.transactions.copy(key)
        if copy is not None:
            return list(copy)
        refused = self._refused(request, reply)
        if refused:
            return [refused]
        written = dialled(request.uri)
        callee = e164(written, self._home, neighbour.trunk) if written else None
        if callee is None:
            return [reply.send(302, ("Contact", f"<{request.uri}>"))]
        caller = caller_of(request, self._home, neighbour.trunk)
        if caller is None:
            return [reply.send(433, _warning("no number of the caller"))]
        if self.transactions.is_full:
            return [reply.send(503, ("Retry-After", str(RETRY_S)))]
        attestation = attestation_of(request, caller, callee, wall_ms, neighbour.checks)
        self.transactions.begin(key, reply.to, reply.send(100).data, now_ms)
        self._replies[key] = reply
        id = self._digest(str(wall_ms), *key, request.first("call-id") or "")
        return [Ask(key, Call(id, wall_ms, caller, callee, neighbour.trunk, attestation))]

    def _refused(self, request: Request, reply: Reply) -> Send | None:
        if tag_of(request.first("to") or "") is not None:
            return reply.send(481)
        if request.uri.partition(":")[0].lower() not in SCHEMES:
            return reply.send(416)
        return _unsupported(request, reply)

    def _cancel(self, reply: Reply, key: Key, now_ms: int) -> list[Send | Ask]:
        waiting = self._replies.pop(key, None)
        if waiting is not None:
            return [reply.send(200), *self.transactions.answer(key, waiting.send(487).data, now_ms)]
        return [reply.send(200 if self.transactions.copy(key) is not None else 481)]

    def _answer(self, reply: Reply, verdict: Verdict) -> Send:
        named = (("X-Saqta-Decision", verdict.decision),) if verdict.decision else ()
        text = "; ".join(verdict.reasons)[:REASON_CHARS_MAX]
        if verdict.action in ("allow", "warn"):
            why = (("Reason", f"SIP;cause=302;text={quoted(text)}"),) if text else ()
            return reply.send(302, ("Contact", f"<{reply.uri}>"), *why, *named)
        if verdict.action == "busy":
            return reply.send(503, ("Retry-After", str(RETRY_S)))
        if verdict.action == "fault":
            return reply.send(500, _warning(text))
        status = 403 if verdict.action == "hold" else self._rejects_with
        return reply.send(status, ("Reason", f"SIP;cause={status};text={quoted(text)}, {CALL_REJECTED}"), *named)

    def _reply(self, request: Request, source: Peer, key: Key) -> Reply:
        via = request.via
        # RFC 3261, section 18.2.2, and RFC 3581: to where the request came from, and nowhere else.
        port = source.port if via.wants_port else via.port or PORT
        to = source if source.stream is not None else Peer(source.host, port)
        top = _RECEIVED.sub("", via.text)
        if via.wants_port:
            top = _RPORT.sub(f";rport={source.port}", top, count=1)
        if via.wants_port or via.host.strip("[]") != source.host:
            top += f";received={source.host}"
        copied = ((name, value) for name in ("From", "To", "Call-ID", "CSeq") for value in request.every(name.lower()))
        headers = (("Via", top), *(("Via", each) for each in request.vias[1:]), *copied)
        return Reply(to, headers, self._digest(*key)[:16], request.uri)

    def _digest(self, *parts: str) -> str:
        text = "\0".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(text, key=self._secret, digest_size=16).hexdigest()


def _key(request: Request, source: Peer) -> Key:
    """The transaction that a request belongs to (section 17.2.3); an ACK and a CANCEL to that of their INVITE."""
    via = request.via
    if via.branch and via.branch.startswith(MAGIC):
        return (via.branch, via.host.lower(), str(via.port or PORT), source.host)
    call_id, caller = request.first("call-id") or "", tag_of(request.first("from") or "") or ""
    return (call_id, caller, str(request.cseq), via.text, source.host)


def _unsupported(request: Request, reply: Reply) -> Send | None:
    required = [part for value in request.every("require") for part in listed(value)]
    return reply.send(420, ("Unsupported", ", ".join(required))) if required else None


def _allow() -> tuple[str, str]:
    return "Allow", ", ".join(ALLOWED)


def _warning(text: str) -> tuple[str, str]:
    return "Warning", f"399 saqta {quoted(text)}"
