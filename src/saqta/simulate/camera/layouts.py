"""The grounds that simulated cameras look at: a depot, an avenue, a quay and a square."""

from itertools import pairwise
from math import cos, pi, sin

from saqta.simulate.camera.layout import Area, Box, Fence, Flow, Lamp, Layout, Ring, Stripe, Tree, Wall
from saqta.simulate.camera.lens import Lens

_CARS = ("car", "car", "car", "car", "van")
_TRAFFIC = ("car", "car", "car", "car", "van", "car", "bus", "truck")
_WALK_MS = (1.05, 1.7)


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> Ring:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _circle(x: float, y: float, radius_m: float) -> Ring:
    turns = [2 * pi * part / 16 for part in range(16)]
    return tuple((x + radius_m * cos(turn), y + radius_m * sin(turn)) for turn in turns)


def _grid(
    material: str, x0: float, y0: float, x1: float, y1: float, step_m: float, width_m: float
) -> tuple[Stripe, ...]:
    """Seams of slabs."""
    columns = [x0 + step_m * i for i in range(1, int((x1 - x0) / step_m))]
    rows = [y0 + step_m * i for i in range(1, int((y1 - y0) / step_m))]
    return (
        *(Stripe(material, ((x, y0), (x, y1)), width_m) for x in columns),
        *(Stripe(material, ((x0, y), (x1, y)), width_m) for y in rows),
    )


DEPOT = Layout(
    lens=Lens(7.2, 15.5, 600.0),
    sun=(0.85, 0.25),
    areas=(
        Area("grass", _rectangle(-200, 5, 200, 160)),
        Area("paving", _rectangle(-80, 6, 80, 11.2)),
        Area("asphalt", _rectangle(-80, 11.4, 80, 18.4)),
        Area("kerb", _rectangle(-80, 18.4, 80, 18.65)),
        Area("paving", _rectangle(-80, 18.65, 80, 22.2)),
        Area("concrete", _rectangle(-17, 22.2, 18, 44)),
        Area("asphalt", _rectangle(-2.6, 18.4, 2.6, 22.4)),
    ),
    stripes=(
        *_grid("seam", -17, 22.4, 18, 44, 5.0, 0.07),
        *(Stripe("seam", ((x / 2, 18.7), (x / 2, 22.2)), 0.03) for x in range(-36, 37, 3) if abs(x) > 5),
        Stripe("white", ((-80, 14.9), (80, 14.9)), 0.14, (2.4, 3.2)),
        Stripe("white", ((-80, 11.7), (80, 11.7)), 0.12),
        Stripe("yellow", ((-2.6, 22.9), (2.6, 22.9)), 0.28),
    ),
    standing=(
        Wall("brick", (-60, 58), (-19, 52), 11.0),
        Wall("warehouse", (-17, 45), (18, 45), 7.4),
        Wall("panel", (21, 50), (60, 62), 15.0),
        Tree((-22, 33), 8.5),
        Tree((-26, 40), 10.0),
        Tree((21.5, 30), 7.5),
        Tree((25, 37), 9.0),
        Box("container_blue", (-16.2, 36.5), (6.1, 2.5, 2.6)),
        Box("container_rust", (-15.6, 40.2), (6.1, 2.5, 2.6)),
        Box("container_green", (10.6, 34.0), (6.1, 2.5, 2.6)),
        Box("crate", (13.0, 28.2), (1.3, 1.1, 1.0)),
        Box("crate", (11.4, 28.6), (1.2, 1.1, 0.8)),
        Fence("mesh", ((-17, 22.3), (-2.6, 22.3)), 1.9),
        Fence("mesh", ((2.6, 22.3), (18, 22.3)), 1.9),
        Fence("mesh", ((-17, 22.3), (-17, 44)), 1.9),
        Fence("mesh", ((18, 22.3), (18, 44)), 1.9),
        Lamp((-9.5, 18.9), 7.0, -1.6),
        Lamp((12.5, 18.9), 7.0, -1.6),
    ),
    flows=(
        Flow(_CARS, ((-40, 13.2), (40, 13.2)), (10.0, 10.0), 6.0, 0.55),
        Flow(_CARS, ((44, 16.7), (-44, 16.7)), (11.0, 11.0), 7.0, 0.55),
        Flow(("person",), ((-24, 20.3), (24, 20.3)), _WALK_MS, 9.0, 0.6, 0.9),
        Flow(("person",), ((24, 20.3), (-24, 20.3)), _WALK_MS, 11.0, 0.6, 0.9),
    ),
    zones={"yard": _rectangle(-13.5, 23.4, 13.5, 42.5)},
    restricted=("yard",),
    entry=((-15.0, 20.6), (-1.2, 20.9), (0.2, 23.0)),
    haunt=(-7.5, 25.5, 8.0, 32.0),
    lines={"street": ((0.0, 22.0), (0.0, 11.2))},
)

AVENUE = Layout(
    lens=Lens(7.8, 13.0, 560.0),
    sun=(-0.7, 0.35),
    areas=(
        Area("grass", _rectangle(-200, 5, 200, 400)),
        Area("asphalt", _rectangle(-7.2, 4, 7.2, 400)),
        Area("kerb", _rectangle(-7.5, 4, -7.2, 400)),
        Area("kerb", _rectangle(7.2, 4, 7.5, 400)),
        Area("paving", _rectangle(-11.2, 4, -7.5, 400)),
        Area("paving", _rectangle(7.5, 4, 12.2, 400)),
        Area("sand", _rectangle(7.9, 21.2, 12.0, 34.5)),
        Area("paving", _rectangle(-17, 4, -13.5, 400)),
        Area("paving", _rectangle(14.5, 4, 17, 400)),
    ),
    stripes=(
        Stripe("white", ((-0.09, 4), (-0.09, 220)), 0.12),
        Stripe("white", ((0.19, 4), (0.19, 220)), 0.12),
        Stripe("white", ((3.6, 4), (3.6, 160)), 0.12, (3.0, 4.5)),
        Stripe("white", ((-3.6, 4), (-3.6, 160)), 0.12, (3.0, 4.5)),
        *(
            Stripe("white", ((x, 36.0), (x, 39.6)), 0.45)
            for x in (-6.5, -5.4, -4.3, -3.2, -2.1, -1.0, 1.1, 2.2, 3.3, 4.4, 5.5, 6.6)
        ),
        *(Stripe("seam", ((-11.2, y / 2), (-7.5, y / 2)), 0.03) for y in range(18, 90, 3)),
        *(Stripe("seam", ((7.5, y / 2), (12.2, y / 2)), 0.03) for y in range(18, 90, 3)),
    ),
    standing=(
        Wall("panel", (-17, 30), (-17, 62), 22.0),
        Wall("brick", (-17, 68), (-17, 110), 17.0),
        Wall("glass", (-17, 118), (-17, 190), 34.0),
        Wall("stone", (17, 70), (17, 33), 19.0),
        Wall("panel", (17, 118), (17, 76), 24.0),
        Wall("glass", (17, 200), (17, 124), 46.0),
        Wall("glass", (-26, 300), (-4, 300), 42.0),
        Wall("panel", (4, 280), (30, 280), 30.0),
        *(Tree((-12.3, y), 6.8 + (y * 7 % 5) / 3) for y in (25.0, 34.0, 43.0, 53.0, 64.0, 76.0, 90.0)),
        *(Tree((13.3, y), 6.5 + (y * 5 % 7) / 4) for y in (36.0, 45.0, 55.0, 66.0, 78.0, 92.0)),
        Fence("barrier", ((7.9, 21.2), (7.9, 34.5)), 1.0),
        Fence("barrier", ((7.9, 34.5), (12.0, 34.5)), 1.0),
        Fence("barrier", ((12.0, 21.2), (12.0, 34.5)), 1.0),
        Box("crate", (9.9, 32.3), (1.5, 1.2, 0.9)),
        Lamp((-7.9, 30), 9.0, 2.2),
        Lamp((-7.9, 58), 9.0, 2.2),
        Lamp((7.9, 44), 9.0, -2.2),
        Lamp((7.9, 72), 9.0, -2.2),
    ),
    flows=(
        Flow(_TRAFFIC, ((1.95, -6), (1.95, 150)), (11.5, 11.5), 5.0, 0.5),
        Flow(_TRAFFIC, ((5.4, -6), (5.4, 150)), (9.5, 9.5), 7.0, 0.5),
        Flow(_TRAFFIC, ((-1.95, 150), (-1.95, -6)), (11.5, 11.5), 6.0, 0.55),
        Flow(_TRAFFIC, ((-5.4, 150), (-5.4, -6)), (9.5, 9.5), 8.0, 0.5),
        Flow(("person",), ((-9.3, 8), (-9.3, 75)), _WALK_MS, 14.0, 0.6, 1.2),
        Flow(("person",), ((-9.3, 75), (-9.3, 8)), _WALK_MS, 12.0, 0.6, 1.2),
    ),
    zones={"works": _rectangle(8.0, 21.6, 11.9, 34.2)},
    restricted=("works",),
    entry=((10.0, 13.0), (10.0, 20.4)),
    haunt=(8.7, 22.6, 11.3, 30.5),
    lines={"avenue": ((-7.0, 22.0), (7.0, 22.0))},
)

QUAY = Layout(
    lens=Lens(6.4, 14.0, 580.0),
    sun=(0.6, 0.5),
    areas=(
        Area("water", _rectangle(-300, 5, 300, 600)),
        Area("grass", _rectangle(-260, 190, 260, 230)),
        Area("stone", _rectangle(-5.6, 4, 5.6, 190)),
        Area("grass", _rectangle(5.6, 4, 60, 190)),
        Area("asphalt", _rectangle(11, 4, 18, 190)),
        Area("kerb", _rectangle(10.7, 4, 11, 190)),
        Area("planks", _rectangle(-14.5, 18.5, -5.6, 27.0)),
    ),
    stripes=(
        *_grid("seam", -5.6, 8, 5.6, 60, 1.6, 0.04),
        *(Stripe("seam", ((-14.5, y / 2), (-5.6, y / 2)), 0.05) for y in range(37, 54)),
        Stripe("white", ((14.5, 4), (14.5, 160)), 0.12, (2.4, 3.2)),
        Stripe("kerb", ((5.5, 4), (5.5, 120)), 0.25),
        Stripe("kerb", ((-5.5, 4), (-5.5, 120)), 0.35),
    ),
    standing=(
        Wall("far_bank", (-230, 232), (230, 232), 9.0),
        *(
            Wall("skyline", (x, 236), (x + w, 236), h)
            for x, w, h in (
                (-96, 15, 34),
                (-72, 11, 52),
                (-55, 18, 27),
                (-20, 12, 43),
                (2, 20, 24),
                (30, 12, 60),
                (48, 22, 32),
                (86, 14, 40),
            )
        ),
        *(Tree((8.3, y), 6.4 + (y * 3 % 5) / 3) for y in (22.0, 31.0, 40.5, 50.0, 60.0, 72.0, 86.0)),
        *(Tree((21.5, y), 9.0) for y in (30.0, 42.0, 56.0, 70.0)),
        Fence("railing", ((-5.5, 6), (-5.5, 20.0)), 1.1),
        Fence("railing", ((-5.5, 24.0), (-5.5, 90)), 1.1),
        Fence("railing", ((-14.3, 26.8), (-5.6, 26.8)), 1.1),
        Fence("chain", ((-14.3, 18.6), (-14.3, 26.8)), 0.9),
        Fence("chain", ((-5.5, 20.0), (-5.5, 24.0)), 0.8),
        Box("crate", (-13.6, 24.6), (1.6, 1.2, 0.8)),
        Lamp((5.2, 26), 5.0, 0.0),
        Lamp((5.2, 44), 5.0, 0.0),
        Lamp((5.2, 64), 5.0, 0.0),
    ),
    flows=(
        Flow(("person",), ((-1.6, 7), (-1.6, 70)), _WALK_MS, 9.0, 0.6, 1.9),
        Flow(("person",), ((1.8, 70), (1.8, 7)), _WALK_MS, 9.0, 0.6, 1.9),
        Flow(_TRAFFIC, ((12.8, 120), (12.8, -4)), (11.0, 11.0), 6.0, 0.45),
        Flow(_TRAFFIC, ((16.2, -4), (16.2, 120)), (11.0, 11.0), 7.0, 0.45),
    ),
    zones={"landing": _rectangle(-14.0, 18.9, -6.0, 26.5)},
    restricted=("landing",),
    entry=((-1.0, 14.0), (-3.4, 21.5), (-5.9, 22.1)),
    haunt=(-12.6, 20.2, -7.4, 24.6),
    lines={"promenade": ((-5.2, 16.5), (5.2, 16.5))},
)

SQUARE = Layout(
    lens=Lens(9.0, 17.0, 600.0),
    sun=(-0.9, 0.2),
    areas=(
        Area("stone", _rectangle(-200, 5, 200, 66)),
        Area("asphalt", _rectangle(-200, 66, 200, 76)),
        Area("paving", _rectangle(-200, 76, 200, 84)),
        Area("grass", _rectangle(-200, 84, 200, 300)),
        Area("granite", _circle(0, 33, 9.4)),
        Area("grass", _circle(0, 33, 8.6)),
        Area("granite", _circle(0, 36, 3.0)),
    ),
    stripes=(
        *_grid("seam", -40, 10, 40, 66, 2.0, 0.04),
        Stripe("kerb", ((-200, 66), (200, 66)), 0.35),
        Stripe("white", ((-90, 71), (90, 71)), 0.14, (2.4, 3.2)),
    ),
    standing=(
        Wall("stone", (-70, 92), (-24, 92), 17.0),
        Wall("glass", (-21, 96), (4, 96), 30.0),
        Wall("panel", (8, 92), (34, 92), 21.0),
        Wall("brick", (37, 92), (80, 92), 15.0),
        *(
            Tree((x, 80.0), 6.0 + (x * 3 % 5) / 3)
            for x in (-44.0, -35.0, -26.0, -17.0, -8.0, 9.0, 18.0, 27.0, 36.0, 45.0)
        ),
        *(Tree((x, 56.0), 6.5) for x in (-30.0, -22.0, 22.0, 30.0)),
        Box("plinth", (-1.3, 34.8), (2.6, 2.4, 1.5)),
        Box("obelisk", (-0.55, 35.5), (1.1, 1.0, 8.2)),
        Box("kiosk", (-17.5, 43.0), (3.6, 2.6, 2.7)),
        Box("crate", (11.6, 25.2), (2.2, 0.6, 0.5)),
        Box("crate", (-13.8, 25.2), (2.2, 0.6, 0.5)),
        *(Fence("chain", pair, 0.6) for pair in pairwise(_circle(0, 33, 8.9)[:16] + _circle(0, 33, 8.9)[:1])),
        Lamp((-11.5, 30.0), 5.0, 0.0),
        Lamp((11.5, 30.0), 5.0, 0.0),
        Lamp((-13.0, 46.0), 5.0, 0.0),
        Lamp((13.0, 46.0), 5.0, 0.0),
    ),
    flows=(
        Flow(("person",), ((-22, 19.5), (22, 20.5)), _WALK_MS, 9.0, 0.6, 1.6),
        Flow(("person",), ((26, 45.5), (-26, 44.5)), _WALK_MS, 9.0, 0.6, 1.4),
        Flow(("person",), ((13.5, 66), (11.8, 34), (17, 14)), _WALK_MS, 14.0, 0.6, 0.8),
        Flow(("person",), ((-24, 16), (-11.4, 33), (-12.5, 64)), _WALK_MS, 14.0, 0.6, 0.8),
        Flow(_TRAFFIC, ((-75, 68.4), (75, 68.4)), (11.0, 11.0), 5.0, 0.5),
        Flow(_TRAFFIC, ((75, 73.6), (-75, 73.6)), (11.0, 11.0), 6.0, 0.5),
    ),
    zones={"lawn": _circle(0, 33, 8.2)},
    restricted=("lawn",),
    entry=((3.0, 19.0), (3.4, 23.6), (3.2, 25.8)),
    haunt=(-4.6, 26.6, 5.0, 31.5),
    lines={"steps": ((-11.0, 22.5), (11.0, 22.5))},
    forgetful=((-22.0, 16.5), (-4.2, 17.4), (20.0, 15.8)),
)

LAYOUTS = {"depot": DEPOT, "avenue": AVENUE, "quay": QUAY, "square": SQUARE}
