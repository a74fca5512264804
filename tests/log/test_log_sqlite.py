"""What the log in a SQLite file does besides: groups, limits, faults of the file and of its disk."""

import resource
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from log.made import alert, large, noted
from saqta.log import appending, following, sqlite
from saqta.log.memory import MemoryLog
from saqta.log.merkle import GROUP
from saqta.log.sqlite import SqliteLog, SqliteReader
from saqta.model.errors import ContentConflict, DamageError, InputError, StorageError, VersionConflict
from saqta.model.event import EVENT_BYTES_MAX, encode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(path, lambda: 0)
    yield log
    log.close()


class Held:
    """Holds the writer: a group waits for ``release`` once it has begun."""

    def __init__(self, log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.release = threading.Event(), threading.Event()
        commit = log._commit

        def held(requests):
            self.begun.set()
            assert self.release.wait(10)
            return commit(requests)

        monkeypatch.setattr(log, "_commit", held)


def test_what_waits_is_committed_together_and_refused_alone(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append([noted(0)])
    commits: list[int] = []
    keep = log._keep
    monkeypatch.setattr(log, "_keep", lambda group: commits.append(len(group.entries)) or keep(group))
    held = Held(log, monkeypatch)
    first = log.submit([alert(1)])
    assert held.begun.wait(10)
    good = log.submit([noted(1)], {"incident/I1": 1})
    moved_on = log.submit([noted(2), noted(3)], {"incident/I1": 1})
    other = log.submit([alert(2), alert(1, confidence=0.9)])
    repeat = log.submit([noted(1), alert(2)], {"incident/I1": 3})
    held.release.set()
    assert [p.seq for p in first.result(10)] == [2]
    assert [p.seq for p in good.result(10)] == [3]
    with pytest.raises(VersionConflict, match="expected version 1, found 3"):
        moved_on.result(10)
    with pytest.raises(ContentConflict):
        other.result(10)
    assert [(p.seq, p.repeat) for p in repeat.result(10)] == [(3, True), (5, False)]
    assert commits == [1, 3]
    types = [recorded.event.type.split(".")[1] for recorded in log.read(0)]
    assert types == ["incident", "alert", "incident", "event", "alert"]


def test_a_group_ends_at_its_maxima(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(log, monkeypatch)
    first = log.submit([alert(0)])
    assert held.begun.wait(10)
    singles = [log.submit([alert(n)]) for n in range(1, appending.GROUP_REQUESTS_MAX + 2)]
    groups: list[int] = []
    take = log._queue.take
    monkeypatch.setattr(log._queue, "take", lambda: groups.append(len(group := take())) or group)
    held.release.set()
    assert [future.result(10)[0].seq for future in [first, *singles]] == list(range(1, len(singles) + 2))
    assert groups[:2] == [appending.GROUP_REQUESTS_MAX, 1]

    held.begun.clear()
    held.release.clear()
    first = log.submit([alert(20_000)])
    assert held.begun.wait(10)
    half = appending.GROUP_EVENTS_MAX // 2
    batches = [log.submit([alert(30_000 + n, source=f"/{b}") for n in range(half)]) for b in range(3)]
    groups.clear()
    held.release.set()
    for future in batches:
        future.result(30)
    assert groups[:2] == [2, 1]


def test_a_full_queue_makes_the_caller_wait(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(log, monkeypatch)
    first = log.submit([alert(0)])
    assert held.begun.wait(10)
    for n in range(appending.QUEUE_REQUESTS_MAX):
        log.submit([alert(n)])
    late = threading.Thread(target=log.append, args=([alert(10_000)],))
    late.start()
    late.join(0.2)
    assert late.is_alive()
    held.release.set()
    late.join(10)
    assert not late.is_alive()
    assert first.result(0)
    assert log.size() == appending.QUEUE_REQUESTS_MAX + 1


def test_close_commits_what_was_submitted_and_refuses_who_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SqliteLog(path, lambda: 0)
    held = Held(log, monkeypatch)
    futures = [log.submit([alert(n)]) for n in range(appending.QUEUE_REQUESTS_MAX)]
    assert held.begun.wait(10)
    while len(log._queue._waiting) < appending.QUEUE_REQUESTS_MAX:
        futures.append(log.submit([alert(len(futures))]))
    refused: list[BaseException] = []

    def wait() -> None:
        try:
            log.append([alert(0)])
        except StorageError as error:
            refused.append(error)

    waiting, closing = threading.Thread(target=wait), threading.Thread(target=log.close)
    waiting.start()
    waiting.join(0.2)
    closing.start()
    waiting.join(10)
    assert refused
    held.release.set()
    closing.join(10)
    assert all(future.result(0) for future in futures)
    reader = SqliteReader(path)
    assert reader.size() == len(futures)
    reader.close()


def test_an_opened_log_goes_on_where_it_stood(path: Path) -> None:
    memory = MemoryLog(lambda: 0)
    for start in range(0, GROUP * 3, 300):
        log = SqliteLog(path, lambda: 0)
        events = [alert(n) for n in range(start, start + 300)]
        assert log.append(events)[-1].seq == start + 300
        memory.append(events)
        assert log.root() == memory.root()
        assert log.append(events[:1])[0].repeat
        log.close()


def test_readers_see_what_is_committed_and_write_nothing(log: SqliteLog, path: Path) -> None:
    reader = SqliteReader(path)
    log.append([alert(n) for n in range(300)])
    assert reader.size() == 300
    assert reader.root() == log.root()
    assert reader.find("/cameras/C1", "alert-7") == log.find("/cameras/C1", "alert-7")
    assert reader.version("alert/intrusion") == 300
    with reader._readers.lend() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM events")
    reader.close()
    with pytest.raises(StorageError, match="is closed"):
        reader.size()


def test_a_log_that_was_not_closed_can_be_read_and_opened(path: Path, tmp_path: Path) -> None:
    log = SqliteLog(path, lambda: 0)
    log.append([alert(1)])
    copy = tmp_path / "copy of #1?"
    copy.mkdir()
    for file in tmp_path.glob("log.db*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, copy / file.name)
    log.close()
    reader = SqliteReader(copy / "log.db")
    assert reader.size() == 1
    reader.close()
    again = SqliteLog(copy / "log.db", lambda: 0)
    assert again.append([alert(2)])[0].seq == 2
    again.close()


def test_more_readers_than_are_kept_idle(log: SqliteLog) -> None:
    log.append([alert(1)])
    together = threading.Barrier(24, timeout=10)

    def look() -> None:
        with log._readers.lend() as connection:
            connection.execute("SELECT 1").fetchone()
            together.wait()

    threads = [threading.Thread(target=look) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(log._readers._idle) == 16


def test_a_missing_log_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no "):
        SqliteReader(tmp_path / "log.db")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't be opened"):
        SqliteLog(tmp_path / "nowhere" / "log.db", lambda: 0)


def test_a_newer_version_is_left_alone(path: Path) -> None:
    SqliteLog(path, lambda: 0).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=2")
    connection.close()
    for opens in (lambda: SqliteLog(path, lambda: 0), lambda: SqliteReader(path)):
        with pytest.raises(StorageError, match=r"newer Saqta \(format 2, this one reads up to 1\)"):
            opens()


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title)")
    connection.close()
    with pytest.raises(StorageError, match="is not a log of Saqta"):
        SqliteLog(path, lambda: 0)


@pytest.mark.parametrize("content", [b"hello" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DamageError, match="is damaged, or no database at all"):
        SqliteLog(path, lambda: 0)
    assert path.read_bytes() == content


def test_damaged_pages_are_told(path: Path) -> None:
    log = SqliteLog(path, lambda: 0)
    log.append([alert(n) for n in range(2000)])
    log.close()
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\x5a" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(DamageError, match="is damaged"):
        SqliteReader(path).read(0)


def test_a_locked_file_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saqta.log.database.LOCK_WAIT_S", 0.1)
    log = SqliteLog(path, lambda: 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="is locked by another program"):
        log.append([alert(1)])
    other.execute("ROLLBACK")
    other.close()
    assert log.append([alert(1)])[0].seq == 1
    log.close()


def test_two_programs_do_not_append_to_one_log(log: SqliteLog, path: Path) -> None:
    other = SqliteLog(path, lambda: 0)
    log.append([alert(1)])
    with pytest.raises(StorageError, match="another program appends to it"):
        other.append([alert(2)])
    other.close()
    assert log.append([alert(3)])[0].seq == 2


def test_a_full_disk_refuses_and_loses_nothing(log: SqliteLog) -> None:
    log.append([alert(1)])
    log._writing.execute("PRAGMA max_page_count=20")
    with pytest.raises(StorageError, match="the disk is full"):
        log.append([alert(n) for n in range(2, 2000)])
    assert log.size() == 1
    log._writing.execute("PRAGMA max_page_count=1000000")
    assert log.append([alert(1), alert(2)]) == [(1, True), (2, False)]


def test_a_disk_that_gives_errors_refuses_and_loses_nothing(log: SqliteLog) -> None:
    """A limit on the size of files is the nearest to a failing disk that a test can have."""
    log.append([alert(1)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(StorageError, match="the disk gave an error"):
            log.append([alert(n) for n in range(2, 5000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log.append([alert(1), alert(2)]) == [(1, True), (2, False)]


def test_a_hole_and_an_unreadable_event_are_damage(log: SqliteLog, path: Path) -> None:
    log.append([alert(n) for n in range(10)])
    log._writing.execute("DELETE FROM events WHERE seq = 4")
    log._writing.execute("UPDATE events SET stored = x'00' WHERE seq = 7")
    reader = SqliteReader(path)
    with pytest.raises(DamageError, match="missing between seq 1 and 10"):
        reader.read(0)
    with pytest.raises(DamageError, match="seq 7 can't be read") as caught:
        reader.read(5)
    reader.close()
    assert caught.value.seq == 7
    with pytest.raises(DamageError, match="hashes of the tree are missing"):
        log.root()
    with pytest.raises(DamageError, match="seq 7"):
        log.append([alert(6, confidence=0.9)])
    assert log.append([alert(20)])[0].seq == 11


def test_a_log_whose_newest_events_have_a_hole_is_not_opened(path: Path) -> None:
    log = SqliteLog(path, lambda: 0)
    log.append([alert(n) for n in range(10)])
    log._writing.execute("DELETE FROM events WHERE seq = 4")
    log.close()
    with pytest.raises(DamageError, match="hashes of the tree are missing"):
        SqliteLog(path, lambda: 0)


def test_a_fault_of_our_own_is_told_to_who_waits(path: Path) -> None:
    def broken() -> int:
        raise ZeroDivisionError

    log = SqliteLog(path, broken)
    log.append([alert(1)])
    with pytest.raises(ZeroDivisionError):
        log.append([alert(1, confidence=0.9)])
    assert log.append([alert(2)])[0].seq == 2
    log.close()


def test_who_sees_the_size_finds_what_it_counts(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    add, seen = log._newest.add, []

    def looked(stored: list[bytes]) -> None:
        seen.append((log.size(), len(log.read(0))))
        add(stored)
        seen.append((log.size(), len(log.read(0))))

    monkeypatch.setattr(log._newest, "add", looked)
    log.append([alert(1), alert(2)])
    assert seen == [(0, 0), (0, 2)]
    assert (log.size(), len(log.read(0))) == (2, 2)


def test_so_many_of_the_newest_events_are_at_hand_and_older_ones_are_read_from_the_file(log: SqliteLog) -> None:
    count = following.NEWEST_EVENTS_MAX + 3
    log.append([alert(n) for n in range(count)])
    assert log._newest.read(2, count, 1 << 30) is None
    assert [each.seq for each in log._newest.read(3, count, 1 << 30)] == [*range(4, count + 1)]
    assert [each.seq for each in log.read(2, 2)] == [3, 4]


def test_so_many_bytes_of_the_newest_events_are_at_hand(log: SqliteLog) -> None:
    size_bytes = EVENT_BYTES_MAX // 2
    count = following.NEWEST_BYTES_MAX // size_bytes + 2
    log.append([large(n, size_bytes) for n in range(count)])
    kept = [len(each.stored) for each in log._newest._kept]
    assert sum(kept) <= following.NEWEST_BYTES_MAX < sum(kept) + kept[0]
    assert log._newest.read(count - len(kept) - 1, 1, 1 << 30) is None
    assert [each.seq for each in log.read(0, 1)] == [1]


def test_wrong_sql_is_not_called_a_fault_of_the_disk(log: SqliteLog) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), log._readers.lend() as connection:
        connection.execute("SELECT * FROM songs")


def test_a_format_that_can_not_be_made_leaves_the_file_open_to_others(path: Path) -> None:
    broken = sqlite.FORMAT._replace(schema="CREATE TABLE half (a); CREATE TABLE half (a)")
    from saqta.log.database import open_for_writing

    with pytest.raises(sqlite3.OperationalError):
        open_for_writing(path, broken)
    SqliteLog(path, lambda: 0).close()


def test_one_event_of_the_largest_size(log: SqliteLog) -> None:
    log.append([large(1, 1 << 20)])
    with pytest.raises(InputError):
        log.append([large(2, (1 << 20) + 1000)])
    assert len(log.read(0)) == 1


@pytest.mark.parametrize("bound", ["EVENTS", "BYTES"])
def test_the_newest_events_are_kept_at_hand_and_older_ones_are_read_from_the_file(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    size = len(encode(alert(1)))
    monkeypatch.setattr(following, f"NEWEST_{bound}_MAX", 3 if bound == "EVENTS" else 3 * size + size // 2)
    for n in range(5):
        log.append([alert(n)])
    assert [recorded.seq for recorded in log.read(0)] == [1, 2, 3, 4, 5]
    log._writing.execute("DELETE FROM events WHERE seq > 2")
    assert [recorded.seq for recorded in log.read(2)] == [3, 4, 5]
    assert [recorded.seq for recorded in log.read(1)] == [2]
    assert log.read(2)[0] is log.read(2)[0]
    assert [recorded.seq for recorded in log.read(3, 1)] == [4]
    assert log.read(5) == []
