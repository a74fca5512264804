"""Rates that decisions convert by: the newest days of each series, whatever the order in which they come."""

from datetime import date, timedelta

from saqta.fraud.serving.step import QUOTED, QUOTED_DAYS_MAX, STEP
from saqta.log.memory import MemoryLog
from saqta.log.runner import Runner
from saqta.log.tables import MemoryTables
from saqta.model.catalogue import make
from saqta.model.kinds import RatesPublished

FIRST = date(2026, 1, 1)


def test_of_each_series_the_newest_days_are_known() -> None:
    log, tables = MemoryLog(lambda: 0), MemoryTables()
    runner = Runner(STEP, log, tables)
    days = [FIRST + timedelta(days=n) for n in range(QUOTED_DAYS_MAX + 2)]
    told = [*days[2:], days[0], days[1]]
    for publisher, published in (("nationalbank.kz", told), ("ecb.europa.eu", days[:1])):
        for day in published:
            record = RatesPublished(publisher=publisher, day=day, quote="KZT", rates={"USD": ("1", "500")})
            event = {"id": f"{publisher}-{day}", "source": "/test", "actor": "test", "time_ms": 0, "recorded_ms": 0}
            log.append([make(record, **event)])
    runner.catch_up()
    known = [(row.publisher, row.day) for _, row in tables.scan(QUOTED)]
    assert known == [("ecb.europa.eu", days[0]), *(("nationalbank.kz", day) for day in days[2:])]
