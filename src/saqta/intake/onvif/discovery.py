"""WS-Discovery 1.1 as ONVIF uses it (Core Specification, 7): a probe by UDP, and who answers it."""

import socket
import time
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from saqta.intake.onvif.soap import NAMESPACES, SoapError, envelope, parsed, text_of
from saqta.model.errors import InputError

MULTICAST = ("239.255.255.250", 3702)
DEVICES_MAX = 1_024
DATAGRAM_BYTES_MAX = 65_535
ADDRESSES_MAX = 8
AGAIN_S = 0.5
"""UDP loses things: the probe is sent once more after this."""
_PROBE = "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe"
_ANYONE = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
_SCOPE = "onvif://www.onvif.org/"


class Found(NamedTuple):
    """A device that answered: what it is called for ever, its service's address, its name and hardware as it says."""

    endpoint: str
    address: str
    name: str
    hardware: str


def discover(message: str, wait_s: float, to: tuple[str, int] = MULTICAST) -> list[Found]:
    """Who answers a probe within ``wait_s``, DEVICES_MAX at most, in the order of their addresses. Blocks.

    ``message`` is a UUID that nobody else uses. What is no answer to it is passed over. InputError where nothing can be
    sent.
    """
    found: dict[str, Found] = {}
    started_s = time.monotonic()
    probes = [started_s, started_s + min(AGAIN_S, wait_s / 2)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        while (now_s := time.monotonic()) < started_s + wait_s and len(found) < DEVICES_MAX:
            if probes and now_s >= probes[0]:
                _send(asker, _probe(message), to)
                probes.pop(0)
            asker.settimeout(max(0.001, min(started_s + wait_s, *probes or [float("inf")]) - now_s))
            try:
                datagram, _ = asker.recvfrom(DATAGRAM_BYTES_MAX)
            except TimeoutError:
                continue
            except OSError:  # A refusal that came back of what was sent to a single address: nobody is there.
                continue
            for one in _matches(datagram, message):
                found.setdefault(one.endpoint, one)
    return sorted(list(found.values())[:DEVICES_MAX], key=lambda one: one.address)


def _send(asker: socket.socket, probe: bytes, to: tuple[str, int]) -> None:
    try:
        asker.sendto(probe, to)
    except OSError as error:
        raise InputError("to", f"{to[0]}:{to[1]}", f"an address that a probe can be sent to ({error})") from error


def _probe(message: str) -> bytes:
    header = (
        f"<wsd:MessageID>urn:uuid:{message}</wsd:MessageID><wsd:To>{_ANYONE}</wsd:To><wsd:Action>{_PROBE}</wsd:Action>"
    )
    return envelope(header, "<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>")


def _matches(datagram: bytes, message: str) -> list[Found]:
    try:
        answer = parsed(datagram)
    except SoapError:
        return []
    if text_of(answer, "s:Header/wsd:RelatesTo") != f"urn:uuid:{message}":
        return []
    found = []
    for match in answer.iterfind("s:Body/d:ProbeMatches/d:ProbeMatch", NAMESPACES):
        addresses = text_of(match, "d:XAddrs").split()[:ADDRESSES_MAX]
        usable = [one for one in addresses if urlsplit(one).scheme in ("http", "https")]
        if usable:
            scopes = text_of(match, "d:Scopes").split()
            endpoint = text_of(match, "wsd:EndpointReference/wsd:Address") or usable[0]
            found.append(Found(endpoint, usable[0], _scope(scopes, "name"), _scope(scopes, "hardware")))
    return found


def _scope(scopes: list[str], name: str) -> str:
    start = f"{_SCOPE}{name}/"
    return next((unquote(scope.removeprefix(start)) for scope in scopes if scope.startswith(start)), "")
