"""Exchange rates as they were published."""

from datetime import date

from saqta.model.kinds import RatesPublished
from saqta.model.step import Table
from saqta.views.tables.row import Row


class Publication(Row, frozen=True, kw_only=True):
    """What a publisher published of a day."""

    published: RatesPublished


class Rate(Row, frozen=True, kw_only=True):
    """What one unit of a currency is worth in ``quote``, by its national bank or, where that is silent, by another.

    Decimal texts: ``rate`` and ``rate_before``, that of the publisher's day before, have six significant digits,
    ``change_percent`` four decimals; ``-0.0000`` is a little less than nothing.
    """

    currency: str
    quote: str
    rate: str
    rate_before: str | None
    change_percent: str | None
    publisher: str
    day: date
    day_before: date | None


PUBLICATIONS = Table("rates_published", Publication)
"""By publisher, quote and day, the newest day first; see ``publication_key``."""

RATES = Table("rates", Rate)
"""By currency."""


def publication_key(published: RatesPublished) -> str:
    """The key of a publication; ``rsplit("/", 1)`` parts the day from what lies before it."""
    return f"{published.publisher}/{published.quote}/{date.max.toordinal() - published.day.toordinal():07d}"
