"""What payments come to in tenge by the rates of their days, UTC; each decision names the published lines that it used.

An amount without a rate is none in tenge: no other day's rate stands in for it.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction

import msgspec
import numpy as np

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
AS_IT_IS: tuple[Fraction, tuple[Quoted, ...]] = (Fraction(1), ())


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
        """The rates that payments (layout.EVENT, or rows of such) are converted by, each once; none for tenge."""
        found = (self._used(CURRENCIES[currency], day) for currency, day in _days(rows))
        return tuple(used for used in found if used is not None)

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
        found = self._rates.get((currency, time_ms // DAY_MS), AS_IT_IS if currency == NUMBER_OF_TENGE else None)
        return found and InTenge(decimal_text(_minor(currency, amount, found[0]), TENGE), found[1])

    def value(self, payments: Array) -> None:
        """Gives payments among events (layout.EVENT) the value in tenge that they have; others keep theirs."""
        if not self._rates:
            return
        for at in np.flatnonzero(_foreign(payments)).tolist():
            currency, time_ms, amount = (payments[name].item(at) for name in ("currency", "time_ms", "amount"))
            found = self._rates.get((currency, time_ms // DAY_MS))
            if found is not None:
                payments["value"][at] = _minor(currency, amount, found[0]) / UNITS[NUMBER_OF_TENGE]


def needed(rates: Sequence[UsedRate], rows: Array) -> tuple[UsedRate, ...]:
    """Those of the rates that the payments among ``rows`` are converted by."""
    if not rates:
        return ()
    days = set(_days(rows))
    return tuple(rate for rate in rates if (CURRENCIES.index(rate.currency), (rate.day - EPOCH).days) in days)


def _days(payments: Array) -> list[tuple[int, int]]:
    """The currencies and days of what is to be converted, each once."""
    foreign = payments[_foreign(payments)]
    return sorted({*zip(foreign["currency"].tolist(), (foreign["time_ms"] // DAY_MS).tolist(), strict=True)})


def _foreign(payments: Array) -> Array:
    """Which are payments in another currency than tenge, (n,) bool; no currency is tenge."""
    currency = payments["currency"]
    found: Array = (payments["kind"] == PAYMENT) & (currency != NUMBER_OF_TENGE) & (currency != 0)
    return found


def _minor(currency: int, amount: float, factor: Fraction) -> int:
    """Minor units of the tenge; exact, since amounts have less than the 53 bits of a float."""
    own: int = round(amount * UNITS[currency])
    return round(own * factor)


def _factor(currency: str, lines: Sequence[Quoted]) -> Fraction:
    """How many of the tenge's minor units one of the currency's is worth."""
    quotations = [Quotation(**msgspec.structs.asdict(line)) for line in lines]
    return converted_by(currency, quotations) * Fraction(10) ** (EXPONENTS[TENGE] - EXPONENTS[currency])
