"""Exchange rates: what an amount comes to in another currency on a day, and by which published rates.

- A rate is a fraction, from the decimal texts that were published; the one rounding is at the end, half to even, to the
  currency's minor unit.
- It holds from its day until its publisher publishes another, and for RATE_VALID_D days at most.
- Where no one publishes a rate between two currencies, it goes over a third one that both are quoted in.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from saqta.model.errors import InputError
from saqta.model.kinds import RatesPublished
from saqta.model.money import EXPONENTS

RATE_VALID_D = 10
"""The longest row of holidays on which no national bank publishes."""
PUBLICATIONS_MAX = 500
"""A book keeps so many of the newest days of each publisher."""
RATES_KEPT_MAX = 4_096
"""A book keeps so many rates that it was asked for."""


class Quotation(NamedTuple):
    """So many units of a currency are worth so much of another: one published line."""

    publisher: str
    day: date
    currency: str
    units: str
    quote: str
    worth: str

    @property
    def rate(self) -> Fraction:
        """What one unit of ``currency`` is worth in ``quote``."""
        return Fraction(self.worth) / Fraction(self.units)

    def __str__(self) -> str:
        return f"{self.units} {self.currency} = {self.worth} {self.quote} ({self.publisher}, {self.day.isoformat()})"


class Rate(NamedTuple):
    """What one unit of a currency is worth in another, and the quotations that say so, in the order of their use."""

    rate: Fraction
    quotations: tuple[Quotation, ...] = ()


class Converted(NamedTuple):
    """An amount in whole minor units of its new currency, and the quotations that it was converted by."""

    amount_minor: int
    currency: str
    quotations: tuple[Quotation, ...]


class RateBook:
    """What publishers published, as far as it can still be asked for; for one thread.

    Equal publications, in whatever order they came, make equal answers.
    """

    def __init__(self, publications: Iterable[RatesPublished] = ()) -> None:
        self._days: dict[tuple[str, str], list[date]] = {}
        self._published: dict[tuple[str, str, date], RatesPublished] = {}
        self._asked: dict[tuple[str, str, date], Rate] = {}
        for publication in publications:
            self.add(publication)

    def add(self, publication: RatesPublished) -> None:
        """Takes a publication, in the place of one of the same publisher, quote and day."""
        series = (publication.publisher, publication.quote)
        days = self._days.setdefault(series, [])
        if (*series, publication.day) not in self._published:
            insort(days, publication.day)
        self._published[*series, publication.day] = publication
        if len(days) > PUBLICATIONS_MAX:
            del self._published[*series, days.pop(0)]
        self._asked.clear()

    def rate(self, currency: str, to: str, day: date) -> Rate:
        """The rate between two currencies on a day; InputError when none was published within RATE_VALID_D days.

        One that is published between the two goes before one over a third currency, a publisher whose own currency is
        ``to`` before others, a newer day before an older one.
        """
        key = (currency, to, day)
        if key not in self._asked:
            if len(self._asked) >= RATES_KEPT_MAX:
                self._asked.clear()
            self._asked[key] = self._found(currency, to, day)
        return self._asked[key]

    def convert(self, amount_minor: int, currency: str, to: str, day: date) -> Converted:
        """The amount in another currency on a day, rounded half to even. InputError as ``rate``, and for a currency
        that ISO 4217 doesn't know."""
        rate = self.rate(currency, to, day)
        scale = Fraction(10) ** (_exponent(to) - _exponent(currency))
        return Converted(round(amount_minor * rate.rate * scale), to, rate.quotations)

    def _found(self, currency: str, to: str, day: date) -> Rate:
        if currency == to:
            return Rate(Fraction(1))
        legs = [*self._legs(day)]
        onward = [leg for leg in legs if leg.to == to]
        ways: list[tuple[_Leg, ...]] = [(leg,) for leg in onward if leg.currency == currency] or [
            (first, second)
            for first in legs
            if first.currency == currency
            for second in onward
            if first.to == second.currency
        ]
        if not ways:
            raise InputError(
                "currency",
                f"{currency} on {day.isoformat()}",
                f"a rate to {to} that was published within {RATE_VALID_D} days before",
            )
        best = min(
            ways, key=lambda way: ([leg.quotation.quote != leg.to for leg in reversed(way)], _age(way, day), way)
        )
        rate = Fraction(1)
        for leg in best:
            rate *= leg.rate
        return Rate(rate, tuple(leg.quotation for leg in best))

    def _legs(self, day: date) -> Iterator["_Leg"]:
        """Both ways of every quotation that holds on the day."""
        for (publisher, quote), days in self._days.items():
            newest = bisect_right(days, day)
            if newest and days[newest - 1] >= day - timedelta(days=RATE_VALID_D):
                for quotation in quotations(self._published[publisher, quote, days[newest - 1]]):
                    yield _Leg(quotation.currency, quote, quotation, quotation.rate)
                    yield _Leg(quote, quotation.currency, quotation, 1 / quotation.rate)


class _Leg(NamedTuple):
    currency: str
    to: str
    quotation: Quotation
    rate: Fraction


def _age(way: tuple[_Leg, ...], day: date) -> int:
    return sum((day - leg.quotation.day).days for leg in way)


def converted_by(currency: str, lines: Iterable[Quotation]) -> Fraction:
    """What one unit of a currency is worth by quotations used one after the other, as ``RateBook.rate`` names them.

    >>> line = Quotation("cbu.uz", date(2026, 1, 31), "KZT", "1", "UZS", "25")
    >>> converted_by("UZS", [line]), converted_by("KZT", [line])
    (Fraction(1, 25), Fraction(25, 1))
    """
    rate = Fraction(1)
    for line in lines:
        forward = line.currency == currency
        rate = rate * line.rate if forward else rate / line.rate
        currency = line.quote if forward else line.currency
    return rate


def quotations(publication: RatesPublished) -> Iterator[Quotation]:
    """The lines of a publication."""
    for currency, (units, worth) in publication.rates.items():
        yield Quotation(publication.publisher, publication.day, currency, units, publication.quote, worth)


def worth_in(publication: RatesPublished, currency: str, to: str) -> Fraction | None:
    """What one unit of a currency is worth in another by one publication alone; None where it does not say."""
    units = {line.currency: line.rate for line in quotations(publication)} | {publication.quote: Fraction(1)}
    return units[currency] / units[to] if currency in units and to in units else None


def decimal_text(value: Fraction, digits: int) -> str:
    """A fraction as a decimal text of so many significant digits, rounded half to even.

    >>> decimal_text(Fraction(1, 512), 6), decimal_text(Fraction(-1, 3), 3)
    ('0.00195312', '-0.333')
    """
    context = Context(prec=digits)
    return format(context.divide(Decimal(value.numerator), Decimal(value.denominator)), "f")


def fixed_text(value: Fraction, decimals: int) -> str:
    """A fraction as a decimal text of so many decimals, rounded half to even; what is less than nothing keeps its sign.

    >>> fixed_text(Fraction(2, 3), 2), fixed_text(Fraction(-1, 1000), 2), fixed_text(Fraction(0), 2)
    ('0.67', '-0.00', '0.00')
    """
    context = Context(prec=50)
    exact = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return format(exact.quantize(Decimal(1).scaleb(-decimals), context=context), "f")


def _exponent(currency: str) -> int:
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise InputError("currency", currency, "a currency's code of ISO 4217, such as KZT")
    return exponent
