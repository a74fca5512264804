"""Every kind and version that was ever written is decoded for ever, forwards and backwards.

A sample in ``tests/samples`` is never edited: it stands for events that lie in logs already. Where a kind gains fields
a sample is added, ``{type}.1.json`` and so on, and the newest alone shows all of them.
"""

from pathlib import Path

import msgspec
import pytest

from saqta.model import catalogue, kinds
from saqta.model.catalogue import KINDS, TYPE_OF
from saqta.model.errors import InputError
from saqta.model.event import Event, decode, encode

SAMPLES = {file.stem: file.read_bytes() for file in (Path(__file__).parents[1] / "samples").glob("*.json")}
NEWEST = {name.partition(".v1")[0] + ".v1": name for name in sorted(SAMPLES)}
SAMPLE = pytest.mark.parametrize("name", sorted(SAMPLES))


def test_every_kind_has_a_sample_and_every_sample_a_kind() -> None:
    assert set(NEWEST) == {sample(name).type for name in SAMPLES} == set(KINDS)


def test_every_record_is_of_one_kind() -> None:
    assert len(TYPE_OF) == len(KINDS)
    assert set(TYPE_OF) == set(kinds.Record.__subclasses__())


@SAMPLE
def test_a_sample_is_decoded_and_encoded_as_it_stands(name: str) -> None:
    line = SAMPLES[name]
    event = decode(line.removesuffix(b"\n"))
    assert name == event.type or name.startswith(f"{event.type}.")
    assert encode(event) + b"\n" == line


@SAMPLE
def test_a_samples_record_makes_the_same_event_again(name: str) -> None:
    event = sample(name)
    record = catalogue.read(event)
    assert type(record) is KINDS[event.type].record
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
    assert encode(again) + b"\n" == SAMPLES[name]


@pytest.mark.parametrize("type_", sorted(KINDS))
def test_the_newest_sample_shows_every_field(type_: str) -> None:
    shown = msgspec.json.decode(sample(NEWEST[type_]).data)
    assert set(shown) == set(KINDS[type_].record.__struct_fields__)


@SAMPLE
def test_fields_of_later_programs_are_passed_over(name: str) -> None:
    event = sample(name)
    later = b'{"added_later":[1],' + bytes(event.data)[1:]
    assert catalogue.read(msgspec.structs.replace(event, data=msgspec.Raw(later))) == catalogue.read(event)


def test_why_rules_alone_decided_may_be_a_word_of_a_later_program() -> None:
    event = sample("saqta.decisions.made.v1")
    later = bytes(event.data).replace(b'"fallback":"no_model"', b'"fallback":"added_later"')
    read = catalogue.read(msgspec.structs.replace(event, data=msgspec.Raw(later)))
    assert isinstance(read, kinds.DecisionsMade)
    assert read.fallback == "added_later"


@SAMPLE
@pytest.mark.parametrize("data", [b"", b"7", b"null", b"[]", b'{"x":', b"\xff", b"{}"])
def test_data_of_another_shape_is_bad_input(name: str, data: bytes) -> None:
    event = msgspec.structs.replace(sample(name), data=msgspec.Raw(data))
    with pytest.raises(InputError, match=f"data of {event.type}"):
        catalogue.read(event)


def test_kinds_and_versions_that_are_not_known_have_no_record() -> None:
    for type_ in ("org.example.thing.v1", "saqta.alert.raised.v99"):
        assert catalogue.read(msgspec.structs.replace(sample("saqta.alert.raised.v1"), type=type_)) is None


def test_a_place_off_the_earth_is_bad_input() -> None:
    data = msgspec.Raw(b'{"unit":"U1","place":{"lat":91,"lon":0}}')
    with pytest.raises(InputError, match=r"lat in -90..90"):
        catalogue.read(msgspec.structs.replace(sample("saqta.unit.positioned.v1"), data=data))


ALERT: dict[str, object] = {
    "kind": "k" * 64,
    "camera": "c" * 64,
    "box": [0, 0, 1, 1],
    "at_s": 1_000_000_000,
    "confidence": 1,
    "reasons": ["r" * 300] * 20,
    "state": "s" * 64,
    "zone": "z" * 64,
    "track": 2**53,
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[(name, text) for name in ("kind", "camera", "state", "zone") for text in ("", "x" * 65)],
        ("box", [0, 0, 1, 1.01]),
        ("box", [-0.01, 0, 1, 1]),
        ("at_s", -1),
        ("at_s", 1_000_000_001),
        ("confidence", 1.01),
        ("confidence", -0.01),
        ("reasons", ["r"] * 21),
        ("reasons", ["r" * 301]),
        ("track", 2**53 + 1),
        ("track", -1),
    ],
)
def test_an_alert_keeps_within_its_limits(field: str, value: object) -> None:
    event = sample("saqta.alert.raised.v1")
    largest = msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(ALERT)))
    assert isinstance(catalogue.read(largest), kinds.AlertRaised)
    beyond = msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(ALERT | {field: value})))
    with pytest.raises(InputError, match=rf"\$\.{field}"):
        catalogue.read(beyond)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity"])
def test_an_alerts_numbers_are_finite(number: str) -> None:
    data = msgspec.Raw(f'{{"kind":"smoke","confidence":{number}}}'.encode())
    with pytest.raises(InputError):
        catalogue.read(msgspec.structs.replace(sample("saqta.alert.raised.v1"), data=data))


def sample(name: str) -> Event:
    return decode(SAMPLES[name].removesuffix(b"\n"))
