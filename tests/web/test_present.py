"""Rows as the outside sees them, and the schema that describes them."""

import msgspec
import pytest

from saqta.model.incident import Incident
from saqta.model.place import Place
from saqta.model.sealed import Sealed
from saqta.model.terms import IncidentState, Priority, UnitStatus
from saqta.model.unit import Unit
from saqta.views.tables import TABLES, Alert, Evidence
from saqta.web.present import json_bytes, present, schema_of

UNIT = Unit(
    id="U1",
    name="Unit 1",
    status=UnitStatus.AVAILABLE,
    capabilities=("medic",),
    place=Place(51.1, 71.4),
    version=3,
    status_ms=1_000,
)
INCIDENT = Incident(
    id="i1",
    kind="intrusion",
    title="Intrusion at gate 3",
    state=IncidentState.OPEN,
    priority=Priority.P2,
    place=None,
    version=7,
    received_ms=0,
    opened_ms=1_500,
    caller_name=Sealed("p", "c", "h"),
)


def test_moments_are_rfc_3339_and_never_hide_another_field() -> None:
    shown = present(UNIT)
    assert shown["status"] == "available"
    assert shown["status_at"] == "1970-01-01T00:00:01.000Z"
    assert shown["positioned"] is None
    assert shown["place"] == {"lat": 51.1, "lon": 71.4}


def test_sealed_fields_are_left_out() -> None:
    shown = present(INCIDENT)
    assert "caller_name" not in shown
    assert "caller_number" not in shown
    assert shown["opened"] == "1970-01-01T00:00:01.500Z"
    assert shown["priority"] == 2


def test_rows_within_rows_and_keys_that_are_data() -> None:
    evidence = Evidence(sha256="ab", media_type="video/mp4", size_bytes=3, from_s=0.0, until_s=2.0)
    alert = Alert(
        kind="crowd",
        camera="C1",
        place=None,
        box=(0, 0, 1, 1),
        at_s=4.0,
        time_ms=0,
        confidence=None,
        reasons=("many",),
        zone=None,
        track=None,
        state=None,
        evidence=(evidence,),
    )
    assert present(alert)["evidence"][0]["sha256"] == "ab"
    assert present({"left_ms": 5}) == {"left_ms": 5}


@pytest.mark.parametrize("row", [UNIT, INCIDENT], ids=["unit", "incident"])
def test_schema_describes_what_is_presented(row: msgspec.Struct) -> None:
    model = schema_of(type(row))
    shown = present(row)
    assert set(model.model_fields) == set(shown)
    model.model_validate_json(json_bytes(shown))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_a_schema(table) -> None:
    schema = schema_of(table.row).model_json_schema()
    assert not any(name.endswith("_ms") for name in schema.get("properties", {}))
