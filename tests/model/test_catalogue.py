"""Every kind and version that was ever written is decoded for ever, forwards and backwards.

A sample in ``tests/samples`` is never edited: it stands for events that lie in logs already.
"""

from pathlib import Path

import msgspec
import pytest

from saqta.model import catalogue, kinds
from saqta.model.catalogue import KINDS, TYPE_OF
from saqta.model.errors import InputError
from saqta.model.event import Event, decode, encode

SAMPLES = {file.stem: file.read_bytes() for file in (Path(__file__).parents[1] / "samples").glob("*.json")}
SAMPLE = pytest.mark.parametrize("type_", sorted(SAMPLES))


def test_every_kind_has_a_sample_and_every_sample_a_kind() -> None:
    assert set(SAMPLES) == set(KINDS)


def test_every_record_is_of_one_kind() -> None:
    assert len(TYPE_OF) == len(KINDS)
    assert set(TYPE_OF) == set(kinds.Record.__subclasses__())


@SAMPLE
def test_a_sample_is_decoded_and_encoded_as_it_stands(type_: str) -> None:
    line = SAMPLES[type_]
    event = decode(line.removesuffix(b"\n"))
    assert event.type == type_
    assert encode(event) + b"\n" == line


@SAMPLE
def test_a_samples_record_makes_the_same_event_again(type_: str) -> None:
    event = sample(type_)
    record = catalogue.read(event)
    assert type(record) is KINDS[type_].record
    again = catalogue.make(
        record,
        id=event.id,
        source=event.source,
        actor=event.actor,
        time_ms=event.time_ms,
        recorded_ms=event.recorded_ms,
        cause=event.cause,
        purpose=event.purpose,
    )
    assert encode(again) + b"\n" == SAMPLES[type_]


@SAMPLE
def test_a_sample_shows_every_field(type_: str) -> None:
    shown = msgspec.json.decode(sample(type_).data)
    assert set(shown) == set(KINDS[type_].record.__struct_fields__)


@SAMPLE
def test_fields_of_later_programs_are_passed_over(type_: str) -> None:
    event = sample(type_)
    later = b'{"added_later":[1],' + bytes(event.data)[1:]
    assert catalogue.read(msgspec.structs.replace(event, data=msgspec.Raw(later))) == catalogue.read(event)


@SAMPLE
@pytest.mark.parametrize("data", [b"", b"7", b"null", b"[]", b'{"x":', b"\xff", b"{}"])
def test_data_of_another_shape_is_bad_input(type_: str, data: bytes) -> None:
    event = msgspec.structs.replace(sample(type_), data=msgspec.Raw(data))
    with pytest.raises(InputError, match=f"data of {type_}"):
        catalogue.read(event)


def test_kinds_and_versions_that_are_not_known_have_no_record() -> None:
    for type_ in ("org.example.thing.v1", "saqta.alert.raised.v99"):
        assert catalogue.read(msgspec.structs.replace(sample("saqta.alert.raised.v1"), type=type_)) is None


def test_a_place_off_the_earth_is_bad_input() -> None:
    data = msgspec.Raw(b'{"unit":"U1","place":{"lat":91,"lon":0}}')
    with pytest.raises(InputError, match=r"lat in -90..90"):
        catalogue.read(msgspec.structs.replace(sample("saqta.unit.positioned.v1"), data=data))


def sample(type_: str) -> Event:
    return decode(SAMPLES[type_].removesuffix(b"\n"))
