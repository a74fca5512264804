"""Cameras, and the alerts that they and others raised."""

from typing import Annotated

from fastapi import Path, Response
from pydantic import create_model

from saqta.views.tables import ALERTS, CAMERAS, Alert, Camera
from saqta.web import problems
from saqta.web.access import guarded_router
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import PortsOf
from saqta.web.present import answer, present, schema_of

KeyedAlert = create_model("KeyedAlert", __base__=schema_of(Alert), key=(str, ...))

router = guarded_router("cameras")


@router.get("/api/v1/cameras", response_model=page_of(schema_of(Camera)))
def list_cameras(ports: PortsOf, wanted: WantedPage) -> Response:
    """All cameras, by id, with what they counted."""
    return page(ports.tables, CAMERAS, wanted)


@router.get("/api/v1/alerts/{key:path}", response_model=KeyedAlert)
def read_alert(ports: PortsOf, key: Annotated[str, Path(max_length=2049)]) -> Response:
    """One alert with its evidence; `key` is its event's source, `#` and id, percent-encoded."""
    alert = ports.tables.get(ALERTS, key)
    if alert is None:
        raise problems.not_found("alert", key)
    return answer({"key": key} | present(alert))
