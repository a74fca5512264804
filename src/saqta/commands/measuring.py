"""``saqta bench``: each figure as a ratio to a peer or a limit in the same run."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from saqta.commands.options import Json
from saqta.model.errors import InputError
from saqta.terminal import Results, errors

BENCHES = Path(__file__).parents[3] / "bench"


def bench(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A benchmark's name, or all; nothing lists the names."),
    ] = None,
    list_names: Annotated[bool, typer.Option("--list", help="List the names.")] = False,
    as_json: Json = False,
) -> None:
    """Measure speed, each figure as a ratio to a peer or a limit in the same run."""
    results = Results(as_json)
    found = {path.stem.replace("_", "-"): path for path in sorted(BENCHES.glob("*.py"))}
    if not found:
        raise InputError("bench", str(BENCHES), "the benchmarks, which come with the repository, not with the package")
    if list_names or name is None:
        for known in found:
            results.line({"name": known}, known)
        if name is None and not list_names:
            errors.print("saqta bench NAME measures one of them, saqta bench all every one", highlight=False)
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


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("name", path.stem, "a benchmark that can be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where it starts processes of its own, they find it there
    spec.loader.exec_module(module)
    return module
