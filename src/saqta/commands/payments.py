"""``saqta payments``: ISO 20022 messages as the lines that decisions are made on."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from saqta.commands.options import opened_file
from saqta.intake.iso20022 import MESSAGE_BYTES_MAX, read_message
from saqta.model.errors import InputError
from saqta.model.moment import zone_from_text
from saqta.terminal import Results


def payments(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="pain.001 or pacs.008 messages.")],
    zone: Annotated[
        str | None, typer.Option(metavar="+HH:MM", help="The offset from UTC of times that have none.")
    ] = None,
) -> None:
    """Read ISO 20022 credit transfers into lines of JSON, as `saqta fraud decide` takes them."""
    results, offset = Results(as_json=True), zone_from_text(zone) if zone else None
    for path in files:
        with opened_file(path, "file", "rb") as file:
            content = file.read(MESSAGE_BYTES_MAX + 1)
        try:
            read = read_message(content, offset)
        except InputError as error:
            raise InputError(f"{path}: {error.field}", error.given, error.expected) from error
        for payment in read:
            results.line(msgspec.json.encode(payment), "")
