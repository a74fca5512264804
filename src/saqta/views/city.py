"""Folds of the base map: a layer that is imported again takes the place of the one before."""

from collections.abc import Iterator

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import MAP_LAYERS, Changes, MapLayer


def _imported(tables: Tables, recorded: Recorded, record: kinds.MapLayerImported) -> Iterator[Change]:
    yield MAP_LAYERS.put(record.layer, MapLayer(layer=record.layer, features=record.features))


FOLDS: dict[type[kinds.Record], Changes] = {kinds.MapLayerImported: _imported}
