"""The rates that pages show."""

from datetime import date

import pytest

from saqta import views
from saqta.model.kinds import RatesPublished
from saqta.views.tables import PUBLICATIONS, RATES
from story import Story


@pytest.fixture
def story() -> Story:
    return Story([views.STEP])


def published(day: int, worth: str, publisher: str = "nationalbank.kz", quote: str = "KZT") -> RatesPublished:
    return RatesPublished(publisher=publisher, day=date(2026, 1, day), quote=quote, rates={"USD": ("1", worth)})


def test_a_currency_has_its_worth_in_dollars_and_the_change_since_the_day_before(story: Story) -> None:
    story.tell(published(29, "512.80"))
    first = story.rows(RATES)["KZT"]
    assert (first.rate, first.rate_before, first.change_percent, first.day_before) == ("0.00195008", None, None, None)
    story.tell(published(30, "512.82"))
    rate = story.rows(RATES)["KZT"]
    assert (rate.rate, rate.rate_before, rate.change_percent) == ("0.00195000", "0.00195008", "-0.0039")
    assert (rate.day, rate.day_before, rate.publisher) == (date(2026, 1, 30), date(2026, 1, 29), "nationalbank.kz")
    assert "USD" not in story.rows(RATES)


def test_a_day_that_is_told_late_or_mended_counts_where_it_belongs(story: Story) -> None:
    for day, worth in ((30, "500"), (29, "400"), (28, "300"), (29, "250"), (30, "501")):
        story.tell(published(day, worth))
    rate = story.rows(RATES)["KZT"]
    assert (rate.day.day, rate.rate_before, rate.rate) == (30, "0.004", "0.00199601")
    assert len(story.rows(PUBLICATIONS)) == 3


def test_a_currencys_own_bank_goes_before_others_until_it_is_silent(story: Story) -> None:
    tenge = RatesPublished(
        publisher="nationalbank.kz",
        day=date(2026, 1, 10),
        quote="KZT",
        rates={"USD": ("1", "500"), "KGS": ("10", "58"), "EUR": ("1", "600")},
    )
    story.tell(tenge)
    assert {key: row.publisher for key, row in story.rows(RATES).items()} == dict.fromkeys(
        ("EUR", "KGS", "KZT"), "nationalbank.kz"
    )
    story.tell(published(9, "87", "nbkr.kg", "KGS"))
    assert story.rows(RATES)["KGS"].publisher == "nbkr.kg"
    story.tell(published(12, "0.9", "ecb.europa.eu", "EUR"))
    assert story.rows(RATES)["EUR"].publisher == "ecb.europa.eu"
    for day, publisher in ((19, "nbkr.kg"), (20, "nationalbank.kz")):
        later = RatesPublished(
            publisher="nationalbank.kz", day=date(2026, 1, day), quote="KZT", rates=tenge.rates | {"EUR": ("1", "9")}
        )
        story.tell(later)
        assert story.rows(RATES)["KGS"].publisher == publisher


def test_rates_that_can_not_be_are_put_aside(story: Story) -> None:
    story.tell(published(30, "0"))
    assert story.rows(RATES) == {}
