"""Events of an ONVIF device, pulled from a PullPoint subscription (Core Specification, 9), taken in as alerts.

Read are the topic, the rule's name, the time, and whether what the topic tells of holds; nothing else: recognised
faces, number plates and whatever else an event carries are passed over.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

import msgspec
import structlog

from saqta.intake.arrivals import Arrival, OpenDoor, keep_up, read_secret
from saqta.intake.door import Door, moment
from saqta.intake.onvif.device import Device
from saqta.intake.onvif.soap import NAMESPACES, SoapError, text_of
from saqta.model.errors import InputError
from saqta.model.kinds import NAME_CHARS_MAX, AlertRaised
from saqta.model.kinds.record import Name
from saqta.model.login import Login
from saqta.model.moment import from_text

PULL_S = 5
MESSAGES_MAX = 100
"""Of one pull."""
SUBSCRIPTION_S = 60
RENEW_S = 20.0
TOPICS = {
    "RuleEngine/FieldDetector/ObjectsInside": "intrusion",
    "RuleEngine/LineDetector/Crossed": "line_crossed",
    "RuleEngine/LoiteringDetector/ObjectIsLoitering": "loitering",
    "RuleEngine/TamperDetector/Tamper": "camera_blind",
    "VideoSource/ImageTooDark/ImagingService": "camera_blind",
    "VideoSource/ImageTooBright/ImagingService": "camera_blind",
    "VideoSource/ImageTooBlurry/ImagingService": "camera_blind",
    "VideoSource/GlobalSceneChange/ImagingService": "camera_moved",
}
"""Which kind of alert an event of a topic is, unless a device's settings say otherwise. Plain motion is none."""
_PULL_POINT = f"{NAMESPACES['tev']}/PullPointSubscription"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_PULL = (
    f"<tev:PullMessages><tev:Timeout>PT{PULL_S}S</tev:Timeout>"
    f"<tev:MessageLimit>{MESSAGES_MAX}</tev:MessageLimit></tev:PullMessages>"
)
_RENEW = f"<wsnt:Renew><wsnt:TerminationTime>PT{SUBSCRIPTION_S}S</wsnt:TerminationTime></wsnt:Renew>"
_STATES = {"true": True, "1": True, "false": False, "0": False}
_HAPPENED = ("Changed", "")
"""What a subscription finds when it begins is nothing that happened."""
logger = structlog.get_logger()


class OnvifDevice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device whose events are taken in: the address of its device service, a login (the password in a file of its
    own), which of our cameras it is (by default of the same name), and further kinds of alert by topic."""

    address: str
    user: str | None = None
    password_file: str | None = None
    camera: str = ""
    topics: dict[str, Name] = {}


class _Claim(NamedTuple):
    alert: AlertRaised
    name: tuple[str, ...]
    time_ms: int


def onvif(devices: Mapping[str, OnvifDevice], open_door: OpenDoor) -> Iterator[Arrival]:
    """Listens to each device by its name in the settings; InputError where a password can't be read."""
    for name, device in devices.items():
        login = None
        if device.user is not None:
            password = read_secret(f"onvif.{name}.password_file", device.password_file)
            login = Login(device.user, password)
        yield Arrival(f"onvif {name}", partial(_keep_up, name, device, login, open_door(f"/intake/onvif/{name}")))


def take(name: str, settings: OnvifDevice, door: Door, notification: Element, ahead_ms: int) -> None:
    """Takes in one notification, dated by a clock that is ``ahead_ms`` ahead of ours; what can't be taken is put aside.

    StorageError when nothing can be kept.
    """
    try:
        for claim in _claims(name, settings, notification, door.clock(), ahead_ms):
            door.take(claim.alert, claim.name, claim.time_ms)
    except InputError as error:
        door.refuse(tostring(notification), f"{error.field}: expected {error.expected}")


def _claims(name: str, settings: OnvifDevice, notification: Element, now_ms: int, ahead_ms: int) -> Iterator[_Claim]:
    topic = "/".join(part.rpartition(":")[2] for part in text_of(notification, "wsnt:Topic").split("/"))
    kind = (TOPICS | settings.topics).get(topic)
    message = notification.find("wsnt:Message/tt:Message", NAMESPACES)
    if kind is None or message is None or message.get("PropertyOperation", "") not in _HAPPENED:
        return
    items = {
        item.get("Name", ""): item.get("Value", "") for item in message.iterfind("tt:Data/tt:SimpleItem", NAMESPACES)
    }
    states = [_STATES[value.lower()] for value in items.values() if value.lower() in _STATES]
    if not all(states):
        return
    told = message.get("UtcTime", "")
    time_ms = moment((from_text(told, "UtcTime") - ahead_ms) / 1000, "UtcTime", now_ms)
    sources = message.iterfind("tt:Source/tt:SimpleItem", NAMESPACES)
    rule = next((item.get("Value", "") for item in sources if item.get("Name") == "Rule"), "")[:NAME_CHARS_MAX]
    by = f" by its rule '{rule}'" if rule else ""
    alert = AlertRaised(
        kind=kind,
        camera=settings.camera or name,
        reasons=(f"the camera itself tells of {topic.rpartition('/')[2]}{by}",),
        zone=rule or None,
    )
    yield _Claim(alert, (topic, rule, told), time_ms)


def _keep_up(name: str, settings: OnvifDevice, login: Login | None, door: Door, stop: threading.Event) -> None:
    def connect() -> None:
        _listen(name, settings, Device(settings.address, login, door.clock), door, stop)

    keep_up(door.source, stop, connect)


def _listen(name: str, settings: OnvifDevice, device: Device, door: Door, stop: threading.Event) -> None:
    """Holds one subscription until it breaks or ``stop`` is set; SoapError says why it broke."""
    subscription = _subscribed(device)
    logger.info("subscribed", source=door.source, device=device.address)
    renewed_s = time.monotonic()
    try:
        while not stop.is_set():
            answer = device.client.ask(subscription, f"{_PULL_POINT}/PullMessagesRequest", _PULL, PULL_S * 2)
            for notification in answer.iterfind("tev:PullMessagesResponse/wsnt:NotificationMessage", NAMESPACES):
                take(name, settings, door, notification, device.ahead_ms)
            if time.monotonic() - renewed_s >= RENEW_S:
                renewed_s = time.monotonic()
                device.client.ask(subscription, f"{_MANAGER}/RenewRequest", _RENEW)
    finally:
        with suppress(SoapError):
            device.client.ask(subscription, f"{_MANAGER}/UnsubscribeRequest", "<wsnt:Unsubscribe/>")


def _subscribed(device: Device) -> str:
    """The address of a new subscription."""
    body = (
        "<tev:CreatePullPointSubscription>"
        f"<tev:InitialTerminationTime>PT{SUBSCRIPTION_S}S</tev:InitialTerminationTime>"
        "</tev:CreatePullPointSubscription>"
    )
    action = f"{NAMESPACES['tev']}/EventPortType/CreatePullPointSubscriptionRequest"
    answer = device.client.ask(device.service("tev"), action, body)
    path = "tev:CreatePullPointSubscriptionResponse/tev:SubscriptionReference/wsa:Address"
    address = text_of(answer, path)
    if not address:
        raise SoapError(f"{device.address} gives no subscription to pull from")
    return address
