"""The API describes all of itself, and answers as it says."""

import pytest
from fastapi.routing import APIRoute
from structlog.testing import capture_logs

from saqta.model import kinds
from saqta.model.errors import SaqtaError, StateError
from saqta.model.place import Place

CALL = {"kind": "crowd", "title": "Crowd", "priority": 3, "place": {"lat": 51.1, "lon": 71.4}}


@pytest.fixture(scope="module")
def busy_centre(shared_centre):
    shared_centre.tell(kinds.AlertRaised(kind="intrusion", camera="C1", place=Place(51.13, 71.43), at_s=3.0))
    shared_centre.tell(
        kinds.EvidenceKept(
            alert=f"/test#id-{shared_centre.log.version('alert/intrusion')}",
            camera="C1",
            sha256="ab" * 32,
            media_type="video/mp4",
            size_bytes=9,
            from_s=1.0,
            until_s=6.0,
        )
    )
    return shared_centre


def test_every_route_of_the_api_is_described(shared_centre) -> None:
    with shared_centre.http("pavel") as pavel:
        described = pavel.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert set(described["components"]["securitySchemes"]) == {"token", "client", "session"}
    for route in shared_centre.app.routes:
        if isinstance(route, APIRoute) and route.path.startswith("/api/"):
            for method in route.methods:
                operation = described["paths"][route.path_format][method.lower()]
                assert operation["description"], route.path
                assert "application/problem+json" in operation["responses"]["default"]["content"], route.path
                good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
                assert good["content"], route.path


def test_moments_and_states_are_described_as_such(shared_centre) -> None:
    with shared_centre.http("pavel") as pavel:
        schemas = pavel.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert schemas["Unit"]["properties"]["status_at"]["format"] == "date-time"
    assert schemas["Incident"]["properties"]["state"]["$ref"].endswith("IncidentState")
    assert "caller_name" not in schemas["Incident"]["properties"]
    assert "caller" in schemas["IncidentDetail"]["properties"]
    assert set(schemas["Problem"]["properties"]) == {"type", "title", "status", "detail", "field"}


@pytest.mark.parametrize(
    "name",
    ["list_incidents", "read_incident", "read_timeline", "list_units", "list_cameras", "read_alert", "read_map", "me"],
)
def test_answers_are_as_described(busy_centre, name: str) -> None:
    with busy_centre.http("alice") as alice:
        [incident] = alice.get("/api/v1/incidents").json()["items"]
        known = {"id": incident["id"], "key": incident["alerts"][0].replace("#", "%23")}
        [route] = [route for route in busy_centre.app.routes if route.name == name]
        response = alice.get(route.path.replace(":path", "").format_map(known))
        assert response.status_code == 200, response.text
        route.response_field._type_adapter.validate_json(response.content)


def test_commands_answer_as_described(centre) -> None:
    with centre.http("alice") as alice:
        response = alice.post("/api/v1/incidents", json=CALL)
        [route] = [route for route in centre.app.routes if route.name == "open_incident"]
        caused = route.response_model.model_validate_json(response.content)
        assert [event.type for event in caused.events] == ["saqta.incident.opened.v1"]
        assert caused.events[0].data["title"] == "Crowd"


def test_nothing_else_is_served(shared_centre) -> None:
    with shared_centre.http("alice") as alice:
        for address in ("/docs", "/redoc", "/openapi.json", "/api/v1/units/", "/api/v1"):
            response = alice.get(address)
            assert (response.status_code, response.json()["type"]) == (404, "about:blank")
            assert response.json()["detail"] == "nothing is served at this address"
        wrong = alice.delete("/api/v1/units")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
        assert wrong.headers["content-type"] == "application/problem+json"


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(centre, caplog) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the house")

    centre.app.state.ports = centre.app.state.ports._replace(decide=broken)
    with centre.http("alice") as alice:
        response = alice.post("/api/v1/incidents", json=CALL)
        assert (response.status_code, response.json()["type"]) == (500, "urn:saqta:problem:internal")
        assert "secret" not in response.text
        assert response.headers["x-content-type-options"] == "nosniff"
        assert 'status="500"} 1' in alice.get("/metrics").text
    assert "a secret of the house" in caplog.text


def test_a_store_that_cannot_be_read_is_503(centre) -> None:
    centre.stop_steps()
    centre.tables.close()
    with centre.http("alice") as alice:
        with capture_logs() as lines:
            response = alice.get("/api/v1/units")
        assert (response.status_code, response.json()["type"]) == (503, "urn:saqta:problem:storage")
        assert "views.db" not in response.text
        assert (lines[0]["path"], lines[0]["log_level"]) == ("/api/v1/units", "error")
        assert "views.db" in lines[0]["error"]


class _Strained(StateError):
    """An error that the table does not name."""


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (SaqtaError("the step correlate stopped"), 503, "unavailable"),
        (_Strained("unit/U1", "is tired"), 409, "state"),
    ],
)
def test_every_error_of_the_model_has_a_status(centre, error: SaqtaError, status: int, kind: str) -> None:
    def stopped(*_: object) -> None:
        raise error

    centre.app.state.ports = centre.app.state.ports._replace(decide=stopped)
    with centre.http("alice") as alice:
        response = alice.post("/api/v1/incidents", json=CALL)
        assert (response.status_code, response.json()["type"]) == (status, f"urn:saqta:problem:{kind}")
