"""Verification finds what somebody with the file in hand could do to it, and says how far its word goes."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from log.made import alert
from saqta.log import merkle
from saqta.log.checkpoints import sign, verifier
from saqta.log.notes import Signer
from saqta.log.sqlite import SqliteLog
from saqta.log.verify import Verification, verify
from saqta.model.errors import StorageError

SIZE = 1_000
CHECKPOINTS = (300, 600, 900)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with 1,000 events and checkpoints at 300, 600 and 900."""
    log = SqliteLog(tmp_path / "log.db", lambda: 0)
    log.append([alert(n) for n in range(1, SIZE + 1)])
    for size in CHECKPOINTS:
        sign(tmp_path, log, size)
    log.close()
    return tmp_path


@pytest.fixture
def tamper(data: Path) -> Callable[[str], None]:
    def run(script: str) -> None:
        connection = sqlite3.connect(data / "log.db")
        connection.create_function("leaf_hash", 1, merkle.leaf_hash)
        connection.executescript(script)
        connection.close()

    return run


CHANGE = "UPDATE events SET stored = CAST(replace(CAST(stored AS TEXT), '0.5', '0.9') AS BLOB) WHERE seq = {seq};"
HIDE_LEAVES = "UPDATE events SET leaf = leaf_hash(stored);"
SWAP = """
    CREATE TEMP TABLE two AS SELECT seq, leaf, stored FROM events WHERE seq IN ({a}, {b});
    UPDATE events SET (leaf, stored) = (SELECT leaf, stored FROM two WHERE seq = {b}) WHERE seq = {a};
    UPDATE events SET (leaf, stored) = (SELECT leaf, stored FROM two WHERE seq = {a}) WHERE seq = {b};
"""
RENAME = "UPDATE names SET seq = {a} + {b} - seq WHERE seq IN ({a}, {b});"


def hide_nodes(data: Path) -> None:
    """What a forger who knows the file does: makes all kept hashes fit the events."""
    connection = sqlite3.connect(data / "log.db")
    leaves = [merkle.leaf_hash(stored) for (stored,) in connection.execute("SELECT stored FROM events ORDER BY seq")]
    nodes = merkle.Tree().extend(leaves)
    with connection:
        connection.executemany(
            "UPDATE events SET leaf = ? WHERE seq = ?", zip(leaves, range(1, SIZE + 9), strict=False)
        )
        connection.execute("DELETE FROM nodes")
        connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
    connection.close()


def found(verification: Verification, seq: int, reason: str) -> None:
    assert not verification.ok
    assert verification.first_bad_seq == seq
    assert reason in verification.says[0]
    assert verification.says[0].startswith(f"seq {seq}")


def test_an_untouched_log_verifies(data: Path) -> None:
    told: list[tuple[int, int]] = []
    verification = verify(data, progress=lambda done, size: told.append((done, size)))
    log = SqliteLog(data / "log.db", lambda: 0)
    assert verification[:5] == (SIZE, SIZE, log.root().hex(), True, None)
    log.close()
    assert verification.says[0] == "900 events are what they were when the checkpoint of 900 was signed"
    assert verification.says[1] == "2 older checkpoints agree: nothing before them was rewritten since"
    assert verification.says[2].startswith("100 events after it fit together")
    assert "give one that was kept elsewhere" in verification.says[3]
    assert told[-1] == (SIZE, SIZE)


def test_looking_adds_nothing(data: Path) -> None:
    before = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    verify(data)
    after = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    assert {file: after[file] for file in before} == before
    assert {file.name for file in set(after) - set(before)} <= {"log.db-wal", "log.db-shm"}


def test_a_changed_event_is_named(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(CHANGE.format(seq=777))
    found(verify(data), 777, "the event's bytes are not those that were appended")


def test_the_first_of_several_is_named(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(CHANGE.format(seq=950) + CHANGE.format(seq=42) + CHANGE.format(seq=43))
    found(verify(data), 42, "the event's bytes")


def test_a_change_with_its_leaf_is_found_by_the_kept_nodes(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(CHANGE.format(seq=400) + HIDE_LEAVES)
    found(verify(data), 257, "seq 257 or after, up to 512: the events are not those that the tree was built of")


def test_a_change_with_all_hashes_is_found_by_the_checkpoints(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(CHANGE.format(seq=400))
    hide_nodes(data)
    found(verify(data), 301, "seq 301 or after, up to 600: the events are not those of the checkpoint of 600")


def test_a_change_hidden_from_an_earlier_checkpoint_comes_before_an_open_one(
    data: Path, tamper: Callable[[str], None]
) -> None:
    tamper(CHANGE.format(seq=299))
    hide_nodes(data)
    tamper(CHANGE.format(seq=301))
    found(verify(data), 1, "up to 300")


def test_a_name_that_was_changed_is_found_inside_its_range(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(
        "UPDATE events SET stored = CAST(replace(CAST(stored AS TEXT), 'alert-400', 'alert-x') AS BLOB) WHERE seq=400;"
    )
    hide_nodes(data)
    found(verify(data), 400, "not those of the checkpoint of 600")


def test_what_is_no_event_any_more_is_found_inside_its_range(data: Path, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE events SET stored = x'7b7d' WHERE seq = 450;")
    hide_nodes(data)
    found(verify(data), 450, "not those of the checkpoint of 600")


@pytest.mark.parametrize("hidden", [False, True])
def test_events_in_another_order_are_found(data: Path, tamper: Callable[[str], None], hidden: bool) -> None:
    tamper(SWAP.format(a=310, b=590))
    if hidden:
        hide_nodes(data)
    found(verify(data), 310, "the events are not those")


def test_events_in_another_order_with_all_traces_hidden_are_found(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(SWAP.format(a=310, b=590) + RENAME.format(a=310, b=590))
    hide_nodes(data)
    found(verify(data), 301, "up to 600")


def test_an_event_taken_out_is_named(data: Path, tamper: Callable[[str], None]) -> None:
    tamper("DELETE FROM events WHERE seq IN (500, 501);")
    found(verify(data), 500, "seq 500 or after, up to 501: events were taken out")


def test_an_event_put_in_before_the_first_is_named(data: Path, tamper: Callable[[str], None]) -> None:
    tamper("INSERT INTO events SELECT -3, leaf, stored FROM events WHERE seq = 1;")
    found(verify(data), -3, "a place that the log never gave")


def test_an_event_added_behind_the_logs_back_is_named(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(f"INSERT INTO events SELECT {SIZE + 1}, leaf, stored FROM events WHERE seq = 1;")
    found(verify(data), SIZE + 1, "events were added that the log never took")


@pytest.mark.parametrize(("script", "until"), [("", SIZE), ("DELETE FROM names WHERE seq > 850;", 900)])
def test_events_cut_off_are_found(data: Path, tamper: Callable[[str], None], script: str, until: int) -> None:
    tamper("DELETE FROM events WHERE seq > 850;" + script)
    hide_nodes(data)
    found(verify(data), 851, f"events were cut off: there were {until}")


def test_an_emptied_log_is_found(data: Path, tamper: Callable[[str], None]) -> None:
    tamper("DELETE FROM events; DELETE FROM names; DELETE FROM nodes;")
    found(verify(data), 1, "events were cut off: there were 900")


def test_missing_nodes_are_found(data: Path, tamper: Callable[[str], None]) -> None:
    tamper("DELETE FROM nodes WHERE position = 1;")
    found(verify(data), 257, "not those that the tree was built of")


def test_what_comes_after_the_newest_checkpoint_is_not_vouched_for(data: Path, tamper: Callable[[str], None]) -> None:
    tamper(CHANGE.format(seq=950))
    hide_nodes(data)
    verification = verify(data)
    assert verification.ok
    assert "100 events after it fit together, but no checkpoint vouches for them yet" in verification.says


def test_a_checkpoint_kept_elsewhere_finds_what_was_signed_anew(data: Path, tamper: Callable[[str], None]) -> None:
    log = SqliteLog(data / "log.db", lambda: 0)
    outside = sign(data, log)
    log.close()
    assert verify(data, outside).ok
    assert verify(data, outside).says[-1] == "3 older checkpoints agree: nothing before them was rewritten since"
    tamper(CHANGE.format(seq=400))
    hide_nodes(data)
    for file in (data / "checkpoints").iterdir():
        file.unlink()
    log = SqliteLog(data / "log.db", lambda: 0)
    sign(data, log, 950)
    log.close()
    assert verify(data).ok
    found(verify(data, outside), 951, "not those of the checkpoint of 1000")


def test_an_older_checkpoint_kept_elsewhere_says_how_far_it_goes(data: Path) -> None:
    outside = (data / "checkpoints" / "000000000300.txt").read_text()
    assert verify(data, outside).says[-1] == "the checkpoint that was kept elsewhere vouches for the first 300 events"


def test_two_checkpoints_of_one_size_that_differ_are_told(data: Path) -> None:
    signer = Signer.parse((data / "log.key").read_text())
    verification = verify(data, signer.checkpoint(300, bytes(32)))
    assert not verification.ok
    assert "contradicts another one of the same size" in verification.says[0]


@pytest.mark.parametrize("note", ["", "hello\n", Signer.generate().checkpoint(900, bytes(32))])
def test_a_checkpoint_that_can_not_be_believed_is_told(data: Path, note: str) -> None:
    verification = verify(data, note)
    assert not verification.ok
    assert verification.first_bad_seq is None
    assert verification.says[0].startswith("the checkpoint that was given can't be believed")


def test_a_checkpoint_file_that_was_changed_is_told(data: Path) -> None:
    file = data / "checkpoints" / "000000000600.txt"
    file.write_text(file.read_text().replace("\n600\n", "\n601\n"))
    verification = verify(data)
    assert not verification.ok
    assert verification.says[0].startswith("checkpoint 600 in the data folder can't be believed")


def test_without_the_public_key_checkpoints_can_not_be_checked(data: Path) -> None:
    assert verifier(data)
    (data / "log.pub").unlink()
    verification = verify(data)
    assert not verification.ok
    assert "log.pub is missing" in verification.says[0]


def test_without_any_checkpoint_the_word_does_not_go_far(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", lambda: 0)
    for size in (0, 3):
        log.append([alert(n) for n in range(size)])
        verification = verify(tmp_path)
        assert verification.ok
        assert verification.root == log.root().hex()
        assert verification.says == (
            f"{size} events fit together, but there is no checkpoint to check them against: "
            "who can write to the folder could have rewritten all of them",
        )
    log.close()


def test_it_works_while_the_log_grows_and_is_signed(data: Path) -> None:
    log, stop = SqliteLog(data / "log.db", lambda: 0), threading.Event()

    def grow() -> None:
        n = SIZE
        while not stop.is_set():
            n += 1
            log.append([alert(n)])
            if n % 20 == 0:
                sign(data, log)

    thread = threading.Thread(target=grow)
    thread.start()
    verifications = [verify(data) for _ in range(15)]
    stop.set()
    thread.join(10)
    log.close()
    assert all(verification.ok for verification in verifications), [v.says for v in verifications if not v.ok]
    assert verifications[-1].events > verifications[0].events


def test_pages_that_can_not_be_read_are_told(data: Path) -> None:
    log = SqliteLog(data / "log.db", lambda: 0)
    log.append([alert(n) for n in range(SIZE, 4 * SIZE)])
    log.close()
    content = bytearray((data / "log.db").read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 80 * 4096] = b"\x5a" * (80 * 4096)
    (data / "log.db").write_bytes(content)
    verification = verify(data)
    assert not verification.ok
    assert verification.first_bad_seq
    assert 1 < verification.first_bad_seq <= 4 * SIZE


def test_no_log_at_all(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no"):
        verify(tmp_path)
