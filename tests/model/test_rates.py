"""What an amount comes to in another currency."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.model.errors import InputError
from saqta.model.kinds import RatesPublished
from saqta.model.rates import PUBLICATIONS_MAX, RATE_VALID_D, RATES_KEPT_MAX, RateBook, worth_in

DAY = date(2026, 1, 31)


def published(publisher: str, quote: str, day: date = DAY, **rates: tuple[str, str]) -> RatesPublished:
    return RatesPublished(publisher=publisher, day=day, quote=quote, rates=rates)


TENGE = published("nationalbank.kz", "KZT", USD=("1", "512.82"), UZS=("100", "4.21"), JPY=("1", "3.32"))
MANAT = published("cbt.tm", "TMT", USD=("1", "3.5"))


def test_an_amount_is_converted_exactly_and_rounded_once_half_to_even() -> None:
    book = RateBook([published("b", "KZT", USD=("1", "0.5"))])
    assert [book.convert(minor, "USD", "KZT", DAY).amount_minor for minor in (1, 2, 3, 5)] == [0, 1, 2, 2]
    assert RateBook([TENGE]).convert(10_000, "USD", "KZT", DAY).amount_minor == 5_128_200


def test_currencies_have_their_own_minor_units() -> None:
    book = RateBook([TENGE])
    assert book.convert(1_000, "JPY", "KZT", DAY).amount_minor == 332_000
    assert book.convert(332_000, "KZT", "JPY", DAY).amount_minor == 1_000


def test_the_rate_is_named() -> None:
    converted = RateBook([TENGE]).convert(100, "UZS", "KZT", DAY)
    assert [str(each) for each in converted.quotations] == ["100 UZS = 4.21 KZT (nationalbank.kz, 2026-01-31)"]
    assert RateBook().convert(5, "KZT", "KZT", DAY) == (5, "KZT", ())


def test_without_a_rate_between_two_it_goes_over_a_third() -> None:
    rate = RateBook([TENGE, MANAT]).rate("TMT", "KZT", DAY)
    assert rate.rate == Fraction("512.82") / Fraction("3.5")
    assert [each.publisher for each in rate.quotations] == ["cbt.tm", "nationalbank.kz"]
    assert RateBook([TENGE]).rate("USD", "UZS", DAY).rate == Fraction("512.82") / Fraction("0.0421")


def test_the_publisher_in_whose_money_it_is_asked_goes_before_others() -> None:
    other = published("nbkr.kg", "USD", KZT=("1", "0.002"))
    for publications in ([TENGE, other], [other, TENGE]):
        assert RateBook(publications).rate("USD", "KZT", DAY).quotations[0].publisher == "nationalbank.kz"
        assert RateBook(publications).rate("KZT", "USD", DAY).quotations[0].publisher == "nbkr.kg"


def test_a_rate_holds_from_its_day_until_the_next_and_no_longer_than_the_holidays() -> None:
    book = RateBook([TENGE])
    assert book.rate("USD", "KZT", DAY + timedelta(days=RATE_VALID_D)).quotations[0].day == DAY
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=RATE_VALID_D + 1)):
        with pytest.raises(InputError, match=f"within {RATE_VALID_D} days"):
            book.rate("USD", "KZT", day)
    book.add(published("nationalbank.kz", "KZT", DAY + timedelta(days=1), USD=("1", "513")))
    assert book.rate("USD", "KZT", DAY).rate == Fraction("512.82")
    assert book.rate("USD", "KZT", DAY + timedelta(days=2)).rate == 513


def test_a_publication_that_is_mended_takes_the_place_of_the_first() -> None:
    book = RateBook([TENGE, published("nationalbank.kz", "KZT", USD=("1", "513"))])
    assert book.rate("USD", "KZT", DAY).rate == 513


def test_a_currency_that_nobody_knows_is_refused_by_name() -> None:
    book = RateBook([published("b", "KZT", XXA=("1", "2"))])
    with pytest.raises(InputError, match="XXA"):
        book.convert(1, "XXA", "KZT", DAY)
    with pytest.raises(InputError, match="EUR on 2026-01-31"):
        book.convert(1, "EUR", "KZT", DAY)


def test_a_book_keeps_the_newest_days_and_forgets_what_it_was_asked() -> None:
    book = RateBook(
        published("b", "KZT", DAY + timedelta(days=n), USD=("1", str(n + 1))) for n in range(PUBLICATIONS_MAX + 1)
    )
    with pytest.raises(InputError):
        book.rate("USD", "KZT", DAY)
    for n in range(RATES_KEPT_MAX + 1):
        day = DAY + timedelta(days=1 + n % PUBLICATIONS_MAX)
        assert book.rate("USD", "KZT" if n < RATES_KEPT_MAX else "USD", day)
    for n in range(RATES_KEPT_MAX + 1):
        book.rate(f"{n:03d}", f"{n:03d}", DAY)
    assert book.rate("USD", "KZT", DAY + timedelta(days=1)).rate == 2


def test_one_publication_alone() -> None:
    assert worth_in(TENGE, "KZT", "USD") == 1 / Fraction("512.82")
    assert worth_in(TENGE, "UZS", "USD") == Fraction("0.0421") / Fraction("512.82")
    assert worth_in(TENGE, "TJS", "USD") is worth_in(TENGE, "USD", "TJS") is None


@given(st.integers(1, 10**12), st.decimals("0.0001", "100000", places=4), st.sampled_from([1, 10, 100]))
def test_there_and_back_is_off_by_the_rounding_alone(minor: int, worth: object, units: int) -> None:
    book = RateBook([published("b", "KZT", USD=(str(units), str(worth)))])
    there = book.convert(minor, "USD", "KZT", DAY).amount_minor
    rate = book.rate("USD", "KZT", DAY).rate
    assert abs(there - minor * rate) <= Fraction(1, 2)
    assert abs(book.convert(there, "KZT", "USD", DAY).amount_minor - minor) <= Fraction(1, 2) / rate + Fraction(1, 2)
