"""A small ONVIF device on loopback: SOAP 1.2 over real HTTP, WS-Discovery over real UDP, logins checked."""

import base64
import hashlib
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from xml.etree.ElementTree import Element, fromstring

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "d": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
}
XMLNS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items()) + (
    ' xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"'
    ' xmlns:tns1="http://www.onvif.org/ver10/topics"'
)
USER, PASSWORD = "eye", "correct horse"
YEAR = 2031
"""The device's clock is some years ahead."""


class OnvifDevice:
    """Profiles are (token, video source, width, height); events are what ``tell`` was given.

    A probe is answered with what ``matches`` holds, a datagram each: (endpoint, addresses) of its devices. ``given``
    has how many events each pull got.
    """

    def __init__(self, profiles: list[tuple[str, str, int, int]] = ()) -> None:
        self.profiles = profiles or [("main", "v1", 1920, 1080), ("sub", "v1", 640, 360), ("thumb", "v1", 160, 90)]
        self.events: Queue[str] = Queue()
        self.asked: list[str] = []
        self.given: list[int] = []
        self.override: dict[str, bytes] = {}
        self.unknown: set[str] = set()
        self.http_digest: str | None = None
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                let_in = device.http_digest is None or device.knows(self.headers.get("Authorization", ""), self.path)
                status, answer = device.answer(request) if let_in else (401, b"")
                self.send_response(status)
                if not let_in:
                    self.send_header("WWW-Authenticate", 'Basic realm="cam"')
                    self.send_header("WWW-Authenticate", f'Digest realm="cam", nonce="n1", {device.http_digest}')
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}/onvif/device_service"
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self.probe_at = self._udp.getsockname()
        self.matches = [[("urn:uuid:cam-1", f"{self.address} ftp://127.0.0.1/odd")]]
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.05,)),
            threading.Thread(target=self._discovered),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._udp.sendto(b"end", self.probe_at)
        for thread in self._threads:
            thread.join()
        self._udp.close()

    def tell(self, topic: str, *, data: str, sources: str = "", operation: str = "Changed", at: str) -> None:
        """An event, to be pulled."""
        self.events.put(
            f'<wsnt:NotificationMessage><wsnt:Topic Dialect="x">{topic}</wsnt:Topic><wsnt:Message>'
            f'<tt:Message UtcTime="{at}" PropertyOperation="{operation}"><tt:Source>{sources}</tt:Source>'
            f"<tt:Data>{data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"
        )

    def answer(self, request: bytes) -> tuple[int, bytes]:
        root = fromstring(request)
        asked = next(iter(root.find("s:Body", NS))).tag.partition("}")[2]
        self.asked.append(asked)
        if asked in self.override:
            return 200, self.override[asked]
        if asked != "GetSystemDateAndTime" and not self._may(root):
            return 400, self._fault("ter:NotAuthorized", "Sender not authorized")
        body = getattr(self, f"_{asked}", None) if asked not in self.unknown else None
        return (200, _envelope(body(root))) if body else (500, self._fault("ter:ActionNotSupported", asked))

    def knows(self, authorization: str, path: str) -> bool:
        """Whether an HTTP Digest answer is right (RFC 7616, 3.4.1)."""
        told = {
            name: quoted or plain
            for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\w[\w-]*))', authorization)
        }
        make = hashlib.sha256 if told.get("algorithm") == "SHA-256" else hashlib.md5

        def hashed(*parts: str) -> str:
            return make(":".join(parts).encode()).hexdigest()

        known, asked = hashed(USER, "cam", PASSWORD), hashed("POST", path)
        middle = [told["nc"], told["cnonce"], told["qop"]] if "qop" in told else []
        return bool(told) and told["response"] == hashed(known, "n1", *middle, asked)

    def _may(self, root: Element) -> bool:
        token = root.find("s:Header/wsse:Security/wsse:UsernameToken", NS)
        if token is None:
            return False
        created = token.findtext("wsu:Created", "", NS)
        nonce = base64.b64decode(token.findtext("wsse:Nonce", "", NS))
        digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()).decode()
        told = token.findtext("wsse:Username", "", NS), token.findtext("wsse:Password", "", NS)
        return created.startswith(str(YEAR)) and told == (USER, digest)

    def _fault(self, code: str, reason: str) -> bytes:
        return _envelope(
            f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
            f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
        )

    def _GetSystemDateAndTime(self, _: Element) -> str:
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>12</tt:Hour>"
            "<tt:Minute>30</tt:Minute><tt:Second>5</tt:Second></tt:Time><tt:Date>"
            f"<tt:Year>{YEAR}</tt:Year><tt:Month>6</tt:Month><tt:Day>1</tt:Day></tt:Date></tt:UTCDateTime>"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _GetServices(self, _: Element) -> str:
        services = "".join(
            f"<tds:Service><tds:Namespace>{NS[prefix]}</tds:Namespace><tds:XAddr>{self.address}</tds:XAddr></tds:Service>"
            for prefix in ("tds", "trt", "tev")
        )
        return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"

    def _GetCapabilities(self, _: Element) -> str:
        media = f"<tt:Media><tt:XAddr>{self.address}</tt:XAddr></tt:Media>"
        capabilities = f"<tds:Capabilities>{media}</tds:Capabilities>"
        return f"<tds:GetCapabilitiesResponse>{capabilities}</tds:GetCapabilitiesResponse>"

    def _GetProfiles(self, _: Element) -> str:
        profiles = "".join(
            f'<trt:Profiles token="{token}"><tt:Name>{token}</tt:Name>{_video_source(source)}'
            f"<tt:VideoEncoderConfiguration><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
            f"<tt:Height>{height}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
            for token, source, width, height in self.profiles
        )
        audio = '<trt:Profiles token="audio"><tt:Name>audio only</tt:Name></trt:Profiles>'
        return f"<trt:GetProfilesResponse>{profiles}{audio}</trt:GetProfilesResponse>"

    def _GetStreamUri(self, root: Element) -> str:
        token = root.findtext(".//trt:ProfileToken", "", NS)
        uri = f"rtsp://127.0.0.1:554/{token}?a=1&amp;b=2"
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>"
        )

    def _CreatePullPointSubscription(self, _: Element) -> str:
        return (
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa5:Address>{self.address}</wsa5:Address></tev:SubscriptionReference>"
            "</tev:CreatePullPointSubscriptionResponse>"
        )

    def _PullMessages(self, root: Element) -> str:
        told = []
        try:
            told.append(self.events.get(timeout=0.2))
            while len(told) < int(root.findtext(".//tev:MessageLimit", "", NS)):
                told.append(self.events.get_nowait())
        except Empty:
            pass
        self.given.append(len(told))
        return f"<tev:PullMessagesResponse>{''.join(told)}</tev:PullMessagesResponse>"

    def _Unsubscribe(self, _: Element) -> str:
        return "<wsnt:UnsubscribeResponse/>"

    def _discovered(self) -> None:
        while (got := self._udp.recvfrom(65535))[0] != b"end":
            message = re.search(rb"MessageID>(.*?)</", got[0])
            related = message.group(1).decode() if message else ""
            self._udp.sendto(b"noise, not XML", got[1])
            for to in ("urn:uuid:someone-else", related):
                for devices in self.matches:
                    matches = f"<d:ProbeMatches>{''.join(_match(*device) for device in devices)}</d:ProbeMatches>"
                    self._udp.sendto(_envelope(matches, f"<wsa:RelatesTo>{to}</wsa:RelatesTo>"), got[1])


def _match(endpoint: str, addresses: str) -> str:
    return (
        f"<d:ProbeMatch><wsa:EndpointReference><wsa:Address>{endpoint}</wsa:Address></wsa:EndpointReference>"
        "<d:Types>dn:NetworkVideoTransmitter</d:Types>"
        "<d:Scopes>onvif://www.onvif.org/name/North%20gate onvif://www.onvif.org/hardware/X-1</d:Scopes>"
        f"<d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch>"
    )


def _video_source(source: str) -> str:
    """SOURCE, SOURCE@X (a part of it, from X on), or #TOKEN for one that is known by its configuration only."""
    source, _, left = source.partition("@")
    bounds = f'<tt:Bounds x="{left}" y="0" width="960" height="1080"/>' if left else ""
    told = "" if source.startswith("#") else f"<tt:SourceToken>{source}</tt:SourceToken>"
    configuration = f'tt:VideoSourceConfiguration token="{source.strip("#")}"'
    return f"<{configuration}>{told}{bounds}</tt:VideoSourceConfiguration>" if source else ""


def _envelope(body: str, header: str = "") -> bytes:
    return f"<s:Envelope {XMLNS}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()
