"""Statistics that lead to their events."""

from typing import Annotated, Any, Literal

from fastapi import Query, Response

from saqta.model.money import decimal_text
from saqta.views.tables import BY_FIGURE, DECIDED, MONEY, STOPPED, SYSTEM, Decided, Money, Stopped
from saqta.views.tables.fraud import TENGE
from saqta.web.access import guarded_router
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import PortsOf
from saqta.web.present import answer, present, schema_of

router = guarded_router("statistics")
Figure = Literal[
    "kept", "stopped", "released",
    "calls_warned", "calls_held", "calls_blocked", "payments_warned", "payments_held", "payments_blocked",
]  # fmt: skip
DAY_MS = 86_400_000
DAYS, DAYS_MAX = 30, 365
Days = Annotated[int, Query(ge=1, le=DAYS_MAX)]
Currency = Annotated[str, Query(pattern="^[A-Z]{3}$", description="ISO 4217; of money only")]


@router.get("/api/v1/statistics/fraud", response_model=dict[str, Any])
def read_fraud_statistics(ports: PortsOf) -> Response:
    """How many calls and payments were decided and how, and the money that this kept, by currency and in tenge."""
    money = [row for _, row in ports.tables.scan(MONEY)]
    in_tenge = decimal_text(sum(row.kept_kzt_minor for row in money), TENGE)
    decided = present(ports.tables.get(DECIDED, SYSTEM) or Decided())
    return answer({"decided": decided, "money": [_shown(row) for row in money], "kept_in_tenge": in_tenge})


@router.get("/api/v1/statistics/fraud/models", response_model=dict[str, Any])
def review_models(ports: PortsOf, days: Days = DAYS) -> Response:
    """How the models did over the last days: the one in force beside its challenger, and how precise what was raised
    proved to be, by how long it took until that was known."""
    now_ms = ports.clock()
    return answer(ports.review_desk.review(now_ms - days * DAY_MS, now_ms))


@router.get("/api/v1/statistics/fraud/stopped", response_model=page_of(schema_of(Stopped)))
def list_stopped(
    ports: PortsOf, wanted: WantedPage, figure: Figure | None = None, currency: Currency | None = None
) -> Response:
    """What the statistics count: every call and payment that was not simply allowed, and the event that says so.

    Those of one figure, the newest first; the figures of money by currency.
    """
    if figure is None:
        return page(ports.tables, STOPPED, wanted)
    prefix = f"{figure}/{currency}/" if currency else f"{figure}/"
    return page(ports.tables, BY_FIGURE, wanted, prefix, lambda _, of: ports.tables.get(STOPPED, of.decision))


def _shown(row: Money) -> dict[str, object]:
    """Amounts as decimal texts of their currency."""
    told: dict[str, object] = {"currency": row.currency, "kept_in_tenge": decimal_text(row.kept_kzt_minor, TENGE)}
    told["kept_without_rate_count"] = row.kept_without_rate_count
    for what in ("stopped", "kept", "released"):
        told[f"{what}_count"] = getattr(row, f"{what}_count")
        told[what] = decimal_text(getattr(row, f"{what}_minor"), row.currency)
    return told
