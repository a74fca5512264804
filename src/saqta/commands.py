"""What each command does, apart from reading its arguments: one function a command."""

import importlib.util
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import msgspec

from saqta import wiring
from saqta.config import Camera, load
from saqta.edge.settings import CameraSettings, parse_line, parse_zone
from saqta.edge.watch import watch as watch_source
from saqta.intake.registers import read_register
from saqta.log import checkpoints, files
from saqta.log.personal import Keyring
from saqta.log.runner import rebuild as rebuild_tables
from saqta.log.runner import replay as replay_tables
from saqta.log.sqlite import SqliteReader
from saqta.log.verify import verify
from saqta.model import kinds
from saqta.model.catalogue import read as read_data
from saqta.model.errors import InputError, StorageError
from saqta.model.event import Event, encode
from saqta.model.moment import from_text
from saqta.model.terms import Role
from saqta.simulate.record import simulate as record_simulation
from saqta.terminal import EXIT_OK, EXIT_UNVERIFIED, Results, errors, progress
from saqta.web import accounts

IMPORT_EVENTS_MAX = 100
"""An import appends so many events at a time."""
ACTOR = "saqta/command-line"
NOTE_BYTES_MAX = 1 << 20
BENCHES = Path(__file__).parents[2] / "bench"


class View(NamedTuple):
    """What ``saqta watch`` was told of lines and zones, as texts."""

    lines: Sequence[str]
    zones: Sequence[str]
    restricted: Sequence[str]
    intrusion_after_s: float | None
    analysed_fps: float | None


def serve(data: Path, host: str | None, port: int | None, settings_file: Path | None) -> None:
    """Serves until SIGTERM or SIGINT; raises what made a part stop."""
    settings = load(settings_file)
    host, port = host or settings.serve.host, settings.serve.port if port is None else port
    with wiring.opened(data) as folder:
        centre = wiring.Centre(folder, settings, host, port)
        stop_on_signals(centre)
        with centre:
            errors.print(f"Saqta serves {centre.address}/console from {data}", highlight=False)
            centre.wait()


def stop_on_signals(centre: wiring.Centre) -> None:
    """SIGTERM and Ctrl-C stop the centre cleanly, at whatever it is."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: centre.stop.set())


def watch(source: str, camera: str, settings_file: Path | None, view: View, results: Results) -> None:
    """Watches one source; a line for every event, then the summary. What ``view`` leaves open, the settings say."""
    loaded = load(settings_file)
    known = loaded.cameras.get(camera, Camera(source=source))
    if settings_file is not None and camera not in loaded.cameras:
        raise InputError("camera", camera, f"one of the settings: {', '.join(loaded.cameras) or 'there is none'}")
    settings = CameraSettings(
        camera=camera,
        source=source,
        lines=known.lines | dict(map(parse_line, view.lines)),
        zones=known.zones | dict(map(parse_zone, view.zones)),
        restricted=(*known.restricted, *view.restricted),
        intrusion_after_s=known.intrusion_after_s if view.intrusion_after_s is None else view.intrusion_after_s,
        analysed_fps=loaded.edge.analysed_fps if view.analysed_fps is None else view.analysed_fps,
    )

    with progress(f"watching {source}") as advance:
        summary = watch_source(
            settings,
            wiring.PLUGINS,
            lambda event: _tell(event, results),
            wiring.now_ms,
            progress=lambda at_s: advance(int(at_s)),
        )
    results.summary(msgspec.to_builtins(summary))


def verify_log(data: Path, checkpoint: Path | None, results: Results) -> int:
    """Verifies the log; returns the exit status."""
    text = None
    if checkpoint is not None:
        with _file(checkpoint, "checkpoint", "rb") as file:
            text = file.read(NOTE_BYTES_MAX).decode(errors="replace")
    with progress("verifying") as advance:
        found = verify(data, text, advance)
    results.summary(found._asdict())
    return EXIT_OK if found.ok else EXIT_UNVERIFIED


def export_log(data: Path, out: Path, results: Results) -> None:
    """Writes the log's events to a file."""
    draft = out.with_name(out.name + ".part")
    try:
        with progress("exporting") as advance, _readable(data) as log, _file(draft, "out", "wb") as file:
            events = files.export(log, file, progress=advance)
        draft.replace(out)
    except OSError as error:
        raise StorageError(f"{out} can't be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    results.summary({"events": events})


def import_log(data: Path, file: Path, results: Results) -> None:
    """Appends a file's events; refused lines are told with their reasons."""
    with _file(file, "file", "rb") as lines, wiring.opened(data) as folder, progress("importing") as advance:
        imported = files.import_lines(folder.log, lines, advance)
    for line, reason in imported.refused:
        results.line({"line": line, "reason": reason}, f"line {line}: {reason}")
    if imported.read and imported.refused_count == imported.read:
        raise InputError("file", str(file), "at least one line that is an event")
    results.summary(imported._asdict() | {"refused": imported.refused_count})


def replay(data: Path, until: str | None, results: Results) -> None:
    """Gives the hash of every table as the log makes them."""
    until_ms = None if until is None else from_text(until, "until")
    with _readable(data) as log:
        digests = replay_tables(log, wiring.STEPS, until_ms)
    _tell_digests(digests, results)


def rebuild(data: Path, results: Results) -> None:
    """Throws the tables away and folds the log into them again."""
    with wiring.opened(data) as folder, progress("rebuilding") as advance:
        rebuild_tables(wiring.STEPS, folder.log, folder.tables, advance)
        digests = {table.name: folder.tables.digest(table) for step in wiring.STEPS for table in step.tables}
    _tell_digests(digests, results)


def checkpoint(data: Path) -> None:
    """Prints a signed checkpoint of the log as it stands."""
    with _readable(data) as log:
        sys.stdout.write(checkpoints.sign(data, log))


def import_register(data: Path, kind: str, file: Path, results: Results) -> None:
    """Imports what is good of a register and tells what was refused."""
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


def add_user(data: Path, name: str, role: Role) -> str:
    """The one-time sign-in link of a person."""
    secret = accounts.add_user(_append_to(data), wiring.now_ms, wiring.new_secret, name, role, ACTOR)
    return f"{wiring.address_of(data)}/sign-in?link={secret}"


def add_token(data: Path, role: Role, partner: str | None, source: str | None) -> str:
    """The token of a program."""
    return accounts.add_token(_append_to(data), wiring.now_ms, wiring.new_secret, role, ACTOR, partner, source)


def erase_person(data: Path, identifier: str, purpose: str) -> str:
    """Records the erasure, then destroys the keys; a crash in between is made good when the server starts."""
    keyring = Keyring(data / "keys.db")
    try:
        person = keyring.find_person(identifier)
        if person is None:
            raise InputError("identifier", identifier, "what somebody in the record is known by")
        wiring.append(data, wiring.announce([kinds.PersonErased(person=person)], ACTOR, purpose))
        keyring.erase(person)
    finally:
        keyring.close()
    return f"{person} is erased: what was sealed under that person's keys can't be read any more"


def simulate(scenario: str, seed: int, out: Path, seconds: float, results: Results) -> None:
    """Writes a scenario's events, videos and truth."""
    try:
        with progress(f"rendering {scenario}") as advance:
            written = record_simulation(
                scenario, seed, out, seconds, lambda camera, share: advance(round(share * 100), 100)
            )
    except OSError as error:
        raise StorageError(f"{out} can't be written: {error.strerror}") from error
    results.summary(written._asdict() | {"files": [str(path) for path in written.files]})


def bench(name: str, list_names: bool, results: Results) -> None:
    """Runs benchmarks; each prints what it measured against."""
    found = {path.stem.replace("_", "-"): path for path in sorted(BENCHES.glob("*.py"))}
    if not found:
        raise InputError("bench", str(BENCHES), "the benchmarks, which come with the repository, not with the package")
    if list_names:
        for known in found:
            results.line({"name": known}, known)
        return
    if name != "all" and name not in found:
        raise InputError("name", name, "all or one of " + ", ".join(found))
    measured = 0
    for known, path in found.items():
        if name in ("all", known):
            for record in _module(path).run():
                results.line(record, _measured(record))
                measured += 1
    results.summary({"measured": measured})


def _measured(record: dict[str, Any]) -> str:
    form = "{name:36} {value:>14,.3f} {unit:12} {reference}: {reference_value:,.3f}, ratio {ratio:.3f}"
    return form.format(**record)


def _tell(event: Event, results: Results) -> None:
    data = read_data(event)
    when = "" if not isinstance(data, kinds.AlertRaised) or data.at_s is None else f"{data.at_s:8.2f} s  "
    what = "; ".join(data.reasons) if isinstance(data, kinds.AlertRaised) else bytes(event.data).decode()
    results.line(encode(event), f"{when}{event.type.removeprefix('saqta.').removesuffix('.v1')}  {what}")


def _tell_digests(digests: dict[str, str], results: Results) -> None:
    for table, digest in digests.items():
        results.line({"table": table, "sha256": digest}, f"{digest}  {table}")
    results.summary({"tables": len(digests)})


def _append_to(data: Path) -> Callable[[Sequence[Event]], object]:
    return lambda events: wiring.append(data, events)


@contextmanager
def _readable(data: Path) -> Iterator[SqliteReader]:
    """The log in ``data``, to look at; looking adds nothing to it."""
    reader = SqliteReader(data / "log.db")
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def _file(path: Path, field: str, mode: Literal["rb", "wb"]) -> Iterator[BinaryIO]:
    try:
        file = path.open(mode)
    except OSError as error:
        raise InputError(field, str(path), f"a file that can be used ({error.strerror})") from error
    with file:
        yield file


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("name", path.stem, "a benchmark that can be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
