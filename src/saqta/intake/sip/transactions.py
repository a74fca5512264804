"""Calls that wait for their answer, and answers that may be asked for again (RFC 3261, section 17.2.1).

What follows what is a table; times are milliseconds of a clock that never goes back, handed in.
"""

import heapq
from collections import OrderedDict
from enum import StrEnum
from typing import NamedTuple

T1_MS = 500
T2_MS = 4_000
T4_MS = 5_000
LIFE_MS = 64 * T1_MS
TRYING_MS = 200
"""So long an INVITE may wait without a word."""
WAITING_MAX = 1_024
"""So many calls may wait for a decision."""
TRANSACTIONS_MAX = 16_384
"""So many answers are kept; the oldest gives way."""


class State(StrEnum):
    """A call waits for its answer, has it, or is known to have it."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"


TRANSITIONS: dict[State, dict[str, tuple[State, bool]]] = {
    State.WAITING: {
        "copy": (State.WAITING, True),
        "time": (State.WAITING, True),
        "answer": (State.ANSWERED, True),
        "ack": (State.WAITING, False),
    },
    State.ANSWERED: {
        "copy": (State.ANSWERED, True),
        "time": (State.ANSWERED, True),
        "answer": (State.ANSWERED, False),
        "ack": (State.CONFIRMED, False),
    },
    State.CONFIRMED: {
        "copy": (State.CONFIRMED, False),
        "time": (State.CONFIRMED, False),
        "answer": (State.CONFIRMED, False),
        "ack": (State.CONFIRMED, False),
    },
}
"""What may happen in a state: the state after it, and whether what there is to say is sent."""

Key = tuple[str, ...]


class Peer(NamedTuple):
    """An address; and, where it is not UDP, the stream."""

    host: str
    port: int
    stream: int | None = None


class Send(NamedTuple):
    """Bytes for a peer."""

    data: bytes
    to: Peer


class _Transaction:
    __slots__ = ("data", "due_ms", "ends_ms", "state", "to", "wait_ms")

    def __init__(self, to: Peer, data: bytes, due_ms: int) -> None:
        self.to, self.data, self.due_ms = to, data, due_ms
        self.state, self.wait_ms, self.ends_ms = State.WAITING, T1_MS, 0

    def happens(self, what: str) -> list[Send]:
        self.state, sends = TRANSITIONS[self.state][what]
        return [Send(self.data, self.to)] if sends else []


class Transactions:
    """The calls that may still be heard of; over a stream no answer is sent again by itself."""

    def __init__(self) -> None:
        self._waiting: dict[Key, _Transaction] = {}
        self._answered: OrderedDict[Key, _Transaction] = OrderedDict()
        self._due: list[tuple[int, Key]] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._answered)

    @property
    def is_full(self) -> bool:
        """Whether no further call may wait."""
        return len(self._waiting) >= WAITING_MAX

    @property
    def next_ms(self) -> int | None:
        """When ``due`` has something to do."""
        return self._due[0][0] if self._due else None

    def begin(self, key: Key, to: Peer, trying: bytes, now_ms: int) -> None:
        """A call begins to wait; ``trying`` is said where that takes long."""
        self._waiting[key] = _Transaction(to, trying, now_ms + TRYING_MS)
        heapq.heappush(self._due, (now_ms + TRYING_MS, key))

    def copy(self, key: Key) -> list[Send] | None:
        """What a copy of the request is answered with; None where the request is new."""
        transaction = self._waiting.get(key) or self._answered.get(key)
        return transaction.happens("copy") if transaction else None

    def answer(self, key: Key, data: bytes, now_ms: int) -> list[Send]:
        """The final answer, the first time that it is given."""
        transaction = self._waiting.pop(key, None)
        if transaction is None:
            return []
        while len(self._answered) >= TRANSACTIONS_MAX:
            self._answered.popitem(last=False)
        self._answered[key] = transaction
        transaction.data, transaction.ends_ms = data, now_ms + LIFE_MS
        self._remind(key, transaction, now_ms + (T1_MS if transaction.to.stream is None else LIFE_MS))
        return transaction.happens("answer")

    def acknowledge(self, key: Key, now_ms: int) -> None:
        """The answer was heard."""
        transaction = self._answered.get(key)
        if transaction is not None and transaction.state is State.ANSWERED:
            transaction.happens("ack")
            transaction.ends_ms = now_ms + (T4_MS if transaction.to.stream is None else 0)
            self._remind(key, transaction, transaction.ends_ms)

    def due(self, now_ms: int) -> list[Send]:
        """What has to be said by now; what is over is forgotten."""
        out: list[Send] = []
        while self._due and self._due[0][0] <= now_ms:
            at_ms, key = heapq.heappop(self._due)
            transaction = self._waiting.get(key) or self._answered.get(key)
            if transaction is None or transaction.due_ms != at_ms:
                continue
            if transaction.state is State.WAITING:
                out += transaction.happens("time")
            elif at_ms >= transaction.ends_ms:
                del self._answered[key]
            else:
                out += transaction.happens("time")
                transaction.wait_ms = min(2 * transaction.wait_ms, T2_MS)
                self._remind(key, transaction, min(now_ms + transaction.wait_ms, transaction.ends_ms))
        return out

    def _remind(self, key: Key, transaction: _Transaction, at_ms: int) -> None:
        transaction.due_ms = at_ms
        heapq.heappush(self._due, (at_ms, key))
