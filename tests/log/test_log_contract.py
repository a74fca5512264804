"""What every log does, whatever it is kept in."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from log.made import alert, large, noted
from saqta.log.appending import LOG_SOURCE
from saqta.log.memory import MemoryLog
from saqta.log.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from saqta.log.port import BATCH_EVENTS_MAX, READ_BYTES_MAX, READ_EVENTS_MAX, Log, Position
from saqta.log.sqlite import SqliteLog
from saqta.model import catalogue, kinds
from saqta.model.errors import ContentConflict, InputError, StorageError, VersionConflict
from saqta.model.event import EVENT_BYTES_MAX, encode

NOW_MS = 1_760_000_000_000


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    makers: dict[str, Callable[[], Log]] = {
        "memory": lambda: MemoryLog(lambda: NOW_MS),
        "sqlite": lambda: SqliteLog(tmp_path / "log.db", lambda: NOW_MS),
    }
    log = makers[request.param]()
    yield log
    log.close()


def test_events_stand_in_the_order_in_which_they_came(log: Log) -> None:
    events = [alert(n) for n in range(5)]
    assert log.append(events[:2]) == [Position(1, False), Position(2, False)]
    assert log.append(events[2:]) == [Position(3, False), Position(4, False), Position(5, False)]
    read = log.read(0)
    assert [recorded.seq for recorded in read] == [1, 2, 3, 4, 5]
    assert [recorded.stored for recorded in read] == [encode(event) for event in events]
    assert [recorded.event.key for recorded in read] == [event.key for event in events]
    assert log.size() == 5


def test_an_empty_log_and_an_empty_append(log: Log) -> None:
    assert log.append([]) == []
    assert (log.size(), log.read(0), log.root(), log.version("camera/C1")) == (0, [], EMPTY_ROOT, 0)
    assert log.find("/cameras/C1", "alert-1") is None


def test_a_read_ends_at_its_limit_and_at_the_end(log: Log) -> None:
    log.append([alert(n) for n in range(10)])
    assert [recorded.seq for recorded in log.read(3, limit=2)] == [4, 5]
    assert [recorded.seq for recorded in log.read(8)] == [9, 10]
    assert log.read(10) == []


def test_a_read_without_a_limit_ends_at_the_largest(log: Log) -> None:
    log.append([alert(n) for n in range(READ_EVENTS_MAX + 1)])
    assert [recorded.seq for recorded in log.read(0)] == [*range(1, READ_EVENTS_MAX + 1)]
    assert [recorded.seq for recorded in log.read(READ_EVENTS_MAX)] == [READ_EVENTS_MAX + 1]


def test_a_read_of_large_events_ends_early_but_never_empty(log: Log) -> None:
    count = READ_BYTES_MAX // EVENT_BYTES_MAX + 2
    for n in range(count):
        log.append([large(n, EVENT_BYTES_MAX)])
    first = log.read(0)
    assert 1 < len(first) < count
    assert sum(len(recorded.stored) for recorded in first) <= READ_BYTES_MAX
    assert [recorded.seq for recorded in log.read(len(first))] == list(range(len(first) + 1, count + 1))


def test_one_event_larger_than_a_read_is_read_alone(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{type(log).__module__}.READ_BYTES_MAX", 100)
    log.append([alert(1), alert(2)])
    assert [recorded.seq for recorded in log.read(0)] == [1]
    assert [recorded.seq for recorded in log.read(1)] == [2]


def test_a_repeat_is_told_and_skipped(log: Log) -> None:
    log.append([alert(1), alert(2)])
    assert log.append([alert(3), alert(2), alert(3)]) == [Position(3, False), Position(2, True), Position(3, True)]
    assert log.size() == 3


def test_when_it_was_recorded_is_no_content(log: Log) -> None:
    log.append([alert(1)])
    stored = log.read(0)[0].stored
    assert log.append([alert(1, recorded_ms=NOW_MS)]) == [Position(1, True)]
    assert log.read(0)[0].stored == stored


def test_the_same_id_of_another_source_is_another_event(log: Log) -> None:
    assert [p.seq for p in log.append([alert(1), alert(1, source="/cameras/C2")])] == [1, 2]


def test_other_content_under_a_known_name_is_refused_and_recorded_once(log: Log) -> None:
    log.append([alert(1)])
    for recorded_ms in (NOW_MS, NOW_MS + 1):
        with pytest.raises(ContentConflict, match="alert-1 of /cameras/C1"):
            log.append([alert(2), alert(1, confidence=0.9, recorded_ms=recorded_ms), alert(3)])
    [refusal] = log.read(1)
    assert refusal.event.source == LOG_SOURCE
    assert refusal.event.recorded_ms == NOW_MS
    record = catalogue.read(refusal.event)
    assert isinstance(record, kinds.EventRefused)
    assert (record.refused_source, record.refused_id) == ("/cameras/C1", "alert-1")
    assert record.stored_sha256 != record.offered_sha256
    assert log.version("log") == 2


def test_each_other_content_is_a_refusal_of_its_own(log: Log) -> None:
    log.append([alert(1)])
    for confidence in (0.1, 0.2, 0.1):
        with pytest.raises(ContentConflict):
            log.append([alert(1, confidence=confidence)])
    assert log.size() == 3


def test_two_contents_under_one_name_in_one_append_are_refused_whole(log: Log) -> None:
    with pytest.raises(ContentConflict):
        log.append([alert(1), alert(1, confidence=0.9)])
    assert [recorded.event.type for recorded in log.read(0)] == ["saqta.event.refused.v1"]
    assert log.append([alert(1)]) == [Position(2, False)]


def test_a_subject_that_moved_on_refuses_the_whole_append(log: Log) -> None:
    log.append([noted(1)])
    with pytest.raises(VersionConflict) as caught:
        log.append([alert(1), noted(2)], {"incident/I1": 0})
    assert (caught.value.subject, caught.value.expected, caught.value.actual) == ("incident/I1", 0, 1)
    assert log.size() == 1
    assert log.append([noted(2)], {"incident/I1": 1, "incident/I2": 0}) == [Position(2, False)]
    assert log.version("incident/I1") == 2


def test_repeats_alone_are_told_whatever_was_expected(log: Log) -> None:
    log.append([noted(1)], {"incident/I1": 0})
    assert log.append([noted(1)], {"incident/I1": 0}) == [Position(1, True)]
    with pytest.raises(VersionConflict):
        log.append([noted(1), noted(2)], {"incident/I1": 0})


def test_too_many_events_and_too_large_ones_are_bad_input(log: Log) -> None:
    with pytest.raises(InputError, match="10001 events"):
        log.append([alert(1)] * (BATCH_EVENTS_MAX + 1))
    with pytest.raises(InputError, match="at most 1048576 bytes"):
        log.append([large(1, EVENT_BYTES_MAX + 1000)])
    with pytest.raises(InputError, match="10001 events"):
        log.append_stored([encode(alert(1))] * (BATCH_EVENTS_MAX + 1))
    assert log.size() == 0


def test_a_full_batch_is_taken(log: Log) -> None:
    assert len(log.append([alert(n) for n in range(BATCH_EVENTS_MAX)])) == BATCH_EVENTS_MAX
    assert log.size() == BATCH_EVENTS_MAX


def test_find_gives_the_event_of_a_name(log: Log) -> None:
    log.append([alert(1), alert(2)])
    found = log.find("/cameras/C1", "alert-2")
    assert found == log.read(1)[0]


def test_stored_lines_are_kept_as_they_are(log: Log) -> None:
    stored = encode(alert(1))
    other = stored.replace(b'"specversion":"1.0",', b'"specversion": "1.0", ')
    assert log.append_stored([other]) == [Position(1, False)]
    assert log.read(0)[0].stored == other
    assert log.append([alert(1, recorded_ms=NOW_MS)]) == [Position(1, True)]
    assert log.append_stored([stored]) == [Position(1, True)]


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"\xff", b"[" * 2000, encode(alert(1)) + b"\n", b" " * (EVENT_BYTES_MAX + 1)]
)
def test_a_line_that_is_no_event_is_bad_input(log: Log, line: bytes) -> None:
    with pytest.raises(InputError):
        log.append_stored([encode(alert(2)), line])
    assert log.size() == 0


def test_unknown_kinds_and_attributes_are_kept(log: Log) -> None:
    event = msgspec.structs.replace(large(1, 400), extensions={"traceparent": "00-1", "sampled": True, "hops": 3})
    log.append([event])
    [recorded] = log.read(0)
    assert recorded.event.extensions == event.extensions
    assert catalogue.read(recorded.event) is None


def test_proofs_hold_at_every_size(log: Log) -> None:
    events = [alert(n) for n in range(20)]
    log.append(events)
    leaves = [leaf_hash(encode(event)) for event in events]
    for size in range(1, 21):
        root = log.root(size)
        for seq in range(1, size + 1):
            assert verify_inclusion(seq - 1, size, leaves[seq - 1], log.inclusion_proof(seq, size), root)
        for old in range(size + 1):
            assert verify_consistency(old, size, log.consistency_proof(old, size), log.root(old), root)
    assert log.root() == log.root(20)
    assert log.inclusion_proof(7) == log.inclusion_proof(7, 20)
    assert log.consistency_proof(7) == log.consistency_proof(7, 20)


def test_proofs_of_what_never_was_are_bad_input(log: Log) -> None:
    log.append([alert(1)])
    with pytest.raises(InputError, match="size: got 2"):
        log.root(2)
    with pytest.raises(InputError, match="size: got -1"):
        log.root(-1)
    with pytest.raises(InputError, match="seq: got 0"):
        log.inclusion_proof(0)
    with pytest.raises(InputError, match="seq: got 2"):
        log.inclusion_proof(2)
    with pytest.raises(InputError, match="old_size: got 2"):
        log.consistency_proof(2)


def test_who_follows_gets_what_is_there_and_what_comes(log: Log) -> None:
    log.append([alert(n) for n in range(3)])
    stop, got = threading.Event(), []

    def follow() -> None:
        for batch in log.follow(1, stop):
            got.extend(recorded.seq for recorded in batch)
            if got[-1] == 5:
                stop.set()

    thread = threading.Thread(target=follow)
    thread.start()
    log.append([alert(3)])
    log.append([alert(4)])
    thread.join(10)
    assert got == [2, 3, 4, 5]


def test_who_follows_ends_when_the_log_is_closed(log: Log) -> None:
    following = iter(log.follow(0, threading.Event()))
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, following)
        log.close()
        assert rest.result(10) == []


def test_a_closed_log_takes_nothing(log: Log) -> None:
    log.append([alert(1)])
    log.close()
    with pytest.raises(StorageError, match="closed"):
        log.append([alert(2)])
    with pytest.raises(StorageError, match="closed"):
        log.append_stored([encode(alert(2))])


def test_what_was_submitted_can_not_be_cancelled(log: Log) -> None:
    async def walk_away() -> None:
        waiting = asyncio.ensure_future(asyncio.wrap_future(log.submit([alert(1)])))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(walk_away())
    assert not log.submit([alert(2)]).cancel()
    assert log.append([alert(1), alert(2)]) == [Position(1, True), Position(2, True)]


def test_appends_from_many_threads_stand_once_each_and_in_their_threads_order(log: Log) -> None:
    def work(thread: int) -> list[int]:
        return [log.append([alert(n, source=f"/cameras/T{thread}")])[0].seq for n in range(25)]

    with ThreadPoolExecutor(8) as pool:
        seqs = list(pool.map(work, range(8)))
    assert all(of_thread == sorted(of_thread) for of_thread in seqs)
    assert sorted(seq for of_thread in seqs for seq in of_thread) == list(range(1, 201))


def test_of_two_that_expect_the_same_version_one_is_refused(log: Log) -> None:
    def work(n: int) -> bool:
        try:
            log.append([noted(n)], {"incident/I1": 0})
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(50))) == 1
    assert log.size() == 1
