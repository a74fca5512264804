"""Exchange rates: what each currency is worth in dollars, by its newest publication."""

from fastapi import Response

from saqta.views.tables import RATES, Rate
from saqta.web.access import guarded_router
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import PortsOf
from saqta.web.present import schema_of

router = guarded_router("rates")


@router.get("/api/v1/rates", response_model=page_of(schema_of(Rate)))
def list_rates(ports: PortsOf, wanted: WantedPage) -> Response:
    """All rates, by currency, with the change from the publisher's day before; decimals are texts."""
    return page(ports.tables, RATES, wanted)
