"""The base map: GeoJSON (RFC 7946) by layer, so that no tile is fetched from outside."""

from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import Header, Response
from pydantic import BaseModel

from saqta.views.tables import MAP_LAYERS
from saqta.web.access import guarded_router
from saqta.web.ports import PortsOf
from saqta.web.present import json_bytes

LAYERS = ("water", "park", "building", "road", "district")

router = guarded_router("city")


class FeatureCollection(BaseModel):
    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


@router.get("/api/v1/map", response_model=dict[str, FeatureCollection])
def read_map(ports: PortsOf, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Every layer, also those that nothing was imported for; with an `ETag`, since it seldom changes."""
    features = dict.fromkeys(LAYERS, ()) | {key: layer.features for key, layer in ports.tables.scan(MAP_LAYERS)}
    content = json_bytes(
        {layer: {"type": "FeatureCollection", "features": of_layer} for layer, of_layer in features.items()}
    )
    headers = {"etag": f'"{sha256(content).hexdigest()[:32]}"', "cache-control": "private, no-cache"}
    if if_none_match == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")
