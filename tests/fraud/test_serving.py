"""The decision path by itself: what it keeps over a restart, its fallback, its limits, and what stands in the log."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from fraud.running import NOW_MS, WAIT_S, Running, call, payment, require_state, running, state_of
from intake.listening import until
from saqta.fraud.engine.layout import CALL, DELAY_D, EVENTS, FRAUD, MEMOS, PAYMENT
from saqta.fraud.engine.naming import CURRENCY_NUMBERS
from saqta.fraud.engine.scanning import PLAIN_CHARS_MAX, columns
from saqta.fraud.lists.blocklist import Listing
from saqta.fraud.lists.tables import ENTRIES
from saqta.fraud.publishing.tables import HEAD, NEWEST, RuleSet
from saqta.fraud.serving import pseudonyms
from saqta.fraud.serving.judging import JUDGED_MAX
from saqta.fraud.serving.ledger import Ledger, numbered
from saqta.fraud.serving.path import COMMITS_MAX, LABELS_MAX, WAITING_MAX, DecisionPath
from saqta.fraud.serving.reading import ASKED_MAX, Question, read
from saqta.fraud.serving.rows import ROW, SOURCE, Commit, as_bytes, commit_of, root_of
from saqta.fraud.serving.snapshot import read_snapshot
from saqta.fraud.serving.step import SWAPS, Swapped
from saqta.fraud.serving.ticket import Ticket, portions
from saqta.log.merkle import leaf_hash, verify_inclusion
from saqta.log.port import Position
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import MemoryTables
from saqta.model import catalogue
from saqta.model.errors import BusyError, ContentConflict, DamageError, InputError
from saqta.model.event import Event
from saqta.model.kinds import ROWS_MAX, DecisionsMade, ListTerms, Quoted, SimSwapped, UsedRate
from saqta.model.list_entry import Entry
from saqta.model.listing import digester, entry_id
from saqta.model.terms import EntryState, ListedKind

LISTED = Listing("payee-0", ListTerms(kind=ListedKind.PAYEE, reason="a mule's account", source="police"))


@pytest.mark.parametrize("fallback", [None, "no_model"])
def test_what_is_simply_allowed_is_answered_in_the_same_words(fallback: str | None) -> None:
    """Its line is put together from parts, the others' is encoded whole."""
    rows = np.zeros(4, ROW)
    rows["kind"], rows["score"] = [PAYMENT, PAYMENT, PAYMENT, CALL], [0.0, 1e-5, 0.25, 0.1]
    rows["currency"] = [CURRENCY_NUMBERS[code] for code in ("KZT", "USD", "JPY", "KZT")]
    rows["time_ms"], rows["amount"] = NOW_MS, [450000.07, 12.5, 7, 0]
    quoted = Quoted(publisher="nbk", day=date(2026, 3, 12), currency="USD", units="1", quote="KZT", worth="480.5")
    used = UsedRate(currency="USD", day=quoted.day, lines=(quoted,))
    made = {"tenant": "bank-a", "number": 7, "model": "50%-b", "rules": "r%d", "features": "f", "root": "", "rows": ""}
    commit = Commit(DecisionsMade(**made, fallback=fallback, rates=(used,)), rows)
    for row in range(len(rows)):
        for id in ('the "first" — бірінші', "100%d"):
            assert commit.line(id, row, "bank") == msgspec.json.encode(commit.answer(id, row, "bank"))


def test_lines_written_at_once_are_those_written_one_by_one() -> None:
    chance = np.random.default_rng(1)
    rows, ids = np.zeros(ROWS_MAX, ROW), ["x" * int(n) for n in chance.integers(1, PLAIN_CHARS_MAX, ROWS_MAX)]
    rows["kind"], rows["currency"] = PAYMENT, CURRENCY_NUMBERS["KZT"]
    rows["score"] = chance.uniform(size=ROWS_MAX) * 10.0 ** chance.integers(-9, 0, ROWS_MAX)
    rows["amount"] = chance.integers(1, 10 ** chance.integers(1, 15, ROWS_MAX)) / 100
    body = json.dumps([payment(0, id=id) for id in ids]).encode()
    made = {"tenant": "bank-a", "number": 7, "model": "50%-b", "rules": "r%d", "features": "f", "root": "", "rows": ""}
    commit = Commit(DecisionsMade(**made, fallback="deadline"), rows)
    assert commit.is_brief.all()
    for at in (np.arange(ROWS_MAX), np.array([3, 255]), np.zeros(0, np.int64)):
        text, sizes = commit.texts(read("payment", body).columns.named[at], at)
        lines = [commit.line(ids[row], row, "bank") for row in at.tolist()]
        assert text == b"".join(line + b"," for line in lines)
        assert sizes.tolist() == [len(line) + 1 for line in lines]


def test_what_is_told_in_a_list_is_what_is_told_alone(tmp_path: Path) -> None:
    """Whether it is plain or not, allowed or not, decided now or before, in tenge or not, or wrong."""
    phone = "+77012340003"
    asked = [
        payment(0),
        payment(1, id='p "1"'),
        payment(2, currency="USD"),
        payment(3, phone=phone),
        payment(4),
        payment(0),
        payment(6, time="2026-03-12T09:00:00Z"),
        payment(7, amount="-1"),
        payment(0, amount="7.77"),
        payment(9, place={"lat": 43.2, "lon": 76.9}),
        payment(10),
    ]
    with running(tmp_path, deadline_ms=60_000) as path:
        path.ask("call", call(3), tenant="metro")
        together = path.ask("payment", *asked)
        for n, (one, told) in enumerate(zip(asked, together, strict=True)):
            if n not in (6, 7):
                assert path.ask("payment", one) == [told]
        assert path.ask("payment", *asked) == together
    assert [each.get("action") for each in together] == ["allow"] * 3 + ["hold"] + ["allow"] * 2 + [None] * 3 + [
        "allow"
    ] * 2
    assert [each["id"] for each in together] == [one["id"] for one in asked]
    assert [together[at]["error"].get("field") for at in (6, 7, 8)] == ["time", "amount", None]
    assert together[5] == together[0]


def test_siphash_is_that_of_its_paper() -> None:
    first, second = np.frombuffer(bytes(range(16)), "<u8")
    [word] = np.frombuffer(bytes(range(8)), "<u8")
    assert pseudonyms.pseudonym(word, first, second) == 0x93F5F5799A932462
    assert pseudonyms.pseudonym(np.uint64(0), first, second) == 0


@pytest.mark.parametrize("is_clean", [True, False])
def test_after_a_restart_the_state_is_equal_and_who_asks_again_gets_the_same_answer(
    tmp_path: Path, is_clean: bool
) -> None:
    """From what was kept, and, where nothing was, from the log alone."""
    with running(tmp_path) as before:
        first = before.ask("call", *(call(n) for n in range(40)), tenant="metro")
        first += before.ask("payment", *(payment(n, phone="+77012340003") for n in range(300)))
        state = state_of(before)
        size = before.log.size()
    if not is_clean:
        for kept in (tmp_path / "fraud").iterdir():
            kept.unlink()
    with running(tmp_path) as after:
        require_state(after, state)
        again = after.ask("call", *(call(n) for n in range(40)), tenant="metro")
        assert again + after.ask("payment", *(payment(n, phone="+77012340003") for n in range(300))) == first
        refused = after.ask("payment", payment(7, amount="9.99"))[0]
        assert refused == {"id": "p7", "error": {"detail": str(ContentConflict("alfa", "p7"))}}
        assert after.log.size() == size
        later = after.ask("payment", payment(400))[0]
        assert later["decision_id"].startswith("alfa-2-")


def test_a_risky_call_concerns_whom_it_called_alone(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        path.ask("call", call(3), tenant="metro")
        assert path.ask("payment", payment(3, phone="+77012340003"))[0]["action"] == "hold"
        assert path.ask("payment", payment(4, phone="+77012340004"))[0]["action"] == "allow"
        assert path.ask("payment", payment(5))[0]["action"] == "allow"


def test_a_listed_callers_call_stays_risky_after_a_restart_though_the_list_is_gone(tmp_path: Path) -> None:
    """What lists said stands in the log with the decision: the state is rebuilt from there, not from lists of now."""
    terms = ListTerms(kind=ListedKind.MSISDN, reason="SIM card confiscated", source="operator")
    with running(tmp_path) as path:
        digest = digester(path.keyring.list_key())(ListedKind.MSISDN, "+77011111111")
        entry = entry_id(ListedKind.MSISDN, digest)
        row = Entry(id=entry, state=EntryState.IN_FORCE, terms=terms, version=1, changed_ms=0, proposed_by="farid")
        path.blocklist.take([ENTRIES.put(entry, row)], MemoryTables())
        called = path.ask("call", call(3, caller="+77011111111", trunk="national"))[0]
        reason = called["reasons"][0]
        assert (called["action"], reason["code"], reason["entry"]) == ("block", "listed_caller", entry)
        assert reason["text"] == "the caller's number is blocked: SIM card confiscated (operator)"
    for kept in (tmp_path / "fraud").iterdir():
        kept.unlink()
    with running(tmp_path) as after:
        paid = after.ask("payment", payment(3, phone="+77012340003"))[0]
        assert (paid["action"], paid["reasons"][0]["code"]) == ("hold", "on_the_phone_with_risk")


def test_a_sim_swap_is_a_reason_live_and_after_a_restart_with_and_without_what_was_kept(tmp_path: Path) -> None:
    number = "+77012340003"
    with running(tmp_path) as path:
        told = SimSwapped(subscriber=path.path.subscriber(number))
        at_ms = NOW_MS - 20 * 3_600_000
        event = {"id": "1", "source": "/telecom", "actor": "telecom", "time_ms": at_ms, "recorded_ms": NOW_MS}
        path.log.append([catalogue.make(told, **event)])
        path.path.learn([SWAPS.put(told.subscriber, Swapped(at_ms))], path.log.size())
        held = path.ask("payment", payment(3, phone=number))[0]
        assert (held["action"], held["reasons"][0]["code"]) == ("hold", "sim_swapped_yesterday")
        assert "another SIM card 19.7 h ago, and a payee never paid before" in held["reasons"][0]["text"]
        assert path.ask("payment", payment(4, phone="+77012340004"))[0]["action"] == "allow"
    for n in (10, 17):
        with running(tmp_path) as after:
            paid = after.ask("payment", payment(n, phone=number, payee=f"payee-{n}"))[0]
            assert paid["reasons"][0]["code"] == "sim_swapped_yesterday"
        for kept in (tmp_path / "fraud").iterdir():
            kept.unlink()


def test_a_model_scores_and_says_why(tmp_path: Path, learned: tuple[object, Path]) -> None:
    with running(tmp_path, model=str(learned[1])) as path:
        path.grow_old()
        answers = path.ask("payment", *(payment(n) for n in range(300)))
        assert {answer["model"] for answer in answers} == {path.path._judge.model.version}
        assert all(0 < answer["score"] < 1 for answer in answers)
        assert {reason["code"] for answer in answers for reason in answer["reasons"]}.isdisjoint({"no_model"})
        warned = [answer for answer in answers if answer["action"] != "allow"]
        for answer in warned:
            why = path.path.look(answer["decision_id"], is_partner=False).why
            assert len(why["contributions"]) == 10
            moved = [abs(each["moved"]) for each in why["contributions"]]
            assert moved == sorted(moved, reverse=True)


def test_a_row_is_proved_by_a_path_to_its_commits_root(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        answers = path.ask("call", *(call(n) for n in range(300)))
        made = path.commits()
        assert [len(commit_of(each).rows) for each in made] == [256, 44]
        proof = path.path.look(answers[299]["decision_id"], is_partner=True).why["proof"]
        leaf = commit_of(made[1]).leaves()[43]
        hashes = [bytes.fromhex(each) for each in proof["path"]]
        assert verify_inclusion(proof["leaf"], proof["size"], leaf, hashes, bytes.fromhex(made[1].root))
        assert not verify_inclusion(proof["leaf"], proof["size"], leaf_hash(b""), hashes, bytes.fromhex(made[1].root))
    with pytest.raises(DamageError, match="root"):
        commit_of(DecisionsMade(**{name: getattr(made[0], name) for name in made[0].__struct_fields__} | {"root": "0"}))


def test_the_fallback_answers_at_the_deadline_while_the_path_is_slow(tmp_path: Path) -> None:
    """The path waits in the middle of a decision until it is let go; the answer comes before, and stays the answer."""
    with running(tmp_path, deadline_ms=50) as path:
        judge, let_go = path.path._judge.judge, threading.Event()

        def slow(*arguments: object) -> object:
            let_go.wait(WAIT_S)
            return judge(*arguments)

        path.path._judge.judge = slow
        path.blocklist._decided = {b"": None}
        path.blocklist.listing = lambda kind, value, at_ms: LISTED if value == "payee-2" else None
        spoofed, paid = path.ask("call", call(1))[0], path.ask("payment", payment(1))[0]
        listed = path.ask("payment", payment(2))[0]
        assert not let_go.is_set()
        assert [reason["code"] for reason in spoofed["reasons"]] == ["spoofed_number", "deadline"]
        assert (spoofed["action"], spoofed["model"]) == ("block", None)
        assert (paid["action"], [reason["code"] for reason in paid["reasons"]]) == ("allow", ["deadline"])
        assert [reason["code"] for reason in listed["reasons"]] == ["listed_payee", "deadline"]
        let_go.set()
        path.path._judge.judge = judge
        deadline = time.monotonic() + WAIT_S
        while path.path._judge.state.counters[7] < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        path.path._deadline_ns *= 1000
        assert path.ask("call", call(1))[0] == spoofed
        assert path.ask("payment", payment(1))[0] == paid
        assert path.ask("payment", payment(2))[0] == listed
        assert [each.fallback for each in path.commits()] == ["deadline"] * 3
        assert path.path.figures().at_deadline == sum(path.path.figures().decided.values()) == 3


@contextmanager
def held_up(path: DecisionPath) -> Iterator[None]:
    """The path waits in the middle of whatever it decides while the block runs."""
    judge, let_go = path._judge.judge, threading.Event()
    path._judge.judge = lambda *arguments: (let_go.wait(WAIT_S), judge(*arguments))[1]
    try:
        yield
    finally:
        path._judge.judge = judge
        let_go.set()


def test_an_id_that_is_known_gets_no_second_decision_at_the_deadline(tmp_path: Path) -> None:
    """The fallback knows nothing of the call before, and would allow what was held because of it."""
    with running(tmp_path, deadline_ms=10_000) as path:
        path.ask("call", call(3), tenant="metro")
        held = path.ask("payment", payment(3, phone="+77012340003"))[0]
        assert held["action"] == "hold"
        path.path._deadline_ns = 50_000_000
        with held_up(path.path):
            again = path.ask("payment", payment(3, phone="+77012340003"), payment(4), payment(3, amount="9.99"))
            alone = path.ask("payment", payment(3, amount="7.77"), payment(5))
            twice = path.ask("payment", payment(4), payment(3, phone="+77012340003"))
        assert (again[0], twice[1]) == (held, held)
        assert [reason["code"] for reason in again[1]["reasons"]] == ["deadline"]
        assert twice[0] == again[1]
        refused = [{"id": "p3", "error": {"detail": str(ContentConflict("alfa", "p3"))}}] * 2
        assert [again[2], alone[0]] == refused
        assert alone[1]["decision_id"] == "alfa-2-0"
        path.path._deadline_ns = 10_000_000_000
        assert path.ask("payment", payment(4), payment(3, phone="+77012340003"), payment(5)) == [*twice, alone[1]]
        assert [len(commit_of(each).rows) for each in path.commits()] == [1, 1, 1, 1]
    (tmp_path / "fraud" / "kept.json").unlink()
    with running(tmp_path) as after:
        assert after.ask("payment", payment(4), payment(3, phone="+77012340003"), payment(5)) == [*twice, alone[1]]


def test_who_asks_again_beside_the_fallback_gets_its_answer_and_not_before_it_is_durable(tmp_path: Path) -> None:
    with running(tmp_path, deadline_ms=50) as path:
        submit, on_the_way = path.log.submit, []

        def slow(events: list[Event], expected: object = None) -> "Future[list[Position]]":
            on_the_way.append((Future(), events))
            return on_the_way[-1][0]

        path.log.submit = slow
        with held_up(path.path):
            first = path.asked("payment", payment(1))
            until(lambda: on_the_way)
            path.path._deadline_ns = 10_000_000_000
        again = path.asked("payment", payment(1))
        until(lambda: path.path._judge.state.counters[EVENTS] == 2)
        time.sleep(0.1)
        assert (first.done(), again.done(), len(on_the_way)) == (False, False, 1)
        future, events = on_the_way[0]
        future.set_result(submit(events).result())
        assert first.result(WAIT_S) == again.result(WAIT_S)
        assert first.result()[0]["reasons"][-1]["code"] == "deadline"


def test_what_is_told_or_answered_while_the_path_stops_is_known_after_the_start(tmp_path: Path) -> None:
    with running(tmp_path, deadline_ms=10_000) as path:
        told = path.ask("payment", payment(1))[0]["decision_id"]
        with held_up(path.path):
            last = path.asked("payment", payment(2))
            until(lambda: not path.path._waiting)
            path.path._deadline_ns = 50_000_000
            path.path._deadlines._unclaimed.clear()
            fallen = path.ask("payment", payment(3))
            path.path._deadline_ns = 10_000_000_000
            sent_away = path.asked("payment", payment(4))
            path.tell(told, "fraud")
            path.ends()
        assert last.result(WAIT_S)[0]["action"] == "allow"
        assert sent_away.result(WAIT_S) == [{"id": "p4", "error": {"detail": "the centre is stopping"}}]
        assert path.path.figures().turned_away == 1
    with running(tmp_path) as after:
        state = after.path._judge.state
        assert (state.counters[MEMOS], state.memo["label"][:3].tolist()) == (3, [FRAUD, 0, 0])
        assert after.ask("payment", payment(3)) == fallen


def test_what_was_answered_at_the_deadline_may_be_told_of_before_the_path_knows_it(tmp_path: Path) -> None:
    with running(tmp_path, deadline_ms=50) as path:
        with held_up(path.path):
            path.ask("payment", payment(1))
            path.tell(path.ask("payment", payment(2))[0]["decision_id"], "fraud")
        until(lambda: path.path._taken == path.log.size())
        assert path.path._judge.state.memo["label"][:2].tolist() == [0, FRAUD]


def test_a_burst_of_labels_is_taken_in_portions_between_which_what_waits_is_decided(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        told = path.ask("payment", payment(0))[0]["decision_id"]
        fold, judge, done = path.path._judge.fold, path.path._judge.judge, []
        path.path._judge.fold = lambda events: (done.extend(["label"] * len(events)), fold(events))[1]
        path.path._judge.judge = lambda *arguments: (done.append("decision"), judge(*arguments))[1]
        with held_up(path.path):
            path.asked("payment", payment(1))
            until(lambda: not path.path._waiting)
            path.tell(told, "fraud", count=LABELS_MAX * 3 + 1)
            told_seq = path.log.size()
            waits = path.asked("payment", payment(2))
            done.clear()
        waits.result(WAIT_S)
        until(lambda: path.path._taken == told_seq)
        assert done == ["decision"] + ["label"] * LABELS_MAX + ["decision"] + ["label"] * (2 * LABELS_MAX + 1)


@pytest.mark.parametrize(
    "changed", ["saqta.fraud.serving.opening.LABEL_DELAY_D", "saqta.fraud.learning.folder.FEATURES_VERSION"]
)
def test_what_was_kept_for_other_features_or_another_delay_is_rebuilt_from_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    with running(tmp_path) as before:
        first = before.ask("payment", *(payment(n) for n in range(3)))
    monkeypatch.setattr(changed, 3)
    path = Running(tmp_path)
    assert read_snapshot(tmp_path / "fraud", path.log, path.path.label_delay_d) is None
    path.path.load()
    path.start()
    assert path.path._judge.state.counters[DELAY_D] == (3 if changed.endswith("DELAY_D") else 7)
    assert path.ask("payment", *(payment(n) for n in range(3))) == first
    path.stop()


def test_so_many_ids_are_known_and_the_oldest_give_way(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", lambda: NOW_MS)
    ledger = Ledger(log, 4)
    ids = list(range(1, 6))
    ledger.note(ids[:4], numbered(0, ids[:4], {}))
    ledger.note(ids[3:], numbered(0, ids[3:], {4: (0, 3), 5: (7, 0)}))
    assert ledger.places([5, 1, 2, 3, 4]) == {5: (7, 0), 2: (0, 1), 3: (0, 2), 4: (0, 3)}
    ledger.note([2], numbered(9, [2], {}))
    assert ledger.places(ids) == {2: (9, 0), 3: (0, 2), 4: (0, 3), 5: (7, 0)}
    ledger.note([6, 7], numbered(10, [6, 7], {}))
    assert ledger.places([*ids, 6, 7]) == {2: (9, 0), 5: (7, 0), 6: (10, 0), 7: (10, 1)}
    again = Ledger(log, 4)
    again.restore(*ledger.noted())
    again.note([8], numbered(11, [8], {}))
    assert again.places([2, 5, 6, 7, 8]) == {2: (9, 0), 6: (10, 0), 7: (10, 1), 8: (11, 0)}
    log.close()


def test_after_a_crash_each_id_gets_its_own_decision_though_a_commit_holds_one_that_was_known(tmp_path: Path) -> None:
    """The machine makes no memo of what it remembers; logs hold commits of earlier versions' fallback with such
    rows."""
    with running(tmp_path) as before:
        before.path._judge._blocklist._decided = {b"": None}
        before.path._judge._blocklist.listing = lambda kind, value, at_ms: LISTED if value == "payee-2" else None
        before.ask("payment", payment(0))
        before.ask("payment", *(payment(n) for n in range(1, 4)))
        first, second = before.commits()
    for file in [*(tmp_path / "fraud").iterdir(), *tmp_path.glob("log.db*")]:
        file.unlink()
    rows = b"".join(base64.b64decode(made.rows) for made in (first, second))
    notable = tuple(msgspec.structs.replace(row, row=row.row + 1) for row in second.notable)
    both = {
        "rows": base64.b64encode(rows).decode(),
        "notable": notable,
        "root": root_of(as_bytes(np.frombuffer(rows, ROW)), notable),
    }
    log = SqliteLog(tmp_path / "log.db", lambda: NOW_MS)
    for made in (first, msgspec.structs.replace(second, **both)):
        event = {"id": str(made.number), "source": f"{SOURCE}/alfa", "actor": "saqta/fraud"}
        log.append([catalogue.make(made, **event, time_ms=NOW_MS, recorded_ms=NOW_MS)])
    log.close()
    with running(tmp_path) as after:
        told = after.ask("payment", *(payment(n) for n in range(4)))
        assert [each["decision_id"] for each in told] == ["alfa-0-0", "alfa-1-1", "alfa-1-2", "alfa-1-3"]
        assert [each["action"] for each in told] == ["allow", "allow", "block", "allow"]


def test_rules_that_come_into_force_while_the_path_starts_stay_in_force(tmp_path: Path) -> None:
    """The tables that it was loaded from are older than what it was told since."""
    path = Running(tmp_path)
    path.path.load()
    path.path.follow([HEAD.put(NEWEST, RuleSet(number=5))])
    path.start()
    assert path.ask("payment", payment(1))[0]["rules"].endswith("+5")
    path.stop()


def test_too_much_that_waits_is_sent_away(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        judge, let_go = path.path._judge.judge, threading.Event()
        path.path._judge.judge = lambda *arguments: (let_go.wait(WAIT_S), judge(*arguments))[1]
        come: list[int] = []
        body = json.dumps([call(n) for n in range(ASKED_MAX)]).encode()
        path.path.ask("alfa", "call", True, body, lambda answer: come.append(len(json.loads(answer)["items"])))
        while path.path._waiting:
            time.sleep(0.001)
        for _ in range(WAITING_MAX // ASKED_MAX):
            path.path.ask("alfa", "call", True, body, lambda answer: come.append(len(json.loads(answer)["items"])))
        with pytest.raises(BusyError, match="wait already"):
            path.path.ask("alfa", "call", True, body, lambda answer: come.append(len(json.loads(answer)["items"])))
        assert path.path.figures().turned_away == ASKED_MAX
        taken = ASKED_MAX * (1 + WAITING_MAX // ASKED_MAX)
        let_go.set()
        deadline = time.monotonic() + WAIT_S
        while sum(come) < taken:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_so_many_commits_are_on_their_way_into_the_log_and_what_comes_then_waits(tmp_path: Path) -> None:
    with running(tmp_path, deadline_ms=60_000) as path:
        submit, on_the_way, come = path.log.submit, [], []

        def slow(events: list[Event]) -> "Future[list[Position]]":
            on_the_way.append((Future(), events))
            return on_the_way[-1][0]

        path.log.submit = slow
        count = COMMITS_MAX + 2
        for n in range(count):
            body = json.dumps(call(n)).encode()
            path.path.ask("alfa", "call", True, body, come.append)
            until(lambda n=n: not path.path._waiting or n > COMMITS_MAX)
        until(lambda: len(on_the_way) == COMMITS_MAX)
        assert (come, path.log.size()) == ([], 0)
        for n in range(count):
            until(lambda n=n: len(on_the_way) > n)
            future, events = on_the_way[n]
            future.set_result(submit(events).result())
        until(lambda: len(come) == count)
        assert [json.loads(line)["decision_id"] for line in come] == [f"alfa-{n}-0" for n in range(count)]
        assert [each.number for each in path.commits()] == [*range(count)]


def test_what_is_recorded_elsewhere_takes_no_row_of_a_commit() -> None:
    ids = list(range(ROWS_MAX + 3))
    places = numbered(7, ids, {1: (3, 5), 9: (3, 6)}).tolist()
    assert (places[0], places[1], places[2], places[9], places[10]) == ((7, 0), (3, 5), (7, 1), (3, 6), (7, 8))
    assert places[-2:] == [(7, ROWS_MAX - 1), (8, 0)]
    assert numbered(7, ids, {}).tolist() == [(7, row) for row in range(ROWS_MAX)] + [(8, 0), (8, 1), (8, 2)]


def test_a_commit_that_is_no_longer_at_hand_is_found_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saqta.fraud.serving.ledger.RECENT_MAX", 2)
    with running(tmp_path) as path:
        first = [path.ask("payment", payment(n))[0] for n in range(4)]
        assert len(path.path._ledger._recent) == 2
        assert [path.ask("payment", payment(n))[0] for n in range(4)] == first


def test_what_waits_is_judged_in_portions_and_in_its_order() -> None:
    sizes = [JUDGED_MAX // 2, JUDGED_MAX // 2, 1, JUDGED_MAX, JUDGED_MAX - 1, 1]
    tickets = [Ticket("alfa", "bank", Question("call", b"", True, columns(size)), print, 0) for size in sizes]
    parts = list(portions(tickets))
    assert [[len(ticket.question) for ticket in part] for part in parts] == [sizes[:2], [1], [JUDGED_MAX], sizes[4:]]
    assert [ticket for part in parts for ticket in part] == tickets


@pytest.mark.parametrize(
    "settings", [{"home": "kz"}, {"hold_s": 0}, {"deadline_ms": -1}, {"model": "nowhere"}, {"rules": "nowhere.toml"}]
)
def test_bad_settings_are_refused(tmp_path: Path, settings: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Running(tmp_path, **settings)


def test_why_names_the_rules_that_fired_though_others_hold_since(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    lines = ['name = "by_call"', 'on = "call"', 'when = ["trunk_foreign = 1"]', 'action = "hold"', 'says = "abroad"']
    rules.write_text("\n".join(['version = "one"', "[[rule]]", *lines]))
    with running(tmp_path, rules=rules) as path:
        told = path.ask("call", call(1, trunk="foreign"))[0]
        assert (told["action"], told["hold_until"]) == ("hold", None), "what is not connected is over"
        held = told["decision_id"]
    rules.write_text(rules.read_text().replace("by_call", "another").replace("trunk_foreign", "trunk_national"))
    with running(tmp_path, rules=rules) as path:
        (said,) = path.path.look(held, is_partner=False).why["fired"]
    assert (said["rule"], said["condition"], said["acted"]) == ("by_call", None, True)
