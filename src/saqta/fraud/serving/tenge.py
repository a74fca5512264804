"""What payments come to in tenge by the rates of their days, UTC; each decision names the published lines that it used.

An amount without a rate is none in tenge: no other day's rate stands in for it.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from saqta.fraud.engine.layout import DAY_MS, PAYMENT, Array
from saqta.fraud.engine.naming import CURRENCIES
from saqta.model.errors import InputError
from saqta.model.kinds import Quoted, RatesPublished, UsedRate
from saqta.model.money import EXPONENTS, decimal_text
from saqta.model.rates import Quotation, RateBook, converted_by

TENGE = "KZT"
EPOCH = date(1970, 1, 1)
NUMBER_OF_TENGE = CURRENCIES.index(TENGE)
UNITS = [10 ** EXPONENTS.get(currency, 0) for currency in CURRENCIES]
"""How many of its minor units one of each currency is, by its number."""


class InTenge(msgspec.Struct, frozen=True, gc=False):
    """An amount in tenge, and the published lines that it was converted by; none for what was in tenge already."""

    amount: str
    rates: tuple[Quoted, ...] = ()


class Exchange:
    """The published rates, for any thread."""

    def __init__(self) -> None:
        self._book = RateBook()
        self._lock = threading.Lock()

    def add(self, publication: RatesPublished) -> None:
        """As ``RateBook.add``."""
        with self._lock:
            self._book.add(publication)

    def used(self, rows: Array) -> tuple[UsedRate, ...]:
        """The rates that the payments among ``rows`` (rows.ROW) are converted by, each once; none for tenge."""
        foreign = rows[(rows["kind"] == PAYMENT) & (rows["currency"] != NUMBER_OF_TENGE)]
        asked = sorted({*zip(foreign["currency"].tolist(), (foreign["time_ms"] // DAY_MS).tolist(), strict=True)})
        return tuple(found for currency, day in asked if (found := self._used(CURRENCIES[currency], day)) is not None)

    def _used(self, currency: str, day: int) -> UsedRate | None:
        on = EPOCH + timedelta(days=day)
        try:
            with self._lock:
                quotations = self._book.rate(currency, TENGE, on).quotations
        except InputError:
            return None
        return UsedRate(currency=currency, day=on, lines=tuple(Quoted(**each._asdict()) for each in quotations))


class Tenge:
    """Converts the payments of one commit by the rates that stand in it."""

    def __init__(self, rates: Iterable[UsedRate]) -> None:
        self._rates = {
            (CURRENCIES.index(rate.currency), (rate.day - EPOCH).days): (_factor(rate.currency, rate.lines), rate.lines)
            for rate in rates
        }

    def of(self, currency: int, time_ms: int, amount: float) -> InTenge | None:
        """What a payment, as it stands in a row, comes to; None where no rate was published."""
        minor = round(amount * UNITS[currency])  # Exact: amounts have less than the 53 bits of a float.
        if currency == NUMBER_OF_TENGE:
            return InTenge(decimal_text(minor, TENGE))
        found = self._rates.get((currency, time_ms // DAY_MS))
        return None if found is None else InTenge(decimal_text(round(minor * found[0]), TENGE), found[1])


def _factor(currency: str, lines: Sequence[Quoted]) -> Fraction:
    """How many of the tenge's minor units one of the currency's is worth."""
    quotations = [Quotation(**msgspec.structs.asdict(line)) for line in lines]
    return converted_by(currency, quotations) * Fraction(10) ** (EXPONENTS[TENGE] - EXPONENTS[currency])
