"""The log as a file of lines: the bytes of a line, without its line feed, are the leaf's."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO, NamedTuple

from saqta.log.port import READ_EVENTS_MAX, Log, Reader
from saqta.model.errors import ContentConflict, InputError
from saqta.model.event import EVENT_BYTES_MAX

IMPORT_EVENTS_MAX = 1_000
"""An import appends so many lines at a time."""
REFUSED_MAX = 1_000
"""A file in which more lines are refused is not what it says it is: the import stops there."""

Progress = Callable[[int, int], None]
"""(events done, events in all) → nothing."""


class Refused(NamedTuple):
    """A line, counted from 1, that was not taken, and why."""

    line: int
    reason: str


class Imported(NamedTuple):
    """What became of the lines of a file: all that were ``read`` are ``accepted``, ``repeats`` or ``refused``."""

    read: int
    accepted: int
    repeats: int
    refused: tuple[Refused, ...]


def export(
    log: Reader, out: BinaryIO, until_ms: int | None = None, progress: Progress = lambda done, size: None
) -> int:
    """Writes the events, in order, as lines; with ``until_ms`` those recorded by then. Returns how many. Blocks."""
    size, seq, written = log.size(), 0, 0
    while seq < size and (batch := log.read(seq, min(READ_EVENTS_MAX, size - seq))):
        lines = [each.stored for each in batch if until_ms is None or each.event.recorded_ms <= until_ms]
        out.writelines(line + b"\n" for line in lines)
        seq, written = batch[-1].seq, written + len(lines)
        progress(seq, size)
    return written


def import_lines(log: Log, file: BinaryIO, progress: Callable[[int], None] = lambda read: None) -> Imported:
    """Appends each line that is an event, as it stands; the others are told with their reasons. Blocks.

    Empty lines are passed over. InputError where more than REFUSED_MAX can't be taken: what came before the last of
    them is appended. StorageError when the log can't keep them.
    """
    importing = _Importing(log)
    lines = ((number, line) for number, line in enumerate(_lines(file), 1) if line)
    while batch := list(islice(lines, IMPORT_EVENTS_MAX)):
        importing.take(batch)
        progress(importing.read)
    return Imported(importing.read, importing.accepted, importing.repeats, tuple(importing.refused))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The file's lines without their ends; of a line that is too long for an event, only its beginning."""
    while line := file.readline(EVENT_BYTES_MAX + 2):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(EVENT_BYTES_MAX)
        yield line.rstrip(b"\r\n")


class _Importing:
    def __init__(self, log: Log) -> None:
        self._log = log
        self.read = self.accepted = self.repeats = 0
        self.refused: list[Refused] = []

    def take(self, batch: Sequence[tuple[int, bytes]]) -> None:
        """Appends the lines together; where one is refused, each for itself."""
        try:
            positions = self._log.append_stored([line for _, line in batch])
        except (InputError, ContentConflict) as error:
            if len(batch) > 1:
                for one in batch:
                    self.take([one])
                return
            self._refuse(batch[0][0], str(error))
            positions = []
        self.read += len(batch)
        self.repeats += sum(position.repeat for position in positions)
        self.accepted += sum(not position.repeat for position in positions)

    def _refuse(self, line: int, reason: str) -> None:
        self.refused.append(Refused(line, reason))
        if len(self.refused) > REFUSED_MAX:
            first = self.refused[0]
            expected = f"at most {REFUSED_MAX}: nothing is read on from there (line {first.line}: {first.reason})"
            raise InputError(f"line {line}", f"{len(self.refused)} lines that are no events of this log", expected)
