"""National Bank of Tajikistan: ``kurs/export_xml.php`` of a day.

Other banks publish in the same form (``ValCurs``), each in its own money, and nothing in it says whose it is: the
National Bank of Tajikistan names its ``Valute`` by numeric codes of ISO 4217, and only those are taken.
"""

from collections.abc import Iterator

from saqta.intake.rates.form import Document, Quoted

PUBLISHER, QUOTE = "nbt.tj", "TJS"


def tajikistan(document: Document) -> Iterator[Quoted] | None:
    """``Value`` is what ``Nominal`` units of the currency are worth in somoni."""
    root = document.root
    if root is None or root.name != "ValCurs":
        return None
    listed = [*root.all("Valute")]
    if not all(currency.attributes.get("ID", "").isdecimal() for currency in listed):
        return None
    day = root.attributes.get("Date", "")
    return (
        Quoted(
            line=currency.line,
            publisher=PUBLISHER,
            day=day,
            currency=currency.text_at("CharCode"),
            units=currency.text_at("Nominal"),
            quote=QUOTE,
            worth=currency.text_at("Value"),
        )
        for currency in listed
    )
