import json
from pathlib import Path

import pytest

from saqta.intake.registers import (
    EDGES_PER_EVENT_MAX,
    FEATURES_PER_EVENT_MAX,
    FILE_BYTES_MAX,
    REFUSED_MAX,
    read_register,
)
from saqta.model import kinds
from saqta.model.errors import InputError
from saqta.model.place import Place


@pytest.fixture
def write(tmp_path: Path):
    def write_file(text: str, name: str = "register.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def feature(shape: str, coordinates: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}


def collection(*features: dict[str, object]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_cameras_from_csv_keep_the_good_rows_and_name_the_bad(write) -> None:
    register = read_register(
        "cameras",
        write(
            "camera,name,source,lat,lon,heading_deg\n"
            "C1,Market,rtsp://10.0.0.1/a,51.1,71.4,90\n"
            "C2,No source,,51.1,71.4,\n"
            "C3,Off the earth,rtsp://10.0.0.3/a,151.1,71.4,\n"
            "C4,,rtsp://10.0.0.4/a,,,\n"
        ),
    )
    assert register.read == 4
    assert register.records == (
        kinds.CameraRegistered(
            camera="C1", name="Market", source="rtsp://10.0.0.1/a", place=Place(51.1, 71.4), heading_deg=90
        ),
        kinds.CameraRegistered(camera="C4", name="C4", source="rtsp://10.0.0.4/a"),
    )
    assert [refusal.line for refusal in register.refused] == [3, 4]
    assert "source" in register.refused[0].reason
    assert "lat in -90..90" in register.refused[1].reason


def test_a_row_with_other_cells_than_the_header_has_columns_is_refused_alone(write) -> None:
    rows = "U1,Patrol 1,51.1\nU2,Patrol 2,51.1,71.4\nU3,Patrol, 3,51.1,71.4\n\nU4,Patrol 4,,71.4\n"
    register = read_register("units", write(f"unit,name,lat,lon\n{rows}"))
    assert [record.unit for record in register.records] == ["U2"]
    assert register.refused == (
        (2, "row: got '3 cells', expected 4, one for each column of the header"),
        (4, "row: got '5 cells', expected 4, one for each column of the header"),
        (6, "lat: got '', expected a number"),
    )


def test_a_name_stands_once_in_a_register(write) -> None:
    register = read_register("units", write("unit,name\nU1,Patrol 1\nU2,Patrol 2\nU1,Patrol 3\n"))
    assert [record.name for record in register.records] == ["Patrol 1", "Patrol 2"]
    assert register.refused == ((4, "row: got 'U1', expected each name once: it stands in line 2 as well"),)


@pytest.mark.parametrize("unit", ["U1/..", "U\t1", "x" * (kinds.NAME_CHARS_MAX + 1)])
def test_what_can_not_stand_in_an_address_is_no_unit(write, unit: str) -> None:
    register = read_register("units", write(f"unit,name\n{unit},Patrol 1\n{'x' * kinds.NAME_CHARS_MAX},Patrol 2\n"))
    assert [refusal.line for refusal in register.refused] == [2]


def test_a_cell_may_hold_commas_and_line_feeds_in_quotes(write) -> None:
    register = read_register("units", write('unit,name\nU1,"Patrol, 1\nNorth"\nU2\n'))
    assert [record.name for record in register.records] == ["Patrol, 1\nNorth"]
    assert [refusal.line for refusal in register.refused] == [4]


def test_a_file_in_which_very_many_rows_are_refused_is_refused(write) -> None:
    rows = "U1,Patrol 1\n" + "U2\n" * REFUSED_MAX
    assert len(read_register("units", write(f"unit,name\n{rows}")).refused) == REFUSED_MAX
    with pytest.raises(InputError, match=r"10001 rows that can.{1,2}t be taken.*line 3: row: got '1 cells'"):
        read_register("units", write(f"unit,name\n{rows}U2\n"))


def test_units_from_geojson(write) -> None:
    text = collection(
        feature("Point", [71.4, 51.1], unit="U1", name="Patrol 1", capabilities=["patrol", "medic"]),
        feature("Point", [71.4], unit="U2"),
        feature("Point", [71.4, 151.1], unit="U3"),
    )
    register = read_register("units", write(text, "units.geojson"))
    assert register.records == (
        kinds.UnitRegistered(unit="U1", name="Patrol 1", capabilities=("patrol", "medic"), place=Place(51.1, 71.4)),
    )
    assert [refusal.line for refusal in register.refused] == [2, 3]
    assert "[longitude, latitude]" in register.refused[0].reason
    assert "lat in -90..90" in register.refused[1].reason


def test_units_from_csv_split_capabilities(write) -> None:
    register = read_register("units", write("unit,capabilities\nU1,patrol; medic\n"))
    assert register.records[0].capabilities == ("patrol", "medic")


def test_roads_go_both_ways_unless_one_way(write) -> None:
    text = collection(
        feature("LineString", [[71.0, 51.0], [71.001, 51.0], [71.002, 51.0]], speed_kmh=60),
        feature("LineString", [[71.002, 51.0], [71.003, 51.0]], oneway="yes"),
        feature("LineString", [[71.002, 51.0]], oneway="yes"),
        feature("LineString", [[71.0, 51.0], [71.1, 51.0]], speed_kmh=900),
    )
    register = read_register("roads", write(text, "centre.geojson"))
    (roads,) = register.records
    assert roads.network == "centre-1"
    assert len(roads.nodes) == 4
    assert len(roads.edges) == 5
    start, end, length_m, speed_kmh = roads.edges[0]
    assert (start, end, speed_kmh) == ("51.000000,71.000000", "51.000000,71.001000", 60)
    assert length_m == pytest.approx(70, abs=0.2)
    assert len(register.refused) == 2


def test_a_large_network_is_cut_into_events(write) -> None:
    lines = ["from_lat,from_lon,to_lat,to_lon"]
    lines += [f"51.{number:05d},71,51.{number + 1:05d},71" for number in range(EDGES_PER_EVENT_MAX // 2 + 1)]
    register = read_register("roads", write("\n".join(lines), "long.csv"))
    assert [record.network for record in register.records] == ["long-1", "long-2"]
    assert len(register.records[0].edges) == EDGES_PER_EVENT_MAX


def test_places_are_layers(write) -> None:
    water = feature("Polygon", [[[71, 51], [71.1, 51], [71, 51.1], [71, 51]]], layer="water")
    register = read_register("places", write(collection(water, feature("Polygon", [], name="no layer"))))
    assert register.records == (kinds.MapLayerImported(layer="water", features=(water,)),)
    assert "layer" in register.refused[0].reason


def test_a_layer_has_a_limit(write) -> None:
    many = [feature("Point", [71, 51], layer="park")] * (FEATURES_PER_EVENT_MAX + 1)
    with pytest.raises(InputError, match=f"at most {FEATURES_PER_EVENT_MAX}"):
        read_register("places", write(collection(*many)))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("cameras", "", "CSV with a header"),
        ("cameras", "just words\n", "CSV with a header"),
        ("cameras", '{"type": "Feature"}', "FeatureCollection"),
        ("cameras", '{"features": null}', "FeatureCollection"),
        (
            "units",
            '{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": [1]}]}',
            "at least",
        ),
        ("cameras", "camera,source\n", "at least one row"),
        ("cameras", "camera,source,camera\nC1,rtsp://a/1,C2\n", "names each column once"),
        ("cameras", 'camera,source\nC1,"rtsp://a/1\n', "line 2: .*CSV"),
        ("units", "unit,name\n,x\n", "at least one row of units .unit"),
        ("ships", "a,b\n", "one of cameras, units"),
    ],
)
def test_nothing_readable_is_an_error_that_says_what_was_expected(write, kind: str, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_register(kind, write(text))


def test_a_missing_file_and_one_over_the_limit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a readable file"):
        read_register("units", tmp_path / "none.csv")
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(InputError, match="at most"):
        read_register("units", huge)
