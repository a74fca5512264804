"""European Central Bank: the euro's reference rates, ``eurofxref-daily.xml`` and those of past days."""

from collections.abc import Iterator

from saqta.intake.rates.form import Document, Quoted

PUBLISHER, QUOTE = "ecb.europa.eu", "EUR"
NAMESPACE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"


def europe(document: Document) -> Iterator[Quoted] | None:
    """``rate`` is how many units of the currency are worth one euro."""
    root = document.root
    days = [*root.all("Cube/Cube")] if root is not None else []
    if not days or days[0].namespace != NAMESPACE:
        return None
    return (
        Quoted(
            line=cube.line,
            publisher=PUBLISHER,
            day=day.attributes.get("time", ""),
            currency=cube.attributes.get("currency", ""),
            units=cube.attributes.get("rate", ""),
            quote=QUOTE,
            worth="1",
        )
        for day in days
        for cube in day.all("Cube")
    )
