"""The door that messages of other systems come in by: what may pass becomes an event, once; the rest is put aside.

- What passes is picked field by field: nothing that would identify somebody is looked at, let alone kept.
- A message that can't be taken is recorded by its digest and the reason, never by its content, which nobody has looked
  through; PUT_ASIDE_MAX of a source in PUT_ASIDE_S at most, beyond that they are only counted,
  and neither recorded nor said.
"""

import hashlib
import math
from collections.abc import Sequence

import structlog

from saqta.log.port import Log
from saqta.model import catalogue
from saqta.model.errors import InputError
from saqta.model.event import Event, derive_id
from saqta.model.kinds import ALERT_REASON_CHARS_MAX, AlertRaised, MessagePutAside
from saqta.model.moment import Clock

ACTOR = "saqta/intake"
PUT_ASIDE_MAX = 100
PUT_ASIDE_S = 3600.0
AHEAD_MAX_MS = 600_000
"""A message from further in the future than this is not believed."""
logger = structlog.get_logger()


class Door:
    """Takes what one source brings; used by the thread that reads it. ``source`` is that of its events."""

    def __init__(self, source: str, log: Log, clock: Clock) -> None:
        self.source, self.clock = source, clock
        self.put_aside = 0
        self._log = log
        self._recent_ms: list[int] = []

    def take(self, alert: AlertRaised, name: Sequence[str], time_ms: int) -> bool:
        """Appends an alert that the source knows by ``name``; False when it stood in the log before.

        Blocks until it is durable. StorageError when it can't be kept.
        """
        id = derive_id(self.source, *name)
        if self._log.find(self.source, id) is not None:
            return False
        self._log.append([self._event(alert, id, time_ms)])
        return True

    def refuse(self, message: bytes, reason: str) -> None:
        """Puts a message aside."""
        self.put_aside += 1
        now_ms = self.clock()
        self._recent_ms = [one for one in self._recent_ms if now_ms - one < PUT_ASIDE_S * 1000]
        if len(self._recent_ms) >= PUT_ASIDE_MAX:
            return
        self._recent_ms.append(now_ms)
        logger.warning("put aside", source=self.source, reason=reason, so_far=self.put_aside)
        if len(self._recent_ms) == PUT_ASIDE_MAX:
            logger.warning("put aside too much", source=self.source, counted_only_for_s=PUT_ASIDE_S)
        sha256 = hashlib.sha256(message).hexdigest()
        record = MessagePutAside(
            origin=self.source, sha256=sha256, size_bytes=len(message), reason=reason[:ALERT_REASON_CHARS_MAX]
        )
        self._log.append([self._event(record, derive_id(self.source, "put aside", str(now_ms), sha256), now_ms)])

    def _event(self, record: AlertRaised | MessagePutAside, id: str, time_ms: int) -> Event:
        return catalogue.make(record, id=id, source=self.source, actor=ACTOR, time_ms=time_ms, recorded_ms=self.clock())


def moment(seconds: float, field: str, now_ms: int) -> int:
    """UTC milliseconds of a message's Unix time; InputError where it can't be one, or lies ahead of us."""
    if not math.isfinite(seconds) or not 0 < seconds * 1000 <= now_ms + AHEAD_MAX_MS:
        raise InputError(field, seconds, "a time that is not in the future")
    return round(seconds * 1000)
