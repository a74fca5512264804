"""Frigate's tracked objects, from its MQTT topic ``frigate/events``, taken in as alerts.

- Only what ``_Tracked`` has is read: no sub-label (whose face), no number plate, no snapshot, no attributes.
- An object is one alert for each zone with a kind of its own that it entered, or one where no zones are set.
- A message is acknowledged once what came of it is durable; the broker keeps what comes while we are away (QoS 1, a
  session of our own).
"""

import threading
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
import structlog

from saqta.intake.arrivals import Arrival, OpenDoor, keep_up, read_secret
from saqta.intake.door import Door, moment
from saqta.model.errors import InputError
from saqta.model.kinds import AlertRaised
from saqta.model.kinds.record import Name

MESSAGE_BYTES_MAX = 256 << 10
ZONES_MAX = 64
KEEP_ALIVE_S = 30
CONNECT_WAIT_S = 5.0
LOOP_S = 0.2
IDENTIFYING = frozenset({"face", "license_plate"})
"""Labels of what identifies somebody: no alert is made of them."""
logger = structlog.get_logger()


class Mqtt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frigate's events over an MQTT broker; nobody is listened to without a ``host``.

    ``zones`` says which kind of alert an object in one of Frigate's zones is; where it is empty every object is an
    alert of the kind ``kind``. ``cameras`` gives Frigate's names of cameras ours, where they differ. The password
    stands in a file of its own.
    """

    host: str = ""
    port: int = 1883
    tls: bool = False
    user: str | None = None
    password_file: str | None = None
    topic: str = "frigate/events"
    name: Name = "frigate"
    kind: Name = "object_seen"
    zones: dict[Name, Name] = {}
    cameras: dict[str, Name] = {}


class _Tracked(msgspec.Struct, frozen=True):
    id: Name
    camera: Name
    label: Name
    start_time: float
    frame_time: float
    top_score: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    false_positive: bool = False
    entered_zones: Annotated[list[Name], msgspec.Meta(max_length=ZONES_MAX)] = []


class _Message(msgspec.Struct, frozen=True):
    type: Literal["new", "update", "end"]
    after: _Tracked


class _Seen(msgspec.Struct, frozen=True):
    """An alert, and what Frigate knows it by."""

    alert: AlertRaised
    name: tuple[str, ...]
    time_ms: int


_decoder = msgspec.json.Decoder(_Message)


def frigate(settings: Mqtt, open_door: OpenDoor) -> Iterator[Arrival]:
    """Listens to the broker, where the settings name one; InputError where its password can't be read."""
    if settings.host:
        door = open_door(f"/intake/{settings.name}")
        password = read_secret("mqtt.password_file", settings.password_file) if settings.user else None

        def run(stop: threading.Event) -> None:
            keep_up(door.source, stop, lambda: _listen(settings, password, door, stop))

        yield Arrival(settings.name, run)


def take(settings: Mqtt, door: Door, payload: bytes) -> None:
    """Takes in one message; what can't be taken is put aside. StorageError when nothing can be kept."""
    try:
        if len(payload) > MESSAGE_BYTES_MAX:
            raise InputError("message", f"{len(payload)} bytes", f"at most {MESSAGE_BYTES_MAX} bytes")
        for seen in _seen(settings, _decoder.decode(payload).after, door.clock()):
            door.take(seen.alert, seen.name, seen.time_ms)
    except InputError as error:
        door.refuse(payload, f"{error.field}: expected {error.expected}")
    except msgspec.ValidationError as error:
        # Where, but not what: it may be anything.
        door.refuse(payload, f"no event of Frigate's, because of {str(error).rpartition(' - at ')[2][:100]}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        door.refuse(payload, "no JSON, or nested without end")


def _seen(settings: Mqtt, tracked: _Tracked, now_ms: int) -> Iterator[_Seen]:
    started_ms = moment(tracked.start_time, "after.start_time", now_ms)
    moment(tracked.frame_time, "after.frame_time", now_ms)
    if tracked.false_positive or tracked.label in IDENTIFYING:
        return
    if not settings.zones:
        yield _Seen(_alert(settings, tracked, settings.kind, None), (tracked.id,), started_ms)
    for zone in dict.fromkeys(tracked.entered_zones):
        if zone in settings.zones:
            entered_ms = moment(max(tracked.start_time, tracked.frame_time), "after.frame_time", now_ms)
            yield _Seen(_alert(settings, tracked, settings.zones[zone], zone), (tracked.id, zone), entered_ms)


def _alert(settings: Mqtt, tracked: _Tracked, kind: str, zone: str | None) -> AlertRaised:
    where = f" in the zone '{zone}'" if zone else ""
    return AlertRaised(
        kind=kind,
        camera=settings.cameras.get(tracked.camera, tracked.camera),
        confidence=None if tracked.top_score is None else round(tracked.top_score, 2),
        reasons=(f"Frigate tells of a {tracked.label}{where}",),
        zone=zone,
        model=settings.name,
    )


def _listen(settings: Mqtt, password: str | None, door: Door, stop: threading.Event) -> None:
    """Holds one connection until it breaks or ``stop`` is set; OSError says why it broke."""
    from paho.mqtt import client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"saqta-{settings.name}",
        clean_session=False,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.connect_timeout = CONNECT_WAIT_S
    if settings.tls:
        client.tls_set()
    if settings.user is not None:
        client.username_pw_set(settings.user, password)
    refused: list[str] = []

    def connected(client: mqtt.Client, _: object, flags: object, code: object, properties: object) -> None:
        if code == 0:
            client.subscribe(settings.topic, qos=1)
            logger.info("connected", source=door.source, broker=f"{settings.host}:{settings.port}")
        else:
            refused.append(str(code))

    def came(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        take(settings, door, bytes(message.payload))
        client.ack(message.mid, message.qos)

    client.on_connect, client.on_message = connected, came
    client.connect(settings.host, settings.port, KEEP_ALIVE_S)
    try:
        while not stop.is_set():
            code = client.loop(LOOP_S)
            if refused or code != mqtt.MQTT_ERR_SUCCESS:
                raise ConnectionError(refused[0] if refused else mqtt.error_string(code))
    finally:
        client.disconnect()
