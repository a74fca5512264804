"""Cells: whatever is near is in one of the few cells that are looked at, at the date line and the poles, too."""

from math import cos, degrees, radians

from hypothesis import assume, example, given
from hypothesis import strategies as st

from saqta.correlate.cells import CELL_M, NEAR_MAX_M, cell_of, cells_near
from saqta.model.place import EARTH_RADIUS_M, Place, distance_m

SHARE = st.floats(-1, 1)


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), north=SHARE, east=SHARE, radius_m=st.floats(0, NEAR_MAX_M))
@example(lat=51.0, lon=180.0, north=0.0, east=1.0, radius_m=NEAR_MAX_M)
@example(lat=89.9999, lon=10.0, north=1.0, east=1.0, radius_m=NEAR_MAX_M)
def test_what_is_near_lies_in_a_cell_that_is_looked_at(
    lat: float, lon: float, north: float, east: float, radius_m: float
) -> None:
    here = Place(lat, lon)
    reach = degrees(radius_m / EARTH_RADIUS_M)
    beside = lon + east * min(reach / max(cos(radians(lat)), 1e-9), 180)
    there = Place(min(max(lat + north * reach, -90), 90), (beside + 180) % 360 - 180)
    assume(distance_m(here, there) <= radius_m)
    assert cell_of(there) in cells_near(here, radius_m)


@given(lat=st.floats(-89.9, 89.9), lon=st.floats(-180, 180))
def test_few_cells_are_near(lat: float, lon: float) -> None:
    near = cells_near(Place(lat, lon), NEAR_MAX_M)
    assert len(near) == len(set(near)) <= 4


def test_places_further_apart_than_a_cell_is_wide_are_told_apart() -> None:
    here, there = Place(51.0, 71.0), Place(51.0, 71.0 + 3 * CELL_M / 69_830)
    assert cell_of(there) not in cells_near(here, NEAR_MAX_M)
