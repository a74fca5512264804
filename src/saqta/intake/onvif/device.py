"""One ONVIF device: its services, its clock, its media profiles and their streams (Profile S)."""

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from saqta.intake.onvif.soap import NAMESPACES, Client, SoapError, text_of
from saqta.model.login import Login
from saqta.model.moment import Clock, from_datetime

SUB_STREAM_WIDTH_PX_MIN = 320
"""Analysis looks no more finely: a narrower stream is not enough."""
_BOUNDS = ("x", "y", "width", "height")


class View(NamedTuple):
    """What a stream shows: a video source (a recorder has one a channel), or the part of it that ``bounds`` says."""

    source: str
    bounds: tuple[str, ...] = ()


class Profile(NamedTuple):
    """A media profile: a stream of one view."""

    token: str
    view: View
    encoding: str
    width: int
    height: int


class Streams(NamedTuple):
    """The streams of one view: ``analysis`` the smallest that is fine enough, ``evidence`` the largest."""

    view: View
    analysis: str
    evidence: str


class Device:
    """A device, asked over its device service's ``address``. Every method blocks, and raises SoapError.

    Its clock is ``ahead_ms`` ahead of ours.
    """

    def __init__(self, address: str, login: Login | None, clock: Clock) -> None:
        self.address = address
        self.ahead_ms = _clock_ahead_ms(address, login, clock)
        self.client = Client(login, lambda: clock() + self.ahead_ms)
        self._services: dict[str, str] = {}

    def service(self, prefix: str) -> str:
        """The address of a service, by its prefix in NAMESPACES; the device's own where it tells of none."""
        if not self._services:
            try:
                self._services = self._told_services()
            except SoapError:  # Devices of the first years know GetCapabilities only.
                self._services = self._told_capabilities()
        return self._services.get(NAMESPACES[prefix]) or self.address

    def _told_services(self) -> dict[str, str]:
        body = "<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>"
        answer = self.client.ask(self.address, f"{NAMESPACES['tds']}/GetServices", body)
        services = answer.iterfind("tds:GetServicesResponse/tds:Service", NAMESPACES)
        return {text_of(service, "tds:Namespace"): text_of(service, "tds:XAddr") for service in services}

    def _told_capabilities(self) -> dict[str, str]:
        body = "<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>"
        answer = self.client.ask(self.address, f"{NAMESPACES['tds']}/GetCapabilities", body)
        told = answer.find("tds:GetCapabilitiesResponse/tds:Capabilities", NAMESPACES)
        named = {"trt": "Media", "tev": "Events"}
        return {NAMESPACES[prefix]: text_of(told, f"tt:{name}/tt:XAddr") for prefix, name in named.items()}

    def profiles(self) -> list[Profile]:
        """The profiles that hold video, in the device's order."""
        answer = self.client.ask(self.service("trt"), f"{NAMESPACES['trt']}/GetProfiles", "<trt:GetProfiles/>")
        profiles = answer.iterfind("trt:GetProfilesResponse/trt:Profiles", NAMESPACES)
        return [_profile(one) for one in profiles if one.find("tt:VideoEncoderConfiguration", NAMESPACES) is not None]

    def stream(self, profile: Profile) -> str:
        """The RTSP address of a profile's stream, over TCP, without a login."""
        body = (
            "<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>"
            "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup>"
            f"<trt:ProfileToken>{escape(profile.token)}</trt:ProfileToken></trt:GetStreamUri>"
        )
        answer = self.client.ask(self.service("trt"), f"{NAMESPACES['trt']}/GetStreamUri", body)
        address = text_of(answer, "trt:GetStreamUriResponse/trt:MediaUri/tt:Uri")
        if urlsplit(address).scheme not in ("rtsp", "rtsps"):
            raise SoapError(f"{self.address} tells of a stream at {address or 'no address'}, which is not RTSP")
        return address

    def streams(self) -> list[Streams]:
        """The streams of each view, in the device's order: one camera each."""
        by_view: dict[View, list[Profile]] = {}
        for profile in self.profiles():
            by_view.setdefault(profile.view, []).append(profile)
        found = []
        for view, profiles in by_view.items():
            ordered = sorted(profiles, key=lambda one: one.width * one.height)
            fine = [one for one in ordered if one.width >= SUB_STREAM_WIDTH_PX_MIN] or ordered[-1:]
            found.append(Streams(view, self.stream(fine[0]), self.stream(ordered[-1])))
        return found


def _profile(element: Element) -> Profile:
    resolution = "tt:VideoEncoderConfiguration/tt:Resolution/tt:"
    width, height = (text_of(element, resolution + side, "0") for side in ("Width", "Height"))
    return Profile(
        token=element.get("token", ""),
        view=_view(element),
        encoding=text_of(element, "tt:VideoEncoderConfiguration/tt:Encoding"),
        width=int(width) if width.isdecimal() else 0,
        height=int(height) if height.isdecimal() else 0,
    )


def _view(profile: Element) -> View:
    """A device that doesn't name the source is known by its configuration; without one, each profile stands alone."""
    configuration = profile.find("tt:VideoSourceConfiguration", NAMESPACES)
    if configuration is None:
        return View(profile.get("token", ""))
    source = text_of(configuration, "tt:SourceToken") or configuration.get("token", "")
    bounds = configuration.find("tt:Bounds", NAMESPACES)
    return View(source, tuple(bounds.get(side, "") for side in _BOUNDS) if bounds is not None else ())


def _clock_ahead_ms(address: str, login: Login | None, clock: Clock) -> int:
    """How far the device's clock is ahead of ours: its logins are dated by its own (Core Specification, 5.12.2)."""
    body = "<tds:GetSystemDateAndTime/>"
    answer = Client(login, clock, dated=False).ask(address, f"{NAMESPACES['tds']}/GetSystemDateAndTime", body)
    told = answer.find("tds:GetSystemDateAndTimeResponse/tds:SystemDateAndTime/tt:UTCDateTime", NAMESPACES)
    try:
        year, month, day = (int(text_of(told, f"tt:Date/tt:{part}")) for part in ("Year", "Month", "Day"))
        hour, minute, second = (int(text_of(told, f"tt:Time/tt:{part}")) for part in ("Hour", "Minute", "Second"))
        return from_datetime(datetime(year, month, day, hour, minute, second, tzinfo=UTC)) - clock()
    except ValueError:
        return 0
