"""Who calls, from which network, and where one message ends in a stream; without a socket."""

import pytest

from intake.sip_switch import request
from saqta.intake.sip.framing import PING, Framer
from saqta.intake.sip.message import MESSAGE_BYTES_MAX
from saqta.intake.sip.parties import dialled, e164
from saqta.intake.sip.settings import Neighbours, Sip
from saqta.model.errors import InputError


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("sip.trunks", Sip(host="x")),
        ("sip.trunks", Sip(host="x", trunks={"10.0.0.1/8": "national"})),
        ("sip.verified", Sip(host="x", trunks={"10.0.0.0/8": "national"}, verified=("everybody",))),
        ("sip.port", Sip(host="x", trunks={"10.0.0.0/8": "national"}, port=0)),
    ],
)
def test_settings_that_can_not_be_are_named(field: str, settings: Sip) -> None:
    with pytest.raises(InputError) as refused:
        Neighbours(settings)
    assert refused.value.field == field


def test_the_narrowest_network_counts() -> None:
    neighbours = Neighbours(
        Sip(trunks={"10.0.0.0/8": "national", "10.9.0.0/16": "foreign", "2001:db8::/32": "foreign"})
    )
    found = [neighbours.find(host) for host in ("10.9.1.1", "::ffff:10.8.1.1", "2001:db8::1%eth0", "8.8.8.8")]
    assert [each and each.trunk for each in found] == ["foreign", "national", "foreign", None]


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+77011234567;phone-context=x@h;user=phone", "+77011234567"),
        ("sips:%2B77011234567:secret@h", "+77011234567"),
        ("tel:(701)123-4567;phone-context=+7", "+77011234567"),
        ("tel:*101#", None),
        ("sip:h", None),
        ("mailto:77011234567@h", None),
    ],
)
def test_a_number_is_read_from_a_uri(uri: str, number: str | None) -> None:
    assert dialled(uri) == number


@pytest.mark.parametrize(
    ("number", "national", "foreign"),
    [
        ("77011234567", "+77011234567", "+77011234567"),
        ("810442071838750", "+442071838750", "+442071838750"),
        ("442071838750", None, "+442071838750"),
        ("101", None, None),
        ("+12345678901234567", None, None),
    ],
)
def test_a_number_without_a_plus_is_read_as_it_is_dialled(
    number: str, national: str | None, foreign: str | None
) -> None:
    assert (e164(number, "KZ", "national"), e164(number, "KZ", "foreign")) == (national, foreign)


def test_a_stream_is_cut_into_messages_wherever_it_was_cut_before() -> None:
    one, two = request(number=1), request(number=2).replace(b"Content-Length: 0\r\n\r\n", b"l: 3\r\n\r\nabc")
    stream = PING + one + b"\r\n" + two + PING
    for size in (1, 7, len(stream)):
        framer = Framer()
        cut = [each for at in range(0, len(stream), size) for each in framer.feed(stream[at : at + size])]
        assert cut == [PING, one, two, PING]


@pytest.mark.parametrize("data", [b"x" * (MESSAGE_BYTES_MAX + 1), b"A\r\nl: x\r\n\r\n", b"A\r\nl: 99999\r\n\r\n"])
def test_a_stream_that_can_not_be_cut_is_broken(data: bytes) -> None:
    framer = Framer()
    assert framer.feed(data) == [data]
    assert framer.is_broken
    assert framer.feed(request()) == []
