"""Checkpoints are signed as the log grows and at the end, and kept as text files."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from log.made import alert
from saqta.log import checkpoints
from saqta.log.checkpoints import HOURLY_KEPT_S, NEWEST_KEPT, Checkpointer, kept, sign, signer, verifier
from saqta.log.memory import MemoryLog
from saqta.log.merkle import verify_consistency
from saqta.log.notes import Checkpoint, Signer
from saqta.model.errors import DamageError, InputError, StorageError


@pytest.fixture
def log() -> Iterator[MemoryLog]:
    log = MemoryLog(lambda: 0)
    yield log
    log.close()


def read(data: Path, size: int) -> Checkpoint:
    found = verifier(data)
    assert found
    return found.checkpoint(kept(data)[size].read_text())


def wait_for(data: Path, size: int) -> None:
    deadline = time.monotonic() + 10
    while size not in kept(data):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def running(data: Path, log: MemoryLog, every_s: float = 0.02) -> Iterator[Future[None]]:
    checkpointer, stop = Checkpointer(data, log, every_s), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(checkpointer.run, stop)
        yield run
        stop.set()


def test_checkpoints_are_signed_while_the_log_grows_and_at_the_end(tmp_path: Path, log: MemoryLog) -> None:
    with running(tmp_path, log):
        time.sleep(0.1)
        assert kept(tmp_path) == {}
        log.append([alert(1)])
        wait_for(tmp_path, 1)
        log.append([alert(2), alert(3)])
        wait_for(tmp_path, 3)
        time.sleep(0.1)
        assert sorted(kept(tmp_path)) == [1, 3]
    with running(tmp_path, log, every_s=60):
        log.append([alert(4)])
    assert sorted(kept(tmp_path)) == [1, 3, 4]
    assert read(tmp_path, 4).root == log.root()
    assert verify_consistency(1, 4, log.consistency_proof(1, 4), read(tmp_path, 1).root, read(tmp_path, 4).root)


def test_a_log_that_did_not_grow_is_not_signed_again(tmp_path: Path, log: MemoryLog) -> None:
    log.append([alert(1)])
    sign(tmp_path, log)
    before = kept(tmp_path)[1].stat().st_mtime_ns
    with running(tmp_path, log):
        time.sleep(0.1)
    assert kept(tmp_path)[1].stat().st_mtime_ns == before


@pytest.mark.parametrize("every_s", [0, -1, float("nan")])
def test_no_time_between_checkpoints_is_bad_input(tmp_path: Path, log: MemoryLog, every_s: float) -> None:
    with pytest.raises(InputError, match="checkpoint_every_s"):
        Checkpointer(tmp_path, log, every_s)
    assert not list(tmp_path.iterdir())


def test_older_checkpoints_are_thinned_out(tmp_path: Path, log: MemoryLog) -> None:
    """One a quarter of an hour for ten days: the newest hundred stay, then one an hour, after a week one a day."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "readme.txt").write_text("kept by hand")
    count, now_s = 10 * 96, time.time()
    log.append([alert(n) for n in range(count)])
    for size in range(1, count):
        file = tmp_path / "checkpoints" / f"{size:012d}.txt"
        file.write_text("signed")
        os.utime(file, times=(0, now_s - (count - size) * 900))
    note = sign(tmp_path, log)
    files = kept(tmp_path)
    assert files[count].read_text() == note
    sizes = sorted(files)
    assert sizes[-NEWEST_KEPT:] == list(range(count - NEWEST_KEPT + 1, count + 1))
    written_s = {size: files[size].stat().st_mtime for size in sizes}
    older = sizes[:-NEWEST_KEPT]
    week = [size for size in older if written_s[count] - written_s[size] <= HOURLY_KEPT_S]
    hours = [written_s[size] // 3_600 for size in week]
    assert {later - hour for hour, later in pairwise(hours)} == {1}
    assert len(week) >= 7 * 24 - NEWEST_KEPT / 4
    days = [written_s[size] // 86_400 for size in older[: -len(week)]]
    assert {later - day for day, later in pairwise(days)} == {1}
    assert len(days) in (3, 4)
    assert (tmp_path / "checkpoints" / "readme.txt").exists()
    sign(tmp_path, log)
    assert sorted(kept(tmp_path)) == sizes


def test_a_checkpoint_of_an_older_size(tmp_path: Path, log: MemoryLog) -> None:
    log.append([alert(n) for n in range(5)])
    sign(tmp_path, log, 2)
    assert read(tmp_path, 2).root == log.root(2)


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    first = signer(tmp_path, "city.example/log")
    assert first.verifier.name == "city.example/log"
    assert signer(tmp_path, "another").text == first.text
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "log.pub").read_text() == first.verifier.text + "\n"
    (tmp_path / "log.pub").unlink()
    assert verifier(tmp_path) is None
    signer(tmp_path)
    assert verifier(tmp_path).text == first.verifier.text


def test_keys_that_are_none_are_damage(tmp_path: Path) -> None:
    signer(tmp_path)
    (tmp_path / "log.pub").write_text(Signer.generate().verifier.text)
    with pytest.raises(DamageError, match="is not the public half"):
        signer(tmp_path)
    (tmp_path / "log.pub").write_bytes(b"\xff\xff")
    with pytest.raises(DamageError, match="no verifier key"):
        verifier(tmp_path)
    (tmp_path / "log.key").write_text("hello")
    with pytest.raises(DamageError, match="no signing key"):
        signer(tmp_path)


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, log: MemoryLog) -> None:
    with pytest.raises(StorageError, match="can't be read or written"):
        signer(tmp_path / "nowhere")
    signer(tmp_path)
    (tmp_path / "checkpoints").write_text("in the way")
    with pytest.raises(StorageError, match="can't be read or written"):
        sign(tmp_path, log)


def test_what_failed_is_tried_again(tmp_path: Path, log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SIGN_TRIES_MAX", 1_000_000)
    obstacle = tmp_path / "checkpoints"
    obstacle.write_text("in the way")
    with running(tmp_path, log):
        log.append([alert(1)])
        time.sleep(0.1)
        obstacle.unlink()
        wait_for(tmp_path, 1)


def test_what_fails_again_and_again_is_told(tmp_path: Path, log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def refuse(*arguments: Any) -> str:
        tries.append(len(tries))
        return sign(*arguments)

    monkeypatch.setattr(checkpoints, "sign", refuse)
    (tmp_path / "checkpoints").write_text("in the way")
    log.append([alert(1)])
    with running(tmp_path, log) as run, pytest.raises(StorageError, match="can't be read or written"):
        run.result(10)
    assert len(tries) == checkpoints.SIGN_TRIES_MAX


def test_what_fails_at_the_end_is_told(tmp_path: Path, log: MemoryLog) -> None:
    (tmp_path / "checkpoints").write_text("in the way")
    log.append([alert(1)])
    with running(tmp_path, log, every_s=60) as run:
        pass
    with pytest.raises(StorageError, match="can't be read or written"):
        run.result(10)
