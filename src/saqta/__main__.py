"""The command line: joins the families of commands, and says what came of one that failed."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from saqta.commands import cameras, centre, measuring, payments, people, pictures, registers, simulation
from saqta.commands.fraud import fraud
from saqta.commands.log import log
from saqta.commands.models import model
from saqta.commands.onvif import onvif
from saqta.commands.options import DATA, Data, Json
from saqta.model.errors import SaqtaError
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


app.command()(centre.serve)
app.command()(cameras.watch)
app.command()(pictures.redact)
app.add_typer(pictures.seal, name="seal")
app.add_typer(log, name="log")
app.command("import")(registers.import_register)
app.command()(payments.payments)
app.add_typer(model, name="model")
app.add_typer(onvif, name="onvif")
app.add_typer(people.user, name="user")
app.add_typer(people.token, name="token")
app.add_typer(people.person, name="person")
app.add_typer(fraud, name="fraud")
app.command()(simulation.simulate)
app.command()(measuring.bench)


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
