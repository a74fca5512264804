"""Originals: recordings sealed as a whole, and the newest frame groups of a stream, for the seconds around an alert."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nacl.public import PrivateKey, PublicKey

from saqta.edge.frames import FrameReader
from saqta.edge.groups import Grouper, VideoPacket, groups, join
from saqta.edge.plugins import Plugins
from saqta.edge.sealing import Sealer, unseal
from saqta.edge.whole import whole
from saqta.model.errors import InputError

RING_BYTES_MAX = 64 << 20
"""Of one stream's originals in memory; with more, the oldest go."""


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
    """The newest frame groups of one stream. ``add`` and ``cut`` may be called from different threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._groups: deque[Group] = deque()
        self._grouper = Grouper()
        self._from_s: float | None = None
        self._starts = False
        self._bytes = 0

    def add(self, packet: VideoPacket, at_s: float) -> None:
        """Takes a packet that was decoded already, at about ``at_s`` of the stream."""
        with self._lock:
            starts = packet.is_keyframe
            content = self._grouper.add(packet)
            if content is not None or self._from_s is None:
                self._put(content, at_s)
                self._from_s, self._starts = at_s, starts

    def cut(self, from_s: float, until_s: float) -> Sequence[Group]:
        """The groups that hold these seconds, from one that can be decoded by itself on."""
        with self._lock:
            self._put(self._grouper.end(), until_s)
            self._from_s = None
            chosen = [group for group in self._groups if group.from_s <= until_s]
        first = max((n for n, group in enumerate(chosen) if group.starts and group.from_s <= from_s), default=0)
        return [group for group in chosen[first:] if group.until_s >= from_s or group is chosen[first]]

    def _put(self, content: bytes | None, until_s: float) -> None:
        if content is None or self._from_s is None:
            return
        self._groups.append(Group(self._from_s, until_s, self._starts, content))
        self._bytes += len(content)
        while self._groups and (self._bytes > RING_BYTES_MAX or self._is_old(until_s)):
            self._bytes -= len(self._groups.popleft().content)

    def _is_old(self, now_s: float) -> bool:
        """The oldest group is not needed where the next one that starts begins early enough."""
        later = [group.from_s for group in list(self._groups)[1:] if group.starts]
        return bool(later) and later[0] < now_s - self._seconds


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError("file", str(path), f"a sealed original that can be read ({error.strerror})") from error
    with file:
        yield file
