"""The city: its roads and its map."""

from typing import Any

from saqta.model.kinds.record import Record
from saqta.model.place import Place


class RoadsImported(Record, frozen=True, kw_only=True):
    """A part of the road graph. ``nodes`` by id; each edge is (from, to, length_m, speed_kmh), one-way."""

    network: str
    nodes: dict[str, Place]
    edges: tuple[tuple[str, str, float, float], ...]


class MapLayerImported(Record, frozen=True, kw_only=True):
    """A layer of the base map as GeoJSON features: ``water``, ``park``, ``building``, ``road``, ``district``."""

    layer: str
    features: tuple[dict[str, Any], ...]
