"""Lines in, answers out: what is decided is what was evaluated, bad lines get their errors, and all of it in
order."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SAQTA
from fraud import made_payments
from saqta.fraud.deciding import ANSWERED_MAX, BATCH_MAX, Decider
from saqta.fraud.engine.layout import DAY_MS, Limits, empty
from saqta.fraud.engine.rules import Rules
from saqta.fraud.learning.folder import MANIFEST, STATE, TREES, read_learned_state, read_model
from saqta.fraud.learning.payments import Payments
from saqta.fraud.learning.training import Learned, Replay
from saqta.fraud.pipe import LINE_BYTES_MAX, decide_lines
from saqta.fraud.wire import TEXT_MAX
from saqta.model.errors import InputError
from saqta.model.moment import from_text, to_text

UNTIL_MS = from_text("2026-03-12T00:00:00Z")
NOW_MS = from_text("2026-06-01T00:00:00Z")
LIKE = (
    r'\{"kind":"(payment|call|label)","id":"[a-c]","of":"[a-c]","fraud":(true|1),"known":"2026-03-1\dT00:00:00Z",'
    r'"time":"20\d{2}-03-1\dT\d{2}:00:00(Z|)","account":"[ab]","payee":"[ab]","amount":"\d{1,3}(\.\d{0,3})?",'
    r'"currency":"(KZT|JPY|X)","caller":"\+7701123456[78]","callee":"\+?7701123456[78]","seconds":(\d|null|-1)\}'
)
DEEP = b'{"kind": "payment", "more": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
Decides = Callable[..., list[dict[str, Any]]]


def payment(id: str = "p", **fields: object) -> dict[str, Any]:
    usual = {"time": "2026-03-12T10:00:00Z", "account": "7", "payee": "9", "amount": "12.50", "currency": "KZT"}
    return {"kind": "payment", "id": id, **usual, **fields}


@pytest.fixture
def decider(learned: tuple[Learned, Path], rules: Rules) -> Decider:
    return Decider(read_model(learned[1]), rules, empty(7, Limits(keys_max=4096, busy_max=1024, memos_max=4096)), "KZ")


@pytest.fixture(scope="module")
def blank(learned: tuple[Learned, Path], rules: Rules) -> Decider:
    """One for many examples: what they leave in its state does not matter."""
    return Decider(read_model(learned[1]), rules, empty(7, Limits(keys_max=4096, busy_max=1024, memos_max=4096)), "KZ")


@pytest.fixture
def decides(decider: Decider) -> Decides:
    def decides(*messages: dict[str, Any] | bytes) -> list[dict[str, Any]]:
        lines = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
        answers = [decider.answer(lines[at : at + BATCH_MAX], NOW_MS) for at in range(0, len(lines), BATCH_MAX)]
        return [json.loads(answer) for batch in answers for answer in batch]

    return decides


def test_what_is_decided_line_by_line_is_what_was_evaluated(
    payments: Payments, learned: tuple[Learned, Path], rules: Rules
) -> None:
    replay = Replay(payments, 7, rules)
    replay.until(UNTIL_MS)
    expected = replay.until(UNTIL_MS + 5 * DAY_MS, learned[0].trees)
    decider = Decider(read_model(learned[1]), rules, read_learned_state(learned[1]), "KZ")
    lines = _lines(payments)
    source, written = os.pipe()
    read, target = os.pipe()
    feeding = threading.Thread(target=_feed, args=(written, lines))
    feeding.start()
    answers: list[dict[str, Any]] = []
    listening = threading.Thread(target=_listen, args=(read, answers))
    listening.start()
    summary = decide_lines(source, target, decider, lambda: NOW_MS, _ticks())
    for end in (source, target):
        os.close(end)
    feeding.join()
    listening.join()
    decided = [answer for answer in answers if "action" in answer]
    assert [answer["score"] for answer in decided] == expected.answers["score"].tolist()
    assert [answer["id"] for answer in decided] == [str(row) for row in expected.rows]
    assert (summary["decisions"], summary["errors"]) == (len(expected.rows), 0)
    assert summary["labels"] == len(answers) - len(decided) > 0


def _ticks() -> Callable[[], int]:
    """A clock that goes on by a microsecond each time it is read."""
    ticks = iter(range(0, 1 << 40, 1000))
    return lambda: next(ticks)


def _feed(target: int, lines: list[bytes]) -> None:
    with os.fdopen(target, "wb") as file:
        file.write(b"\n".join(lines))


def _listen(source: int, answers: list[dict[str, Any]]) -> None:
    with os.fdopen(source, "rb") as file:
        answers += map(json.loads, file)


def _lines(payments: Payments) -> list[bytes]:
    """Payments of five days, and the labels that become known meanwhile, as lines; ids are rows, as the file
    numbers them."""
    made: list[tuple[int, int, dict[str, Any]]] = []
    events, table = payments.events, made_payments.table()
    payers, payees = table["CUSTOMER_ID"].to_pylist(), table["TERMINAL_ID"].to_pylist()
    for row in np.flatnonzero((events["time_ms"] >= UNTIL_MS) & (events["time_ms"] < UNTIL_MS + 5 * DAY_MS)).tolist():
        account, payee = str(payers[row]), str(payees[row])
        amount = f"{events['amount'][row]:.2f}"
        time_ms = int(events["time_ms"][row])
        message = payment(str(row), time=to_text(time_ms), account=account, payee=payee, amount=amount)
        made.append((time_ms, 1, message))
    known_ms = events["time_ms"] + 7 * DAY_MS
    for row in np.flatnonzero(payments.fraud & (known_ms >= UNTIL_MS) & (known_ms < UNTIL_MS + 5 * DAY_MS)).tolist():
        label = {"kind": "label", "id": f"l{row}", "of": str(row), "fraud": True, "known": to_text(int(known_ms[row]))}
        made.append((int(known_ms[row]), 0, label))
    return [json.dumps(message).encode() for _, _, message in sorted(made, key=lambda one: one[:2])]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "-5"}, "amount"),
        ({"amount": 5}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"time": "2026-03-12T10:00:00"}, "time"),
        ({"time": "2026-07-12T10:00:00Z"}, "time"),
        ({"time": "soon"}, "time"),
        ({"account": ""}, "account"),
        ({"payee": "x" * (TEXT_MAX + 1)}, "payee"),
        ({"phone": "87011234567"}, "phone"),
        ({"place": {"lat": 95, "lon": 0}}, "place"),
        ({"kind": "theft"}, "kind"),
        ({"phonenumber": "+77011234567"}, "phonenumber"),
    ],
)
def test_a_bad_field_is_named_and_decisions_go_on(decides: Decides, fields: dict[str, Any], field: str) -> None:
    before, error, after = decides(payment("a", payee="x" * TEXT_MAX), payment("b", **fields), payment("c"))
    assert (before["action"], after["action"]) == ("allow", "allow")
    assert (error["id"], error["error"]["field"]) == ("b", field)
    assert error["error"]["expected"]
    assert not {"`", "Invalid", "Expected"} & set(error["error"]["expected"].replace("`", " ` ").split())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"kind": "payment"}',
        b'{"kind": 5, "from": "\xff"}',
        b"x" * LINE_BYTES_MAX,
        DEEP,
        b"[" + DEEP,
    ],
)
def test_a_line_that_is_no_message_is_told(decides: Decides, line: bytes) -> None:
    assert decides(line)[0]["error"]["expected"]


@given(st.lists(st.one_of(st.binary(max_size=60), st.from_regex(LIKE, fullmatch=True).map(str.encode)), max_size=8))
def test_whatever_comes_is_answered_line_by_line(blank: Decider, lines: list[bytes]) -> None:
    answers = [json.loads(answer) for answer in blank.answer(lines, NOW_MS)]
    assert len(answers) == len(lines)
    assert all("error" in answer or "action" in answer or "taken" in answer for answer in answers)


def test_asking_again_gives_the_same_answer_and_other_content_is_refused(decides: Decides) -> None:
    usual = [payment(f"u{n}", amount=str(10 + n % 3)) for n in range(20)]
    stolen = payment("s", amount="5000", device="new", account="7")
    first = decides(*usual, stolen)[-1]
    assert first["action"] in ("hold", "block")
    assert first["reasons"]
    assert decides(stolen)[0] == first
    assert decides(dict(reversed(stolen.items())))[0] == first
    for change in ({"amount": "6000"}, {"currency": "USD"}, {"channel": "app"}):
        assert decides(stolen | change)[0]["error"]["field"] == "id"


def test_labels_count_once_known_and_their_payments_must_be_known(decides: Decides) -> None:
    label = {"kind": "label", "id": "l", "of": "a", "fraud": True, "known": "2026-03-13T00:00:00Z"}
    told = decides(payment("a"), label, label | {"of": "nothing"}, label | {"known": "2027-01-01T00:00:00Z"})
    assert told[1] == {"id": "l", "of": "a", "taken": True}
    assert [line["error"]["field"] for line in told[2:]] == ["of", "known"]


def test_why_names_features_by_their_shap_values(learned: tuple[Learned, Path], rules: Rules, decides: Decides) -> None:
    careful = Decider(read_model(learned[1]), rules, empty(7, Limits(keys_max=4096, busy_max=1024)), "KZ", why=True)
    lines = [json.dumps(payment(f"u{n}", amount=str(10 + n % 3))).encode() for n in range(20)]
    lines.append(json.dumps(payment("s", amount="5000")).encode())
    answer = json.loads(careful.answer(lines, NOW_MS)[-1])
    quick = decides(*map(json.loads, lines))[-1]
    assert (answer["score"], answer["action"]) == (quick["score"], quick["action"])
    assert {reason["code"] for reason in answer["reasons"]} & {reason["code"] for reason in quick["reasons"]}


def test_answers_with_reasons_are_kept_up_to_a_limit(decider: Decider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ANSWERED_MAX > 1000
    monkeypatch.setattr("saqta.fraud.deciding.ANSWERED_MAX", 3)
    call = '{"kind":"call","id":"c%d","time":"2026-03-12T10:00:00Z","caller":"+77011234567","callee":"+77011234568",'
    for number in range(8):
        decider.answer([(call % number).encode() + b'"trunk":"foreign"}'], NOW_MS)
    assert len(decider._answered) == 3


def _run(model: Path, content: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [SAQTA, "fraud", "decide", "--model", model, *arguments]
    return subprocess.run(command, input=content, capture_output=True, check=False)


def test_the_command_reads_lines_to_their_end_and_tells_what_it_came_to(learned: tuple[Learned, Path]) -> None:
    long = b'{"kind": "payment", "id": "' + b"x" * (3 * LINE_BYTES_MAX) + b'"}'
    lines = [json.dumps(payment("a", account="new")).encode(), long, b"  ", json.dumps(payment("b")).encode()]
    ran = _run(learned[1], b"\n".join(lines), "--json")
    assert ran.returncode == 0, ran.stderr
    first, error, second, last = map(json.loads, ran.stdout.splitlines())
    assert (first["id"], second["id"], error["error"]["field"]) == ("a", "b", "line")
    summary = last["summary"]
    assert (summary["decisions"], summary["errors"]) == (2, 1)
    assert {"seconds", "decisions_per_s", "p50_us", "p99_us"} <= set(summary)


def test_without_json_the_summary_stands_aside(learned: tuple[Learned, Path]) -> None:
    ran = _run(learned[1], json.dumps(payment()).encode(), "--fresh")
    assert [json.loads(line)["id"] for line in ran.stdout.splitlines()] == ["p"]
    assert b"decisions" in ran.stderr


def test_several_files_of_lists_are_given_at_once(learned: tuple[Learned, Path], tmp_path: Path) -> None:
    head = "kind,value,reason,source,from,until\n"
    lists = [tmp_path / "accounts.csv", tmp_path / "payees.csv"]
    lists[0].write_text(head + "account,lent,lent to others,bank,,\n")
    lists[1].write_text(head + "payee,drop,collects,bank,,\n")
    lines = [json.dumps(payment("a", account="lent")), json.dumps(payment("b", payee="drop"))]
    ran = _run(learned[1], "\n".join(lines).encode(), "--lists", *map(str, lists))
    assert [json.loads(line)["action"] for line in ran.stdout.splitlines()] == ["block", "block"], ran.stderr


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        (MANIFEST, lambda text: text.replace(b'"features": "', b'"features": "0'), "train it again"),
        (MANIFEST, lambda text: b"{}", "saqta fraud train"),
        (TREES, lambda text: text + b" ", "the trees that the manifest names"),
        (STATE, lambda text: text[:100], "a state that"),
        (STATE, None, "a state that"),
    ],
)
def test_another_model_is_refused(
    learned: tuple[Learned, Path], tmp_path: Path, file: str, change: Callable[[bytes], bytes] | None, says: str
) -> None:
    for name in (MANIFEST, TREES, STATE):
        (tmp_path / name).write_bytes((learned[1] / name).read_bytes())
    if change:
        (tmp_path / file).write_bytes(change((tmp_path / file).read_bytes()))
    else:
        (tmp_path / file).unlink()
    with pytest.raises(InputError, match=says):
        _ = (read_model(tmp_path), read_learned_state(tmp_path))


def test_trees_beyond_the_largest_are_not_read(learned: tuple[Learned, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    size = (learned[1] / TREES).stat().st_size
    monkeypatch.setattr("saqta.fraud.learning.folder.TREES_BYTES_MAX", size)
    assert read_model(learned[1]).version
    monkeypatch.setattr("saqta.fraud.learning.folder.TREES_BYTES_MAX", size - 1)
    with pytest.raises(InputError, match=f"at most {size - 1} bytes"):
        read_model(learned[1])
