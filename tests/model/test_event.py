"""Events to bytes and back; and whatever bytes come from outside."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.model.command import Context
from saqta.model.errors import InputError
from saqta.model.event import EVENT_BYTES_MAX, TEXT_CHARS_MAX, Event, decode, derive_id, encode
from saqta.model.moment import from_text, to_text

TEXTS = st.text(min_size=1, max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
MOMENTS = st.integers(from_text("0001-01-01T00:00:00Z"), from_text("9999-12-31T23:59:59.999Z"))
OURS = {"specversion", "id", "source", "type", "subject", "time", "recorded", "actor", "purpose", "cause", "data"}
EXTENSIONS = st.dictionaries(
    st.text("abcdefghij0123456789", min_size=1, max_size=20).filter(lambda name: name not in OURS),
    st.text() | st.booleans() | st.integers(-(2**31), 2**31 - 1),
    min_size=1,
    max_size=3,
)
EVENTS = st.builds(
    Event,
    id=TEXTS,
    source=TEXTS,
    type=TEXTS,
    subject=TEXTS,
    time_ms=MOMENTS,
    recorded_ms=MOMENTS,
    actor=TEXTS,
    data=VALUES.map(lambda value: msgspec.Raw(json.dumps(value, ensure_ascii=False).encode())),
    purpose=st.none() | TEXTS,
    cause=st.none() | TEXTS,
    extensions=st.none() | EXTENSIONS,
)
ATTRIBUTES: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/x",
    "type": "t",
    "subject": "s",
    "time": "2026-01-31T08:00:00Z",
    "recorded": "2026-01-31T08:00:01.5+05:00",
    "actor": "a",
    "data": {"a": 1.50},
}


@given(EVENTS)
def test_an_event_comes_back_from_its_bytes(event: Event) -> None:
    stored = encode(event)
    again = decode(stored)
    assert encode(again) == stored
    assert b"\n" not in stored
    assert b"\r" not in stored
    assert json.loads(stored)["data"] == json.loads(bytes(event.data))
    if not event.extensions:
        assert again == event
    else:
        assert msgspec.structs.replace(again, data=event.data) == event


@given(st.binary())
def test_any_bytes_are_an_event_or_bad_input(stored: bytes) -> None:
    with pytest.raises(InputError):
        decode(stored)


@given(EVENTS, st.data())
def test_any_change_of_bytes_gives_an_event_or_bad_input(event: Event, data: st.DataObject) -> None:
    changed = bytearray(encode(event))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        again = decode(bytes(changed))
    except InputError:
        return
    stored = encode(again)  # White space in its data may have gone: what is kept is one line.
    assert msgspec.structs.replace(decode(stored), data=again.data) == again
    assert encode(decode(stored)) == stored


def wire(**changes: Any) -> bytes:
    attributes = {name: value for name, value in (ATTRIBUTES | changes).items() if value is not ...}
    return json.dumps(attributes).encode()


def test_attributes_become_fields() -> None:
    event = decode(wire(purpose="why", cause="/y#1"))
    assert (event.key, event.purpose, event.cause) == ("/x#e1", "why", "/y#1")
    assert to_text(event.time_ms) == "2026-01-31T08:00:00.000Z"
    assert to_text(event.recorded_ms) == "2026-01-31T03:00:01.500Z"
    assert bytes(event.data) == b'{"a": 1.5}'
    assert event.extensions is None


def test_data_is_kept_as_it_came_but_on_one_line() -> None:
    data = msgspec.Raw(b'{\n  "price": 1.10,\r\n  "text": "a\\nb"\n}')
    stored = encode(msgspec.structs.replace(decode(wire()), data=data))
    assert stored.endswith(b'"data":{"price":1.10,"text":"a\\nb"}}')


def test_attributes_that_are_not_ours_are_passed_on() -> None:
    event = decode(wire(traceparent="00-1", sampled=True, hops=3))
    assert event.extensions == {"traceparent": "00-1", "sampled": True, "hops": 3}
    assert json.loads(encode(event))["hops"] == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"specversion": ...},
        {"id": ""},
        {"id": ...},
        {"source": 7},
        {"subject": "x" * (TEXT_CHARS_MAX + 1)},
        {"time": "2026-01-31T08:00:00"},
        {"time": "yesterday"},
        {"recorded": "0001-01-01T00:00:00+23:00"},
        {"recorded": "9999-12-31T23:59:59-23:00"},
        {"time": 5},
        {"datacontenttype": 5},
        {"extension": {"a": 1}},
        {"extension": 1.5},
        {"extension": None},
    ],
)
def test_attributes_that_are_no_cloudevents_are_bad_input(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        decode(wire(**changes))


def test_an_event_of_the_largest_size() -> None:
    room = EVENT_BYTES_MAX - len(encode(msgspec.structs.replace(decode(wire()), data=msgspec.Raw(b'""'))))
    for extra, fits in ((0, True), (1, False)):
        event = msgspec.structs.replace(decode(wire()), data=msgspec.Raw(b'"' + b"x" * (room + extra) + b'"'))
        if fits:
            assert len(encode(event)) == EVENT_BYTES_MAX
        else:
            with pytest.raises(InputError, match="at most 1048576 bytes"):
                encode(event)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.lists(TEXTS, min_size=1, max_size=4))
def test_an_id_belongs_to_its_cause_alone(one: list[str], other: list[str]) -> None:
    same = "\0".join(one) == "\0".join(other)
    assert (derive_id(*one) == derive_id(*other)) is same


def test_the_events_of_a_command_have_ids_of_their_own() -> None:
    context = Context(actor="user/alice", key="k", now_ms=0)
    other = Context(actor="user/bob", key="k", now_ms=0)
    assert context.event_id(0) == Context(actor="user/alice", key="k", now_ms=9).event_id(0)
    assert len({context.event_id(0), context.event_id(1), other.event_id(0)}) == 3
