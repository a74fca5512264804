"""``saqta log``: the record, verified, exported, imported, replayed and signed."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from saqta import wiring
from saqta.commands.options import DATA, Data, Json, group, opened_file, readable_log, require_log
from saqta.log import checkpoints, files
from saqta.log.notes import NOTE_BYTES_MAX, is_note
from saqta.log.runner import rebuild as rebuild_tables
from saqta.log.runner import replay as replay_tables
from saqta.log.verify import verify as verify_log
from saqta.model.errors import InputError, StorageError
from saqta.model.moment import from_text
from saqta.registry import STEPS
from saqta.terminal import EXIT_OK, EXIT_UNVERIFIED, Results, progress

log = group("Verify, export, import, replay and sign the log.")


@log.command()
def verify(
    data: Data = DATA,
    checkpoint: Annotated[Path | None, typer.Option(metavar="FILE", help="One that was kept elsewhere.")] = None,
    as_json: Json = False,
) -> None:
    """Check that nothing was changed, cut or reordered; exit status 3 and the first bad seq when something was."""
    text = None
    if checkpoint is not None:
        with opened_file(checkpoint, "checkpoint", "rb") as file:
            text = file.read(NOTE_BYTES_MAX + 1).decode(errors="replace")
        if not is_note(text):
            raise InputError("checkpoint", str(checkpoint), "a signed note, as `saqta log checkpoint` prints it")
    with progress("verifying") as advance:
        found = verify_log(data, text, advance)
    Results(as_json).summary(found._asdict())
    sys.exit(EXIT_OK if found.ok else EXIT_UNVERIFIED)


@log.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write, one event a line.", metavar="FILE")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Write all events as CloudEvents, in order; each line holds the bytes of the tree's leaf."""
    straight = out.exists() and not out.is_file()  # A pipe or a device takes lines; it is not to be replaced.
    draft = out if straight else out.with_name(out.name + ".part")
    try:
        with progress("exporting") as advance, readable_log(data) as reader, opened_file(draft, "out", "wb") as file:
            events = files.export(reader, file, progress=advance)
        if not straight:
            draft.replace(out)
    except OSError as error:
        raise StorageError(f"{out} can't be written: {error.strerror}") from error
    finally:
        if not straight:
            draft.unlink(missing_ok=True)
    Results(as_json).summary({"events": events})


@log.command("import")
def import_lines(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `saqta log export` wrote.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Append the events of a file; known ones are skipped, refused lines are told with their reasons."""
    results = Results(as_json)
    with opened_file(file, "file", "rb") as lines, wiring.opened(data) as folder, progress("importing") as advance:
        imported = files.import_lines(folder.log, lines, advance)
    if imported.read and len(imported.refused) == imported.read:
        first = imported.refused[0]
        raise InputError("file", str(file), f"at least one line that is an event (line {first.line}: {first.reason})")
    results.summary(imported._asdict() | {"refused": results.refused(imported.refused)})


@log.command()
def replay(
    until: Annotated[str | None, typer.Option(help="A time, RFC 3339: what was recorded later is left out.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Fold the log into fresh tables in memory and give the hash of every table."""
    until_ms = None if until is None else from_text(until, "until")
    with readable_log(data) as reader:
        digests = replay_tables(reader, STEPS, until_ms)
    _tell_digests(digests, Results(as_json))


@log.command()
def rebuild(data: Data = DATA, as_json: Json = False) -> None:
    """Throw the tables away and fold the log into them again; no server may be running."""
    require_log(data)
    with wiring.opened(data) as folder, progress("rebuilding") as advance:
        rebuild_tables(STEPS, folder.log, folder.tables, advance)
        digests = {table.name: folder.tables.digest(table) for step in STEPS for table in step.tables}
    _tell_digests(digests, Results(as_json))


@log.command()
def checkpoint(data: Data = DATA) -> None:
    """Print a signed checkpoint of the log as it stands: give it to somebody else."""
    with readable_log(data) as reader:
        sys.stdout.write(checkpoints.sign(data, reader))


def _tell_digests(digests: dict[str, str], results: Results) -> None:
    for table, digest in digests.items():
        results.line({"table": table, "sha256": digest}, f"{digest}  {table}")
    results.summary({"tables": len(digests)})
