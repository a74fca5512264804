"""The invented exchange rates of the simulated city."""

from datetime import date, timedelta

from saqta.model.rates import RateBook
from saqta.simulate.rates import CHANGE_MAX, PER_DOLLAR, rates

TODAY = date(2026, 1, 31)


def test_every_currency_of_the_region_has_a_rate_of_today_and_of_the_day_before() -> None:
    book = RateBook(rates(TODAY))
    for day in (TODAY, TODAY - timedelta(days=1)):
        for currency, dollar in PER_DOLLAR.items():
            rate = book.rate("USD", currency, day)
            assert rate.quotations[0].day == day
            assert abs(float(rate.rate) / dollar - 1) <= CHANGE_MAX + 1e-4


def test_a_day_has_the_same_rates_however_often_it_is_asked() -> None:
    assert list(rates(TODAY)) == list(rates(TODAY))
    today = {(each.day, each.quote): each for each in rates(TODAY)}
    tomorrow = {(each.day, each.quote): each for each in rates(TODAY + timedelta(days=1))}
    assert all(today[key] == tomorrow[key] for key in today.keys() & tomorrow.keys())
    assert len(today.keys() & tomorrow.keys()) == len(PER_DOLLAR)
