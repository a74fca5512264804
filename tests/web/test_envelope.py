"""CloudEvents over HTTP: what is taken, what is refused and with which field, and that nothing breaks the reader."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.model.errors import InputError
from saqta.model.event import TEXT_CHARS_MAX, decode, encode
from saqta.model.moment import from_text
from saqta.web import envelope

NOW_MS = from_text("2026-01-31T08:00:00Z")
ALERT = {
    "specversion": "1.0",
    "id": "7",
    "source": "/partners/metro",
    "type": "saqta.alert.raised.v1",
    "time": "2026-01-31T13:00:00+05:00",
    "data": {"kind": "intrusion", "confidence": 0.8},
}


def structured(**changes: object) -> envelope.Claim:
    attributes = {name: value for name, value in (ALERT | changes).items() if value is not ...}
    return envelope.read_structured(msgspec.json.encode(attributes))


def event_of(**changes: object):
    return envelope.to_event(structured(**changes), "partner/metro", NOW_MS, NOW_MS)


def test_structured_alert() -> None:
    event = event_of()
    assert (event.id, event.source, event.subject) == ("7", "/partners/metro", "alert/intrusion")
    assert (event.time_ms, event.recorded_ms, event.actor) == (NOW_MS, NOW_MS, "partner/metro")
    assert bytes(event.data) == b'{"kind":"intrusion","confidence":0.8}'
    assert decode(encode(event)) == event


def test_binary_is_the_same_event() -> None:
    headers = {f"ce-{name}": value for name, value in ALERT.items() if name != "data"}
    headers |= {"content-type": "application/json; charset=utf-8", "host": "here"}
    claim = envelope.read_binary(headers, msgspec.json.encode(ALERT["data"]))
    event = envelope.to_event(claim, "partner/metro", NOW_MS, NOW_MS)
    assert event == event_of()


def test_binary_attributes_are_percent_encoded() -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "%D1%81%2B", "ce-source": "/p", "ce-type": "kz.p.seen.v1"}
    claim = envelope.read_binary(headers, b"")
    assert envelope.to_event(claim, "partner/p", NOW_MS, NOW_MS).id == "с+"


def test_unknown_kind_is_kept_as_it_came() -> None:
    data = b'{"deep":[1.50,{"a":null}],"big":123456789012345678901234567890}'
    body = (
        b'{"specversion":"1.0","id":"1","source":"/p","type":"kz.p.seen.v3","traceparent":"00-1","n":-5,"real":true,"none":null,"data":'
        + data
        + b"}"
    )
    event = envelope.to_event(envelope.read_structured(body), "partner/p", NOW_MS, NOW_MS)
    assert bytes(event.data) == data
    assert event.subject == "/p"
    assert event.extensions == {"traceparent": "00-1", "n": -5, "real": True}
    assert encode(event)


def test_a_newer_version_of_our_own_kind_is_kept() -> None:
    assert event_of(type="saqta.alert.raised.v9", data={"kind": 1}).type == "saqta.alert.raised.v9"


def test_claimed_subject_of_a_known_kind_is_kept_beside_ours() -> None:
    event = event_of(subject="incident/abc")
    assert event.subject == "alert/intrusion"
    assert event.extensions == {"claimedsubject": "incident/abc"}
    assert event_of(subject="alert/intrusion").extensions is None


def test_alert_needs_a_time_or_a_place_in_its_stream() -> None:
    with pytest.raises(InputError) as caught:
        event_of(time=...)
    assert caught.value.field == "time"
    assert event_of(time=..., data={"kind": "intrusion", "at_s": 3.5}).time_ms == NOW_MS


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": ...}, "specversion"),
        ({"id": ...}, "id"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "x" * (TEXT_CHARS_MAX + 1)}, "id"),
        ({"source": None}, "source"),
        ({"source": "/partners/metro#7"}, "source"),
        ({"time": "2026-01-31T08:00:00"}, "time"),
        ({"time": "yesterday"}, "time"),
        ({"actor": "user/alice"}, "actor"),
        ({"recorded": "2026-01-31T08:00:00Z"}, "recorded"),
        ({"claimedsubject": "a"}, "claimedsubject"),
        ({"Upper": "a"}, "Upper"),
        ({"ratio": 0.5}, "ratio"),
        ({"count": 2**31}, "count"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data_base64": "AAAA"}, "data_base64"),
        ({"data": {}}, "data.kind"),
        ({"data": {"kind": "crowd", "box": [0, 0, 1]}}, "data.box"),
        ({"data": {"kind": "crowd", "place": {"lat": 91, "lon": 0}}}, "data.place"),
        ({"type": "saqta.evidence.viewed.v1", "data": {"sha256": "x" * 2000}}, "data"),
        ({"data": "text"}, "data"),
        ({"type": "kz.p.seen.v1", "subject": "unit/U1"}, "subject"),
        ({f"x{n}": "1" for n in range(envelope.EXTENSIONS_MAX + 10)}, "event"),
    ],
)
def test_bad_input_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        event_of(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b"{", b'{"id":1e999}', b'{"a":"\xff"}', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match=r"^event"):
        envelope.read_structured(body)


def test_batch_names_the_item_and_has_a_limit() -> None:
    assert envelope.read_batch(b"[]", 3) == []
    good = msgspec.json.encode(ALERT)
    assert len(envelope.read_batch(b"[%b,%b,%b]" % (good, good, good), 3)) == 3
    with pytest.raises(InputError, match=r"^batch: got '4 events', expected at most 3 events"):
        envelope.read_batch(b"[%b,%b,%b,%b]" % (good, good, good, good), 3)
    with pytest.raises(InputError, match=r"^\[1\]\.id"):
        envelope.read_batch(b'[%b,{"specversion":"1.0"}]' % good, 3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ALERT, "subject", "datacontenttype", "x1"]) | st.text(max_size=4), JSON))
def test_any_json_is_taken_or_refused(changes: dict[str, object]) -> None:
    """What is taken can be stored and read again; everything else is an InputError, never a fault."""
    body = msgspec.json.encode(ALERT | changes)
    try:
        event = envelope.to_event(envelope.read_structured(body), "partner/p", NOW_MS, NOW_MS)
    except InputError:
        return
    stored = encode(event)
    assert b"\n" not in stored
    assert decode(stored).key == event.key


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_order(body: bytes) -> None:
    with pytest.raises(InputError):
        envelope.read_structured(body)
    with suppress(InputError):
        assert envelope.read_batch(body, 10) == []
