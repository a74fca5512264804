"""Where frames come from: what a source is called, and how each kind is opened.

A kind of source is one function here (or elsewhere) and one line in ``saqta.registry``. It is module-level, so that
worker processes get it by name, and it only says what to open; ``frames`` opens it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple, Protocol
from urllib.parse import urlsplit

from saqta.model.errors import InputError

OPEN_WAIT_S = 10.0
READ_WAIT_S = 5.0


class Opened(Protocol):
    """What FFmpeg shall read. ``file`` is a path, an address, or an open binary stream (closed by the reader).

    ``options`` are FFmpeg's. A ``live`` source gives its frames in its own time; one that isn't can be read as fast
    as wanted, and is paced where that matters.
    """

    @property
    def file(self) -> str | IO[bytes]: ...
    @property
    def options(self) -> Mapping[str, str]: ...
    @property
    def live(self) -> bool: ...


SourceFactory = Callable[[str], Opened]
"""Takes the whole source text; InputError when it can't be one."""


class Opening(NamedTuple):
    """An ``Opened`` in its plainest form."""

    file: str | IO[bytes]
    options: Mapping[str, str]
    live: bool


def scheme(source: str) -> str:
    """Which factory a source needs: its scheme, ``file`` where there is none.

    >>> scheme("rtsp://camera.local/1"), scheme("sim:square/C1"), scheme("clips/a:b.mp4")
    ('rtsp', 'sim', 'file')
    """
    head, colon, _ = source.partition(":")
    return head.lower() if colon and head.isalpha() and len(head) > 1 else "file"


def open_file(source: str) -> Opening:
    """A video file, by its path."""
    path = Path(source.removeprefix("file:"))
    if not path.exists():
        raise InputError("source", source, "a file that exists")
    if not path.is_file():
        raise InputError("source", source, "a video file")
    if path.stat().st_size == 0:
        raise InputError("source", source, "a video file, not an empty one")
    return Opening(f"file:{path}", {}, live=False)


def open_rtsp(source: str) -> Opening:
    """An RTSP stream over TCP: no frame is torn by a lost packet, and it passes firewalls (RFC 7826, interleaved)."""
    if not urlsplit(source).hostname:
        raise InputError("source", source, "an address of the form rtsp://HOST/PATH")
    options = {"rtsp_transport": "tcp", "timeout": str(int(READ_WAIT_S * 1e6)), "analyzeduration": "1000000"}
    return Opening(source, options, live=True)
