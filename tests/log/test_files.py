"""Export and import: a line is a leaf."""

import io
from pathlib import Path

import pytest

from log.made import START_MS, alert, large
from saqta.log.files import IMPORT_EVENTS_MAX, REFUSED_MAX, export, import_lines
from saqta.log.memory import MemoryLog
from saqta.log.merkle import Tree, leaf_hash
from saqta.log.port import READ_EVENTS_MAX
from saqta.log.sqlite import SqliteLog, SqliteReader
from saqta.model.errors import InputError
from saqta.model.event import EVENT_BYTES_MAX, encode


def filled(count: int) -> MemoryLog:
    log = MemoryLog(lambda: 0)
    for start in range(0, count, 1000):
        log.append([alert(n) for n in range(start, min(start + 1000, count))])
    return log


def exported(log: MemoryLog, until_ms: int | None = None) -> bytes:
    out = io.BytesIO()
    export(log, out, until_ms)
    return out.getvalue()


def test_exported_lines_are_the_leaves() -> None:
    log, tree = filled(2_500), Tree()
    tree.extend([leaf_hash(line) for line in exported(log).splitlines()])
    assert tree.root() == log.root()


def test_an_export_tells_its_progress_and_ends_where_the_log_stood() -> None:
    log, out, told = filled(2_500), io.BytesIO(), []

    def progress(done: int, size: int) -> None:
        told.append((done, size))
        log.append([alert(10_000 + done)])

    assert export(log, out, progress=progress) == 2_500
    assert told == [(READ_EVENTS_MAX, 2500), (2 * READ_EVENTS_MAX, 2500), (2500, 2500)]


def test_an_export_until_a_moment_leaves_out_what_was_recorded_later() -> None:
    log = filled(10)
    assert exported(log, START_MS + 3).splitlines() == [encode(alert(n)) for n in range(4)]


def test_an_empty_log_is_an_empty_file() -> None:
    assert exported(MemoryLog(lambda: 0)) == b""


def test_an_imported_log_has_the_same_root(tmp_path: Path) -> None:
    log = filled(2_500)
    log.append([large(1, EVENT_BYTES_MAX)])
    copy, told = SqliteLog(tmp_path / "log.db", lambda: 0), []
    imported = import_lines(copy, io.BytesIO(exported(log)), told.append)
    assert imported == (2_501, 2_501, 0, ())
    assert copy.root() == log.root()
    assert told == [IMPORT_EVENTS_MAX, 2 * IMPORT_EVENTS_MAX, 2501]
    assert import_lines(copy, io.BytesIO(exported(log))) == (2_501, 0, 2_501, ())
    assert copy.root() == log.root()
    reader = SqliteReader(tmp_path / "log.db")
    again = io.BytesIO()
    assert export(reader, again) == 2_501
    assert again.getvalue() == exported(log)
    reader.close()
    copy.close()


def test_lines_that_are_no_events_are_told_and_the_others_taken() -> None:
    lines = [
        encode(alert(1)),
        b"",
        b"{}",
        encode(alert(2)) + b"\r",
        encode(alert(1, confidence=0.9)),
        b"x" * (EVENT_BYTES_MAX * 3),
        encode(alert(1)),
        encode(alert(3)),
    ]
    log = MemoryLog(lambda: 0)
    imported = import_lines(log, io.BytesIO(b"\n".join(lines)))
    assert imported[:3] == (7, 3, 1)
    assert [refused.line for refused in imported.refused] == [3, 5, 6]
    assert "a CloudEvents 1.0 event" in imported.refused[0].reason
    assert "already recorded with other content" in imported.refused[1].reason
    assert "at most 1048576 bytes" in imported.refused[2].reason
    assert [recorded.stored for recorded in log.read(0) if recorded.event.source != "/saqta/log"] == [
        encode(alert(n)) for n in (1, 2, 3)
    ]


def test_a_file_with_very_many_lines_that_are_no_events_is_no_log() -> None:
    log = MemoryLog(lambda: 0)
    lines = [encode(alert(1)), *[b"no"] * REFUSED_MAX]
    assert len(import_lines(log, io.BytesIO(b"\n".join(lines))).refused) == REFUSED_MAX
    lines += [b"no", encode(alert(2))]
    with pytest.raises(InputError, match=rf"^line {REFUSED_MAX + 2}: .*nothing is read on .*line 2: "):
        import_lines(log, io.BytesIO(b"\n".join(lines)))
    assert [recorded.stored for recorded in log.read(0)] == [encode(alert(1))]
