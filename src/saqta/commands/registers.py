"""``saqta import``: registers of what a centre knows beforehand."""

from pathlib import Path
from typing import Annotated

import typer

from saqta import wiring
from saqta.commands.options import ACTOR, DATA, Data, Json
from saqta.intake.registers import read_register
from saqta.terminal import Results, progress

IMPORT_EVENTS_MAX = 100
"""An import appends so many events at a time."""


def import_register(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="cameras, units, roads or places.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, or GeoJSON.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Import a register of cameras, units, roads or places; refused rows are told with line and reason."""
    results = Results(as_json)
    check = wiring.camera_settings if kind == "cameras" else lambda row: None
    register = read_register(kind, file, check)
    events = wiring.announce(register.records, ACTOR)
    with progress(f"importing {kind}") as advance:
        for start in range(0, len(events), IMPORT_EVENTS_MAX):
            wiring.append(data, events[start : start + IMPORT_EVENTS_MAX])
            advance(start, len(events))
    for line, reason in register.refused:
        results.line({"line": line, "reason": reason}, f"line {line}: {reason}")
    refused = len(register.refused)
    results.summary({"read": register.read, "accepted": register.read - refused, "refused": refused})
