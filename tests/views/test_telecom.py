"""Which calls a line is on: in whatever order their beginnings and ends are told, and only the newest of them."""

import itertools

import pytest

from saqta import views
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner
from saqta.log.tables import MemoryTables
from saqta.model.catalogue import make
from saqta.model.kinds import CallConnected, CallEnded
from saqta.views.tables import LINE_CALLS_MAX, ON_CALL, LineCall

CALLER, CALLEE = "00000000000000aa", "00000000000000bb"
Told = tuple[type[CallConnected | CallEnded], str, int]


def calls_after(told: list[Told], subscriber: str = CALLEE) -> tuple[LineCall, ...]:
    tables, log = MemoryTables(), MemoryLog(lambda: 0)
    for n, (kind, call, at_ms) in enumerate(told):
        record = kind(call=call, caller=CALLER, callee=CALLEE)
        log.append([make(record, id=str(n), source="/metro", actor="metro", time_ms=at_ms, recorded_ms=at_ms)])
    Runner(views.STEP, log, tables).catch_up()
    row = tables.get(ON_CALL, subscriber)
    assert row is not None
    return row.calls


def test_a_call_and_another_that_comes_and_goes_meanwhile_in_whatever_order_they_are_told() -> None:
    told = [(CallConnected, "long", 1_000), (CallConnected, "short", 2_000), (CallEnded, "short", 3_000)]
    for order in itertools.permutations(told):
        for subscriber in (CALLER, CALLEE):
            calls = {call.call: (call.since_ms, call.ended_ms) for call in calls_after(list(order), subscriber)}
            assert calls == {"long": (1_000, None), "short": (2_000, 3_000)}


@pytest.mark.parametrize("late_end", [False, True])
def test_a_name_that_is_given_to_another_call_later_is_that_call(late_end: bool) -> None:
    first = [(CallConnected, "k", 1_000), (CallEnded, "k", 2_000)]
    told = [*first, (CallConnected, "k", 9_000)] + ([(CallEnded, "k", 2_500)] if late_end else [])
    assert [(call.since_ms, call.ended_ms) for call in calls_after(told)] == [(9_000, None)]


def test_the_newest_calls_of_a_line_are_known() -> None:
    names = [f"k{n}" for n in range(LINE_CALLS_MAX + 1)]
    calls = calls_after([(CallConnected, name, 1_000 + n) for n, name in enumerate(names)])
    assert [call.call for call in calls] == names[1:]


def test_a_call_that_goes_on_is_not_forgotten_for_calls_that_ended() -> None:
    ended = [(CallEnded, f"missed{n}", 2_000 + n) for n in range(LINE_CALLS_MAX)]
    calls = {call.call: call.ended_ms for call in calls_after([(CallConnected, "scam", 1_000), *ended])}
    assert len(calls) == LINE_CALLS_MAX
    assert calls["scam"] is None
