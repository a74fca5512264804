"""National Bank of the Kyrgyz Republic: ``XML/daily.xml`` and ``XML/weekly.xml``."""

from collections.abc import Iterator

from saqta.intake.rates.form import Document, Quoted

PUBLISHER, QUOTE = "nbkr.kg", "KGS"


def kyrgyzstan(document: Document) -> Iterator[Quoted] | None:
    """``Value`` is what ``Nominal`` units of the currency are worth in som."""
    root = document.root
    if root is None or root.name != "CurrencyRates":
        return None
    day = root.attributes.get("Date", "")
    return (
        Quoted(
            line=currency.line,
            publisher=PUBLISHER,
            day=day,
            currency=currency.attributes.get("ISOCode", ""),
            units=currency.text_at("Nominal"),
            quote=QUOTE,
            worth=currency.text_at("Value"),
        )
        for currency in root.all("Currency")
    )
