"""What was simply allowed of somebody, found in the newest commits, and no further back than it says."""

import base64

import numpy as np

from saqta.fraud.engine.layout import CALL, PAYMENT
from saqta.fraud.engine.naming import CURRENCIES
from saqta.fraud.serving.allowed import FOUND_MAX, LOOKED_AT_MAX, allowed_of
from saqta.fraud.serving.rows import ROW
from saqta.log.memory import MemoryLog
from saqta.model.catalogue import make
from saqta.model.kinds import DecisionsMade, NotableRow

NOW_MS = 1_780_000_000_000
PAYER, SHOP, OTHER = 0xA1, 0xB2, 0xC3


def log_of(*commits: DecisionsMade) -> MemoryLog:
    log = MemoryLog(lambda: NOW_MS)
    for made in commits:
        source = f"/saqta/fraud/{made.tenant}"
        told = {"actor": "test", "time_ms": NOW_MS, "recorded_ms": NOW_MS}
        log.append([make(made, id=str(made.number), source=source, **told)])
    return log


def commit(number: int, *rows: tuple[int, int, int], notable: tuple[NotableRow, ...] = ()) -> DecisionsMade:
    """Rows of (kind, actor, counterpart), the later the newer."""
    content = np.zeros(len(rows), ROW)
    for at, (kind, actor, counterpart) in enumerate(rows):
        content[at]["kind"], content[at]["actor"], content[at]["counterpart"] = kind, actor, counterpart
        content[at]["time_ms"] = NOW_MS + number * 1_000 + at
        content[at]["amount"], content[at]["currency"] = 1500.5, CURRENCIES.index("KZT")
    return DecisionsMade(
        tenant="alfa",
        number=number,
        rules="r",
        features="f",
        root="",
        rows=base64.b64encode(content.tobytes()).decode(),
        notable=notable,
    )


def name(party: int) -> str:
    return f"{party:016x}"


def test_what_was_allowed_of_somebody_is_found_the_newest_first_without_what_was_stopped() -> None:
    stopped = NotableRow(
        row=1, kind="payment", action="hold", actor=name(PAYER), counterpart=name(SHOP), time_ms=NOW_MS, reasons=(),
        values="",
    )  # fmt: skip
    payment, call, others = (PAYMENT, PAYER, SHOP), (CALL, OTHER, PAYER), (PAYMENT, OTHER, SHOP)
    log = log_of(commit(0, payment, payment, others, notable=(stopped,)), commit(1, call))
    found = allowed_of(log, {"alfa": 2}, [name(PAYER)])
    assert [one["decision"] for one in found] == ["alfa-1-0", "alfa-0-0"]
    assert (found[0]["kind"], found[0]["amount"], found[0]["currency"]) == ("call", None, None)
    assert (found[1]["amount"], found[1]["currency"], found[1]["subscriber"]) == ("1500.50", "KZT", None)
    assert allowed_of(log, {"alfa": 2}, [name(0xD4)]) == []


def test_it_looks_at_so_many_commits_and_finds_so_many_and_no_more() -> None:
    payment = (PAYMENT, PAYER, SHOP)
    log = log_of(*(commit(number, payment) for number in range(3)))
    many = {f"bank-{n}": 0 for n in range(LOOKED_AT_MAX // 2 - 1)} | {"alfa": 3}
    found = allowed_of(log, many, [name(PAYER)])
    assert [one["decision"] for one in found] == ["alfa-2-0", "alfa-1-0"]
    full = log_of(commit(0, *[payment] * (FOUND_MAX + 1)))
    assert len(allowed_of(full, {"alfa": 1}, [name(SHOP)])) == FOUND_MAX
