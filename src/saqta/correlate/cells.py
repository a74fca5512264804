"""The earth in cells, so that what is near a place is found by a few keys.

Rows of cells run along the parallels; each has a whole number of them, so that the last one meets the first.
"""

from math import cos, degrees, floor, pi, radians

from saqta.model.place import EARTH_RADIUS_M, Place

CELL_M = 450.0
"""A cell is at least this high and this wide."""

NEAR_MAX_M = 200.0
"""So far ``cells_near`` reaches, less than half a cell: corners, sides and middle of the square around a place then
touch every cell that the square touches."""

_ROWS = floor(pi * EARTH_RADIUS_M / CELL_M)
_POLAR_CELLS = 8


def cell_of(place: Place) -> str:
    """The key of the cell that a place lies in."""
    row = _row(place.lat)
    return _key(row, _column(place.lon, _columns(row)))


def cells_near(place: Place, radius_m: float) -> tuple[str, ...]:
    """The keys of the cells that hold every place within ``radius_m`` (at most NEAR_MAX_M): 1 to 4 but at the poles."""
    reach_deg = degrees(radius_m / EARTH_RADIUS_M)
    keys: dict[str, None] = {}
    for lat in (place.lat - reach_deg, place.lat, place.lat + reach_deg):
        row = _row(lat)
        columns = _columns(row)
        if columns <= _POLAR_CELLS:
            near = set(range(columns))
        else:
            reach_lon_deg = reach_deg / cos(radians(abs(place.lat) + reach_deg))
            near = {_column(place.lon + side * reach_lon_deg, columns) for side in (-1, 0, 1)}
        keys |= dict.fromkeys(_key(row, column) for column in near)
    return tuple(keys)


def _row(lat: float) -> int:
    return min(max(floor((lat + 90) / 180 * _ROWS), 0), _ROWS - 1)


def _columns(row: int) -> int:
    """How many cells stand in a row: as many as are CELL_M wide where it is narrowest."""
    towards_pole_deg = max(abs(edge / _ROWS * 180 - 90) for edge in (row, row + 1))
    return max(1, floor(2 * pi * EARTH_RADIUS_M * cos(radians(towards_pole_deg)) / CELL_M))


def _column(lon: float, columns: int) -> int:
    return floor((lon + 180) / 360 * columns) % columns


def _key(row: int, column: int) -> str:
    return f"{row}.{column}"
