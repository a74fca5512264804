"""``saqta simulate``: a scenario with its truth, as files."""

from pathlib import Path
from typing import Annotated

import typer

from saqta.commands.options import Json
from saqta.model.errors import StorageError
from saqta.simulate.record import simulate as record_simulation
from saqta.simulate.scenario import SEED
from saqta.terminal import Results, progress


def simulate(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="The scenario's name, such as demo; telephony has call records.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write to.", metavar="DIR", file_okay=False)],
    seed: Annotated[int, typer.Option(help="Which city.")] = SEED,
    seconds: Annotated[float, typer.Option(help="How long the videos are.", min=1)] = 60.0,
    as_json: Json = False,
) -> None:
    """Write a scenario's events, its cameras' videos and the truth."""
    try:
        with progress(f"rendering {scenario}") as advance:
            written = record_simulation(
                scenario, seed, out, seconds, lambda camera, share: advance(round(share * 100), 100)
            )
    except OSError as error:
        raise StorageError(f"{out} can't be written: {error.strerror}") from error
    Results(as_json).summary(written._asdict() | {"files": [str(path) for path in written.files]})
