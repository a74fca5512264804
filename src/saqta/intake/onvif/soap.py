"""SOAP 1.2 over HTTP as ONVIF devices speak it, with WS-UsernameToken (digest), and HTTP Digest where it is asked for.

What a device answers is not trusted: bounded in size, no entities, no document types.
"""

import base64
import hashlib
import http.client
import secrets
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from saqta.intake.onvif.digest import authorization
from saqta.model.login import Login
from saqta.model.moment import Clock, to_text

ANSWER_BYTES_MAX = 4 << 20
"""The profiles of a recorder of 256 channels fit."""
DEPTH_MAX = 64
WAIT_S = 10.0
NONCE_BYTES = 16
NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "d": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
    "wsd": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "dn": "http://www.onvif.org/ver10/network/wsdl",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
}
_TOKEN_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"  # noqa: S105
_MESSAGE_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0"


class SoapError(OSError):
    """The device can't be reached, refused, or answered what is no SOAP."""


class Client(NamedTuple):
    """How devices are asked: as whom, and at what time by their own clock; a login is ``dated`` once that is known."""

    login: Login | None
    clock: Clock
    dated: bool = True

    def ask(self, address: str, action: str, body: str, wait_s: float = WAIT_S) -> Element:
        """Sends ``body`` to ``address``; gives the answer's Body. Blocks for ``wait_s`` a read at most; SoapError."""
        header = f"<wsa:Action>{action}</wsa:Action><wsa:To>{escape(address)}</wsa:To>"
        if self.login is not None and self.dated:
            header += _security(self.login, self.clock())
        return _body(_answered(address, action, envelope(header, body), wait_s, self.login), address)


def envelope(header: str, body: str) -> bytes:
    """A SOAP 1.2 message in which every prefix of NAMESPACES may be used."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {names}><s:Header>{header}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def parsed(content: bytes) -> Element:
    """XML from outside; SoapError where it is none, or one that is up to something."""
    if len(content) > ANSWER_BYTES_MAX:
        raise SoapError(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise SoapError(f"an answer that is no plain XML ({error})") from error
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise SoapError(f"an answer that is nested more than {DEPTH_MAX} deep")
        level = [child for element in level for child in element]
    return root


def text_of(element: Element | None, path: str, default: str = "") -> str:
    """The text at a path, without white space around it."""
    found = element.find(path, NAMESPACES) if element is not None else None
    return (found.text or "").strip() if found is not None else default


def _security(login: Login, now_ms: int) -> str:
    """A UsernameToken with the password's digest (WSS UsernameToken Profile 1.0, 3.1)."""
    nonce, created = secrets.token_bytes(NONCE_BYTES), to_text(now_ms)
    digest = hashlib.sha1(nonce + created.encode() + login.password.encode(), usedforsecurity=False).digest()
    return (
        '<wsse:Security s:mustUnderstand="1"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(login.user)}</wsse:Username>"
        f'<wsse:Password Type="{_TOKEN_PROFILE}#PasswordDigest">{_base64(digest)}</wsse:Password>'
        f'<wsse:Nonce EncodingType="{_MESSAGE_SECURITY}#Base64Binary">{_base64(nonce)}</wsse:Nonce>'
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


class _Answer(NamedTuple):
    status: int
    content: bytes
    challenges: list[str]


def _answered(address: str, action: str, message: bytes, wait_s: float, login: Login | None) -> bytes:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SoapError(f"{address} is no address of the form http://HOST/PATH")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    answer = _posted(parts, path, message, headers, wait_s)
    if answer.status == http.client.UNAUTHORIZED and login is not None:
        nonce = secrets.token_hex(NONCE_BYTES)
        told = authorization(answer.challenges, login.user, login.password, path, nonce)
        if told is not None:
            answer = _posted(parts, path, message, headers | {"Authorization": told}, wait_s)
    if answer.status == http.client.UNAUTHORIZED:
        raise SoapError(f"{address} does not let this user in")
    if not answer.content:
        raise SoapError(f"{address} answers with HTTP {answer.status} and nothing else")
    return answer.content


def _posted(parts: SplitResult, path: str, message: bytes, headers: dict[str, str], wait_s: float) -> _Answer:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=wait_s)
        try:
            connection.request("POST", path, message, headers)
            answer = connection.getresponse()
            challenges = answer.headers.get_all("WWW-Authenticate") or []
            return _Answer(answer.status, answer.read(ANSWER_BYTES_MAX + 1), challenges)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SoapError(f"{parts.geturl()} does not answer ({error or type(error).__name__})") from error


def _body(content: bytes, address: str) -> Element:
    body = parsed(content).find("s:Body", NAMESPACES)
    if body is None:
        raise SoapError(f"{address} answers what is no SOAP 1.2")
    fault = body.find("s:Fault", NAMESPACES)
    if fault is not None:
        code = text_of(fault, "s:Code/s:Subcode/s:Value") or text_of(fault, "s:Code/s:Value")
        raise SoapError(f"{address} refuses: {text_of(fault, 's:Reason/s:Text')} ({code})")
    return body
