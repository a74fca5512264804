"""Of which numbers calls were asked about: each commit is read once, and so many numbers are known and no more."""

import base64

import numpy as np
import pytest

from saqta.fraud.engine.layout import CALL, PAYMENT
from saqta.fraud.serving import asked
from saqta.fraud.serving.allowed import LOOKED_AT_MAX
from saqta.fraud.serving.asked import AskedAbout
from saqta.fraud.serving.rows import ROW, SOURCE
from saqta.log.memory import MemoryLog
from saqta.log.port import Log
from saqta.model.catalogue import make
from saqta.model.event import Recorded
from saqta.model.kinds import DecisionsMade


class Counting(MemoryLog):
    """A log that counts what is looked up."""

    found = 0

    def find(self, source: str, id: str) -> Recorded | None:
        self.found += 1
        return super().find(source, id)


@pytest.fixture
def log() -> Counting:
    return Counting(lambda: 0)


def commit(log: Log, number: int, *rows: tuple[int, int, int]) -> None:
    """Rows of (kind, actor, counterpart)."""
    content = np.zeros(len(rows), ROW)
    for at, (kind, actor, counterpart) in enumerate(rows):
        content[at]["kind"], content[at]["actor"], content[at]["counterpart"] = kind, actor, counterpart
    text = base64.b64encode(content.tobytes()).decode()
    made = DecisionsMade(tenant="metro", number=number, rules="r", features="f", root="", rows=text)
    log.append([make(made, id=str(number), source=f"{SOURCE}/metro", actor="test", time_ms=0, recorded_ms=0)])


def known(about: AskedAbout, number: int, *parties: int) -> list[bool]:
    return [about.has(f"{party:016x}", {"metro": number}) for party in parties]


def test_both_parties_of_a_call_are_known_and_a_payments_are_not(log: Counting) -> None:
    about = AskedAbout(log)
    commit(log, 0, (CALL, 1, 2), (PAYMENT, 3, 4))
    assert known(about, 1, 1, 2, 3, 4) == [True, True, False, False]


def test_each_commit_is_read_once_and_one_on_its_way_is_read_when_it_is_there(log: Counting) -> None:
    about = AskedAbout(log)
    for number in range(20):
        commit(log, number, (CALL, number, number))
    assert known(about, 20, 7) == [True]
    before = log.found
    assert known(about, 20, *range(100, 200)) == [False] * 100
    assert log.found == before == 20
    assert known(about, 21, 99) == [False]
    commit(log, 20, (CALL, 99, 98))
    assert known(about, 21, 99, 98) == [True, True]


def test_so_many_commits_are_caught_up_with_and_so_many_numbers_known(
    log: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(LOOKED_AT_MAX + 1):
        commit(log, number, (CALL, 10 + number, 1))
    assert known(AskedAbout(log), LOOKED_AT_MAX + 1, 10, 11) == [False, True]
    monkeypatch.setattr(asked, "ASKED_ABOUT_MAX", 3)
    last = 10 + LOOKED_AT_MAX
    assert known(AskedAbout(log), LOOKED_AT_MAX + 1, last - 2, last - 1, last, 1) == [False, True, True, True]
