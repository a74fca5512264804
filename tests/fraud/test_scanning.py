"""What compiled code reads of payments is what the decoder reads of them, and it leaves alone what is not plain."""

import json

import msgspec
import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import EVENT, Array
from saqta.fraud.engine.scanning import PLAIN_CHARS_MAX, Columns
from saqta.fraud.engine.xxh3 import BYTES_MAX, BYTES_MIN, xxh3
from saqta.fraud.serving.reading import read
from saqta.fraud.wire import PACKED, Packer, is_past, payments_in
from saqta.model.errors import InputError
from saqta.model.moment import from_text

NOW_MS = from_text("2026-03-12T08:00:00Z")
PLAIN = {
    "id": "p-1",
    "time": "2026-03-12T07:59:59.25Z",
    "account": "KZ86",
    "payee": "KZ11",
    "amount": "12500.50",
    "currency": "KZT",
}


@compiled
def _hashed(text: Array) -> int:
    return xxh3(np.uint64(text.ctypes.data), np.uint64(text.shape[0]))


@pytest.mark.parametrize("size", range(BYTES_MIN, BYTES_MAX + 1))
def test_a_hash_is_that_of_the_library(size: int) -> None:
    text = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    assert int(_hashed(text)) == xxhash.xxh3_64_intdigest(text.tobytes())


def taken(body: bytes) -> Columns:
    found = payments_in(body, 100)
    assert found is not None
    return found


def decoded(body: bytes) -> list[np.void | InputError]:
    """The events as the decoder and the packer make them, or what is wrong."""
    packer, buffer, events = Packer("KZ"), bytearray(PACKED.size), []
    for message in read("payment", body).messages():
        try:
            if isinstance(message, InputError):
                raise message
            packer.pack(message, NOW_MS, buffer, 0)
            events.append(np.frombuffer(buffer, EVENT)[0].copy())
        except InputError as error:
            events.append(error)
    return events


_text = st.text(st.characters(min_codepoint=1, max_codepoint=0x44F), min_size=1, max_size=20) | st.text(
    "abcXYZ0189-_ ", min_size=1, max_size=PLAIN_CHARS_MAX + 2
)
_time = st.one_of(
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z"),
    st.datetimes().map(lambda time: time.isoformat() + "+05:00"),
    st.sampled_from(["2024-02-29T23:59:59Z", "2023-02-29T00:00:00Z", "2026-01-31T24:00:00Z", "2026-13-01T00:00:00Z"]),
    st.sampled_from(["2026-03-12T07:59:60Z", "2026-03-12 07:59:00Z", "2026-03-12T07:59Z", "2026-03-12T07:59:00.Z"]),
    st.sampled_from(
        ["2026-03-12T07:59:00.1234Z", "2026-03-12t07:59:00z", "1969-12-31T23:59:59Z", "2100-02-29T00:00:00Z"]
    ),
)
_amount = st.from_regex(r"[0-9]{0,17}\.?[0-9]{0,4}", fullmatch=True) | st.sampled_from(["0", "-1", "1e3", "1.2.3", "٣"])
_payment = st.fixed_dictionaries(
    {},
    optional={
        "id": _text,
        "time": _time,
        "account": _text,
        "payee": _text,
        "amount": _amount,
        "currency": st.sampled_from(["KZT", "USD", "JPY", "KWD", "CLF", "kzt", "XXX", "KZ", "EURO"]),
        "kind": st.sampled_from(["payment", "call", "payments"]),
        "channel": _text,
        "device": _text,
        "phone": st.from_regex(r"\+?[0-9]{6,17}", fullmatch=True),
        "place": st.fixed_dictionaries({"lat": st.just(1.5), "lon": st.integers(-200, 200)}),
        "other": _text | st.integers() | st.none(),
    },
)


@settings(deadline=None, max_examples=400)
@given(st.lists(_payment.map(lambda some: PLAIN | some), max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_what_is_read_here_is_what_the_decoder_reads(
    payments: list[dict[str, object]], ascii: bool, indent: object
) -> None:
    body = json.dumps(payments, ensure_ascii=ascii, indent=indent).encode()
    found, expected = taken(body), decoded(body)
    assert len(found.events) == len(expected)
    for event, named, one, payment in zip(found.events, found.named, expected, payments, strict=True):
        if named["is_plain"] and isinstance(one, InputError):
            assert one.field == "time"
            assert not is_past(event["time_ms"], NOW_MS), (
                "only whether it is past is judged by those who know what time it is"
            )
        elif named["is_plain"]:
            assert event == one
            assert named["id"].tobytes()[: named["chars"]].decode() == payment["id"]


@settings(deadline=None, max_examples=2_000)
@given(st.data())
def test_what_is_no_json_is_not_plain(data: st.DataObject) -> None:
    body = bytearray(json.dumps([PLAIN | {"device": "d", "kind": "payment"}]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 1))] = data.draw(st.sampled_from([b"\0", b'"', b"\\", b"\n", b"\xc3"]))
    found = payments_in(bytes(body), 100)
    if found is not None and found.named["is_plain"].all():
        msgspec.json.decode(body)


def test_a_name_is_as_long_as_it_is() -> None:
    body = json.dumps([PLAIN]).replace('"id"', '"id\0"').encode()
    assert not taken(body).named["is_plain"].any()


def test_what_nearly_all_write_is_plain() -> None:
    whole = PLAIN | {"channel": "app", "device": "d" * PLAIN_CHARS_MAX, "phone": "+77011234567", "kind": "payment"}
    for payment in (PLAIN, whole, PLAIN | {"amount": "1", "currency": "JPY"}, PLAIN | {"time": "2026-03-12T07:59:59Z"}):
        for body in (json.dumps([payment] * 3, indent=2), json.dumps(payment, separators=(",", ":"))):
            assert taken(body.encode()).named["is_plain"].all()


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"[", b"{", b"[{}", b"[{},]", b"[1]", b"[{}]]", b"{}{}", b"[{]}", b'[{"a":"\\"}]', b"[{}] 1", b"null"],
)
def test_what_is_no_list_of_objects_is_left_to_the_decoder(body: bytes) -> None:
    assert payments_in(body, 100) is None


def test_more_than_there_is_room_for_is_left_to_the_decoder() -> None:
    assert payments_in(json.dumps([PLAIN] * 4).encode(), 3) is None
    assert len(taken(json.dumps([PLAIN] * 3).encode()).events) == 3
