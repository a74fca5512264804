"""Retention: evidence is deleted when the days for which its camera keeps it are over.

Intent, act, outcome: that it expired is in the log before the file goes, that it is deleted after it went. A crash in
between repeats the act, whatever the settings say by then.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from saqta.edge.keeping.whole import sync_folder
from saqta.model.errors import StorageError
from saqta.model.kinds import EvidenceDeleted, EvidenceExpired, Record
from saqta.model.terms import EVIDENCE_SUFFIX

SWEEP_EVERY_S = 60.0
SWEPT_MAX = 500
"""Files that go in one sweep; the others go in the next one."""
TRIES_MAX = 5
DAY_MS = 86_400_000


class Kept(NamedTuple):
    """A file of evidence, since when it is kept, for how many days (None: for ever), and whether it expired before."""

    sha256: str
    camera: str
    media_type: str
    kept_ms: int
    retention_days: float | None
    expired: bool


class Retention:
    """``kept`` tells what there is and ``tell`` appends records, durably; both are called in ``run``'s thread."""

    def __init__(
        self,
        folder: Path,
        kept: Callable[[], Iterable[Kept]],
        tell: Callable[[Sequence[Record]], object],
        clock: Callable[[], int],
        every_s: float = SWEEP_EVERY_S,
    ) -> None:
        self._folder, self._kept, self._tell, self._clock, self._every_s = folder, kept, tell, clock, every_s
        self._gone: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Sweeps every now and then until ``stop`` is set; StorageError when files can't be deleted TRIES_MAX times."""
        failed = 0
        while not stop.is_set():
            try:
                self.sweep()
                failed = 0
            except StorageError:
                failed += 1
                if failed == TRIES_MAX:
                    raise
            stop.wait(self._every_s)

    def sweep(self) -> int:
        """Deletes what is due, SWEPT_MAX files at most; gives how many. StorageError when one can't be deleted."""
        now_ms = self._clock()
        due = [one for one in self._kept() if one.expired or _is_due(one, now_ms)]
        # What was told as deleted stands in the tables until the steps have taken that in.
        self._gone &= {one.sha256 for one in due}
        due = [one for one in due if one.sha256 not in self._gone][:SWEPT_MAX]
        for one in due:
            if not one.expired and one.retention_days is not None:
                days = one.retention_days
                self._tell([EvidenceExpired(sha256=one.sha256, camera=one.camera, retention_days=days)])
            self._delete(one)
            self._tell([EvidenceDeleted(sha256=one.sha256, camera=one.camera, reason=_reason(one))])
            self._gone.add(one.sha256)
        return len(due)

    def _delete(self, one: Kept) -> None:
        try:
            (self._folder / f"{one.sha256}{EVIDENCE_SUFFIX[one.media_type]}").unlink(missing_ok=True)
            sync_folder(self._folder)
        except FileNotFoundError:
            return  # There is no folder: nothing was ever kept on this machine.
        except OSError as error:
            raise StorageError(f"evidence can't be deleted in {self._folder}: {error.strerror}") from error


def _is_due(one: Kept, now_ms: int) -> bool:
    return one.retention_days is not None and now_ms >= one.kept_ms + one.retention_days * DAY_MS


def _reason(one: Kept) -> str:
    if one.retention_days is None:
        return "it had expired"
    return f"the camera keeps evidence for {one.retention_days:g} days"
