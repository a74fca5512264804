"""What a command says: results on standard output, progress on standard error, one clear message for an error."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from saqta.model.errors import (
    ContentConflict,
    DamageError,
    ForbiddenError,
    InputError,
    SaqtaError,
    StateError,
    StorageError,
    VersionConflict,
)

EXIT_OK, EXIT_FAULT, EXIT_INPUT, EXIT_UNVERIFIED = 0, 1, 2, 3

EXPECTED = (InputError, ForbiddenError, StateError, VersionConflict, ContentConflict, StorageError)
"""What a user may mend; anything else is a fault of ours."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Advance(Protocol):
    """Tells how far a long task is."""

    def __call__(self, done: int, total: int | None = None) -> None: ...


class Results:
    """A command's results: lines of JSON with a summary last, or text for people; ``aside``, on standard error."""

    def __init__(self, as_json: bool, aside: bool = False) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True, stderr=aside)

    def line(self, record: Mapping[str, Any] | bytes, text: str) -> None:
        """One result: ``record`` as JSON (bytes are JSON already), or ``text``."""
        if not self._as_json:
            self._console.print(text, markup=False)
        elif isinstance(record, bytes):
            sys.stdout.write(record.decode() + "\n")
            sys.stdout.flush()
        else:
            print(json.dumps(record), flush=True)

    def refused(self, rows: Iterable[tuple[int, str]]) -> list[dict[str, Any]]:
        """Rows that were not taken, (line, reason), a result each; gives them as the summary has them."""
        records = [{"line": line, "reason": reason} for line, reason in rows]
        for record in records:
            self.line(record, "line {line}: {reason}".format_map(record))
        return records

    def summary(self, summary: Mapping[str, Any]) -> None:
        """What it came to, last of all."""
        if self._as_json:
            print(json.dumps({"summary": summary}), flush=True)
            return
        table = Table("", Column("", overflow="fold"), box=None, show_header=False, pad_edge=False)
        for name, value in summary.items():
            table.add_row(name.replace("_", " "), _shown(value))
        self._console.print(table)


def log_to_standard_error() -> None:
    """Log lines are events with keys; those of libraries count from a warning on."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, structlog.processors.LogfmtRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, format="level=%(levelname)s logger=%(name)s event=%(message)r")


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """A progress bar on standard error while the block runs; nothing where that is no terminal."""
    told = TextColumn("{task.description}")
    columns = (SpinnerColumn(), told, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def explain(error: SaqtaError) -> int:
    """Prints the one message of an error and gives the exit status that belongs to it."""
    errors.print(f"saqta: {error}", style="bold red", markup=False)
    if isinstance(error, DamageError):
        return EXIT_UNVERIFIED
    return EXIT_INPUT if isinstance(error, EXPECTED) else EXIT_FAULT


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items()) or "none"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return str(len(value))  # Each of them has had its line.
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
