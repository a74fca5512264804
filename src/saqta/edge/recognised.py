"""What a model recognises in a frame: things of a class in boxes, never who somebody is."""

from typing import NamedTuple

from saqta.edge.picture.blobs import Bounds

CLASSES = ("person", "bicycle", "motorcycle", "car", "bus", "truck")
"""The classes that Saqta goes by; whatever else a model knows is passed over."""


class Recognised(NamedTuple):
    """One thing: its class, the model's score from 0 to 1, and its box in pixels of the analysed picture."""

    kind: str
    score: float
    bounds: Bounds
