"""Central Bank of Uzbekistan: the archive of rates (``arkhiv-kursov-valyut``) as JSON and as XML."""

from collections.abc import Iterator

from saqta.intake.rates.form import Document, Quoted
from saqta.intake.xml import Node

PUBLISHER, QUOTE = "cbu.uz", "UZS"
_FIELDS = ("Ccy", "Nominal", "Rate", "Date")


def uzbekistan(document: Document) -> Iterator[Quoted] | None:
    """``Rate`` is what ``Nominal`` units of the currency ``Ccy`` are worth in sum."""
    root = document.root
    if root is not None and root.name == "CBU_Curr":
        return (_quoted(entry.line, _texts(entry)) for entry in root.all("CcyNtry"))
    if document.entries and all(name in document.entries[0] for name in _FIELDS):
        numbered = enumerate(document.entries, 1)
        return (_quoted(number, {name: str(entry.get(name, "")) for name in _FIELDS}) for number, entry in numbered)
    return None


def _texts(entry: Node) -> dict[str, str]:
    return {name: entry.text_at(name) for name in _FIELDS} | {"Date": entry.text_at("date") or entry.text_at("Date")}


def _quoted(line: int, fields: dict[str, str]) -> Quoted:
    return Quoted(
        line=line,
        publisher=PUBLISHER,
        day=fields["Date"],
        currency=fields["Ccy"],
        units=fields["Nominal"],
        quote=QUOTE,
        worth=fields["Rate"],
    )
