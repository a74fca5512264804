"""Checkpoints are signed as the log grows and at the end, and kept as text files."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from log.made import alert
from saqta.log import checkpoints
from saqta.log.checkpoints import Checkpointer, kept, sign, signer, verifier
from saqta.log.memory import MemoryLog
from saqta.log.merkle import verify_consistency
from saqta.log.notes import Checkpoint, Signer
from saqta.model.errors import DamageError, StorageError


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


def test_checkpoints_are_signed_while_the_log_grows_and_at_the_end(tmp_path: Path, log: MemoryLog) -> None:
    checkpointer = Checkpointer(tmp_path, log, every_s=0.02)
    time.sleep(0.1)
    assert kept(tmp_path) == {}
    log.append([alert(1)])
    wait_for(tmp_path, 1)
    log.append([alert(2), alert(3)])
    wait_for(tmp_path, 3)
    time.sleep(0.1)
    assert sorted(kept(tmp_path)) == [1, 3]
    checkpointer.close()

    last = Checkpointer(tmp_path, log, every_s=60)
    log.append([alert(4)])
    last.close()
    assert sorted(kept(tmp_path)) == [1, 3, 4]
    assert read(tmp_path, 4).root == log.root()
    assert verify_consistency(1, 4, log.consistency_proof(1, 4), read(tmp_path, 1).root, read(tmp_path, 4).root)


def test_a_log_that_did_not_grow_is_not_signed_again(tmp_path: Path, log: MemoryLog) -> None:
    log.append([alert(1)])
    sign(tmp_path, log)
    before = kept(tmp_path)[1].stat().st_mtime_ns
    Checkpointer(tmp_path, log, every_s=60).close()
    assert kept(tmp_path)[1].stat().st_mtime_ns == before


def test_the_newest_are_kept(tmp_path: Path, log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINTS_MAX", 3)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "readme.txt").write_text("kept by hand")
    for n in range(6):
        log.append([alert(n)])
        note = sign(tmp_path, log)
    assert sorted(kept(tmp_path)) == [4, 5, 6]
    assert kept(tmp_path)[6].read_text() == note
    assert len(list((tmp_path / "checkpoints").iterdir())) == 4


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


def test_what_failed_is_tried_again_and_told_at_the_end(tmp_path: Path, log: MemoryLog) -> None:
    checkpointer = Checkpointer(tmp_path, log, every_s=0.02)
    obstacle = tmp_path / "checkpoints"
    obstacle.write_text("in the way")
    log.append([alert(1)])
    time.sleep(0.1)
    obstacle.unlink()
    wait_for(tmp_path, 1)
    for file in obstacle.iterdir():
        file.unlink()
    obstacle.rmdir()
    obstacle.write_text("in the way")
    log.append([alert(2)])
    with pytest.raises(StorageError, match="can't be read or written"):
        checkpointer.close()
