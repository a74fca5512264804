"""Puts together the answers to those who asked: what is simply allowed comes as one text, all else line by line."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, cast

import msgspec
import numpy as np

from saqta.fraud.engine.layout import DECIDED, REPEATED
from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.judging import Judged
from saqta.fraud.serving.ledger import Ledger, Place
from saqta.fraud.serving.reading import Asked, Batch, Question
from saqta.fraud.serving.recording import Written
from saqta.fraud.serving.rows import Commit
from saqta.fraud.serving.ticket import Answer
from saqta.model.errors import ContentConflict, InputError, SaqtaError
from saqta.model.kinds import ROWS_MAX

TOLD = (DECIDED, REPEATED)
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
        self._statuses, self._ids = judged.statuses.tolist(), judged.ids.tolist()
        self._commits: dict[int, Commit | None] = {}
        self._text, sizes = _allowed(batch, judged, written) if batch.has_plain else (b"", [0] * len(batch))
        self._starts = [0, *accumulate(sizes)]
        """Where in the text each of the batch begins, and the last one ends."""
        self._others = [at for at, size in enumerate(sizes) if not size]
        """The places of all that the text does not tell of."""
        self.refused = 0
        """How much of what was told could not be decided."""

    def answers(self, readers: Sequence[Reader | None]) -> Iterator[Answer]:
        """The answer to each question of the batch, for its reader; b"" where there is none."""
        for question, reader, start in zip(self._batch.questions, readers, self._batch.starts, strict=False):
            if reader is None:
                yield b""
            elif question.many:
                yield self._list(question, reader, start)
            else:
                yield self._line(question.message(0), reader, start)

    def _list(self, question: Question, reader: Reader, first: int) -> bytes:
        last = first + len(question)
        others = self._others[bisect_left(self._others, first) : bisect_left(self._others, last)]
        lines = []
        for at, behind in zip([first, *(other + 1 for other in others)], [*others, last], strict=True):
            lines.append(self._part(at, behind))
            if behind < last:
                line = self._line(question.message(behind - first), reader, behind)
                lines.append(line if isinstance(line, bytes) else _row_error(question.name(behind - first), line))
        return items(line for line in lines if line)

    def _part(self, first: int, last: int) -> bytes:
        """What the text has from one place until before another, without the comma behind it; b"" for nothing."""
        start, end = self._starts[first], self._starts[last]
        return self._text[start : end - 1] if start < end else b""

    def _line(self, message: Asked | InputError, reader: Reader, at: int) -> Answer:
        """The answer to the message at one place, or why there is none."""
        line = self._line_or_error(message, reader, at)
        self.refused += isinstance(line, SaqtaError)
        return line

    def _line_or_error(self, message: Asked | InputError, reader: Reader, at: int) -> Answer:
        judged = self._judged
        if at in judged.errors:
            return judged.errors[at]
        taken = int(judged.taken.searchsorted(at)) if judged.errors else at
        place = self._place_of(self._ids[taken]) if self._statuses[taken] in TOLD else None
        commit = self._commit(place[0]) if place else None
        id = cast(Asked, message).id
        return commit.line(id, place[1], reader) if commit and place else ContentConflict(self._tenant, id)

    def _commit(self, number: int) -> Commit | None:
        if number not in self._commits:
            self._commits[number] = self._ledger.commit(self._tenant, number)
        return self._commits[number]


def _allowed(batch: Batch, judged: Judged, written: Written) -> tuple[bytes, list[int]]:
    """The text that tells of what is simply allowed, and how much of it each of the batch takes, in order."""
    sizes, texts = np.zeros(len(batch), np.int64), []
    rows = judged.taken[judged.decided[written.is_own]]
    for number, commit in enumerate(written.commits):
        places = rows[number * ROWS_MAX : (number + 1) * ROWS_MAX]
        brief = (commit.is_brief & batch.is_plain[places]).nonzero()[0]
        text, sizes[places[brief]] = commit.texts(batch.named[places[brief]], brief)
        texts.append(text)
    told: list[int] = sizes.tolist()
    return b"".join(texts), told


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
