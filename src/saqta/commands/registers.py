"""``saqta import``: registers of what a centre knows beforehand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from saqta import wiring
from saqta.cameras import camera_settings, without_logins
from saqta.commands.options import ACTOR, DATA, Data, Json, kept_logins, readable_log
from saqta.intake.lists import read_list
from saqta.intake.rates.reading import read_rates
from saqta.intake.registers import REGISTERS, Register, read_register
from saqta.log.personal import Keyring
from saqta.model.catalogue import read, subject_of
from saqta.model.errors import InputError
from saqta.model.event import Event
from saqta.model.kinds import CameraRegistered, ListImported, RatesPublished, Record
from saqta.model.listing import digester
from saqta.model.moment import day_start, to_datetime
from saqta.registry import RATES
from saqta.terminal import Results, progress

IMPORT_EVENTS_MAX = 50
"""An import appends so many events at a time."""


def import_register(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="cameras, units, roads, places, rates or lists.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, GeoJSON, or a bank's rates.")],
    jumped: Annotated[
        list[str] | None,
        typer.Option(metavar="CURRENCY", help="Rates of this currency did jump: take them; repeatable."),
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Import a register; rows that are refused are told with their line and the reason."""
    results = Results(as_json)
    if jumped and kind != "rates":
        raise InputError("jumped", ", ".join(jumped), "the import of rates, which alone may jump")
    if kind == "rates":
        register, events = _rates(file, data, jumped or ())
    else:
        register, events = _list(file, data) if kind == "lists" else _register(kind, file, data)
    with progress(f"importing {kind}") as advance:
        for start in range(0, len(events), IMPORT_EVENTS_MAX):
            wiring.append(data, events[start : start + IMPORT_EVENTS_MAX])
            advance(start, len(events))
    accepted = register.read - len(register.refused)
    results.summary({"read": register.read, "accepted": accepted, "refused": results.refused(register.refused)})


def _register(kind: str, file: Path, data: Path) -> tuple[Register, list[Event]]:
    if kind not in REGISTERS:
        raise InputError("kind", kind, f"one of {', '.join((*REGISTERS, 'rates', 'lists'))}")
    if kind == "cameras":
        register = read_register(kind, file, _check_camera)
        with kept_logins(data) as logins:
            cameras = (record for record in register.records if isinstance(record, CameraRegistered))
            return register, wiring.announce((without_logins(one, logins) for one in cameras), ACTOR)
    register = read_register(kind, file)
    return register, wiring.announce(register.records, ACTOR)


def _check_camera(camera: CameraRegistered) -> None:
    camera_settings(camera)
    wiring.PLUGINS.factory(camera.source)


def _rates(file: Path, data: Path, jumped: Sequence[str]) -> tuple[Register, list[Event]]:
    """The same file again is a repeat: its events are named by what they say, and happen as their days begin."""

    def newest(publisher: str, quote: str) -> RatesPublished | None:
        known = _newest(data, RatesPublished(publisher=publisher, day=today, quote=quote, rates={}))
        return known if isinstance(known, RatesPublished) else None

    today = to_datetime(wiring.now_ms()).date()
    register = read_rates(file, RATES, newest, today, jumped)
    days = [record.day for record in register.records if isinstance(record, RatesPublished)]
    return register, wiring.named_by_content(register.records, map(day_start, days), ACTOR)


def _list(file: Path, data: Path) -> tuple[Register, list[Event]]:
    """Where the version that was imported last is this one, there is nothing to append."""
    data.mkdir(parents=True, exist_ok=True)
    keyring = Keyring(data / "keys.db")
    try:
        register = read_list(file, digester(keyring.list_key()))
    finally:
        keyring.close()
    known, last = _newest(data, register.records[-1]), register.records[-1]
    is_known = isinstance(known, ListImported) and known == last
    return register, [] if is_known else wiring.announce(register.records, ACTOR)


def _newest(data: Path, like: Record) -> Record | None:
    """The newest record in the log with the subject of this one."""
    if not (data / "log.db").exists():
        return None
    with readable_log(data) as log:
        version = log.version(subject_of(like))
        return read(log.read(version - 1, limit=1)[0].event) if version else None
