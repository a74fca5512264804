"""Numbers: as libphonenumber decides them, in a fraction of the time."""

import random

import phonenumbers
import pytest

from saqta.fraud.numbers import KNOWN_MAX, Numbers
from saqta.model.errors import InputError


def test_countries_and_ranges_are_those_of_libphonenumber() -> None:
    chance, numbers = random.Random(1), Numbers()
    codes = ["7", "7", "7", "1", "44", "998", "996", "39", "800", "993", "61", "999", "20"]
    texts = [f"+{chance.choice(codes)}{chance.randrange(10**6, 10**10)}"[:16] for _ in range(3_000)]
    assigned = 0
    for text in texts:
        try:
            parsed = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            assert numbers.look_up(text, "caller") == ("", False)
            continue
        found = numbers.look_up(text, "caller")
        # libphonenumber would read "+7 8 701…" as "+7 701…"; in E.164 there is nothing to leave out.
        if text == f"+{parsed.country_code}{parsed.national_number}" and not parsed.italian_leading_zero:
            expected = phonenumbers.is_valid_number(parsed)
            assert found.assigned == expected, text
            assert not expected or found.country in (phonenumbers.region_code_for_number(parsed), "001"), text
            assigned += expected
    assert assigned > 300


@pytest.mark.parametrize("text", ["87011234567", "+7", "+0123456789", "7701", "+7701123456x", "", "+" + "7" * 16])
def test_what_is_not_e164_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"E\.164"):
        Numbers().look_up(text, "caller")


def test_numbers_are_remembered_up_to_a_limit() -> None:
    numbers = Numbers()
    for number in range(KNOWN_MAX + 1):
        numbers.look_up(f"+7701{number:07d}", "caller")
    assert len(numbers._known) == 1
