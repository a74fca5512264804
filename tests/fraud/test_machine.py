"""The one pass: what it reads against plain sums, in pieces and at once, kept and read again, and never a label
too early."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saqta.fraud.engine import layout
from saqta.fraud.engine.calls import HEARD
from saqta.fraud.engine.features import JOINED, LEARNED
from saqta.fraud.engine.layout import DAY_MS, EVENT, FRAUD, HOUR_MS, LABEL, LATE, PAYMENT, Array, Limits, State, empty
from saqta.fraud.engine.machine import decide, room
from saqta.fraud.engine.rules import STANDARD, read_rules
from saqta.fraud.engine.stored_state import in_use, read_state, write_state
from saqta.fraud.engine.trees import NO_TREES
from saqta.fraud.learning.payments import Payments, stream
from saqta.fraud.learning.training import Learned

LIMITS = Limits(keys_max=4096, busy_max=1024, memos_max=1024, pending_max=64)
RULES = read_rules(STANDARD)
START_MS = 20_000 * DAY_MS


def payment(number: int, time_ms: int, payer: int = 1, payee: int = 2, amount: float = 10.0) -> Array:
    event = np.zeros(1, EVENT)
    event["kind"], event["id"], event["time_ms"] = PAYMENT, number, time_ms
    event["actor"], event["counterpart"] = payer, payee
    event["amount"] = event["value"] = amount
    return event


def label(of: int, known_ms: int, said: int = FRAUD) -> Array:
    event = np.zeros(1, EVENT)
    event["kind"], event["id"], event["time_ms"], event["told"] = LABEL, of, known_ms, said
    return event


def features(state: State, *events: Array) -> Array:
    """The features of the last payment, by name."""
    space = room(1)
    for event in events:
        decide(state, NO_TREES, RULES, event, space)
    return space.rows[0]


moments = st.integers(0, 40 * 24).map(lambda hours: START_MS + hours * HOUR_MS + 60_000)
made_ones = st.tuples(moments, st.integers(1, 3), st.integers(11, 13), st.integers(1, 50))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(moments, st.integers(1, 3), st.integers(11, 13), st.integers(1, 50)), min_size=1, max_size=40)
)
def test_windows_hold_what_plain_sums_over_the_past_hold(made: list[tuple[int, int, int, int]]) -> None:
    made = sorted(made)
    state = empty(7, LIMITS)
    for number, (time_ms, payer, payee, amount) in enumerate(made):
        row = features(state, payment(number + 1, time_ms, payer, payee, amount))
        mine = [before for before in made[:number] if before[1] == payer]
        day, hour = time_ms // DAY_MS, time_ms // HOUR_MS
        for days in (7, 30):
            inside = [before for before in mine if day - before[0] // DAY_MS <= days]
            assert row[f"payer_count_{days}d"] == len(inside)
            mean = sum(before[3] for before in inside) / max(len(inside), 1)
            assert row[f"payer_mean_{days}d"] == pytest.approx(mean, rel=1e-5)
        today = [before for before in mine if hour - before[0] // HOUR_MS <= 24]
        assert (row["payer_count_1d"], row["payer_sum_1d"]) == (len(today), sum(before[3] for before in today))
        assert row["payer_count_1h"] == sum(hour - before[0] // HOUR_MS <= 1 for before in mine)
        assert row["payee_count_30d"] == sum(
            before[2] == payee and day - before[0] // DAY_MS <= 30 for before in made[:number]
        )
        assert row["pair_payments"] == sum(before[2] == payee for before in mine)


def same(one: State, other: State) -> None:
    for name, part in in_use(one).items():
        assert part.tobytes() == in_use(other)[name].tobytes(), name


def test_rebuilt_in_pieces_and_read_again_it_is_the_state_that_lived(
    payments: Payments, learned: tuple[Learned, Path], tmp_path: Path
) -> None:
    events = stream(payments, 7).events[:12_000]
    limits = Limits(keys_max=4096, busy_max=512, memos_max=4096, pending_max=64)
    lived, rebuilt = empty(7, limits), empty(7, limits)
    at_once = room(len(events))
    decide(lived, learned[0].trees, RULES, events, at_once)
    answers, rows = [], []
    for at, size in enumerate([1, 7, 500, 5_492, 6_000]):
        start = sum([1, 7, 500, 5_492, 6_000][:at])
        space = room(size)
        decide(rebuilt, learned[0].trees, RULES, events[start : start + size], space)
        answers.append(space.answers.copy())
        rows.append(space.rows.copy())
        write_state(tmp_path / "state.npz", rebuilt)
        rebuilt = read_state(tmp_path / "state.npz")
    same(lived, rebuilt)
    assert np.concatenate(answers).tobytes() == at_once.answers.tobytes()
    assert np.concatenate(rows).tobytes() == at_once.rows.tobytes()
    assert at_once.answers["score"].max() > 0.5


def test_a_label_counts_from_the_moment_when_it_was_known() -> None:
    bad = payment(1, START_MS)
    known_ms = START_MS + 3 * DAY_MS
    for time_ms, frauds in ((known_ms - 1, 0), (known_ms, 1)):
        row = features(empty(7, LIMITS), bad, label(1, known_ms), payment(2, time_ms))
        assert (row["payer_frauds"], row["payee_frauds"], row["payee_frauds_newest"]) == (frauds, frauds, frauds)


def test_labels_that_wait_come_in_the_order_in_which_they_are_known() -> None:
    state = empty(7, LIMITS)
    events = [payment(n, START_MS + n, payer=n) for n in range(1, 21)]
    waiting = [label(n, START_MS + (n * 7 % 20 + 1) * DAY_MS) for n in range(1, 21)]
    features(state, *events, *waiting)
    for day in range(1, 21):
        row = features(state, payment(100 + day, START_MS + day * DAY_MS, payer=99))
        assert row["payee_frauds"] == sum(n * 7 % 20 + 1 <= day for n in range(1, 21))


def test_no_more_labels_wait_than_there_is_room_for() -> None:
    state, space = empty(7, LIMITS), room(1)
    features(state, payment(1, START_MS))
    for number in range(LIMITS.pending_max + 1):
        decide(state, NO_TREES, RULES, label(1, START_MS + DAY_MS + number), space)
        assert space.answers[0]["status"] == (layout.FULL if number == LIMITS.pending_max else layout.TAKEN)


def test_a_label_taken_back_counts_no_more() -> None:
    events = [payment(1, START_MS), label(1, START_MS), label(1, START_MS), label(1, START_MS, layout.HONEST)]
    assert features(empty(7, LIMITS), *events[:3], payment(2, START_MS + 1))["payee_frauds"] == 1
    assert features(empty(7, LIMITS), *events, payment(2, START_MS + 1))["payee_frauds"] == 0


def test_a_repeat_is_answered_and_counts_nothing_and_other_content_is_refused() -> None:
    state, space = empty(7, LIMITS), room(1)
    features(state, payment(1, START_MS))
    for field, value in (("id", 1), *((name, 7) for name in EVENT.names if name not in ("id", "told", "value"))):
        status = layout.REPEATED if field == "id" else layout.CONFLICT
        again = payment(1, START_MS)
        again[field] = value
        decide(state, NO_TREES, RULES, again, space)
        assert space.answers[0]["status"] == status
    assert features(state, payment(2, START_MS + 1))["payer_payments"] == 1


def test_decisions_are_remembered_up_to_a_limit() -> None:
    state, space = empty(7, LIMITS), room(1)
    features(state, *(payment(n, START_MS + n) for n in range(1, LIMITS.memos_max + 2)))
    for number, status in ((1, layout.UNKNOWN), (2, layout.TAKEN)):
        decide(state, NO_TREES, RULES, label(number, START_MS), space)
        assert space.answers[0]["status"] == status


def test_what_comes_late_is_counted_as_late_and_sees_its_own_past() -> None:
    state = empty(7, LIMITS)
    now_ms = START_MS + 20 * DAY_MS
    features(state, payment(1, START_MS), payment(2, now_ms))
    row = features(state, payment(3, START_MS + DAY_MS))
    assert (row["payer_count_30d"], state.counters[LATE]) == (1, 1)
    assert features(state, payment(4, now_ms + 1))["payer_count_30d"] == 3


def test_a_thief_does_not_shape_the_habit() -> None:
    usual = [payment(n, START_MS + n * HOUR_MS, amount=10 + n % 3) for n in range(1, 30)]
    stolen = payment(30, START_MS + 30 * HOUR_MS, amount=1_000)
    row = features(empty(7, LIMITS), *usual, stolen, payment(31, START_MS + 31 * HOUR_MS, amount=1_000))
    assert row["payer_noted_1d"] == 1
    assert row["amount_over_habit"] > 100
    assert 10 < row["habit_mean"] < 12


def swap(subscriber: int, time_ms: int) -> Array:
    event = np.zeros(1, EVENT)
    event["kind"], event["subscriber"], event["time_ms"] = layout.SWAP, subscriber, time_ms
    return event


def test_a_sim_swap_is_known_from_its_time_on_and_the_newest_counts() -> None:
    state, space = empty(7, LIMITS), room(1)
    for hours in (10, 4, 8):
        decide(state, NO_TREES, RULES, swap(9, START_MS + hours * HOUR_MS), space)
        assert space.answers[0]["status"] == layout.TAKEN
    known = {}
    for n, (subscriber, hours) in enumerate(((9, 9), (9, 12.5), (8, 12), (0, 13)), 1):
        paid = payment(n, START_MS + int(hours * HOUR_MS))
        paid["subscriber"] = subscriber
        known[subscriber, hours] = features(state, paid)["sim_swap_h"]
    assert known == {(9, 9): -1, (9, 12.5): 2.5, (8, 12): -1, (0, 13): -1}


def test_every_feature_is_told_and_read(payments: Payments) -> None:
    events = stream(payments, 7).events
    space = room(len(events))
    decide(empty(7, Limits(memos_max=len(events))), NO_TREES, RULES, events, space)
    spread = np.ptp(space.values[events["kind"] == PAYMENT][:, : len(LEARNED)], axis=0)
    assert [name for name, width in zip(LEARNED, spread, strict=True) if width == 0] == []
    assert np.isfinite(space.values).all()
    page = (Path(__file__).parents[2] / "docs" / "fraud.md").read_text(encoding="utf-8")
    assert [name for name, means in (LEARNED | JOINED | HEARD).items() if f"| `{name}` | {means} |" not in page] == []
