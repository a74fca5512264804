"""Checks a log file against its checkpoints: recomputes the whole tree from the stored bytes, and adds nothing.

- What was changed, added, cut or reordered up to the newest checkpoint is found, and the first place of it named: the
  place itself, or the first of a range that is known to hold it.
- It works while a program appends to the log.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

from saqta.log import merkle
from saqta.log.checkpoints import kept, verifier
from saqta.log.notes import Checkpoint
from saqta.log.sqlite import SqliteReader, Stored
from saqta.model.errors import DamageError

Progress = Callable[[int, int], None]
"""(events done, events in all) → nothing."""


class Verification(NamedTuple):
    """What was found; ``says`` tells in plain words what is wrong, or how far the word goes.

    ``root`` is the hash, in hexadecimal, of the tree over the events that are there; ``first_bad_seq`` is None when
    all is well, or when what is wrong is no event.
    """

    events: int
    tree_size: int
    root: str
    ok: bool
    first_bad_seq: int | None
    says: tuple[str, ...]


class Fault(NamedTuple):
    """Something is wrong with the events from ``first`` to ``last``."""

    first: int
    last: int
    reason: str


def verify(data: Path, checkpoint: str | None = None, progress: Progress = lambda done, size: None) -> Verification:
    """Checks the log in the folder ``data``, against ``checkpoint`` too, a signed note that was kept elsewhere.

    Blocks; about a million events in some seconds. Raises StorageError when there is no log to check.
    """
    # First the checkpoints, then the log: a running program may append and sign meanwhile.
    known = _Checkpoints(data, checkpoint)
    reader = SqliteReader(data / "log.db")
    try:
        size, names = reader.extent()
        walk = _Walk(reader, known.roots)
        fault = walk.run(size, progress) or _cut(size, names, known.roots)
        return _verification(walk, known, fault, size)
    finally:
        reader.close()


class _Checkpoints:
    """The checkpoints to check against; ``wrong`` says which could not be believed."""

    def __init__(self, data: Path, outside: str | None) -> None:
        self.roots: dict[int, bytes] = {}
        self.wrong: list[str] = []
        self.outside: Checkpoint | None = None
        self._verifier = verifier(data)
        for size, file in sorted(kept(data).items()):
            self._add(f"checkpoint {size} in the data folder", file.read_text(errors="replace"))
        if outside is not None:
            self.outside = self._add("the checkpoint that was given", outside)

    @property
    def newest(self) -> int:
        return max(self.roots, default=0)

    def _add(self, what: str, note: str) -> Checkpoint | None:
        if self._verifier is None:
            self.wrong.append(f"{what} can't be checked: log.pub is missing")
            return None
        try:
            checkpoint = self._verifier.checkpoint(note)
        except DamageError as error:
            self.wrong.append(f"{what} can't be believed: {error}")
            return None
        if self.roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            self.wrong.append(f"{what} contradicts another one of the same size")
        return checkpoint


class _Walk:
    """Goes over all events once, builds the tree and compares it with all that was kept of it."""

    def __init__(self, reader: SqliteReader, roots: Mapping[int, bytes]) -> None:
        self.tree = merkle.Tree()
        self._reader, self._roots = reader, roots
        self._vouched = 0

    def run(self, size: int, progress: Progress) -> Fault | None:
        """The first fault; the tree is built over what is there in any case, as far as it can be read."""
        fault: Fault | None = None
        try:
            for batch in self._reader.walk(size):
                for rows in self._parts(batch):
                    fault = self._take(rows, fault)
                progress(self.tree.size, size)
        except DamageError as error:
            return fault or Fault(self.tree.size + 1, size, f"the file can't be read on from there: {error}")
        return fault

    def _parts(self, batch: list[Stored]) -> Iterator[list[Stored]]:
        """The batch, parted at every size of which there is a checkpoint."""
        start, end = self.tree.size, self.tree.size + len(batch)
        stops = [start, *sorted(size for size in self._roots if start < size < end), end]
        for first, last in pairwise(stops):
            yield batch[first - start : last - start]

    def _take(self, rows: list[Stored], fault: Fault | None) -> Fault | None:
        leaves = [merkle.leaf_hash(row.stored) for row in rows]
        fault = fault or self._misplaced(rows, leaves)
        nodes = self.tree.extend(leaves)
        return fault or self._group_fault(nodes) or self._root_fault()

    def _misplaced(self, rows: list[Stored], leaves: list[bytes]) -> Fault | None:
        for seq, row, leaf in zip(count(self.tree.size + 1), rows, leaves, strict=False):
            if row.seq < seq:
                return Fault(row.seq, row.seq, "an event was added at a place that the log never gave")
            if row.seq > seq:
                return Fault(seq, row.seq - 1, "events were taken out")
            if row.leaf != leaf:
                return Fault(seq, seq, "the event's bytes are not those that were appended")
        return None

    def _group_fault(self, nodes: list[merkle.Node]) -> Fault | None:
        for node in nodes:
            if not self._is_kept(node):
                width = merkle.GROUP**node.level
                first = node.position * width + 1
                return self._narrowed(first, first + width - 1, "the events are not those that the tree was built of")
        return None

    def _is_kept(self, node: merkle.Node) -> bool:
        try:
            return self._reader.hashes(node.level, node.position, 1) == [node.hash]
        except DamageError:
            return False

    def _root_fault(self) -> Fault | None:
        root = self._roots.get(self.tree.size)
        if root is None:
            return None
        if root == self.tree.root():
            self._vouched = self.tree.size
            return None
        return self._narrowed(
            self._vouched + 1, self.tree.size, f"the events are not those of the checkpoint of {self.tree.size}"
        )

    def _narrowed(self, first: int, last: int, reason: str) -> Fault:
        """The fault in this range, from the first event on whose name is registered for another place."""
        for seq in range(first, last + 1):
            if not self._reader.is_named(seq):
                return Fault(seq, last, reason)
        return Fault(first, last, reason)


def _cut(size: int, names: int, roots: Mapping[int, bytes]) -> Fault | None:
    longest = max([names, *roots])
    if longest > size:
        return Fault(size + 1, longest, f"events were cut off: there were {longest}")
    if names < size:
        return Fault(names + 1, size, "events were added that the log never took")
    return None


def _verification(walk: _Walk, known: _Checkpoints, fault: Fault | None, size: int) -> Verification:
    says = [*known.wrong]
    if fault:
        where = f"seq {fault.first}" if fault.first == fault.last else f"seq {fault.first} or after, up to {fault.last}"
        says.insert(0, f"{where}: {fault.reason}")
    else:
        says += _reach(known, size)
    return Verification(
        events=walk.tree.size,
        tree_size=walk.tree.size,
        root=walk.tree.root().hex(),
        ok=not fault and not known.wrong,
        first_bad_seq=fault.first if fault else None,
        says=tuple(says),
    )


def _reach(known: _Checkpoints, size: int) -> Iterator[str]:
    """How far the word goes, when no event is found to be wrong."""
    if not known.roots:
        yield (
            f"{size} events fit together, but there is no checkpoint to check them against: "
            "who can write to the folder could have rewritten all of them"
        )
        return
    older = len(known.roots) - 1
    yield f"{known.newest} events are what they were when the checkpoint of {known.newest} was signed"
    if older:
        yield f"{older} older checkpoints agree: nothing before them was rewritten since"
    if size > known.newest:
        yield f"{size - known.newest} events after it fit together, but no checkpoint vouches for them yet"
    if known.outside is None:
        yield (
            "all checkpoints are from the data folder: who can write to it could have rewritten the log and signed "
            "them anew; give one that was kept elsewhere"
        )
    elif known.outside.size < known.newest:
        yield f"the checkpoint that was kept elsewhere vouches for the first {known.outside.size} events"
