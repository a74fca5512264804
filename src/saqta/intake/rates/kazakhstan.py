"""National Bank of Kazakhstan: ``rss/get_rates.cfm`` of a day, and the feed ``rss/rates_all.xml``."""

from collections.abc import Iterator

from saqta.intake.rates.form import Document, Quoted

PUBLISHER, QUOTE = "nationalbank.kz", "KZT"


def kazakhstan(document: Document) -> Iterator[Quoted] | None:
    """``title`` is the currency, ``quant`` how many units of it, ``description`` what they are worth in tenge."""
    root = document.root
    if root is None or root.name not in ("rates", "rss"):
        return None
    day = root.text_at("date")
    return (
        Quoted(
            line=item.line,
            publisher=PUBLISHER,
            day=day or item.text_at("pubDate"),
            currency=item.text_at("title"),
            units=item.text_at("quant"),
            quote=QUOTE,
            worth=item.text_at("description"),
        )
        for item in root.all("item" if root.name == "rates" else "channel/item")
    )
