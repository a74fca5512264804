"""``saqta redact``: a recording in which nobody can be recognised."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from saqta import wiring
from saqta.commands.options import Json
from saqta.edge.redact import redact as redact_source
from saqta.terminal import Results, progress


def redact(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, or sim:SCENARIO/CAMERA.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.mp4", help="The covered film; its sound is left out.")],
    as_json: Json = False,
) -> None:
    """Cover everybody in a recording, in every frame, with solid shapes."""
    with progress(f"covering {source}") as advance:
        summary = redact_source(source, out, wiring.PLUGINS, progress=lambda at_s: advance(int(at_s)))
    Results(as_json).summary(msgspec.to_builtins(summary))
