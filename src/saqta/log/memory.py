"""The log in memory: for tests, simulations and replays; it is gone when the program ends."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future

from saqta.log import merkle
from saqta.log.appending import Group, Request, name_of, request_of, request_of_stored
from saqta.log.following import Growth
from saqta.log.port import READ_BYTES_MAX, READ_EVENTS_MAX, Position
from saqta.model.errors import InputError, SaqtaError, StorageError
from saqta.model.event import Event, Recorded, decode
from saqta.model.moment import Clock


class MemoryLog:
    """A ``log.port.Log``; an append is as durable as the program."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stored: list[bytes] = []
        self._seqs: dict[bytes, int] = {}
        self._versions: dict[str, int] = {}
        self._tree = merkle.Tree()
        self._hashes: list[list[bytes]] = [[]]
        self._growth = Growth(0)
        self._closed = False

    def append(self, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> list[Position]:
        return self.submit(events, expected).result()

    def submit(self, events: Sequence[Event], expected: Mapping[str, int] | None = None) -> "Future[list[Position]]":
        return self._take(request_of(events, expected))

    def append_stored(self, lines: Sequence[bytes]) -> list[Position]:
        return self._take(request_of_stored(lines)).result()

    def read(self, after: int, limit: int = READ_EVENTS_MAX) -> list[Recorded]:
        batch: list[Recorded] = []
        room = READ_BYTES_MAX
        for seq, stored in enumerate(self._stored[after : after + limit], after + 1):
            room -= len(stored)
            if batch and room < 0:
                break
            batch.append(Recorded(seq, stored, decode(stored)))
        return batch

    def follow(self, after: int, stop: threading.Event) -> Iterator[list[Recorded]]:
        return self._growth.follow(self.read, after, stop)

    def find(self, source: str, id: str) -> Recorded | None:
        seq = self._seqs.get(name_of(source, id))
        if seq is None:
            return None
        stored = self._stored[seq - 1]
        return Recorded(seq, stored, decode(stored))

    def version(self, subject: str) -> int:
        return self._versions.get(subject, 0)

    def size(self) -> int:
        return self._growth.size

    def root(self, size: int | None = None) -> bytes:
        return merkle.root(self._size("size", size), self._kept)

    def inclusion_proof(self, seq: int, size: int | None = None) -> list[bytes]:
        size = self._size("size", size)
        if not 1 <= seq <= size:
            raise InputError("seq", seq, f"a seq from 1 to {size}")
        return merkle.inclusion_proof(seq - 1, size, self._kept)

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        size = self._size("size", size)
        return merkle.consistency_proof(merkle.require_size("old_size", old_size, size), size, self._kept)

    def close(self) -> None:
        self._closed = True
        self._growth.close()

    def _take(self, request: Request) -> "Future[list[Position]]":
        with self._lock:
            if self._closed:
                raise StorageError("the log in memory is closed")
            group = Group([request], len(self._stored), _Known(self._stored, self._seqs, self._versions), self._clock)
            result = group.take(request)
            self._keep(group)
        if isinstance(result, SaqtaError):
            request.future.set_exception(result)
        else:
            request.future.set_result(result)
        return request.future

    def _keep(self, group: Group) -> None:
        for seq, entry in enumerate(group.entries, len(self._stored) + 1):
            self._seqs[entry.name] = seq
            self._hashes[0].append(merkle.leaf_hash(entry.stored))
        self._stored += [entry.stored for entry in group.entries]
        self._versions |= group.versions
        for node in self._tree.extend(self._hashes[0][self._tree.size :]):
            if node.level == len(self._hashes):
                self._hashes.append([])
            self._hashes[node.level].append(node.hash)
        if group.entries:
            self._growth.announce(len(self._stored))

    def _kept(self, level: int, first: int, count: int) -> list[bytes]:
        return self._hashes[level][first : first + count]

    def _size(self, field: str, size: int | None) -> int:
        return self.size() if size is None else merkle.require_size(field, size, self.size())


class _Known:
    """What the memory log holds, for the group that is being decided."""

    def __init__(self, stored: list[bytes], seqs: dict[bytes, int], versions: dict[str, int]) -> None:
        self._stored, self._seqs, self._versions = stored, seqs, versions

    def seqs(self, names: Collection[bytes]) -> dict[bytes, int]:
        return {name: self._seqs[name] for name in names if name in self._seqs}

    def stored(self, seq: int) -> bytes:
        return self._stored[seq - 1]

    def versions(self, subjects: Collection[str]) -> dict[str, int]:
        return {subject: self._versions[subject] for subject in subjects if subject in self._versions}
