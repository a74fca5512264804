"""Units in the field: where they are and what they are doing."""

from typing import Annotated

from fastapi import Path, Response
from pydantic import Field

from saqta.model.command import SPEED_KMH_MAX, ReportPosition, SetUnitStatus
from saqta.model.terms import UnitStatus
from saqta.model.unit import Unit
from saqta.views.tables import UNITS
from saqta.web import problems
from saqta.web.access import guarded_router
from saqta.web.commands import Caused, ContextOf, Door, PlaceGiven, perform
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import schema_of

router = guarded_router("units")
UnitId = Annotated[str, Path(alias="id", max_length=200)]


class NewStatus(Door):
    status: UnitStatus


class NewPosition(Door):
    """Where the unit is; `heading_deg` clockwise from north."""

    place: PlaceGiven
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    speed_kmh: Annotated[float, Field(ge=0, le=SPEED_KMH_MAX)] | None = None


@router.get("/api/v1/units", response_model=page_of(schema_of(Unit)))
def list_units(ports: PortsOf, wanted: WantedPage) -> Response:
    """All units, by id."""
    return page(ports.tables, UNITS, wanted)


@router.post("/api/v1/units/{id}/status", response_model=Caused)
def set_unit_status(ports: PortsOf, context: ContextOf, unit: UnitId, new: NewStatus) -> Response:
    """The unit tells where it is in its work."""
    _require(ports, unit)
    return perform(ports, SetUnitStatus(unit=unit, status=new.status), context)


@router.post("/api/v1/units/{id}/position", response_model=Caused)
def report_position(ports: PortsOf, context: ContextOf, unit: UnitId, new: NewPosition) -> Response:
    """The unit tells where it is."""
    _require(ports, unit)
    command = ReportPosition(unit=unit, place=new.place.place(), heading_deg=new.heading_deg, speed_kmh=new.speed_kmh)
    return perform(ports, command, context)


def _require(ports: Ports, unit: str) -> None:
    if ports.tables.get(UNITS, unit) is None:
        raise problems.not_found("unit", unit)
