"""Moments and places at their edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.model.errors import ContentConflict, InputError
from saqta.model.moment import from_datetime, from_text, to_datetime, to_text, zone_from_text
from saqta.model.place import Place, distance_m

PLACES = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180))


EAST, WEST = timezone(timedelta(hours=5)), timezone(-timedelta(hours=11))


@given(st.integers(-62_000_000_000_000, 253_000_000_000_000), st.integers(0, 999), st.sampled_from([UTC, EAST, WEST]))
def test_a_moment_comes_back_to_the_millisecond(moment_ms: int, microseconds: int, zone: timezone) -> None:
    moment = to_datetime(moment_ms) + timedelta(microseconds=microseconds)
    assert from_datetime(moment.astimezone(zone)) == moment_ms
    assert from_text(to_text(moment_ms)) == moment_ms
    assert from_text(moment.astimezone(zone).isoformat()) == moment_ms


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=EAST), datetime(9999, 12, 31, 23, tzinfo=WEST)])
def test_a_moment_outside_of_our_years_is_bad_input(moment: datetime) -> None:
    with pytest.raises(InputError, match=r"received: got .* within the years 1 to 9999"):
        from_datetime(moment, "received")


@pytest.mark.parametrize("text", ["2026-01-31T08:00:00", "2026-01-31", "8 o'clock", "", "2026-02-30T00:00:00Z"])
def test_a_text_that_is_no_moment_is_bad_input(text: str) -> None:
    with pytest.raises(InputError, match="until: got"):
        from_text(text, "until")


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (-91, 0), (0, 181), (0, -181), (float("nan"), 0), (0, float("inf"))])
def test_a_place_off_the_earth_is_none(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="a place needs lat"):
        Place(lat, lon)


@given(PLACES, PLACES)
def test_distances_are_those_of_a_sphere(a: Place, b: Place) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))
    assert 0 <= distance_m(a, b) <= 20_015_200
    assert distance_m(a, a) == 0


def test_a_known_distance() -> None:
    assert distance_m(Place(51.1282, 71.4304), Place(43.2380, 76.9450)) == pytest.approx(972_000, rel=0.005)


def test_a_long_value_is_shown_in_part() -> None:
    error = InputError("field", "x" * 200, "less")
    assert len(str(error)) < 120
    assert "..." in str(error)
    assert error.given == "x" * 200


def test_a_conflict_names_the_event() -> None:
    assert str(ContentConflict("/x", "e1")) == "event e1 of /x is already recorded with other content"


def test_a_zone_is_an_offset() -> None:
    assert str(zone_from_text("-03:30")) == "UTC-03:30"
    with pytest.raises(InputError, match="zone: got 'Astana'"):
        zone_from_text("Astana")
