"""Folds of the exchange rates: what each currency is worth in dollars, and how that changed from one day to the next.

By one publication alone, so that a rate and the one before it are alike. A currency's own bank goes before others; who
is shown stays until it has been silent for RATE_VALID_D days.
"""

from collections.abc import Iterator

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.rates import RATE_VALID_D, decimal_text, fixed_text, worth_in
from saqta.model.step import Change, Tables
from saqta.views.tables import PUBLICATIONS, RATES, Changes, Publication, Rate, publication_key

QUOTE = "USD"
DIGITS, DECIMALS = 6, 4


def _published(tables: Tables, recorded: Recorded, record: kinds.RatesPublished) -> Iterator[Change]:
    yield PUBLICATIONS.put(publication_key(record), Publication(published=record))
    now, before = _two_newest(tables, record)
    for currency in sorted({*now.rates, now.quote} - {QUOTE}):
        rate = _rate(now, before, currency)
        if rate is not None and _counts(rate, now, tables.get(RATES, currency)):
            yield RATES.put(currency, rate)


def _two_newest(
    tables: Tables, record: kinds.RatesPublished
) -> tuple[kinds.RatesPublished, kinds.RatesPublished | None]:
    """The publisher's newest day and the one before it, this publication among them."""
    series = publication_key(record).rsplit("/", 1)[0] + "/"
    known = (row.published for _, row in tables.scan(PUBLICATIONS, prefix=series, limit=3))
    others = (published for published in known if published.day != record.day)
    now, *before = sorted((record, *others), key=lambda published: published.day, reverse=True)
    return now, before[0] if before else None


def _rate(now: kinds.RatesPublished, before: kinds.RatesPublished | None, currency: str) -> Rate | None:
    worth = worth_in(now, currency, QUOTE)
    worth_before = worth_in(before, currency, QUOTE) if before else None
    if worth is None:
        return None
    return Rate(
        currency=currency,
        quote=QUOTE,
        rate=decimal_text(worth, DIGITS),
        rate_before=decimal_text(worth_before, DIGITS) if worth_before else None,
        change_percent=fixed_text(100 * (worth / worth_before - 1), DECIMALS) if worth_before else None,
        publisher=now.publisher,
        day=now.day,
        day_before=before.day if before and worth_before else None,
    )


def _counts(rate: Rate, now: kinds.RatesPublished, shown: Rate | None) -> bool:
    """Whether a rate takes the place of the one that is shown."""
    if shown is None or rate.publisher == shown.publisher:
        return True
    is_own, age_d = now.quote == rate.currency, (rate.day - shown.day).days
    return age_d >= -RATE_VALID_D if is_own else age_d > RATE_VALID_D


FOLDS: dict[type[kinds.Record], Changes] = {kinds.RatesPublished: _published}
