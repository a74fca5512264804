"""Saqta's own form, for publishers without a feed: CSV with ``publisher,day,currency,units,quote,worth``."""

from collections.abc import Iterator

from saqta.intake.rates.form import Document, Quoted

COLUMNS = ("publisher", "day", "currency", "units", "quote", "worth")


def table(document: Document) -> Iterator[Quoted] | None:
    """From ``day`` on, ``units`` of ``currency`` are worth ``worth`` of ``quote``."""
    if not document.rows or not all(name in document.rows[0][1] for name in COLUMNS):
        return None
    return (
        Quoted(line, **{name: (fields.get(name) or "").strip() for name in COLUMNS}) for line, fields in document.rows
    )
