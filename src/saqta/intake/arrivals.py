"""What every source of messages has in common: it runs as a part of the centre, and connects again when it is lost.

A source is one file here and one line in ``saqta.registry``: a function from its table of the settings to what runs.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import structlog

from saqta.intake.door import Door
from saqta.model.errors import InputError, StorageError

RETRY_S = 1.0
RETRY_MAX_S = 60.0
HEALTHY_S = 10.0
"""A connection is tried again after RETRY_S, then after twice as long each time, up to RETRY_MAX_S; one that held for
HEALTHY_S starts over."""
SECRET_CHARS_MAX = 4_096
OpenDoor = Callable[[str], Door]
"""The door for events of a source."""
S = TypeVar("S", contravariant=True)
logger = structlog.get_logger()


class Arrival(NamedTuple):
    """A part of the centre: its name, and what blocks until it is stopped."""

    name: str
    run: Callable[[threading.Event], None]


class Intake(Protocol[S]):
    """What runs for a source's table of the settings; InputError where it can't be so."""

    def __call__(self, settings: S, open_door: OpenDoor, /) -> Iterator[Arrival]: ...


def keep_up(source: str, stop: threading.Event, connect: Callable[[], None]) -> None:
    """Calls ``connect``, which holds a connection until it breaks, again and again until ``stop`` is set. Blocks.

    A connection breaks by OSError or StorageError, each said in the log.
    """
    failures = 0
    while not stop.is_set():
        started_s = time.monotonic()
        try:
            connect()
        except (OSError, StorageError) as error:
            failures = 0 if time.monotonic() - started_s >= HEALTHY_S else failures
            wait_s = min(RETRY_MAX_S, RETRY_S * 2**failures)
            failures = min(failures + 1, 30)
            logger.warning("connection lost", source=source, reason=str(error), retry_s=wait_s)
            stop.wait(wait_s)


def read_secret(field: str, path: str | None) -> str:
    """The first line of a file that holds a secret, so that none stands in the settings; InputError names ``field``."""
    if path is None:
        raise InputError(field, None, "a file with the password in its first line")
    try:
        with Path(path).open(encoding="utf-8") as file:
            secret = file.read(SECRET_CHARS_MAX + 1).partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(field, path, f"a readable file with a password ({error})") from error
    if not 1 <= len(secret) <= SECRET_CHARS_MAX:
        raise InputError(field, path, f"a file with a password of 1 to {SECRET_CHARS_MAX} characters in its first line")
    return secret
