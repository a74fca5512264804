"""What every store of tables does, whatever it keeps them in; and the rows laid over it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.log import tables as module
from saqta.log.database import READERS_IDLE_MAX, Readers
from saqta.log.overlay import Overlay
from saqta.log.tables import MemoryTables, SqliteTables, TableStore
from saqta.model.errors import DamageError, StorageError
from saqta.model.step import Table


class Thing(msgspec.Struct, frozen=True):
    """A row with what rows are made of."""

    name: str
    size_m: float = 0.0
    counts: dict[str, int] = {}


THINGS = Table("things", Thing)
OTHERS = Table("others", Thing)
KEYS = st.text(alphabet="ab/\x00\x01\ud7ff\ue000\U0010ffff", max_size=4)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TableStore]:
    makers: dict[str, Callable[[], TableStore]] = {
        "memory": MemoryTables,
        "sqlite": lambda: SqliteTables(tmp_path / "views.db"),
    }
    store = makers[request.param]()
    yield store
    store.close()


def filled(store: TableStore, keys: list[str]) -> None:
    store.commit("step", 1, [THINGS.put(key, Thing(key)) for key in keys])


def keys(store: Any, *args: Any, **named: Any) -> list[str]:
    return [key for key, _ in store.scan(THINGS, *args, **named)]


def test_rows_are_put_replaced_and_taken_away(store: TableStore) -> None:
    assert store.get(THINGS, "a") is None
    assert store.cursor("step") == 0
    store.commit("step", 7, [THINGS.put("a", Thing("one")), OTHERS.put("a", Thing("other"))])
    assert store.get(THINGS, "a") == Thing("one")
    store.commit("step", 8, [THINGS.put("a", Thing("two"))])
    assert store.get(THINGS, "a") == Thing("two")
    store.commit("step", 9, [THINGS.delete("a"), THINGS.delete("never")])
    assert store.get(THINGS, "a") is None
    assert store.get(OTHERS, "a") == Thing("other")
    assert (store.cursor("step"), store.cursor("another")) == (9, 0)


def test_of_two_changes_of_a_row_the_last_one_counts(store: TableStore) -> None:
    store.commit("step", 1, [THINGS.put("a", Thing("one")), THINGS.delete("a"), THINGS.put("b", Thing("two"))])
    store.commit("step", 2, [THINGS.delete("b"), THINGS.put("b", Thing("three"))])
    assert [*store.scan(THINGS)] == [("b", Thing("three"))]


def test_a_scan_is_in_the_order_of_keys(store: TableStore) -> None:
    filled(store, ["b", "a/2", "a/1", "a/10", "c", "ä", "a"])
    assert keys(store) == ["a", "a/1", "a/10", "a/2", "b", "c", "ä"]
    assert keys(store, "a/") == ["a/1", "a/10", "a/2"]
    assert keys(store, "a/", after="a/1") == ["a/10", "a/2"]
    assert keys(store, "a/", after="a/10", limit=1) == ["a/2"]
    assert keys(store, after="a/2", limit=2) == ["b", "c"]
    assert keys(store, limit=0) == []
    assert keys(store, "x") == []
    assert [*store.scan(OTHERS)] == []


def test_a_scan_over_many_pages(store: TableStore) -> None:
    names = [f"{n:05d}" for n in range(module.SCAN_ROWS * 2 + 5)]
    filled(store, names)
    assert keys(store) == names
    assert keys(store, limit=module.SCAN_ROWS + 1) == names[: module.SCAN_ROWS + 1]
    assert keys(store, "005") == names[500:]


def test_any_keys_are_scanned_alike(store: TableStore) -> None:
    @given(st.lists(KEYS, unique=True), KEYS, KEYS, st.none() | st.integers(0, 5))
    def alike(all_keys: list[str], prefix: str, after: str, limit: int | None) -> None:
        store.clear("step", [THINGS])
        filled(store, all_keys)
        expected = [key for key in sorted(all_keys) if key.startswith(prefix) and key > after][:limit]
        assert keys(store, prefix, after, limit) == expected
        with store.snapshot() as snapshot:
            assert keys(snapshot, prefix, after, limit) == expected

    alike()


def test_a_snapshot_stands_still(store: TableStore) -> None:
    filled(store, ["a", "b"])
    with store.snapshot() as snapshot:
        store.commit("step", 2, [THINGS.put("c", Thing("c")), THINGS.delete("a"), THINGS.put("b", Thing("new"))])
        assert keys(snapshot) == ["a", "b"]
        assert snapshot.get(THINGS, "b") == Thing("b")
        assert snapshot.get(THINGS, "c") is None
        assert snapshot.cursor("step") == 1
    assert keys(store) == ["b", "c"]
    assert store.cursor("step") == 2


def test_clearing_takes_the_rows_and_the_cursor(store: TableStore) -> None:
    store.commit("step", 5, [THINGS.put("a", Thing("a")), OTHERS.put("a", Thing("a"))])
    assert store.get(THINGS, "a")
    store.clear("step", [THINGS])
    assert store.get(THINGS, "a") is None
    assert keys(store) == []
    assert store.cursor("step") == 0
    assert store.get(OTHERS, "a") == Thing("a")


def test_a_digest_is_over_what_the_rows_say(store: TableStore) -> None:
    empty = store.digest(THINGS)
    filled(store, ["b", "a"])
    first = store.digest(THINGS)
    store.commit("step", 2, [THINGS.put("a", Thing("a", counts={"x": 1, "y": 2}))])
    second = store.digest(THINGS)
    # An integer where a fraction belongs, and another order of entries, say the same.
    store.commit("step", 3, [THINGS.put("a", Thing("a", size_m=0, counts={"y": 2, "x": 1}))])
    assert store.digest(THINGS) == second
    store.commit("step", 4, [THINGS.delete("a"), THINGS.delete("b")])
    assert store.digest(THINGS) == empty
    assert len({empty, first, second}) == 3


def test_stores_agree_on_digests(tmp_path: Path) -> None:
    memory, sqlite = MemoryTables(), SqliteTables(tmp_path / "views.db")
    for store in (memory, sqlite):
        filled(store, ["b", "a/1", "ä"])
    assert memory.digest(THINGS) == sqlite.digest(THINGS)
    sqlite.close()


def test_readers_of_any_thread_see_whole_commits(store: TableStore) -> None:
    store.commit("step", 0, [THINGS.put(key, Thing("0")) for key in "ab"])
    stop, torn = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            with store.snapshot() as snapshot:
                seen = {row.name for _, row in snapshot.scan(THINGS)} | {str(snapshot.cursor("step"))}
            if len(seen) != 1:
                torn.append(seen)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for seq in range(1, 100):
        store.commit("step", seq, [THINGS.put(key, Thing(str(seq))) for key in "ab"])
        assert store.get(THINGS, "a") == Thing(str(seq))
    stop.set()
    for thread in threads:
        thread.join(10)
    assert torn == []


def test_a_file_holds_rows_and_cursors(tmp_path: Path) -> None:
    store = SqliteTables(tmp_path / "views.db")
    store.commit("step", 3, [THINGS.put("a", Thing("a", 1.5, {"x": 1}))])
    digest = store.digest(THINGS)
    store.close()
    again = SqliteTables(tmp_path / "views.db")
    assert again.get(THINGS, "a") == Thing("a", 1.5, {"x": 1})
    assert (again.cursor("step"), again.digest(THINGS)) == (3, digest)
    again.close()


def test_a_commit_that_fails_changes_nothing(tmp_path: Path) -> None:
    store = SqliteTables(tmp_path / "views.db")
    store.commit("step", 1, [THINGS.put("a", Thing("a"))])
    store._writing.execute("PRAGMA max_page_count=10")
    with pytest.raises(StorageError, match="the disk is full"):
        store.commit("step", 2, [THINGS.put(str(n), Thing("x" * 1000)) for n in range(100)])
    assert keys(store) == ["a"]
    assert store.cursor("step") == 1
    store._writing.execute("PRAGMA max_page_count=100000")
    store.commit("step", 2, [THINGS.put("b", Thing("b"))])
    assert keys(store) == ["a", "b"]
    store.close()


def test_rows_that_were_read_are_kept_up_to_a_maximum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_CACHED_MAX", 8)
    store = SqliteTables(tmp_path / "views.db")
    filled(store, [str(n) for n in range(10)])
    for _ in range(2):
        for n in range(10):
            assert store.get(THINGS, str(n)) == Thing(str(n))
            assert len(store._cache._young) + len(store._cache._old) <= 8
    newest = store.get(THINGS, "9")
    assert store.get(THINGS, "9") is newest
    store.close()


def test_a_row_read_while_it_was_replaced_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteTables(tmp_path / "views.db")
    store.commit("step", 1, [THINGS.put("a", Thing("old"))])
    store._cache.clear()
    get = module._Rows.get

    def slow(rows: Any, table: Any, key: str) -> Any:
        row = get(rows, table, key)
        monkeypatch.undo()
        store.commit("step", 2, [THINGS.put("a", Thing("new"))])
        store._cache._young.clear()
        return row

    monkeypatch.setattr(module._Rows, "get", slow)
    assert store.get(THINGS, "a") == Thing("old")
    assert store.get(THINGS, "a") == Thing("new")
    store.close()


def test_a_row_that_can_not_be_read_is_damage(tmp_path: Path) -> None:
    store = SqliteTables(tmp_path / "views.db")
    store._writing.execute("INSERT INTO rows VALUES ('things', 'a', x'7b7d')")
    with pytest.raises(DamageError, match=r"table things .* run: saqta log rebuild"):
        store.get(THINGS, "a")
    with pytest.raises(DamageError, match="table things"):
        keys(store)
    store.close()


def test_a_damaged_file_of_tables_can_be_made_again(tmp_path: Path) -> None:
    (tmp_path / "views.db").write_bytes(b"hello" * 1000)
    with pytest.raises(DamageError, match=r"is damaged.* delete it with its -wal and -shm"):
        SqliteTables(tmp_path / "views.db")


def test_a_newer_file_of_tables_is_left_alone(tmp_path: Path) -> None:
    SqliteTables(tmp_path / "views.db").close()
    connection = sqlite3.connect(tmp_path / "views.db")
    connection.execute("PRAGMA user_version=9")
    connection.close()
    with pytest.raises(StorageError, match="newer Saqta"):
        SqliteTables(tmp_path / "views.db")


@given(
    st.dictionaries(KEYS, st.integers()),
    st.lists(st.tuples(KEYS, st.none() | st.integers())),
    KEYS,
    KEYS,
    st.none() | st.integers(0, 5),
)
def test_an_overlay_is_what_the_commit_will_be(
    before: dict[str, int],
    changes: list[tuple[str, int | None]],
    prefix: str,
    after: str,
    limit: int | None,
) -> None:
    base = MemoryTables()
    base.commit("step", 1, [THINGS.put(key, Thing(str(value))) for key, value in before.items()])
    overlay = Overlay(base, [THINGS, OTHERS])
    for key, value in changes:
        overlay.put([THINGS.delete(key) if value is None else THINGS.put(key, Thing(str(value)))])
    seen = [*overlay.scan(THINGS, prefix, after, limit)]
    rows = {key: overlay.get(THINGS, key) for key in [*before, *(key for key, _ in changes), "never"]}
    assert len(overlay.changes()) == len({key for key, _ in changes})
    base.commit("step", 2, overlay.changes())
    assert seen == [*base.scan(THINGS, prefix, after, limit)]
    assert rows == {key: base.get(THINGS, key) for key in rows}
    assert [*overlay.scan(OTHERS)] == []


def test_a_step_does_not_change_tables_of_others() -> None:
    with pytest.raises(KeyError, match="others"):
        Overlay(MemoryTables(), [THINGS]).put([OTHERS.put("a", Thing("a"))])


def test_of_the_connections_that_nobody_uses_so_many_are_kept(tmp_path: Path) -> None:
    SqliteTables(tmp_path / "views.db").close()
    readers = Readers(tmp_path / "views.db")
    with ExitStack() as stack:
        lent = [stack.enter_context(readers.lend()) for _ in range(READERS_IDLE_MAX + 2)]
        assert len({id(one) for one in lent}) == len(lent)
    closed = 0
    for connection in lent:
        try:
            connection.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            closed += 1
    assert closed == 2
    readers.close()
