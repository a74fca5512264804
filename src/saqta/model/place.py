"""Places on the earth: WGS 84, in degrees."""

from math import asin, cos, radians, sin, sqrt

import msgspec

EARTH_RADIUS_M = 6_371_008.8


class Place(msgspec.Struct, frozen=True, gc=False):
    """A point, WGS 84; ``lat`` and ``lon`` in degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"a place needs lat in -90..90 and lon in -180..180, got {self.lat}, {self.lon}")


def distance_m(a: Place, b: Place) -> float:
    """Great-circle distance in metres (haversine on the mean radius).

    >>> round(distance_m(Place(51.0, 71.0), Place(51.0, 71.01)))
    700
    """
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    chord = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))
