"""Originals: recordings sealed as a whole, and the newest frame groups of a stream, for the seconds around an alert."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import BinaryIO, NamedTuple

from av.error import FFmpegError
from nacl.public import PrivateKey, PublicKey

from saqta.edge.frames import FrameReader
from saqta.edge.keeping.evidence import Kept
from saqta.edge.keeping.groups import Grouper, VideoPacket, groups, join
from saqta.edge.keeping.sealing import Sealer, unseal
from saqta.edge.keeping.whole import begun, put_under_its_hash, whole
from saqta.edge.plugins import Plugins
from saqta.model.errors import InputError, StorageError
from saqta.model.terms import EVIDENCE_SUFFIX, SEALED_TYPE

RING_BYTES_MAX = 64 << 20
"""Of one stream's originals in memory; with more, the oldest go."""
ALERTS_WAITING_MAX = 64
GAPS_MAX = 64
"""Of the damaged places in a stream; with more, the oldest two are told as one, with what lies between them."""


class Group(NamedTuple):
    """Frames from ``from_s`` until ``until_s`` of a stream; ``starts`` where they can be decoded by themselves."""

    from_s: float
    until_s: float
    starts: bool
    content: bytes


def seal_recording(source: str, plugins: Plugins, out: Path, to: PublicKey) -> int:
    """Seals the pictures of a whole recording, as they came and without sound; gives how many frame groups.

    InputError when the source can't be read, StorageError when ``out`` can't be written.
    """
    with closing(FrameReader(plugins.open(source), source, 1.0)) as reader, whole(out) as part, part.open("wb") as file:
        return seal(groups(*reader.packets()), file, to)


def seal(contents: Iterable[bytes], file: BinaryIO, to: PublicKey) -> int:
    """Seals frame groups into ``file``; gives how many."""
    sealer = Sealer(file, to)
    for content in contents:
        sealer.add(content)
    sealer.close()
    return sealer.groups


def check_sealed(path: Path, key: PrivateKey) -> int:
    """How many frame groups a sealed original holds; raises what ``unseal`` does."""
    with _opened(path) as file:
        return sum(1 for _ in unseal(file, key))


def open_sealed(path: Path, key: PrivateKey, out: Path) -> int:
    """Writes the video of a sealed original as Matroska, packets as they came; gives how many. StorageError if not."""
    with _opened(path) as file, whole(out) as part:
        return join(unseal(file, key), str(part), "matroska")


class Originals:
    """The newest frame groups of one stream. ``expect`` may be called from any thread; the one that reads the stream
    calls the others, and ``done`` is called in it, with the alert and the groups that hold its seconds. ``lost`` is
    told of an alert whose original is lost, why, and whether only partly; by either thread."""

    def __init__(
        self,
        seconds: float,
        done: Callable[[str, Sequence[Group]], None],
        lost: Callable[[str, str, bool], None],
    ) -> None:
        self.offset_s = 0.0
        self._seconds, self._done, self._lost, self._lock = seconds, done, lost, threading.Lock()
        self._expected: deque[tuple[str, float, float]] = deque()
        self._groups: deque[Group] = deque()
        self._grouper = Grouper()
        self._gaps: deque[tuple[float, float]] = deque()
        self._forgotten_s = -inf
        self._bytes = 0
        self._from_s = self._at_s = 0.0
        self._begun = self._ended = False
        self._starts = False

    @property
    def waits(self) -> bool:
        """Whether alerts wait for their seconds to be complete."""
        return bool(self._expected)

    def expect(self, alert: str, from_s: float, until_s: float) -> None:
        """The seconds of an alert are wanted when they are complete; one too many, and the oldest is given up."""
        given_up = None
        with self._lock:
            ended = self._ended
            if not ended:
                self._expected.append((alert, from_s, until_s))
                if len(self._expected) > ALERTS_WAITING_MAX:
                    given_up, *_ = self._expected.popleft()
        if ended:
            self._hand_over(alert, from_s, until_s)
        elif given_up is not None:
            self._lost(given_up, f"{ALERTS_WAITING_MAX} later alerts wait for their originals", False)

    def add(self, packet: VideoPacket, at_s: float) -> None:
        """Takes a packet that was decoded already, at about ``at_s`` of its source."""
        at_s += self.offset_s
        self._ended = False
        starts = packet.is_keyframe
        if self._ends(lambda: self._grouper.add(packet), at_s) or not self._begun:
            self._begun, self._from_s, self._starts = True, at_s, starts
        self._at_s = at_s
        self._give(lambda until_s: until_s <= at_s)

    def end(self) -> None:
        """The stream is over, and is about to be closed: gives what is wanted with what there is."""
        self._end_group()
        self._give(lambda until_s: True)

    def _give(self, is_due: Callable[[float], bool]) -> None:
        with self._lock:
            due = [one for one in self._expected if is_due(one[2])]
            self._expected = deque(one for one in self._expected if one not in due)
            self._ended = is_due(inf)
        if due:
            self._end_group()
        for expected in due:
            self._hand_over(*expected)

    def _hand_over(self, alert: str, from_s: float, until_s: float) -> None:
        groups = self._cut(from_s, until_s)
        if groups:
            self._done(alert, groups)
        if any(gap_s[0] <= until_s and gap_s[1] >= from_s for gap_s in self._gaps):
            self._lost(alert, "the stream is damaged there: some of its packets can't be written", bool(groups))
        elif self._forgotten_s > from_s:
            self._lost(alert, f"no more than {RING_BYTES_MAX >> 20} MiB of the stream are held", bool(groups))
        elif not groups:
            self._lost(alert, "nothing of the stream was held", False)

    def _end_group(self) -> None:
        if self._ends(self._grouper.end, self._at_s):
            self._from_s, self._starts = self._at_s, False

    def _ends(self, write: Callable[[], bytes | None], until_s: float) -> bool:
        """Whether a group ended. A damaged stream may hold packets that can't be written: the original has a gap there,
        and the stream goes on."""
        try:
            content = write()
        except FFmpegError:
            self._gaps.append((self._from_s, until_s))
            if len(self._gaps) > GAPS_MAX:
                (from_s, _), (_, oldest_until_s) = self._gaps.popleft(), self._gaps.popleft()
                self._gaps.appendleft((from_s, oldest_until_s))
            return True
        if content is not None:
            self._put(content, until_s)
        return content is not None

    def _cut(self, from_s: float, until_s: float) -> Sequence[Group]:
        """From one that can be decoded by itself on."""
        groups = list(self._groups)
        first = max((n for n, group in enumerate(groups) if group.starts and group.from_s <= from_s), default=0)
        return [group for group in groups[first:] if group.from_s <= until_s]

    def _put(self, content: bytes, until_s: float) -> None:
        self._groups.append(Group(self._from_s, until_s, self._starts, content))
        self._bytes += len(content)
        while len(self._groups) > 1:
            is_old = self._is_old(until_s)
            if not is_old and self._bytes <= RING_BYTES_MAX:
                break
            forgotten = self._groups.popleft()
            self._bytes -= len(forgotten.content)
            self._forgotten_s = self._forgotten_s if is_old else forgotten.until_s

    def _is_old(self, now_s: float) -> bool:
        """The oldest group is not needed where a later one that starts begins early enough."""
        return any(group.starts and group.from_s < now_s - self._seconds for group in list(self._groups)[1:])


def keep_sealed(folder: Path, chosen: Sequence[Group], to: PublicKey) -> Kept:
    """Seals groups (at least one) and keeps them. Blocks until they are on the disk; StorageError if not."""
    part = begun(folder, f"{id(chosen):x}", EVIDENCE_SUFFIX[SEALED_TYPE])
    try:
        with part.open("wb") as file:
            seal((group.content for group in chosen), file, to)
        digest, size_bytes = put_under_its_hash(part)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"an original can't be kept in {folder}: {error.strerror}") from error
    return Kept(digest, SEALED_TYPE, size_bytes, chosen[0].from_s, chosen[-1].until_s)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError("file", str(path), f"a sealed original that can be read ({error.strerror})") from error
    with file:
        yield file
