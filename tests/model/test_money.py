import pytest

from saqta.model.errors import InputError
from saqta.model.money import AMOUNT_MINOR_MAX, minor_units


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("0", "KZT", 0), ("0.01", "KZT", 1), ("1", "KZT", 100), ("1.5", "BHD", 1500), ("300", "JPY", 300)],
)
def test_amounts_are_whole_minor_units(text: str, currency: str, minor: int) -> None:
    assert minor_units(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "says"),
    [
        ("-1", "KZT", "from zero up"),
        ("1e9", "KZT", "amount"),
        ("1.", "KZT", "amount"),
        ("1.001", "KZT", "at most 2 decimals"),
        ("1.5", "JPY", "at most 0 decimals"),
        ("٣", "KZT", "amount"),
        ("NaN", "KZT", "amount"),
        (str(AMOUNT_MINOR_MAX // 100 + 1), "KZT", "at most"),
        ("1", "XYZ", "ISO 4217"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        minor_units(text, currency)
