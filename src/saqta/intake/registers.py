"""Registers that an operator imports: cameras, units, roads and places, from CSV with a header or GeoJSON.

A row is refused alone, with its line and the reason; the others are taken. A road's ends are joined where their
coordinates are equal to 1e-6 degrees (11 cm). Coordinates are WGS 84 degrees; GeoJSON has longitude first (RFC 7946).
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from saqta.model import kinds
from saqta.model.errors import InputError
from saqta.model.place import Place, distance_m

FILE_BYTES_MAX = 256 << 20
REFUSED_MAX = 10_000
"""A file in which more rows are refused is not what it says it is: nothing of it is taken."""
EDGES_PER_EVENT_MAX = 4_000
FEATURES_PER_EVENT_MAX = 1_000
DEFAULT_SPEED_KMH = 40.0
_UNIT = re.compile(rf"[^/\x00-\x1f\x7f]{{1,{kinds.NAME_CHARS_MAX}}}")
"""It stands in addresses of the API."""


class Refusal(NamedTuple):
    """A row that was not taken; ``line`` counts from 1 (CSV, the header included) or the feature's number."""

    line: int
    reason: str


class Register(NamedTuple):
    """What a file held: records to append, how many rows were read, and those refused."""

    records: tuple[kinds.Record, ...]
    read: int
    refused: tuple[Refusal, ...]


class _Row(NamedTuple):
    line: int
    fields: Mapping[str, Any]
    shape: str
    points: tuple[Place, ...]
    feature: dict[str, Any] | None


def read_register(kind: str, path: Path, check: Callable[[Any], object] = lambda row: None) -> Register:
    """Reads ``path`` as a register of ``kind`` (see REGISTERS); InputError when nothing of it can be read.

    ``check`` may refuse, by an InputError, what a row says.
    """
    build = REGISTERS.get(kind)
    if build is None:
        raise InputError("kind", kind, "one of " + ", ".join(REGISTERS))
    accepted: list[Any] = []
    refused: list[Refusal] = []
    lines: dict[str, int] = {}
    read = 0
    for number, row in _rows(path):
        read += 1
        try:
            if isinstance(row, Exception):
                raise row
            parsed = build.parse(row)
            check(parsed)
            _check_once(lines, build.name(parsed), number)
            accepted.append(parsed)
        except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
            missing = isinstance(error, KeyError)
            refuse(refused, number, f"{error.args[0]} is missing" if missing else str(error))
    if not accepted:
        why = f" ({refused[0].reason} in line {refused[0].line})" if refused else ""
        raise InputError("file", str(path), f"at least one row of {kind}{why}")
    return Register(tuple(build.gather(accepted, path.stem)), read, tuple(refused))


def _check_once(lines: dict[str, int], name: str | None, number: int) -> None:
    """InputError where an earlier one of the ``lines`` has this name: which of them holds can't be known."""
    if name is not None and lines.setdefault(name, number) != number:
        raise InputError("row", name, f"each name once: it stands in line {lines[name]} as well")


def refuse(refused: list[Refusal], line: int, reason: str) -> None:
    """Puts a row with those that were not taken; InputError where these are more than REFUSED_MAX."""
    refused.append(Refusal(line, reason))
    if len(refused) > REFUSED_MAX:
        first = refused[0]
        expected = f"at most {REFUSED_MAX}: nothing was taken (line {first.line}: {first.reason})"
        raise InputError("file", f"{len(refused)} rows that can't be taken", expected)


def _rows(path: Path) -> Iterator[tuple[int, "_Row | Exception"]]:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise InputError("file", f"{path.stat().st_size} bytes", f"at most {FILE_BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("file", str(path), f"a readable file in UTF-8 ({error})") from error
    yield from _geojson(text, path) if text.lstrip().startswith("{") else _csv(text, path)


def check_cells(cells: Sequence[str], columns: int) -> None:
    """InputError where a row has other cells than the header has columns: which of them is missing can't be known."""
    if len(cells) != columns:
        raise InputError("row", f"{len(cells)} cells", f"{columns}, one for each column of the header")


def _csv(text: str, path: Path) -> Iterator[tuple[int, "_Row | Exception"]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(names) < 2 or len(set(names)) < len(names):
            raise InputError("file", str(path), "CSV with a header line that names each column once, or GeoJSON")
        for cells in reader:
            if cells:
                yield reader.line_num, _csv_row(reader.line_num, names, cells)
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}", "a broken row", f"CSV ({error})") from error


def _csv_row(line: int, names: list[str], cells: list[str]) -> "_Row | Exception":
    fields = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    ends = (("lat", "lon"), ("from_lat", "from_lon"), ("to_lat", "to_lon"))
    try:
        check_cells(cells, len(names))
        points = tuple(
            Place(_number(fields, lat), _number(fields, lon)) for lat, lon in ends if fields.get(lat) or fields.get(lon)
        )
    except (InputError, ValueError) as error:
        return error
    return _Row(line, fields, "", points, None)


def _geojson(text: str, path: Path) -> Iterator[tuple[int, "_Row | Exception"]]:
    try:
        features = list(json.loads(text)["features"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("file", str(path), "a GeoJSON FeatureCollection") from error
    for number, feature in enumerate(features, 1):
        yield number, _geojson_row(number, feature)


def _geojson_row(number: int, feature: Any) -> "_Row | Exception":
    try:
        shape, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        listed = {"Point": [coordinates], "LineString": coordinates}.get(shape, [])
        pairs = [(float(lat), float(lon)) for lon, lat, *_ in listed]
        properties = dict(feature.get("properties") or {})
    except (ValueError, KeyError, TypeError, AttributeError):
        return InputError("feature", feature, "a GeoJSON Feature with [longitude, latitude] in its geometry")
    try:
        return _Row(number, properties, shape, tuple(Place(lat, lon) for lat, lon in pairs), feature)
    except ValueError as error:
        return error


def _number(fields: Mapping[str, Any], name: str, default: float | None = None) -> float:
    given = fields.get(name, "")
    if given in ("", None) and default is not None:
        return default
    try:
        return float(given)
    except (ValueError, TypeError) as error:
        raise InputError(name, given, "a number") from error


def _text(fields: Mapping[str, Any], name: str) -> str:
    given = str(fields.get(name) or "")
    if not given:
        raise InputError(name, given, "a text that is not empty")
    return given


def _camera(row: _Row) -> kinds.Record:
    camera = _text(row.fields, "camera")
    heading = _number(row.fields, "heading_deg") if row.fields.get("heading_deg") not in (None, "") else None
    return kinds.CameraRegistered(
        camera=camera,
        name=str(row.fields.get("name") or camera),
        source=_text(row.fields, "source"),
        place=row.points[0] if row.points else None,
        heading_deg=heading,
        evidence_source=str(row.fields.get("evidence_source") or "") or None,
    )


def _unit(row: _Row) -> kinds.Record:
    unit = _text(row.fields, "unit")
    if not _UNIT.fullmatch(unit):
        raise InputError("unit", unit, f"1 to {kinds.NAME_CHARS_MAX} characters in one line, without /")
    given = row.fields.get("capabilities") or ""
    listed = given.split(";") if isinstance(given, str) else map(str, given)
    return kinds.UnitRegistered(
        unit=unit,
        name=str(row.fields.get("name") or unit),
        capabilities=tuple(word.strip() for word in listed if word.strip()),
        place=row.points[0] if row.points else None,
    )


_Edge = tuple[str, str, float, float]


class _Road(NamedTuple):
    nodes: dict[str, Place]
    edges: list[_Edge]


def _road(row: _Row) -> _Road:
    if len(row.points) < 2:
        raise InputError("geometry", row.shape or "no ends", "a LineString, or from_lat, from_lon, to_lat and to_lon")
    speed_kmh = _number(row.fields, "speed_kmh", DEFAULT_SPEED_KMH)
    if not 0 < speed_kmh <= 200:
        raise InputError("speed_kmh", speed_kmh, "more than 0 and at most 200")
    one_way = str(row.fields.get("oneway") or "no").lower() in ("yes", "true", "1")
    nodes = {f"{point.lat:.6f},{point.lon:.6f}": point for point in row.points}
    names = [f"{point.lat:.6f},{point.lon:.6f}" for point in row.points]
    edges: list[_Edge] = []
    for start, end in pairwise(names):
        length_m = round(distance_m(nodes[start], nodes[end]), 1)
        edges.append((start, end, length_m, speed_kmh))
        if not one_way:
            edges.append((end, start, length_m, speed_kmh))
    return _Road(nodes, edges)


def _gather_roads(roads: Iterable[_Road], stem: str) -> Iterator[kinds.Record]:
    nodes: dict[str, Place] = {}
    edges: list[_Edge] = []
    part = 1
    for road in roads:
        if edges and len(edges) + len(road.edges) > EDGES_PER_EVENT_MAX:
            yield kinds.RoadsImported(network=f"{stem}-{part}", nodes=nodes, edges=tuple(edges))
            nodes, edges, part = {}, [], part + 1
        nodes |= road.nodes
        edges += road.edges
    yield kinds.RoadsImported(network=f"{stem}-{part}", nodes=nodes, edges=tuple(edges))


def _place(row: _Row) -> tuple[str, dict[str, Any]]:
    if row.feature is None:
        raise InputError("file", "CSV", "GeoJSON with a property `layer` for each feature")
    return _text(row.fields, "layer"), row.feature


def _gather_places(places: Iterable[tuple[str, dict[str, Any]]], stem: str) -> Iterator[kinds.Record]:
    layers: dict[str, list[dict[str, Any]]] = {}
    for layer, feature in places:
        layers.setdefault(layer, []).append(feature)
    for layer, features in layers.items():
        if len(features) > FEATURES_PER_EVENT_MAX:
            raise InputError("features", len(features), f"at most {FEATURES_PER_EVENT_MAX} in layer {layer}")
        yield kinds.MapLayerImported(layer=layer, features=tuple(features))


def _as_they_are(records: Iterable[kinds.Record], stem: str) -> Iterator[kinds.Record]:
    return iter(records)


class _Register(NamedTuple):
    """``name`` gives what a row is called, where none but it may be called so."""

    parse: Callable[[_Row], Any]
    gather: Callable[[list[Any], str], Iterator[kinds.Record]]
    name: Callable[[Any], str | None] = lambda row: None


REGISTERS: dict[str, _Register] = {
    "cameras": _Register(_camera, _as_they_are, lambda camera: camera.camera),
    "units": _Register(_unit, _as_they_are, lambda unit: unit.unit),
    "roads": _Register(_road, _gather_roads),
    "places": _Register(_place, _gather_places),
}
"""What can be imported, by the name that ``saqta import`` takes."""
