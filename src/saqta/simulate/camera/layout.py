"""What a camera's ground looks like: records that the layouts are written in.

Places are (x, y) on the ground before the camera, x to its right, y ahead, in metres.
"""

from typing import NamedTuple

from saqta.simulate.camera.lens import Lens

Spot = tuple[float, float]
Ring = tuple[Spot, ...]
Rectangle = tuple[float, float, float, float]


class Area(NamedTuple):
    """Ground of one material: a key of ``materials.GROUND``."""

    material: str
    ring: Ring


class Stripe(NamedTuple):
    """Paint or a seam on the ground; ``dash_m`` is the length of a dash and of the gap after it."""

    material: str
    points: Ring
    width_m: float
    dash_m: tuple[float, float] | None = None


class Wall(NamedTuple):
    """An upright face from ``start`` to ``end``, left to right as the camera sees it; a key of ``materials.FRONTS``."""

    facade: str
    start: Spot
    end: Spot
    height_m: float


class Fence(NamedTuple):
    """Something low to see over or through: ``mesh``, ``barrier``, ``railing`` or ``chain``."""

    style: str
    points: Ring
    height_m: float


class Box(NamedTuple):
    """A block that stands on the ground: a container, a hut, a plinth. ``corner`` is its near left one."""

    material: str
    corner: Spot
    size_m: tuple[float, float, float]


class Tree(NamedTuple):
    spot: Spot
    height_m: float


class Lamp(NamedTuple):
    """A street lamp; ``arm_m`` reaches to the right, to the left where it is negative."""

    spot: Spot
    height_m: float
    arm_m: float


Standing = Wall | Fence | Box | Tree | Lamp


class Flow(NamedTuple):
    """A way that actors take: every ``every_s`` there is a slot, and one comes with probability ``share``.

    ``kinds`` are drawn from; ``spread_m`` is how far to either side they keep.
    """

    kinds: tuple[str, ...]
    points: Ring
    speed_ms: tuple[float, float]
    every_s: float
    share: float
    spread_m: float = 0.0


class Visits(NamedTuple):
    """When somebody enters what is restricted: first at ``first_s``, then about every ``every_s``; each lingers
    ``stay_s`` (from, to)."""

    first_s: float
    every_s: float
    stay_s: tuple[float, float] = (9.0, 16.0)


class Leavings(NamedTuple):
    """When somebody leaves a suitcase: first at ``first_s``, then every ``every_s``; ``rest_s`` later they come back
    for it."""

    first_s: float
    every_s: float
    rest_s: float


class Layout(NamedTuple):
    """One camera's ground, with its zones, the way of those who enter what is restricted, and its counting lines.

    ``entry`` leads from outside to the edge of ``haunt`` (x0, y0, x1, y1), where an intruder lingers; ``sun`` is how
    far a metre of height throws its shadow. ``forgetful`` is the way of those who leave a suitcase in its middle.
    Lines are seen from the camera, from their first to their second point.
    """

    lens: Lens
    sun: Spot
    areas: tuple[Area, ...]
    stripes: tuple[Stripe, ...]
    standing: tuple[Standing, ...]
    flows: tuple[Flow, ...]
    zones: dict[str, Ring]
    restricted: tuple[str, ...]
    entry: Ring
    haunt: Rectangle
    lines: dict[str, tuple[Spot, Spot]]
    forgetful: Ring = ()
