"""One request on its way through the decision path."""

from collections.abc import Callable, Iterable, Iterator

from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.judging import JUDGED_MAX
from saqta.fraud.serving.reading import Question
from saqta.model.errors import SaqtaError

Answer = bytes | SaqtaError
"""The answer to a request in JSON, or why there is none."""
Done = Callable[[Answer], None]
"""Told of the answer; from another thread."""


class Ticket:
    """One request on its way. Who claims it answers it: the thread that decides, or that of the deadlines, which then
    tells in ``places`` where each id is recorded."""

    __slots__ = ("claimed", "done", "due_ns", "places", "question", "reader", "tenant")

    def __init__(self, tenant: str, reader: Reader, question: Question, done: Done, due_ns: int) -> None:
        self.tenant, self.reader, self.question, self.done, self.due_ns = tenant, reader, question, done, due_ns
        self.claimed = False
        self.places: dict[int, tuple[int, int]] | None = None


def portions(tickets: Iterable[Ticket]) -> Iterator[list[Ticket]]:
    """Tickets in order, with at most JUDGED_MAX to decide in each portion."""
    portion: list[Ticket] = []
    count = 0
    for ticket in tickets:
        if count + len(ticket.question) > JUDGED_MAX:
            yield portion
            portion, count = [], 0
        portion.append(ticket)
        count += len(ticket.question)
    if portion:
        yield portion
