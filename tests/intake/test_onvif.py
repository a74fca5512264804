"""ONVIF devices over real sockets: found, asked for their streams, listened to."""

import csv
import io
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.listening import running, until
from intake.onvif_device import NS, PASSWORD, USER, OnvifDevice
from saqta.intake.arrivals import SECRET_CHARS_MAX, read_secret
from saqta.intake.door import Door
from saqta.intake.onvif.device import Device, View
from saqta.intake.onvif.digest import authorization
from saqta.intake.onvif.discovery import ADDRESSES_MAX, discover
from saqta.intake.onvif.events import MESSAGES_MAX, onvif
from saqta.intake.onvif.events import OnvifDevice as Settings
from saqta.intake.onvif.soap import ANSWER_BYTES_MAX, DEPTH_MAX, SoapError, parsed
from saqta.log.logins import Logins
from saqta.log.memory import MemoryLog
from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.kinds import AlertRaised, MessagePutAside
from saqta.model.login import Login

NOW_MS = 1_790_000_000_000
AT = "2031-06-01T12:30:00Z"
"""Five seconds ago, by the device's own clock."""
MESSAGE = "7c1a1c34-9df2-4a9b-8a6a-5c2a7d2f1b11"


@pytest.fixture
def device() -> Iterator[OnvifDevice]:
    made = OnvifDevice()
    yield made
    made.close()


def asked(device: OnvifDevice, password: str = PASSWORD) -> Device:
    return Device(device.address, Login(USER, password), lambda: NOW_MS)


def test_a_device_is_found_and_noise_is_passed_over(device: OnvifDevice) -> None:
    (found,) = discover(MESSAGE, 0.8, device.probe_at)
    assert (found.endpoint, found.address) == ("urn:uuid:cam-1", device.address)
    assert (found.name, found.hardware) == ("North gate", "X-1")


def test_nobody_there_is_an_empty_answer() -> None:
    assert discover(MESSAGE, 0.2, ("127.0.0.1", 9)) == []


def test_the_smallest_stream_that_is_fine_enough_is_analysed_and_the_largest_is_evidence(device: OnvifDevice) -> None:
    (one,) = asked(device).streams()
    assert one.analysis == "rtsp://127.0.0.1:554/sub?a=1&b=2"
    assert one.evidence == "rtsp://127.0.0.1:554/main?a=1&b=2"


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("v2", View("v2")),
        ("v1@960", View("v1", ("960", "0", "960", "1080"))),
        ("#config2", View("config2")),
        ("", View("b")),
    ],
    ids=["source", "part of a source", "configuration", "nothing"],
)
def test_each_channel_of_a_recorder_is_a_camera(second: str, told: View) -> None:
    recorder = OnvifDevice([("a", "v1", 640, 480), ("b", second, 1280, 720), ("c", second or "v1", 352, 288)])
    try:
        first, other = asked(recorder).streams()
    finally:
        recorder.close()
    assert (first.view, other.view) == (View("v1"), told)
    assert other.evidence[-9:-8] == "b"
    assert (other.analysis if second else first.analysis)[-9:-8] == "c"


def test_cameras_of_one_host_do_not_take_each_others_ids(device: OnvifDevice, tmp_path: Path, saqta) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    recorder = OnvifDevice([("a", "Channel 1", 640, 480), ("b", "Channel 2", 640, 480)])
    try:
        addresses = (recorder.address, recorder.address, device.address)
        ran = saqta(*("onvif", "streams", *addresses, "--user", USER, "--password-file", secret, "--data", tmp_path))
    finally:
        recorder.close()
    ports = [urlsplit(one.address).port for one in (recorder, recorder, device)]
    suffixes = ("-Channel-1", "-Channel-2", "")
    told = [row["camera"] for row in csv.DictReader(io.StringIO(ran.out))]
    assert told == [f"127.0.0.1-{port}{suffix}" for port, suffix in zip(ports, suffixes, strict=True)]


def test_so_many_devices_and_so_many_of_their_addresses_are_looked_at(
    device: OnvifDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saqta.intake.onvif.discovery.DEVICES_MAX", 5)
    device.matches = [[(f"urn:{datagram}-{n}", "http://h/") for n in range(4)] for datagram in range(2)]
    assert len(discover(MESSAGE, 8.0, device.probe_at)) == 5
    odd = "ftp://h/ "
    device.matches = [[("far", odd * ADDRESSES_MAX + "http://h/")], [("near", odd * (ADDRESSES_MAX - 1) + "http://h/")]]
    assert [one.endpoint for one in discover(MESSAGE, 0.8, device.probe_at)] == ["near"]


@pytest.mark.parametrize("asks", ['qop="auth", opaque="o"', 'qop="auth,auth-int", algorithm=SHA-256', "algorithm=MD5"])
def test_a_device_may_ask_for_http_digest(device: OnvifDevice, asks: str) -> None:
    device.http_digest = asks
    with pytest.raises(SoapError, match="does not let this user in"):
        Device(device.address, None, lambda: NOW_MS)
    with pytest.raises(SoapError, match="does not let this user in"):
        asked(device, "wrong")
    assert len(asked(device).profiles()) == 3


def test_a_challenge_that_cannot_be_answered_is_none() -> None:
    assert (
        authorization(["Basic realm=x", 'Digest realm="x", nonce="1", algorithm=SHA-512'], "u", "p", "/", "n") is None
    )


def test_an_old_device_that_knows_no_services_is_asked_for_capabilities(device: OnvifDevice) -> None:
    device.unknown.add("GetServices")
    assert len(asked(device).profiles()) == 3


def test_a_wrong_password_is_said_to_be_refused(device: OnvifDevice) -> None:
    with pytest.raises(SoapError, match="not authorized"):
        asked(device, "wrong").profiles()


BOMB = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize("answer", [b"", b"no XML", b"<a/>", BOMB, b"<a>" + b" " * ANSWER_BYTES_MAX + b"</a>"])
def test_what_is_no_soap_is_refused(device: OnvifDevice, answer: bytes) -> None:
    device.override["GetProfiles"] = answer
    with pytest.raises(SoapError):
        asked(device).profiles()


@given(st.binary(max_size=300) | st.text("<>/=\"'&;:abs xmlns!-[]").map(str.encode))
def test_whatever_a_device_answers_it_is_xml_or_refused(answer: bytes) -> None:
    with suppress(SoapError):
        parsed(answer)


def test_a_stream_that_is_not_rtsp_is_refused(device: OnvifDevice) -> None:
    body = "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>file:///etc/passwd</tt:Uri></trt:MediaUri>"
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    device.override["GetStreamUri"] = (
        f"<s:Envelope {names}><s:Body>{body}</trt:GetStreamUriResponse></s:Body></s:Envelope>".encode()
    )
    with pytest.raises(SoapError, match="not RTSP"):
        asked(device).streams()


def test_nobody_at_an_address_is_said() -> None:
    with pytest.raises(SoapError, match="does not answer"):
        Device("http://127.0.0.1:9/onvif/device_service", None, lambda: NOW_MS)
    with pytest.raises(SoapError, match="no address"):
        Device("ftp://127.0.0.1/", None, lambda: NOW_MS)


def test_the_command_prints_cameras_that_can_be_imported(device: OnvifDevice, tmp_path: Path, saqta) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    data = tmp_path / "data"
    to = f"{device.probe_at[0]}:{device.probe_at[1]}"
    found = saqta("onvif", "discover", "--to", to, "--wait-s", "0.8", "--json")
    assert (found.lines[0]["address"], found.summary) == (device.address, {"devices": 1})
    ran = saqta(
        "onvif", "streams", "--to", to, "--wait-s", "0.8", "--user", USER, "--password-file", secret, "--data", data
    )
    assert ran.code == 0, ran.err
    (row,) = csv.DictReader(io.StringIO(ran.out))
    assert row["camera"] == "127.0.0.1"
    assert row["name"] == "North gate"
    assert row["source"] == "rtsp://127.0.0.1:554/sub?a=1&b=2"
    assert row["evidence_source"] == "rtsp://127.0.0.1:554/main?a=1&b=2"
    register = tmp_path / "cameras.csv"
    register.write_text(ran.out)
    imported = saqta("import", "cameras", register, "--data", data, "--json")
    assert imported.summary == {"read": 1, "accepted": 1, "refused": []}
    with closing(Logins(data / "logins.db")) as logins:
        assert {logins.of(row[field]) for field in ("source", "evidence_source")} == {Login(USER, PASSWORD)}
    wrong = saqta("onvif", "streams", device.address, "--data", data)
    assert wrong.code == 2
    assert "not authorized" in wrong.err


@pytest.fixture
def listening(device: OnvifDevice, tmp_path: Path) -> Iterator[MemoryLog]:
    """A log into which the device's events are taken."""
    log = MemoryLog(lambda: NOW_MS)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    settings = Settings(address=device.address, user=USER, password_file=str(secret), topics={"Device/Door": "door"})
    (arrival,) = onvif({"C7": settings}, lambda source: Door(source, log, lambda: NOW_MS))
    with running(arrival):
        yield log


INSIDE = '<tt:SimpleItem Name="IsInside" Value="true"/>'
OUTSIDE = '<tt:SimpleItem Name="IsInside" Value="false"/>'
YARD = '<tt:SimpleItem Name="Rule" Value="yard"/>'
FIELD = "tns1:RuleEngine/FieldDetector/ObjectsInside"


def test_events_become_alerts_once_and_without_what_identifies(device: OnvifDevice, listening: MemoryLog) -> None:
    plate = '<tt:SimpleItem Name="PlateNumber" Value="123ABC02"/><tt:SimpleItem Name="Likelihood" Value="0.9"/>'
    for _ in range(2):
        device.tell(FIELD, data=INSIDE + plate, sources=YARD, at=AT)
    device.tell(FIELD, data=OUTSIDE, sources=YARD, at="2031-06-01T12:30:04Z")
    device.tell(FIELD, data=INSIDE, sources=YARD, operation="Initialized", at="2031-06-01T12:00:00Z")
    device.tell("tns1:RuleEngine/CellMotionDetector/Motion", data=INSIDE, at=AT)
    device.tell("tns1:RuleEngine/Recognition/Face", data='<tt:SimpleItem Name="Name" Value="Alice"/>', at=AT)
    device.tell("tns1:Device/Door", data='<tt:SimpleItem Name="State" Value="1"/>', at=AT)
    until(lambda: listening.size() >= 2)
    pulled = device.asked.count("PullMessages")
    until(lambda: device.asked.count("PullMessages") >= pulled + 2)
    assert listening.size() == 2
    events = [recorded.event for recorded in listening.read(0)]
    first, second = (catalogue.read(event) for event in events)
    assert first == AlertRaised(
        kind="intrusion",
        camera="C7",
        zone="yard",
        reasons=("the camera itself tells of ObjectsInside by its rule 'yard'",),
    )
    assert isinstance(second, AlertRaised)
    assert second.kind == "door"
    assert events[0].source == "/intake/onvif/C7"
    assert events[0].time_ms == NOW_MS - 5_000
    stored = b"".join(recorded.stored for recorded in listening.read(0))
    assert b"123ABC02" not in stored
    assert b"Alice" not in stored


def test_of_one_pull_so_many_are_asked_for_and_all_of_many_pulls_are_taken(
    device: OnvifDevice, listening: MemoryLog
) -> None:
    until(lambda: "PullMessages" in device.asked)
    count = 2 * MESSAGES_MAX + 1
    for number in range(count):
        rule = f'<tt:SimpleItem Name="Rule" Value="yard {number}"/>'
        device.tell(FIELD, data=INSIDE, sources=rule, at=AT)
    until(lambda: listening.size() == count)
    assert max(device.given) == MESSAGES_MAX


def test_an_event_from_the_future_is_put_aside(device: OnvifDevice, listening: MemoryLog) -> None:
    device.tell(FIELD, data=INSIDE, sources=YARD, at="2040-01-01T00:00:00Z")
    until(lambda: listening.size() == 1)
    record = catalogue.read(listening.read(0)[0].event)
    assert isinstance(record, MessagePutAside)
    assert "UtcTime" in record.reason


def test_a_device_that_loses_the_subscription_is_subscribed_to_again(device: OnvifDevice, listening: MemoryLog) -> None:
    until(lambda: "PullMessages" in device.asked)
    device.override["PullMessages"] = b"restarting"
    until(lambda: device.asked.count("CreatePullPointSubscription") >= 2)
    device.override.clear()
    device.tell(FIELD, data=INSIDE, sources=YARD, at=AT)
    until(lambda: listening.size() == 1)


def test_an_answer_may_be_nested_so_deep_and_no_deeper() -> None:
    def nested(depth: int) -> bytes:
        return depth * b"<a>" + depth * b"</a>"

    assert parsed(nested(DEPTH_MAX)).tag == "a"
    with pytest.raises(SoapError, match="nested more than 64 deep"):
        parsed(nested(DEPTH_MAX + 1))
    with pytest.raises(SoapError):
        parsed(nested(10_000))


@pytest.mark.parametrize("content", ["", "\nsecond line", "x" * (SECRET_CHARS_MAX + 1), b"\xff\xfe"])
def test_a_password_is_read_whole_or_not_at_all(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as refused:
        read_secret("onvif.C7.password_file", str(path))
    assert (refused.value.field, refused.value.given) == ("onvif.C7.password_file", str(path))
    path.write_text("x" * SECRET_CHARS_MAX + "\n")
    assert read_secret("password_file", str(path)) == "x" * SECRET_CHARS_MAX
