"""What is told of calls after they were asked about, in the machine and in the running path."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraud.running import NOW_MS, Running, payment, require_state, running, state_of
from saqta.fraud.engine.layout import CALL_S_MAX
from saqta.fraud.serving.step import LINES_TOLD, NEWEST, LineTold
from saqta.model import catalogue
from saqta.model.kinds import CallConnected, CallEnded
from saqta.model.moment import to_text

CALLER, VICTIM, MINUTE_MS = "+442071838750", "+77012340003", 60_000
Told = CallConnected | CallEnded


class Telecom:
    """Asks about calls before they connect, and tells afterwards what became of them, as so many networks see it."""

    def __init__(self, path: Running, networks: int = 1) -> None:
        self.path, self._networks, self._told = path, networks, 0

    def ask(self, name: str, callee: str, at_ms: int, caller: str = CALLER, trunk: str = "foreign") -> dict[str, Any]:
        asked = {"id": name, "time": to_text(at_ms), "caller": caller, "callee": callee, "trunk": trunk}
        return self.path.ask("call", asked, tenant="metro")[0]

    def tell(self, kind: type[Told], name: str, callee: str, at_ms: int, caller: str = CALLER) -> None:
        caller, callee = self.path.path.subscriber(caller), self.path.path.subscriber(callee)
        for network in range(self._networks):
            self._told += 1
            told = {"id": f"{self._told}", "source": f"/metro-{network}", "actor": "metro", "recorded_ms": NOW_MS}
            record = kind(call=name, caller=caller, callee=callee)
            self.path.log.append([catalogue.make(record, time_ms=at_ms + 100 * network, **told)])
        seq = self.path.log.size()
        self.path.path.learn([LINES_TOLD.put(NEWEST, LineTold(seq))], seq)

    def call(self, name: str, callee: str, at_ms: int, seconds: float, **fields: str) -> dict[str, Any]:
        """Asked about, connected three seconds later, and over after so long."""
        answer = self.ask(name, callee, at_ms, **fields)
        caller = fields.get("caller", CALLER)
        self.tell(CallConnected, name, callee, at_ms + 3_000, caller)
        self.tell(CallEnded, name, callee, at_ms + 3_000 + round(seconds * 1000), caller)
        return answer


@pytest.fixture(params=[1, 2], ids=["of_one_network", "between_networks"])
def telecom(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Telecom]:
    with running(tmp_path) as path:
        yield Telecom(path, request.param)


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def victim(n: int) -> str:
    return f"+7701{2_000_000 + 7_919 * n % 900_000:07d}"


def test_short_rings_are_seen_by_what_is_told_after_each_call(telecom: Telecom) -> None:
    start_ms = NOW_MS - 30 * MINUTE_MS
    rung = [telecom.call(f"c{n}", victim(n), start_ms + n * 20_000, 2) for n in range(60)]
    blocked = ["wangiri" in codes(answer) for answer in rung]
    assert blocked.index(True) in range(15, 19)
    assert blocked[19:] == [True] * 41
    assert rung[-1]["action"] == "block"


def test_calls_that_go_on_count_at_once_until_their_end_is_told(telecom: Telecom) -> None:
    start_ms = NOW_MS - 30 * MINUTE_MS

    def at_once(first: int, ends: bool, caller: str) -> list[bool]:
        found = []
        for n in range(first, first + 9):
            answer = telecom.ask(f"c{n}", victim(n), start_ms + n * 20_000, caller)
            telecom.tell(CallConnected, f"c{n}", victim(n), start_ms + n * 20_000 + 5_000, caller)
            if ends:
                telecom.tell(CallEnded, f"c{n}", victim(n), start_ms + n * 20_000 + 15_000, caller)
            found.append("many_at_once" in codes(answer))
        return found

    assert at_once(0, ends=False, caller=CALLER) == [False] * 6 + [True] * 3
    assert at_once(20, ends=True, caller="+442071838751") == [False] * 9


def test_minutes_with_one_range_count_when_they_are_over_whatever_was_dialled_since(telecom: Telecom) -> None:
    premium, start_ms = "+252634000001", NOW_MS - 100 * MINUTE_MS
    answers = []
    for n in range(10):
        at_ms = start_ms + n * 10 * MINUTE_MS
        answers.append(telecom.ask(f"c{n}", premium, at_ms, "+77029876543", "national"))
        telecom.tell(CallConnected, f"c{n}", premium, at_ms + 2_000, "+77029876543")
        if n >= 3:
            telecom.tell(CallEnded, f"c{n - 3}", premium, at_ms, "+77029876543")
    assert ["revenue_share" in codes(answer) for answer in answers][-1] is True
    assert [answer for answer in answers[:6] if "revenue_share" in codes(answer)] == []


def warned(telecom: Telecom) -> int:
    """A call that is warned of, to VICTIM: the caller called twenty others just before. When it was asked about."""
    start_ms = NOW_MS - 50 * MINUTE_MS
    for n in range(20):
        telecom.ask(f"w{n}", victim(n), start_ms + n * MINUTE_MS)
    assert telecom.ask("risky", VICTIM, NOW_MS - 20 * MINUTE_MS)["action"] == "warn"
    return NOW_MS - 20 * MINUTE_MS


@pytest.mark.parametrize("told", [(), ("connected",), ("connected", "ended"), ("ended",), ("ended", "connected")])
def test_nobody_is_on_the_phone_once_the_end_was_told_in_whatever_order(
    telecom: Telecom, told: tuple[str, ...]
) -> None:
    at_ms = warned(telecom)
    moments = {"connected": (CallConnected, at_ms + 5_000), "ended": (CallEnded, at_ms + 5 * MINUTE_MS)}
    for each in told:
        kind, told_ms = moments[each]
        telecom.tell(kind, "risky", VICTIM, told_ms)
    during, after = (
        telecom.path.ask("payment", payment(n, time=to_text(at_ms + minutes * MINUTE_MS), phone=VICTIM, payee=f"m{n}"))
        for n, minutes in ((1, 3), (2, 8))
    )
    assert (during[0]["action"], codes(during[0])[0]) == ("hold", "on_the_phone_with_risk")
    assert (after[0]["action"] == "allow") == ("ended" in told)


def test_a_blocked_call_that_connects_all_the_same_goes_on_until_its_end(telecom: Telecom) -> None:
    at_ms = NOW_MS - 20 * MINUTE_MS
    assert telecom.ask("c1", VICTIM, at_ms, "+77272000000")["action"] == "block"

    def paid(n: int, minutes: int) -> str:
        time = to_text(at_ms + minutes * MINUTE_MS)
        return telecom.path.ask("payment", payment(n, time=time, phone=VICTIM, payee=f"m{n}"))[0]["action"]

    assert paid(1, 1) == "allow"
    telecom.tell(CallConnected, "c1", VICTIM, at_ms + MINUTE_MS, "+77272000000")
    assert paid(2, 2) == "hold"
    telecom.tell(CallEnded, "c1", VICTIM, at_ms + 3 * MINUTE_MS, "+77272000000")
    assert paid(3, 4) == "allow"


def test_what_is_told_twice_or_of_calls_that_nobody_asked_about_counts_once_or_never(telecom: Telecom) -> None:
    start_ms = NOW_MS - 30 * MINUTE_MS
    for n in range(60):
        at_ms = start_ms + n * 20_000
        telecom.tell(CallConnected, f"x{n}", victim(n), at_ms)
        telecom.tell(CallEnded, f"x{n}", victim(n), at_ms + 2_000)
    for n in range(8):
        telecom.call(f"c{n}", victim(n), start_ms + n * 20_000, 2)
        telecom.tell(CallConnected, f"c{n}", victim(n), start_ms + n * 20_000 + 3_000)
        telecom.tell(CallEnded, f"c{n}", victim(n), start_ms + n * 20_000 + 5_000)
    for n in range(8, 15):
        assert "wangiri" not in codes(telecom.ask(f"c{n}", victim(n), start_ms + n * 20_000))


def test_a_call_that_would_have_gone_on_for_longer_than_any_does_counts_for_nothing(telecom: Telecom) -> None:
    at_ms = warned(telecom)
    telecom.tell(CallConnected, "risky", VICTIM, at_ms + 5_000)
    telecom.tell(CallEnded, "risky", VICTIM, at_ms + 5_001 + CALL_S_MAX * 1000)
    life, ring = telecom.path.path._judge.state.life, telecom.path.path._judge.state.ring
    assert telecom.path.ask("payment", payment(1, phone=VICTIM))[0]["reasons"][0]["code"] == "on_the_phone_with_risk"
    assert life["call_s"].max() == 0
    assert ring["hour_sum"].max() == 2.5, "the payment's amount"


def test_a_call_that_connected_before_another_was_asked_about_is_not_that_one(telecom: Telecom) -> None:
    at_ms = NOW_MS - 20 * MINUTE_MS
    telecom.ask("c1", VICTIM, at_ms, "+77272000000")
    assert telecom.ask("c2", VICTIM, at_ms + MINUTE_MS, "+77272000000")["action"] == "block"
    telecom.tell(CallConnected, "c1", VICTIM, at_ms + 10_000, "+77272000000")
    paid = telecom.path.ask("payment", payment(1, time=to_text(at_ms + 2 * MINUTE_MS), phone=VICTIM))[0]
    assert paid["action"] == "allow"


def test_after_a_restart_from_the_log_alone_the_state_is_equal(tmp_path: Path) -> None:
    with running(tmp_path) as path:
        telecom = Telecom(path)
        for n in range(12):
            telecom.call(f"c{n}", victim(n % 5), NOW_MS - (30 - n) * MINUTE_MS, 7 * n)
        telecom.ask("on", VICTIM, NOW_MS - MINUTE_MS)
        telecom.tell(CallConnected, "on", VICTIM, NOW_MS - MINUTE_MS + 4_000)
        path.ask("payment", payment(1, phone=VICTIM))
        state = state_of(path)
    for kept in (tmp_path / "fraud").iterdir():
        kept.unlink()
    with running(tmp_path) as after:
        require_state(after, state)
