"""Exchange rates, as they were published."""

from datetime import date
from typing import Annotated

import msgspec

from saqta.model.kinds.record import Name, Record

DECIMAL_CHARS_MAX = 40
CURRENCIES_MAX = 400

CurrencyCode = Annotated[str, msgspec.Meta(min_length=3, max_length=3)]
DecimalText = Annotated[str, msgspec.Meta(min_length=1, max_length=DECIMAL_CHARS_MAX)]


class RatesPublished(Record, frozen=True, kw_only=True):
    """What a publisher, a national bank, says that currencies are worth in ``quote`` from ``day`` on.

    ``rates`` holds for each currency how many units of it are worth how much of ``quote``, both as they were published:
    ``{"UZS": ["100", "4.12"]}``. A later event of the same publisher, quote and day takes its place.
    """

    publisher: Name
    day: date
    quote: CurrencyCode
    rates: Annotated[dict[CurrencyCode, tuple[DecimalText, DecimalText]], msgspec.Meta(max_length=CURRENCIES_MAX)]
