"""The command line: reads what was asked, hands it on, says what came of it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from saqta import commands
from saqta.model.errors import SaqtaError
from saqta.model.terms import Role
from saqta.simulate.scenario import SEED
from saqta.terminal import EXIT_FAULT, EXIT_OK, Results, explain, log_to_standard_error

app = typer.Typer(
    name="saqta",
    help="An open operations centre for public safety: one live picture, the nearest unit, a record to check.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
log = typer.Typer(help="Verify, export, import, replay and sign the log.", no_args_is_help=True)
user = typer.Typer(help="People who sign in.", no_args_is_help=True)
token = typer.Typer(help="Programs that call the API.", no_args_is_help=True)
person = typer.Typer(help="People whom the record is about.", no_args_is_help=True)
for name, group in (("log", log), ("user", user), ("token", token), ("person", person)):
    app.add_typer(group, name=name)

Data = Annotated[Path, typer.Option("--data", help="The data folder.", metavar="DIR", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, the last of them the summary.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="A TOML file (docs/settings.md).")
]
DATA = Path("saqta-data")


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="The port to serve on; 0 takes a free one.", min=0, max=65535)] = 8102,
    data: Data = DATA,
    for_s: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=1)] = None,
    video: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A video as a further camera; repeatable.")
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times faster than real the city runs.", min=0.1, max=20)] = 1.0,
    seed: Annotated[int, typer.Option(help="Which city.")] = SEED,
    as_json: Json = False,
) -> None:
    """Run the whole program on a simulated city, until Ctrl-C."""
    from saqta.demo import run_demo

    went_well = run_demo(data, port, for_s, video or [], speed, seed, Results(as_json))
    sys.exit(EXIT_OK if went_well else EXIT_FAULT)


@app.command()
def serve(
    data: Data = DATA,
    host: Annotated[str | None, typer.Option(help="The address to serve on; 127.0.0.1 unless set.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to serve on; 8102 unless set.", min=0, max=65535)] = None,
    settings: SettingsFile = None,
) -> None:
    """Run the operations centre on its real sources, until SIGTERM or Ctrl-C."""
    commands.serve(data, host, port, settings)


@app.command()
def watch(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, rtsp://… or sim:SCENARIO/CAMERA.")],
    camera: Annotated[str, typer.Option(help="The camera's id; its lines and zones come from --settings.")] = "camera",
    settings: SettingsFile = None,
    line: Annotated[list[str] | None, typer.Option(metavar="LINE", help="Count here: NAME=x0,y0,x1,y1.")] = None,
    zone: Annotated[list[str] | None, typer.Option(help="A zone: NAME=x,y,x,y,x,y…", metavar="ZONE")] = None,
    restricted: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A zone where nobody may stay.")] = None,
    intrusion_after_s: Annotated[float | None, typer.Option(help="How long somebody may stay there; 2.")] = None,
    analysed_fps: Annotated[float | None, typer.Option(help="How many frames a second are analysed; 5.")] = None,
    as_json: Json = False,
) -> None:
    """Watch one source from its beginning to its end, and tell what happens in it."""
    commands.watch(
        source,
        camera,
        settings,
        commands.View(line or [], zone or [], restricted or [], intrusion_after_s, analysed_fps),
        Results(as_json),
    )


@log.command()
def verify(
    data: Data = DATA,
    checkpoint: Annotated[Path | None, typer.Option(metavar="FILE", help="One that was kept elsewhere.")] = None,
    as_json: Json = False,
) -> None:
    """Check that nothing was changed, cut or reordered; exit status 3 and the first bad seq when something was."""
    sys.exit(commands.verify_log(data, checkpoint, Results(as_json)))


@log.command("export")
def export_log(
    out: Annotated[Path, typer.Option(help="The file to write, one event a line.", metavar="FILE")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Write all events as CloudEvents, in order; each line holds the bytes of the tree's leaf."""
    commands.export_log(data, out, Results(as_json))


@log.command("import")
def import_log(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `saqta log export` wrote.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Append the events of a file; known ones are skipped."""
    commands.import_log(data, file, Results(as_json))


@log.command()
def replay(
    until: Annotated[str | None, typer.Option(help="A time, RFC 3339: what was recorded later is left out.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Fold the log into fresh tables in memory and give the hash of every table."""
    commands.replay(data, until, Results(as_json))


@log.command()
def rebuild(data: Data = DATA, as_json: Json = False) -> None:
    """Throw the tables away and fold the log into them again; no server may be running."""
    commands.rebuild(data, Results(as_json))


@log.command("checkpoint")
def checkpoint_log(data: Data = DATA) -> None:
    """Print a signed checkpoint of the log as it stands: give it to somebody else."""
    commands.checkpoint(data)


@app.command("import")
def import_register(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="cameras, units, roads or places.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, or GeoJSON.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Import a register of cameras, units, roads or places; refused rows are told with line and reason."""
    commands.import_register(data, kind, file, Results(as_json))


@user.command("add")
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name in the record.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    data: Data = DATA,
) -> None:
    """Add a person and print a one-time sign-in link."""
    print(commands.add_user(data, name, role))


@token.command("add")
def add_token(
    role: Annotated[Role, typer.Option(help="What the program may do.")],
    partner: Annotated[str | None, typer.Option(help="The partner's name; with the role partner.")] = None,
    source: Annotated[str | None, typer.Option(help="The one source URI that the partner may post as.")] = None,
    data: Data = DATA,
) -> None:
    """Add a token for a program and print it, once."""
    print(commands.add_token(data, role, partner, source))


@person.command()
def erase(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="Such as a telephone number.")],
    purpose: Annotated[str, typer.Option(help="Why, in words; it stands in the record.")],
    data: Data = DATA,
) -> None:
    """Destroy the keys of a person's fields: they can't be read again, the log still verifies."""
    print(commands.erase_person(data, identifier, purpose))


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="The scenario's name, such as demo.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.", metavar="DIR", file_okay=False)],
    seed: Annotated[int, typer.Option(help="Which city.")] = SEED,
    seconds: Annotated[float, typer.Option(help="How long the videos are.", min=1)] = 60.0,
    as_json: Json = False,
) -> None:
    """Write a scenario's events, its cameras' videos and the truth."""
    commands.simulate(scenario, seed, out, seconds, Results(as_json))


@app.command()
def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A benchmark's name, or all.")] = "all",
    list_names: Annotated[bool, typer.Option("--list", help="List the names.")] = False,
    as_json: Json = False,
) -> None:
    """Measure speed, each figure as a ratio to a peer or a limit in the same run."""
    commands.bench(name, list_names, Results(as_json))


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command; errors on purpose become one message and their exit status."""
    os.umask(0o077)  # What lies in a data folder is its owner's alone.
    log_to_standard_error()
    try:
        app(arguments, prog_name="saqta")
    except SaqtaError as error:
        sys.exit(explain(error))


if __name__ == "__main__":
    main()
