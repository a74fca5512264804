"""What waits for analysts, in which order, and where each that was stopped is found; rebuilt, it is all the same."""

import base64
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from saqta.log.runner import replay
from saqta.model.kinds import (
    DECISION_ROW_BYTES,
    CallBackAsked,
    DecisionReason,
    DecisionsMade,
    HoldReleased,
    NotableRow,
    OutcomeTold,
)
from saqta.views import STEP
from saqta.views.stopped import figure, waits
from saqta.views.tables import (
    BY_FIGURE,
    BY_PARTY,
    BY_REASONS,
    BY_URGENCY,
    MONEY,
    STOPPED,
    SYSTEM,
    WAITING,
    Stopped,
    Waiting,
)
from saqta.views.tables.fraud import URGENT_MS, calls_key
from story import START_MS, Story

MINUTE_MS = 60_000


def row(n: int, **told: object) -> NotableRow:
    known = {
        "row": n, "kind": "payment", "action": "hold", "actor": "payer", "counterpart": "mule", "time_ms": START_MS,
        "reasons": (DecisionReason("new_payee", "never paid before"),), "values": "", "amount": "1000.00",
        "currency": "KZT", "hold_until_ms": START_MS + 10 * MINUTE_MS,
    }  # fmt: skip
    if told.get("kind") == "call":
        known |= {"amount": None, "currency": None, "hold_until_ms": None}
    if told.get("action", "hold") != "hold":
        known["hold_until_ms"] = None
    return NotableRow(**{**known, **told})


def made(*rows: NotableRow, number: int = 0, scores: tuple[float, ...] = ()) -> DecisionsMade:
    content = bytearray(DECISION_ROW_BYTES * len(rows))
    for n, score in enumerate(scores):
        struct.pack_into("<d", content, n * DECISION_ROW_BYTES + 72, score)
    text = base64.b64encode(content).decode()
    return DecisionsMade(tenant="alfa", number=number, rules="r", features="f", root="", rows=text, notable=rows)


def outcome(decision: str, word: str) -> OutcomeTold:
    return OutcomeTold(decision=decision, tenant="alfa", outcome=word, known_ms=START_MS, by="centre")


def waiting(story: Story) -> list[str]:
    return [of.decision for of in story.rows(BY_URGENCY).values()]


def test_what_ends_first_waits_first_then_the_larger_amount_then_the_higher_score() -> None:
    story = Story([STEP])
    quarter = START_MS - START_MS % URGENT_MS + 4 * URGENT_MS
    rows = [
        row(0, kind="call", action="block", actor="a", time_ms=START_MS - 2 * URGENT_MS),
        row(1, kind="call", action="block", actor="b"),
        row(2, hold_until_ms=quarter + URGENT_MS, amount="9000000.00"),
        row(3, hold_until_ms=quarter + 1, amount="10.00"),
        row(4, hold_until_ms=quarter + 2, amount="10.00"),
        row(5, hold_until_ms=quarter + 3, amount="20.00"),
        row(6, action="warn"),
    ]
    story.tell(made(*rows, scores=(0, 0, 0, 0.2, 0.9, 0.1, 0)))
    assert waiting(story) == [f"alfa-0-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert story.rows(STOPPED)["alfa-0-4"].score == 0.9
    assert story.rows(WAITING)[SYSTEM].count == 6


def test_what_was_said_waits_no_longer_and_again_when_it_is_in_doubt() -> None:
    story = Story([STEP])
    story.tell(made(row(0), row(1, counterpart="shop")))
    story.tell(outcome("alfa-0-0", "fraud"))
    assert (waiting(story), story.rows(MONEY)["KZT"].kept_count) == (["alfa-0-1"], 1)
    story.tell(outcome("alfa-0-0", "unknown"))
    assert (len(waiting(story)), story.rows(MONEY)["KZT"].kept_count) == (2, 0)
    story.tell(HoldReleased(decision="alfa-0-1", tenant="alfa"))
    story.tell(CallBackAsked(decision="alfa-0-0", tenant="alfa", by="centre"), at_s=9)
    assert waiting(story) == ["alfa-0-0"]
    assert story.rows(STOPPED)["alfa-0-0"].call_back_ms == START_MS + 9_000
    assert story.rows(WAITING)[SYSTEM] == Waiting(count=1, version=story.log.size())
    story.tell(outcome("alfa-9-9", "fraud"))
    assert story.rows(WAITING)[SYSTEM].version == story.log.size() - 1


def test_of_each_caller_the_newest_call_that_waits_stands_in_the_queue() -> None:
    story = Story([STEP])
    calls = (row(n, kind="call", actor="a") for n in range(3))
    story.tell(made(*calls, row(3, kind="call", actor="b"), row(4)))
    assert set(waiting(story)) == {"alfa-0-2", "alfa-0-3", "alfa-0-4"}
    story.tell(made(row(0, kind="call", actor="a", action="block", time_ms=START_MS + MINUTE_MS), number=1))
    assert set(waiting(story)) == {"alfa-1-0", "alfa-0-3", "alfa-0-4"}
    story.tell(outcome("alfa-0-2", "honest"))
    assert story.rows(WAITING)[SYSTEM].count == len(waiting(story)) == 3
    story.tell(outcome("alfa-1-0", "fraud"))
    assert set(waiting(story)) == {"alfa-0-1", "alfa-0-3", "alfa-0-4"}
    story.tell(outcome("alfa-1-0", "unknown"))
    assert "alfa-1-0" in waiting(story)
    story.tell(outcome("alfa-0-2", "unknown"))
    assert story.rows(WAITING)[SYSTEM].count == len(waiting(story)) == 3


def test_telling_the_newer_of_a_callers_calls_brings_the_older_back_until_all_are_told() -> None:
    story = Story([STEP])
    for number in (0, 1):
        call = row(0, kind="call", actor="a", action="block", time_ms=START_MS + number * MINUTE_MS)
        story.tell(made(call, number=number))
    for decision, left in (("alfa-1-0", ["alfa-0-0"]), ("alfa-0-0", [])):
        story.tell(outcome(decision, "honest"))
        assert waiting(story) == left
        assert story.rows(WAITING)[SYSTEM].count == len(left)


words = st.sampled_from(["fraud", "honest", "unknown"])
decisions = st.builds(
    row,
    st.just(0),
    kind=st.sampled_from(["payment", "call"]),
    action=st.sampled_from(["warn", "hold", "block"]),
    actor=st.sampled_from(["payer", "other"]),
    counterpart=st.sampled_from(["mule", "shop"]),
    time_ms=st.integers(START_MS, START_MS + 3 * MINUTE_MS),
)
numbers = st.integers(0, 5)
happenings = st.lists(st.one_of(decisions, st.tuples(numbers, words), numbers), max_size=25)


@given(happenings)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_every_order_holds_what_it_should_and_a_rebuilt_one_the_same(happened: list) -> None:
    story, number = Story([STEP]), 0
    for one in happened:
        if isinstance(one, NotableRow):
            story.tell(made(one, number=number))
            number += 1
        elif isinstance(one, tuple):
            story.tell(outcome(f"alfa-{one[0]}-0", one[1]))
        else:
            story.tell(HoldReleased(decision=f"alfa-{one}-0", tenant="alfa"), id=f"released-{one}")
    stopped, by_figure = story.rows(STOPPED), story.rows(BY_FIGURE)
    queue = [stopped[id] for id in waiting(story)]
    assert all(waits(each) for each in queue)
    payments = {id for id, each in stopped.items() if waits(each) and each.kind == "payment"}
    assert {each.decision for each in queue if each.kind == "payment"} == payments
    newest: dict[str, Stopped] = {}
    for each in sorted(stopped.values(), key=calls_key, reverse=True):
        if each.kind == "call" and waits(each):
            newest[each.actor] = each
    assert {each.decision for each in queue if each.kind == "call"} == {each.decision for each in newest.values()}
    assert (story.rows(WAITING).get(SYSTEM) or Waiting()).count == len(waiting(story))
    for id, each in stopped.items():
        assert any(key.startswith(f"{figure(each)}/") for key, of in by_figure.items() if of.decision == id)
    assert len(story.rows(BY_REASONS)) == len(stopped)
    assert len(story.rows(BY_PARTY)) == 2 * len(stopped)
    for name in ("stopped", "kept", "released"):
        counted = sum(key.startswith(f"{name}/KZT/") for key in by_figure)
        assert counted == getattr(story.rows(MONEY).get("KZT"), f"{name}_count", 0)
    assert replay(story.log, [STEP]) == {table.name: story.tables.digest(table) for table in STEP.tables}
