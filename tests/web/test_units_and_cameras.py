"""Units, cameras, alerts and the base map over HTTP."""

from urllib.parse import quote

import pytest

from saqta.model import kinds
from saqta.model.place import Place

SHA = "ab" * 32


def test_units_tell_their_state_and_place(centre) -> None:
    with centre.http("dana") as dana:
        units = dana.get("/api/v1/units").json()
        assert [unit["id"] for unit in units["items"]] == ["U1", "U2"]
        assert units["next"] is None
        moved = {"place": {"lat": 51.2, "lon": 71.5}, "heading_deg": 90, "speed_kmh": 42.5}
        assert centre.said(dana.post("/api/v1/units/U1/position", json=moved)) == ["unit.positioned"]
        assert centre.said(dana.post("/api/v1/units/U1/status", json={"status": "out_of_service"})) == [
            "unit.status_changed"
        ]
        unit = dana.get("/api/v1/units").json()["items"][0]
        assert (unit["place"], unit["heading_deg"], unit["status"]) == (moved["place"], 90, "out_of_service")
        assert unit["positioned"] == unit["status_at"] == "2026-01-31T08:00:00.000Z"


@pytest.mark.parametrize(
    ("address", "body", "status", "field"),
    [
        ("U1/position", {"place": {"lat": 51.2}}, 422, "place.lon"),
        ("U1/position", {"place": {"lat": 51.2, "lon": 71}, "heading_deg": 361}, 422, "heading_deg"),
        ("U1/position", {"place": {"lat": 51.2, "lon": 71}, "speed_kmh": -1}, 422, "speed_kmh"),
        ("U1/position", {}, 422, "place"),
        ("U1/status", {"status": "asleep"}, 422, "status"),
        ("U1/status", {"status": "on_scene"}, 409, None),
        ("U9/status", {"status": "available"}, 404, None),
        ("U9/position", {"place": {"lat": 51.2, "lon": 71}}, 404, None),
    ],
)
def test_what_a_unit_cannot_tell(shared_centre, address: str, body: dict, status: int, field: str | None) -> None:
    with shared_centre.http("dana") as dana:
        response = dana.post(f"/api/v1/units/{address}", json=body)
        assert (response.status_code, response.json().get("field")) == (status, field), response.text


def test_cameras_tell_what_they_look_at(centre) -> None:
    centre.tell(kinds.CameraConnected(camera="C1", width=640, height=360, fps=25))
    with centre.http("dana") as dana:
        [camera] = dana.get("/api/v1/cameras").json()["items"]
        assert (camera["name"], camera["status"], camera["width"]) == ("Gate 1", "live", 640)
        assert camera["status_at"] == "2026-01-31T08:00:00.000Z"


def test_an_alert_with_its_evidence_is_found_by_its_key_and_in_its_incident(centre) -> None:
    centre.tell(kinds.AlertRaised(kind="intrusion", camera="C1", place=Place(51.13, 71.43), at_s=3.0))
    key = next(
        f"/test#id-{n}"
        for n in range(1, 50)
        if (found := centre.log.find("/test", f"id-{n}")) and "alert" in found.event.type
    )
    centre.tell(
        kinds.EvidenceKept(
            alert=key, camera="C1", sha256=SHA, media_type="video/mp4", size_bytes=9, from_s=1.0, until_s=6.0
        )
    )
    with centre.http("dana") as dana:
        alert = dana.get(f"/api/v1/alerts/{quote(key, safe='')}").json()
        assert (alert["key"], alert["kind"], alert["at_s"]) == (key, "intrusion", 3.0)
        assert alert["evidence"][0]["sha256"] == SHA
        incident = dana.get(f"/api/v1/incidents/{alert['incident']}").json()
        assert incident["alerts"] == [alert]
        assert incident["recommendation"]["unit"] in ("U1", "U2")
        assert dana.get("/api/v1/alerts/nothing").status_code == 404


def test_the_map_has_every_layer_and_a_tag_for_when_nothing_changed(centre) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [71.4, 51.1]}}
    with centre.http("dana") as dana:
        empty = dana.get("/api/v1/map")
        assert {layer: content["features"] for layer, content in empty.json().items()} == {
            layer: [] for layer in ("water", "park", "building", "road", "district")
        }
        centre.tell(kinds.MapLayerImported(layer="water", features=(feature,)))
        tag = empty.headers["etag"]
        city = dana.get("/api/v1/map", headers={"if-none-match": tag})
        assert city.json()["water"] == {"type": "FeatureCollection", "features": [feature]}
        same = dana.get("/api/v1/map", headers={"if-none-match": city.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
