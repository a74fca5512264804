"""One request on its way through the decision path."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.judging import JUDGED_MAX
from saqta.fraud.serving.reading import Question
from saqta.model.errors import SaqtaError

Line = bytes | SaqtaError
"""An answer in JSON, or why there is none."""
Done = Callable[[Sequence[Line], bool], None]
"""Told of the answers, in order, and whether they answer a list; from another thread."""


class Ticket:
    """One request on its way. Who claims it answers it: the thread that decides, or that of the deadlines, which then
    tells in ``places`` where each id is recorded."""

    __slots__ = ("asked", "claimed", "done", "due_ns", "many", "places", "reader", "tenant")

    def __init__(self, tenant: str, reader: Reader, question: Question, done: Done, due_ns: int) -> None:
        self.tenant, self.reader, self.asked, self.many, self.done, self.due_ns = (
            tenant,
            reader,
            *question,
            done,
            due_ns,
        )
        self.claimed = False
        self.places: dict[int, tuple[int, int]] | None = None


def portions(tickets: Iterable[Ticket]) -> Iterator[list[Ticket]]:
    """Tickets in order, with at most JUDGED_MAX to decide in each portion."""
    portion: list[Ticket] = []
    count = 0
    for ticket in tickets:
        if count + len(ticket.asked) > JUDGED_MAX:
            yield portion
            portion, count = [], 0
        portion.append(ticket)
        count += len(ticket.asked)
    if portion:
        yield portion
