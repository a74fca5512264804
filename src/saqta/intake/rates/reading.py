"""A file of rates, in whatever form, into publications; a line is refused alone, with the reason.

A day with a rate more than JUMP_MAX off the last one known of its publisher, at most JUMP_KNOWN_D days before or after,
is refused whole: a slip of the comma or a swapped column is likelier than such a day. One who knows better names the
currency.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from saqta.intake.rates.form import Document, Quoted, Reader, document_of
from saqta.intake.registers import Refusal, Register
from saqta.intake.xml import XML_BYTES_MAX
from saqta.model.errors import InputError
from saqta.model.kinds import CURRENCIES_MAX, NAME_CHARS_MAX, RatesPublished
from saqta.model.money import EXPONENTS
from saqta.model.rates import Quotation, quotations

FILE_BYTES_MAX = XML_BYTES_MAX
PUBLICATIONS_MAX = 10_000
JUMP_MAX = Fraction(1, 2)
JUMP_KNOWN_D = 31
AHEAD_D_MAX = 7
"""Rates of the days to come are published on the eve of holidays."""

Newest = Callable[[str, str], RatesPublished | None]
"""The newest publication known of a publisher in a quote."""

_DECIMAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_DAY_FORMS = ("%Y-%m-%d", "%d.%m.%Y")


def read_rates(
    path: Path, readers: Mapping[str, Reader], newest: Newest, today: date, jumped: Collection[str] = ()
) -> Register:
    """Reads ``path`` by the reader whose form it has; records in the order of their days.

    A currency in ``jumped`` may jump. InputError when nothing of the file can be read.
    """
    quoted = _quoted(_document(path), readers)
    lines, refused = _lines(quoted, today)
    kept = [*_without_jumps(lines, newest, jumped, refused)]
    if not kept:
        why = f" ({refused[0].reason} in line {refused[0].line})" if refused else ""
        raise InputError("file", str(path), f"at least one rate{why}")
    return Register(tuple(_publications(kept)), len(quoted), tuple(sorted(refused)))


class _Line(NamedTuple):
    number: int
    quotation: Quotation

    @property
    def series(self) -> tuple[str, str, str]:
        return self.quotation.publisher, self.quotation.quote, self.quotation.currency


def _document(path: Path) -> Document:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise InputError("file", f"{path.stat().st_size} bytes", f"at most {FILE_BYTES_MAX} bytes of rates")
        return document_of(path.read_bytes())
    except OSError as error:
        raise InputError("file", str(path), f"a readable file ({error.strerror})") from error


def _quoted(document: Document, readers: Mapping[str, Reader]) -> list[Quoted]:
    for reader in readers.values():
        quoted = reader(document)
        if quoted is not None:
            return [*quoted]
    raise InputError("file", "another form", f"rates in the form of one of {', '.join(readers)} (docs/money.md)")


def _lines(quoted: Iterable[Quoted], today: date) -> tuple[list[_Line], list[Refusal]]:
    lines: dict[tuple[str, str, str, date], _Line] = {}
    refused: list[Refusal] = []
    for each in quoted:
        try:
            line = _Line(each.line, _quotation(each, today))
            before = lines.setdefault((*line.series, line.quotation.day), line)
            if before.number != line.number:
                raise InputError("currency", each.currency, f"each once a day: it stood in line {before.number}")
        except InputError as error:
            refused.append(Refusal(each.line, str(error)))
    return [*lines.values()], refused


def _quotation(quoted: Quoted, today: date) -> Quotation:
    if not 1 <= len(quoted.publisher) <= NAME_CHARS_MAX:
        raise InputError("publisher", quoted.publisher, f"a name of 1 to {NAME_CHARS_MAX} characters")
    if quoted.currency == quoted.quote:
        raise InputError("currency", quoted.currency, "another currency than the one it is quoted in")
    return Quotation(
        quoted.publisher,
        _day(quoted.day, today),
        _currency("currency", quoted.currency),
        _decimal("units", quoted.units),
        _currency("quote", quoted.quote),
        _decimal("worth", quoted.worth),
    )


def _day(text: str, today: date) -> date:
    for form in _DAY_FORMS:
        try:
            day = datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if day > today + timedelta(days=AHEAD_D_MAX):
            raise InputError("day", text, f"a day that has come, or comes within {AHEAD_D_MAX} days")
        return day
    raise InputError("day", text, "a day such as 2026-01-31 or 31.01.2026")


def _currency(field: str, text: str) -> str:
    if text not in EXPONENTS:
        raise InputError(field, text, "a currency's code of ISO 4217, such as KZT")
    return text


def _decimal(field: str, text: str) -> str:
    """A decimal without what stands between its thousands, with a point before its decimals."""
    plain = re.sub(r"[ \u00a0\u202f]", "", text).replace(",", ".")
    if not _DECIMAL.fullmatch(plain) or not Fraction(plain):
        raise InputError(field, text, "a decimal above zero, such as 512.34")
    return plain


def _without_jumps(
    lines: Iterable[_Line], newest: Newest, jumped: Collection[str], refused: list[Refusal]
) -> Iterator[_Line]:
    """The lines in the order of their days; a day on which something jumps goes to ``refused`` whole."""
    last: dict[tuple[str, str, str], Quotation] = {}
    asked: set[tuple[str, str]] = set()
    for (publisher, quote, _), day in _by_day(lines):
        if (publisher, quote) not in asked:
            asked.add((publisher, quote))
            known = newest(publisher, quote)
            last |= {(publisher, quote, each.currency): each for each in (quotations(known) if known else ())}
        before = {line.number: last[line.series] for line in day if line.series in last}
        jumps = {
            line.number: f"{line.quotation} is more than {100 * JUMP_MAX} % off {before[line.number]}"
            for line in day
            if line.number in before
            and line.quotation.currency not in jumped
            and _jumps(before[line.number], line.quotation)
        }
        if jumps:
            refused += [_refused_with(line, jumps) for line in day]
        else:
            last |= {line.series: line.quotation for line in day}
            yield from day


def _by_day(lines: Iterable[_Line]) -> Iterator[tuple[tuple[str, str, date], list[_Line]]]:
    def day(line: _Line) -> tuple[date, str, str]:
        return line.quotation.day, line.quotation.publisher, line.quotation.quote

    for (at, publisher, quote), group in groupby(sorted(lines, key=lambda line: (*day(line), line.number)), day):
        yield (publisher, quote, at), [*group]


def _refused_with(line: _Line, jumps: Mapping[int, str]) -> Refusal:
    """Beside a jump the day's other figures are as doubtful, and the last good day stays what the next is held to."""
    if line.number in jumps:
        return Refusal(line.number, f"{jumps[line.number]}; if it is true, give --jumped {line.quotation.currency}")
    return Refusal(line.number, f"nothing of a day is taken on which a rate jumps (line {min(jumps)})")


def _jumps(before: Quotation, now: Quotation) -> bool:
    near = abs((now.day - before.day).days) <= JUMP_KNOWN_D
    return near and abs(now.rate / before.rate - 1) > JUMP_MAX


def _publications(lines: Iterable[_Line]) -> Iterator[RatesPublished]:
    gathered: dict[tuple[str, str, date], dict[str, tuple[str, str]]] = {}
    for _, each in lines:
        rates = gathered.setdefault((each.publisher, each.quote, each.day), {})
        rates[each.currency] = (each.units, each.worth)
    if len(gathered) > PUBLICATIONS_MAX:
        raise InputError("file", f"{len(gathered)} days", f"at most {PUBLICATIONS_MAX} days in a file")
    for (publisher, quote, day), rates in gathered.items():
        if len(rates) > CURRENCIES_MAX:
            raise InputError("file", f"{len(rates)} currencies", f"at most {CURRENCIES_MAX} a day")
        yield RatesPublished(publisher=publisher, day=day, quote=quote, rates=rates)
