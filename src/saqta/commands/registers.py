"""``saqta import``: registers of what a centre knows beforehand."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from saqta import wiring
from saqta.commands.options import ACTOR, DATA, Data, Json, readable_log
from saqta.intake.rates.reading import read_rates
from saqta.intake.registers import REGISTERS, Register, read_register
from saqta.model.catalogue import read, subject_of
from saqta.model.errors import InputError
from saqta.model.event import Event
from saqta.model.kinds import RatesPublished
from saqta.model.moment import from_datetime, to_datetime
from saqta.registry import RATES
from saqta.terminal import Results, progress

IMPORT_EVENTS_MAX = 100
"""An import appends so many events at a time."""


def import_register(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="cameras, units, roads, places or rates.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, GeoJSON, or a bank's rates.")],
    jumped: Annotated[
        list[str] | None,
        typer.Option(metavar="CURRENCY", help="Rates of this currency did jump: take them; repeatable."),
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Import a register of cameras, units, roads, places or rates; refused rows are told with line and reason."""
    results = Results(as_json)
    register, events = _rates(file, data, jumped or ()) if kind == "rates" else _register(kind, file)
    with progress(f"importing {kind}") as advance:
        for start in range(0, len(events), IMPORT_EVENTS_MAX):
            wiring.append(data, events[start : start + IMPORT_EVENTS_MAX])
            advance(start, len(events))
    for line, reason in register.refused:
        results.line({"line": line, "reason": reason}, f"line {line}: {reason}")
    refused = len(register.refused)
    results.summary({"read": register.read, "accepted": register.read - refused, "refused": refused})


def _register(kind: str, file: Path) -> tuple[Register, list[Event]]:
    if kind not in REGISTERS:
        raise InputError("kind", kind, f"one of {', '.join((*REGISTERS, 'rates'))}")
    check = wiring.camera_settings if kind == "cameras" else lambda row: None
    register = read_register(kind, file, check)
    return register, wiring.announce(register.records, ACTOR)


def _rates(file: Path, data: Path, jumped: Sequence[str]) -> tuple[Register, list[Event]]:
    """The same file again is a repeat: its events are named by what they say, and happen as their days begin."""

    def newest(publisher: str, quote: str) -> RatesPublished | None:
        subject = subject_of(RatesPublished(publisher=publisher, day=today, quote=quote, rates={}))
        if not (data / "log.db").exists():
            return None
        with readable_log(data) as log:
            version = log.version(subject)
            found = read(log.read(version - 1, limit=1)[0].event) if version else None
        return found if isinstance(found, RatesPublished) else None

    today = to_datetime(wiring.now_ms()).date()
    register = read_rates(file, RATES, newest, today, jumped)
    days = [record.day for record in register.records if isinstance(record, RatesPublished)]
    moments = [from_datetime(datetime.combine(day, time(), UTC)) for day in days]
    return register, wiring.named_by_content(register.records, moments, ACTOR)
