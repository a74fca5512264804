"""The city's map, its units, and the system's own state."""

from typing import Any

from saqta.model.step import Table
from saqta.model.unit import Unit
from saqta.views.tables.row import Row

PUT_ASIDE_SHOWN_MAX = 20
"""The status lists the reasons of this many of the newest events put aside."""


class MapLayer(Row, frozen=True, kw_only=True):
    """A layer of the base map, as GeoJSON features."""

    layer: str
    features: tuple[dict[str, Any], ...]


class PutAside(Row, frozen=True, kw_only=True):
    """An event that a step could not take."""

    step: str
    seq: int
    reason: str
    time_ms: int


class Status(Row, frozen=True, kw_only=True):
    """The system's own state; the newest event is the newest one of a kind that this version knows."""

    put_aside: int = 0
    put_aside_last: tuple[PutAside, ...] = ()
    refused: int = 0
    newest_seq: int = 0
    newest_ms: int = 0


class Tally(Row, frozen=True, kw_only=True):
    """How many events of a type there are."""

    count: int


UNITS = Table("units", Unit)
"""By unit."""

STATUS = Table("status", Status)
"""One row, under SYSTEM."""

MAP_LAYERS = Table("map_layers", MapLayer)
"""By layer."""

TALLY = Table("tally", Tally)
"""By CloudEvents type."""
