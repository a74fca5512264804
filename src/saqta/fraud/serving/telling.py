"""Puts together the answers to those who asked: what is simply allowed comes as one text, all else line by line."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from saqta.fraud.engine.layout import DECIDED, REPEATED, Array
from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.judging import Judged
from saqta.fraud.serving.ledger import Ledger, Place
from saqta.fraud.serving.reading import Batch, Question
from saqta.fraud.serving.recording import Written
from saqta.fraud.serving.rows import Commit
from saqta.fraud.serving.ticket import Answer
from saqta.model.errors import ContentConflict, InputError, SaqtaError
from saqta.model.kinds import ROWS_MAX

_encode = msgspec.json.Encoder().encode


class Telling:
    """What came of each that one tenant asked in a batch: decided, now or before, or an error."""

    def __init__(
        self,
        tenant: str,
        batch: Batch,
        judged: Judged,
        written: Written,
        ledger: Ledger,
        place_of: Callable[[int], Place | None],
    ) -> None:
        """``place_of`` tells where an id is recorded, and None where that is with other content."""
        self._tenant, self._batch, self._judged = tenant, batch, judged
        self._ledger, self._place_of = ledger, place_of
        self._commits: dict[int, Commit | None] = {}
        self._text, self._ends = _allowed(batch, judged, written)
        self.refused = 0
        """How much of what was told could not be decided."""
        self._others: list[int] = np.flatnonzero(np.diff(self._ends, prepend=0) == 0).tolist()
        """The places of all that the text does not tell of."""

    def answers(self, readers: Sequence[Reader | None]) -> Iterator[Answer]:
        """The answer to each question of the batch, for its reader; b"" where there is none."""
        for question, reader, first, last in zip(
            self._batch.questions, readers, self._batch.starts, self._batch.starts[1:], strict=False
        ):
            if reader is None:
                yield b""
            else:
                yield self._list(first, last, reader) if question.many else self._one(first, reader)

    def _one(self, at: int, reader: Reader) -> Answer:
        return self._part(at, at + 1) or self._line(at, reader)

    def _list(self, first: int, last: int, reader: Reader) -> bytes:
        others = self._others[bisect_left(self._others, first) : bisect_left(self._others, last)]
        lines = []
        for at, behind in zip([first, *(other + 1 for other in others)], [*others, last], strict=True):
            lines.append(self._part(at, behind))
            if behind < last:
                line = self._line(behind, reader)
                lines.append(line if isinstance(line, bytes) else _row_error(self._batch.name(behind), line))
        return items(line for line in lines if line)

    def _part(self, first: int, last: int) -> bytes:
        """What the text has from one place until before another, without the comma behind it; b"" for nothing."""
        if first == last:
            return b""
        start, end = self._ends.item(first - 1) if first else 0, self._ends.item(last - 1)
        return self._text[start : max(end - 1, start)]

    def _line(self, at: int, reader: Reader) -> Answer:
        """The answer at one place, or why there is none."""
        line = self._line_or_error(at, reader)
        self.refused += isinstance(line, SaqtaError)
        return line

    def _line_or_error(self, at: int, reader: Reader) -> Answer:
        judged = self._judged
        if at in judged.errors:
            return judged.errors[at]
        taken = int(np.searchsorted(judged.taken, at))
        is_known = judged.statuses[taken] in (DECIDED, REPEATED)
        place = self._place_of(judged.ids.item(taken)) if is_known else None
        commit = self._commit(place[0]) if place else None
        id = self._batch.message(at).id  # type: ignore[union-attr]
        return commit.line(id, place[1], reader) if commit and place else ContentConflict(self._tenant, id)

    def _commit(self, number: int) -> Commit | None:
        if number not in self._commits:
            self._commits[number] = self._ledger.commit(self._tenant, number)
        return self._commits[number]


def _allowed(batch: Batch, judged: Judged, written: Written) -> tuple[bytes, Array]:
    """The text that tells of what is simply allowed, and where in it each of the batch ends, (n,)."""
    sizes, texts = np.zeros(len(batch), np.int64), []
    rows = judged.decided[written.is_own]
    for number, commit in enumerate(written.commits):
        places = judged.taken[rows[number * ROWS_MAX : (number + 1) * ROWS_MAX]]
        brief = np.flatnonzero(commit.is_brief & (batch.named["is_plain"][places] != 0))
        text, ends = commit.texts(batch.named[places[brief]], brief)
        texts.append(text)
        sizes[places[brief]] = np.diff(ends, prepend=0)
    return b"".join(texts), np.cumsum(sizes)


def refusal(question: Question, error: SaqtaError) -> Answer:
    """The answer where nothing of a question could be decided."""
    if not question.many:
        return error
    return items(_row_error(question.name(at), error) for at in range(len(question)))


def items(lines: Iterable[bytes]) -> bytes:
    """The answer to a list."""
    return b'{"items":[%b],"next":null}' % b",".join(lines)


def _row_error(id: str | None, error: SaqtaError) -> bytes:
    """What stands in the place of what could not be decided."""
    told: dict[str, Any] = {"detail": str(error)}
    if isinstance(error, InputError):
        told |= {"field": error.field, "given": error.given_text, "expected": error.expected}
    return _encode({"id": id, "error": told})
