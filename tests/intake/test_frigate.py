"""Frigate's events over a real MQTT broker: taken in once, without what identifies anybody, across lost connections."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import publish
from structlog.testing import capture_logs

from intake.broker import PASSWORD, USER, RunningBroker, free_port
from intake.listening import running, until
from saqta import wiring
from saqta.config import Serve, Settings
from saqta.intake.arrivals import Arrival
from saqta.intake.door import PUT_ASIDE_MAX, Door
from saqta.intake.frigate import MESSAGE_BYTES_MAX, Mqtt, frigate, take
from saqta.log.memory import MemoryLog
from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.kinds import AlertRaised, MessagePutAside

NOW_MS = 1_790_000_000_000
STARTED_S = 1_789_999_955.475377
ZONES = {"yard": "intrusion", "pier": "loitering"}


def tracked(id: str = "1789999955.475377-mxklsc", type: str = "update", **changes: Any) -> bytes:
    """A message in the form that Frigate publishes, with all that it knows of who it is."""
    after = {
        "id": id,
        "camera": "front_door",
        "frame_time": STARTED_S + 6,
        "snapshot": {"frame_time": STARTED_S + 5, "box": [415, 489, 528, 700], "score": 0.77, "attributes": []},
        "label": "person",
        "sub_label": ["Aigul Serikova", 0.97],
        "top_score": 0.958984375,
        "false_positive": False,
        "start_time": STARTED_S,
        "end_time": None,
        "score": 0.87890625,
        "box": [424, 500, 536, 712],
        "area": 23744,
        "region": [264, 450, 667, 853],
        "current_zones": ["yard"],
        "entered_zones": ["drive", "yard"],
        "thumbnail": "iVBORw0KGgoAAAANSUhEUg==",
        "has_snapshot": True,
        "has_clip": True,
        "attributes": {"face": 0.64},
        "current_attributes": [{"label": "face", "box": [442, 506, 534, 524], "score": 0.64}],
        "recognized_license_plate": "123ABC02",
        "recognized_license_plate_score": 0.93,
        "path_data": [[[0.5, 0.6], STARTED_S]],
    }
    return json.dumps({"type": type, "before": after | {"entered_zones": []}, "after": after | changes}).encode()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(lambda: NOW_MS)


@pytest.fixture
def door(log: MemoryLog) -> Door:
    return Door("/intake/frigate", log, lambda: NOW_MS)


def alerts(log: MemoryLog) -> list[AlertRaised]:
    records = [catalogue.read(recorded.event) for recorded in log.read(0)]
    return [record for record in records if isinstance(record, AlertRaised)]


def put_aside(log: MemoryLog) -> list[MessagePutAside]:
    records = [catalogue.read(recorded.event) for recorded in log.read(0)]
    return [record for record in records if isinstance(record, MessagePutAside)]


def test_a_tracked_object_is_one_alert_without_what_identifies(log: MemoryLog, door: Door) -> None:
    for type_ in ("new", "update", "end"):
        take(Mqtt(cameras={"front_door": "C4"}), door, tracked(type=type_, top_score=0.9))
    assert alerts(log) == [
        AlertRaised(
            kind="object_seen",
            camera="C4",
            confidence=0.9,
            reasons=("Frigate tells of a person",),
            model="frigate",
        )
    ]
    (recorded,) = log.read(0)
    assert recorded.event.time_ms == round(STARTED_S * 1000)
    for identity in (b"Aigul", b"123ABC02", b"iVBOR", b"face", b"424", b"snapshot"):
        assert identity not in recorded.stored


def test_each_zone_with_a_kind_of_its_own_is_an_alert(log: MemoryLog, door: Door) -> None:
    settings = Mqtt(zones=ZONES)
    take(settings, door, tracked(type="new", entered_zones=["drive"]))
    assert alerts(log) == []
    for zones in (["drive", "yard"], ["drive", "yard"], ["drive", "yard", "pier"]):
        take(settings, door, tracked(entered_zones=zones))
    assert [(alert.kind, alert.zone) for alert in alerts(log)] == [("intrusion", "yard"), ("loitering", "pier")]


@pytest.mark.parametrize("changes", [{"false_positive": True}, {"label": "face"}, {"label": "license_plate"}])
def test_what_is_nothing_or_somebodys_face_is_passed_over(log: MemoryLog, door: Door, changes: dict[str, Any]) -> None:
    take(Mqtt(), door, tracked(**changes))
    assert log.size() == 0


BAD = {
    "no JSON": b"\xff\xfe garbage",
    "no JSON, or nested without end": b'{"unknown":' + 100_000 * b"[",
    "another thing": b'{"hello": "Aigul Serikova"}',
    "no id": tracked(id=""),
    "a type that is a name": tracked(type="Aigul Serikova"),
    "a label of another type": tracked(label=["Aigul Serikova"]),
    "a time that is none": tracked(start_time=float("nan")),
    "the future": tracked(frame_time=STARTED_S + 10_000),
    "a score over one": tracked(top_score=2),
    "too many zones": tracked(entered_zones=["yard"] * 1000),
    "too long": tracked(thumbnail="x" * MESSAGE_BYTES_MAX),
    "a camera named like a book": tracked(camera="x" * 1000),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_message_is_put_aside_by_its_digest(log: MemoryLog, door: Door, case: str) -> None:
    take(Mqtt(), door, BAD[case])
    (aside,) = put_aside(log)
    assert (aside.origin, aside.size_bytes) == ("/intake/frigate", len(BAD[case]))
    assert b"Aigul" not in log.read(0)[0].stored
    take(Mqtt(), door, tracked())
    assert len(alerts(log)) == 1


def test_a_flood_of_bad_messages_does_not_fill_the_log(log: MemoryLog, door: Door) -> None:
    for number in range(PUT_ASIDE_MAX + 50):
        door.refuse(b"%d" % number, "no event of Frigate's")
    assert len(put_aside(log)) == PUT_ASIDE_MAX
    assert door.put_aside == PUT_ASIDE_MAX + 50


def test_nobody_is_listened_to_without_a_host(door: Door) -> None:
    assert list(frigate(Mqtt(), lambda source: door)) == []


def test_a_password_that_cannot_be_read_is_said_at_the_start(door: Door) -> None:
    for path in (None, "/nowhere/password"):
        with pytest.raises(InputError, match=r"mqtt\.password_file"):
            list(frigate(Mqtt(host="127.0.0.1", user="x", password_file=path), lambda source: door))


def published(port: int, payload: bytes, **options: Any) -> None:
    publish.single("frigate/events", payload, qos=1, hostname="127.0.0.1", port=port, **options)


def arrives(port: int, id: str, log: MemoryLog, **options: Any) -> None:
    """Publishes an event, again and again, until it stands in the log, once."""
    before = len(alerts(log))

    def came() -> bool:
        published(port, tracked(id), **options)
        return len(alerts(log)) > before

    until(came)
    assert len(alerts(log)) == before + 1


@pytest.fixture
def port() -> int:
    return free_port()


def test_events_come_in_through_a_broker_that_is_lost_and_comes_back(log: MemoryLog, door: Door, port: int) -> None:
    (arrival,) = frigate(Mqtt(host="127.0.0.1", port=port), lambda source: door)
    with running(arrival):
        with RunningBroker(port):
            arrives(port, "a", log)
            published(port, b"not an event")
            until(lambda: len(put_aside(log)) == 1)
            arrives(port, "b", log)
        with RunningBroker(port):
            published(port, tracked("b"))
            arrives(port, "c", log)
    assert len(alerts(log)) == 3


LOGIN = {"auth": {"username": USER, "password": PASSWORD}}


def listening_as(port: int, door: Door, password_file: Path, password: str) -> Arrival:
    password_file.write_text(f"{password}\n")
    settings = Mqtt(host="127.0.0.1", port=port, user=USER, password_file=str(password_file))
    return next(frigate(settings, lambda source: door))


def test_what_is_published_while_we_are_away_is_kept_by_the_broker(
    log: MemoryLog, door: Door, port: int, tmp_path: Path
) -> None:
    with RunningBroker(port, passwords=tmp_path / "passwords"):
        with running(listening_as(port, door, tmp_path / "password", PASSWORD)):
            arrives(port, "a", log, **LOGIN)
        published(port, tracked("while away"), **LOGIN)
        assert len(alerts(log)) == 1
        with running(listening_as(port, door, tmp_path / "password", PASSWORD)):
            until(lambda: len(alerts(log)) == 2)


def test_a_broker_that_refuses_a_login_is_asked_again(log: MemoryLog, door: Door, port: int, tmp_path: Path) -> None:
    wrong = listening_as(port, door, tmp_path / "password", "wrong horse")
    with RunningBroker(port, passwords=tmp_path / "passwords"), capture_logs() as said, running(wrong):
        until(lambda: any(line["event"] == "connection lost" for line in said))
    assert log.size() == 0


def test_a_centre_makes_an_incident_of_it(port: int, tmp_path: Path) -> None:
    host = "127.0.0.1"
    settings = Settings(serve=Serve(port=0), mqtt=Mqtt(host=host, port=port, zones=ZONES))
    with RunningBroker(port), wiring.opened(tmp_path / "data") as folder, wiring.Centre(folder, settings, host, 0):

        def opened() -> bool:
            published(port, tracked(start_time=time.time() - 6, frame_time=time.time()))
            return any(recorded.event.type == "saqta.incident.opened.v1" for recorded in folder.log.read(0))

        until(opened)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*json.loads(tracked())["after"], "odd"]), JSON, max_size=4))
def test_whatever_a_message_holds_it_is_taken_or_put_aside(changes: dict[str, Any]) -> None:
    log = MemoryLog(lambda: NOW_MS)
    door = Door("/intake/frigate", log, lambda: NOW_MS)
    take(Mqtt(), door, tracked(**changes))
    assert log.size() <= 1
    assert len(alerts(log)) + len(put_aside(log)) == log.size()


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_put_aside(payload: bytes) -> None:
    log = MemoryLog(lambda: NOW_MS)
    take(Mqtt(), Door("/intake/frigate", log, lambda: NOW_MS), payload)
    assert len(put_aside(log)) == 1
