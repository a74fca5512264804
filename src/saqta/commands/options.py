"""What several commands are given, and the files that they are given."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import typer
from typer.core import TyperCommand

from saqta.log.logins import Logins
from saqta.log.sqlite import SqliteReader
from saqta.model.errors import InputError

Data = Annotated[Path, typer.Option("--data", help="The data folder.", metavar="DIR", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, the last of them the summary.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="A TOML file (docs/settings.md).")
]
DATA = Path("saqta-data")
ACTOR = "saqta/command-line"


def group(help: str) -> typer.Typer:
    """A family of commands."""
    return typer.Typer(help=help, no_args_is_help=True)


class TakesFiles(TyperCommand):
    """A command all of whose files are given by options: those that may be repeated take several values at once, as a
    shell's ``*.parquet`` gives them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        repeatable = {name for each in self.params if getattr(each, "multiple", False) for name in each.opts}
        spread: list[str] = []
        option = ""
        values = 0
        for argument in args:
            if argument.startswith("-"):
                if option in repeatable and not values:
                    raise InputError(option, argument, "a file")
                option, values = argument.partition("=")[0], argument.count("=")
            else:
                values += 1
                if values > 1 and option in repeatable:
                    spread.append(option)
            spread.append(argument)
        return super().parse_args(ctx, spread)


@contextmanager
def readable_log(data: Path) -> Iterator[SqliteReader]:
    """The log in ``data``, to look at; looking adds nothing to it."""
    reader = SqliteReader(data / "log.db")
    try:
        yield reader
    finally:
        reader.close()


def require_log(data: Path) -> None:
    """StorageError where there is no log: what is only to be looked after is not made."""
    with readable_log(data):
        return


@contextmanager
def kept_logins(data: Path) -> Iterator[Logins]:
    """The cameras' logins in ``data``, made where it is not there; a server may be at work on it."""
    data.mkdir(parents=True, exist_ok=True)
    with closing(Logins(data / "logins.db")) as logins:
        yield logins


@contextmanager
def opened_file(path: Path, field: str, mode: Literal["rb", "wb"]) -> Iterator[BinaryIO]:
    """A file to read or write; InputError names the ``field`` that gave it when it can't be used."""
    try:
        file = path.open(mode)
    except OSError as error:
        raise InputError(field, str(path), f"a file that can be used ({error.strerror})") from error
    with file:
        yield file
