"""Traffic figures over HTTP: a page, a table for spreadsheets, and DATEX II."""

import csv
import re
from xml.etree import ElementTree

import pytest

from saqta.model import kinds
from saqta.web.datex import NAMESPACES


@pytest.fixture
def counted(centre):
    for minute, (line, cars) in enumerate([("gate", 3), ("gate", 5), ("=exit", 1)]):
        centre.now_ms += 60_000
        centre.tell(
            kinds.LineCounted(
                camera="C1",
                line=line,
                from_s=60.0 * minute,
                until_s=60.0 * (minute + 1),
                forward={"car": cars, "person": 2},
                backward={},
                occupied=0.1 * cars,
                speed_kmh=40.0 + cars,
                speed_uncertainty_kmh=2.0,
            )
        )
    return centre


def test_minutes_and_hours_are_listed(counted) -> None:
    with counted.http("dana") as dana:
        minutes = dana.get("/api/v1/traffic", params={"per": "minute", "camera": "C1", "line": "gate"}).json()
        assert [row["forward"] for row in minutes["items"]] == [{"car": 3, "person": 2}, {"car": 5, "person": 2}]
        assert minutes["items"][0]["from"] == "2026-01-31T08:00:00.000Z"
        hours = {row["line"]: row for row in dana.get("/api/v1/traffic").json()["items"]}
        assert hours["gate"]["forward"] == {"car": 8, "person": 4}
        assert hours["gate"]["watched_s"] == 120
        assert hours["gate"]["occupied"] == pytest.approx(0.4)
        assert hours["gate"]["speed_kmh"] == pytest.approx((43 * 5 + 45 * 7) / 12)
        assert hours["gate"]["speed_uncertainty_kmh"] < 2
        later = dana.get("/api/v1/traffic", params={"per": "minute", "since": "2026-01-31T08:01:00Z"}).json()
        assert [row["line"] for row in later["items"]] == ["=exit", "gate"]
        refused = dana.get("/api/v1/traffic", params={"since": "yesterday"})
        assert (refused.status_code, refused.json()["field"]) == (422, "since")


def test_a_table_for_spreadsheets(counted) -> None:
    with counted.http("dana") as dana:
        answer = dana.get("/api/v1/traffic.csv", params={"per": "minute"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [(row["line"], row["direction"], row["class"], row["count"]) for row in rows[:3]] == [
        ("'=exit", "forward", "car", "1"),
        ("'=exit", "forward", "person", "2"),
        ("'=exit", "backward", "", "0"),
    ]
    assert {row["watched_s"] for row in rows} == {"60.0"}


CONTENT = {
    "d2:payload": "com:publicationTime com:publicationCreator (roa:measurementSiteTableReference )+"
    "roa:headerInformation( roa:siteMeasurements)+",
    "com:publicationCreator": "com:country com:nationalIdentifier",
    "roa:headerInformation": "(com:confidentiality )?com:informationStatus",
    "roa:siteMeasurements": "roa:measurementSiteReference (roa:physicalQuantity )*roa:measurementTimeDefault",
    "roa:physicalQuantity": "roa:physicalQuantity|(roa:basicData)?",
    "roa:basicData": "(roa:vehicleFlow|roa:averageVehicleSpeed|roa:occupancy)?",
    "roa:vehicleFlow": "com:vehicleFlowRate",
    "roa:averageVehicleSpeed": "com:speed",
    "roa:occupancy": "com:percentage",
    "roa:measurementTimeDefault": "(roa:timeMeaning )?(roa:timeValue)?( roa:period)?",
    "roa:period": "com:startOfPeriod( com:endOfPeriod)?",
}
"""What may stand in which element, in which order, of what is published here: by the complex types of the schemas
DATEXII_3_D2Payload, _Common and _RoadTrafficData."""


def keep_to_the_schema(element: ElementTree.Element) -> None:
    """Looks at the order of elements only; not at types and values."""
    short = {uri: prefix for prefix, uri in NAMESPACES.items()}

    def named(one: ElementTree.Element) -> str:
        uri, _, name = one.tag[1:].partition("}")
        return f"{short[uri]}:{name}"

    assert re.fullmatch(CONTENT.get(named(element), ""), " ".join(map(named, element))), named(element)
    for child in element:
        keep_to_the_schema(child)


def test_datex_for_road_authorities(counted) -> None:
    with counted.http("dana") as dana:
        answer = dana.get("/api/v1/traffic.xml", params={"per": "minute", "camera": "C1", "line": "gate"})
    payload = ElementTree.fromstring(answer.content)
    assert payload.tag == f"{{{NAMESPACES['d2']}}}payload"
    assert payload.get(f"{{{NAMESPACES['xsi']}}}type") == "roa:MeasuredDataPublication"
    sites = payload.findall("roa:siteMeasurements", NAMESPACES)
    named = [site.find("roa:measurementSiteReference", NAMESPACES) for site in sites]
    assert [site.get("id") for site in named if site is not None] == ["C1/gate/forward", "C1/gate/backward"] * 2
    assert [value.text for value in payload.iterfind(".//com:vehicleFlowRate", NAMESPACES)] == ["180", "0", "300", "0"]
    assert payload.findtext(".//com:speed", None, NAMESPACES) == "43.0"
    assert payload.findtext(".//com:percentage", None, NAMESPACES) == "30.00"
    assert payload.findtext(".//com:startOfPeriod", None, NAMESPACES) == "2026-01-31T08:00:00.000Z"
    keep_to_the_schema(payload)
    assert b"xmlns:roa=" in answer.content.split(b">")[1]


def test_nothing_to_publish_is_no_publication(counted) -> None:
    with counted.http("dana") as dana:
        answer = dana.get("/api/v1/traffic.xml", params={"camera": "C9"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("table", ["csv", "xml"])
def test_an_export_is_whole_or_refused(counted, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    monkeypatch.setattr("saqta.web.traffic.EXPORT_ROWS_MAX", 2)
    with counted.http("dana") as dana:
        refused = dana.get(f"/api/v1/traffic.{table}", params={"per": "minute"})
        assert (refused.status_code, refused.json()["field"]) == (422, "since")
        assert refused.json()["detail"].endswith("an export holds at most 2 rows")
        for less in ({"since": "2026-01-31T08:01:00Z"}, {"until": "2026-01-31T08:02:00Z"}, {"line": "gate"}):
            assert dana.get(f"/api/v1/traffic.{table}", params={"per": "minute", **less}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({}, ["=exit", "gate", "gate"]),
        ({"camera": "C1"}, ["=exit", "gate", "gate"]),
        ({"camera": "C2"}, []),
        ({"line": "gate"}, ["gate", "gate"]),
        ({"since": "2026-01-31T08:01:00Z"}, ["=exit", "gate"]),
        ({"since": "2026-01-31T08:01:00Z", "until": "2026-01-31T08:02:00Z"}, ["gate"]),
        ({"camera": "C1", "line": "gate", "until": "2026-01-31T08:01:00Z"}, ["gate"]),
    ],
)
def test_an_export_holds_what_the_list_holds(counted, asked: dict[str, str], lines: list[str]) -> None:
    with counted.http("dana") as dana:
        listed = dana.get("/api/v1/traffic", params={"per": "minute", **asked}).json()["items"]
        table = dana.get("/api/v1/traffic.csv", params={"per": "minute", **asked}).text.splitlines()
    assert [row["line"] for row in listed] == lines
    exported = {(row["line"], row["from"]) for row in csv.DictReader(table)}
    assert exported == {(row["line"].replace("=exit", "'=exit"), row["from"]) for row in listed}


def test_strangers_learn_nothing(counted) -> None:
    with counted.http("charlie") as charlie:
        for address in ("traffic", "traffic.csv", "traffic.xml"):
            assert charlie.get(f"/api/v1/{address}").status_code == 401
