"""Money that was kept: held or blocked and then confirmed as fraud, once an attempt; what was released is apart."""

import base64
from datetime import date

from saqta import views
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner
from saqta.log.tables import MemoryTables
from saqta.model.catalogue import make
from saqta.model.kinds import DecisionsMade, HoldReleased, NotableRow, OutcomeTold, Quoted, Record, UsedRate
from saqta.model.moment import from_text
from saqta.views.tables import DECIDED, MONEY, STOPPED, Money

NOW_MS = from_text("2026-03-12T08:00:00Z")


class Told:
    """Events folded one after the other."""

    def __init__(self) -> None:
        self.tables, self._log = MemoryTables(), MemoryLog(lambda: NOW_MS)
        self._runner, self._count = Runner(views.STEP, self._log, self.tables), 0

    def tell(self, record: Record) -> None:
        self._count += 1
        told = {"source": "/test", "actor": "test", "time_ms": NOW_MS, "recorded_ms": NOW_MS}
        self._log.append([make(record, id=str(self._count), **told)])
        self._runner.catch_up()

    def stop(
        self,
        number: int,
        action: str = "hold",
        payee: str = "mule",
        currency: str = "KZT",
        rates: tuple[UsedRate, ...] = (),
    ) -> str:
        row = NotableRow(
            row=0, kind="payment", action=action, actor="payer", counterpart=payee, time_ms=NOW_MS, reasons=(),
            values="", amount="1000.00", currency=currency,
        )  # fmt: skip
        self.tell(
            DecisionsMade(
                tenant="alfa",
                number=number,
                rules="r",
                features="f",
                root="",
                rows=base64.b64encode(bytes(88)).decode(),
                notable=(row,),
                rates=rates,
            )
        )
        return f"alfa-{number}-0"

    def outcome(self, decision: str, outcome: str) -> None:
        self.tell(OutcomeTold(decision=decision, tenant="alfa", outcome=outcome, known_ms=NOW_MS, by="alfa"))

    def money(self, currency: str = "KZT") -> Money:
        return self.tables.get(MONEY, currency)


def test_money_is_kept_once_an_attempt_and_again_not_when_it_was_honest_after_all() -> None:
    told = Told()
    first, again = told.stop(0), told.stop(1, "block")
    for decision in (first, again, first):
        told.outcome(decision, "fraud")
    assert (told.money().stopped_count, told.money().kept_count, told.money().kept_minor) == (2, 1, 100_000)
    told.outcome(again, "honest")
    assert told.money().kept_count == 1
    told.outcome(first, "honest")
    assert (told.money().kept_count, told.money().kept_minor, told.money().kept_kzt_minor) == (0, 0, 0)


def test_what_was_released_or_only_warned_of_is_not_kept() -> None:
    told = Told()
    released, warned = told.stop(0), told.stop(1, "warn", "other")
    told.tell(HoldReleased(decision=released, tenant="alfa"))
    for decision in (released, warned, "alfa-9-0"):
        told.outcome(decision, "fraud")
    assert (told.money().released_count, told.money().kept_count) == (1, 0)
    assert told.tables.get(STOPPED, released).released
    decided = told.tables.get(DECIDED, "system")
    assert (decided.payments_held, decided.payments_warned, decided.payments_blocked) == (1, 1, 0)


def test_kept_money_is_told_in_tenge_at_the_days_rate_where_there_is_one() -> None:
    told = Told()
    day = date(2026, 3, 12)
    line = Quoted(publisher="nationalbank.kz", day=day, currency="USD", units="1", quote="KZT", worth="500.00")
    rates = (UsedRate(currency="USD", day=day, lines=(line,)),)
    told.outcome(told.stop(0, currency="USD", rates=rates), "fraud")
    told.outcome(told.stop(1, currency="CHF"), "fraud")
    assert (told.money("USD").kept_minor, told.money("USD").kept_kzt_minor) == (100_000, 50_000_000)
    assert (told.money("CHF").kept_kzt_minor, told.money("CHF").kept_without_rate_count) == (0, 1)
