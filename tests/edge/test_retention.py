"""Retention: evidence goes when its days are over, told before and after, and no crash in between keeps it."""

import threading
from pathlib import Path

import pytest

from saqta.edge.keeping.retention import DAY_MS, SWEPT_MAX, TRIES_MAX, Kept, Retention
from saqta.model.errors import StorageError
from saqta.model.kinds import EvidenceDeleted, EvidenceExpired, Record


class Centre:
    """A log and the table that steps make of it, once they have caught up."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now_ms = folder, 40 * DAY_MS
        self.told: list[Record] = []
        self.kept: dict[str, Kept] = {}
        self.crashes_after = 1_000_000
        folder.mkdir()

    def keep(self, sha256: str, days: float | None, kept_ms: int = 0, media_type: str = "video/mp4") -> Path:
        self.kept[sha256] = Kept(sha256, "C1", media_type, kept_ms, days, expired=False)
        path = self.folder / (sha256 + {"video/mp4": ".mp4", "image/jpeg": ".jpg"}.get(media_type, ".sealed"))
        path.write_bytes(b"x")
        return path

    def tell(self, records) -> None:
        if len(self.told) >= self.crashes_after:
            raise KeyboardInterrupt
        self.told += records

    def catch_up(self) -> None:
        for record in self.told:
            if isinstance(record, EvidenceExpired) and record.sha256 in self.kept:
                self.kept[record.sha256] = self.kept[record.sha256]._replace(expired=True)
            elif isinstance(record, EvidenceDeleted):
                self.kept.pop(record.sha256, None)

    def part(self, every_s: float = 0.001) -> Retention:
        return Retention(self.folder, lambda: list(self.kept.values()), self.tell, lambda: self.now_ms, every_s)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(tmp_path / "evidence")


def names(records: list[Record]) -> list[str]:
    return [type(record).__name__ for record in records]


def test_what_is_due_goes_and_the_rest_stays(centre: Centre) -> None:
    types = ("video/mp4", "image/jpeg", "application/vnd.saqta.sealed")
    gone = [centre.keep(f"old{number}", 30, media_type=type_) for number, type_ in enumerate(types)]
    stays = [centre.keep("new", 30, kept_ms=11 * DAY_MS), centre.keep("for ever", None)]
    assert centre.part().sweep() == 3
    assert [path.exists() for path in (*gone, *stays)] == [False, False, False, True, True]
    assert names(centre.told) == ["EvidenceExpired", "EvidenceDeleted"] * 3
    assert centre.told[1] == EvidenceDeleted(sha256="old0", camera="C1", reason="the camera keeps evidence for 30 days")


def test_it_goes_on_the_moment_and_not_before(centre: Centre) -> None:
    centre.keep("a", 0.5, kept_ms=DAY_MS)
    part = centre.part()
    centre.now_ms = DAY_MS + DAY_MS // 2 - 1
    assert part.sweep() == 0
    centre.now_ms += 1
    assert part.sweep() == 1


def test_nothing_is_told_twice_while_the_steps_lag_behind(centre: Centre) -> None:
    centre.keep("a", 30)
    part = centre.part()
    assert [part.sweep(), part.sweep()] == [1, 0]
    assert names(centre.told) == ["EvidenceExpired", "EvidenceDeleted"]


@pytest.mark.parametrize("crashes_after", [0, 1])
def test_a_crash_anywhere_repeats_the_act_even_if_the_settings_say_otherwise_by_then(
    centre: Centre, crashes_after: int
) -> None:
    path = centre.keep("a", 30)
    centre.crashes_after = crashes_after
    with pytest.raises(KeyboardInterrupt):
        centre.part().sweep()
    assert path.exists() is (crashes_after == 0)
    centre.crashes_after = 99
    centre.catch_up()
    if crashes_after:
        centre.kept["a"] = centre.kept["a"]._replace(retention_days=None)
    assert centre.part().sweep() == 1
    assert not path.exists()
    assert names(centre.told) == ["EvidenceExpired", "EvidenceDeleted"]
    centre.catch_up()
    assert centre.part().sweep() == 0


def test_a_sweep_deletes_a_bounded_number_of_files(centre: Centre) -> None:
    for number in range(SWEPT_MAX + 1):
        centre.kept[str(number)] = Kept(str(number), "C1", "video/mp4", 0, 1, expired=False)
    part = centre.part()
    assert [part.sweep(), part.sweep()] == [SWEPT_MAX, 1]


def test_a_file_that_cannot_be_deleted_stops_the_part_in_the_end_and_is_not_told_as_gone(centre: Centre) -> None:
    (centre.folder / "a.mp4").mkdir()
    centre.kept["a"] = Kept("a", "C1", "video/mp4", 0, 1, expired=True)
    sweeps = 0

    def kept() -> list[Kept]:
        nonlocal sweeps
        sweeps += 1
        return list(centre.kept.values())

    with pytest.raises(StorageError, match="can't be deleted"):
        Retention(centre.folder, kept, centre.tell, lambda: centre.now_ms, 0.001).run(threading.Event())
    assert sweeps == TRIES_MAX
    assert centre.told == []
