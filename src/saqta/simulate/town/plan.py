"""Draws the plan of a city: its river, and its roads before they cross.

The plan is drawn in a frame of its own, (s, t): s along the river, t away from it (positive on the old bank). A smooth
warp bends that frame into metres, so that streets follow the river's bends near it and straighten further out.
"""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from saqta.simulate.town.planar import Points

Warp = Callable[[Points], Points]
"""(n, 2) of (s, t) to (n, 2) metres."""

ARTERIAL, STREET = "arterial", "street"
RIVER_HALF_M = 62.0
EMBANKMENT_M = 122.0
ISLAND, ISLAND_M = (-770.0, 4.0), (118.0, 27.0)
RING_M = (1620.0, 1330.0)
REACH_M = 3200.0
SQUARE_NAME = "Shañyraq Square"
SQUARE = (-40.0, -620.0)
SQUARE_RADIUS_M = 78.0
PARKS: tuple[tuple[str, float, float, float], ...] = (
    ("Jasyl Park", -800.0, 380.0, 235.0),
    ("Botanical Garden", 745.0, -365.0, 215.0),
    ("Qyran Park", 690.0, 905.0, 150.0),
    ("Saryjaz Park", -760.0, -880.0, 140.0),
)
"""Name, centre (s, t) and radius in metres: streets stop at them."""

_CROSSWISE = (
    ("Qobyz Avenue", -1130.0),
    ("Dombyra Avenue", -430.0),
    ("Samal Avenue", 350.0),
    ("Kökjiek Avenue", 1090.0),
)
_LENGTHWISE = (
    ("Temirjol Avenue", 1010.0),
    ("Ustalar Avenue", 545.0),
    ("Jibek Avenue", -620.0),
    ("Aspan Avenue", -1060.0),
)
_STREET_NAMES = (
    "Almaly", "Arman", "Bulaq", "Dala", "Egemen", "Gülder", "Jañbyr", "Jelken", "Kerege", "Kögershin", "Küreñ", "Merey",
    "Naiza", "Orman", "Qaiyñ", "Qarlygash", "Qoñyr", "Qoyma", "Saiabaq", "Shañyraq", "Shapagat", "Tañsholpan", "Terek",
    "Tulpar", "Tumsyq", "Üirek", "Ushqyn", "Jusan", "Zerger", "Zhelsiz",
)  # fmt: skip


class Road(NamedTuple):
    """A road as it is drawn: its line in metres, ``arterial`` or ``street``, and its name."""

    line: Points
    kind: str
    name: str


class Plan(NamedTuple):
    """``to_metres`` bends (s, t) into metres; ``river``, ``island`` in it and ``ring`` (inside the
    ring road) are rings in metres."""

    to_metres: Warp
    river: Points
    island: Points
    ring: Points
    roads: tuple[Road, ...]


def plan(rng: random.Random) -> Plan:
    """The plan of a seed."""
    warp = _warp(rng)
    reach = np.arange(-REACH_M, REACH_M + 1, 40.0)
    swell = 12 * np.sin(reach / 190) + 6 * np.sin(reach / 77 + 1) + 26 * np.exp(-(((reach - ISLAND[0]) / 230) ** 2))
    banks = RIVER_HALF_M + swell
    river = np.vstack([np.column_stack([reach, banks]), np.column_stack([reach, -banks])[::-1]])
    return Plan(
        warp, warp(river), warp(_circle(ISLAND, ISLAND_M)), warp(_ring()), (*_arterials(warp), *_streets(warp, rng))
    )


def _warp(rng: random.Random) -> Warp:
    bend = [rng.uniform(0.7, 1.3) for _ in range(3)]
    phase = [rng.uniform(-0.5, 0.5) for _ in range(4)]

    def to_metres(places: Points) -> Points:
        s, t = places.T
        meander = 185 * bend[0] * np.sin(s / 610 + 0.4 + phase[0]) + 60 * bend[1] * np.sin(s / 255 + phase[1])
        y = t + meander * np.exp(-((t / 900) ** 2)) + 38 * np.sin(s / 540 + phase[3])
        x = s + 48 * bend[2] * np.sin(t / 560 + phase[2])
        turn = np.radians(-13)
        return np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])

    return to_metres


def _arterials(warp: Warp) -> list[Road]:
    roads = [
        Road(warp(_straight((-1700, EMBANKMENT_M), (1700, EMBANKMENT_M))), ARTERIAL, "Old Embankment"),
        Road(warp(_straight((-1700, -EMBANKMENT_M), (1700, -EMBANKMENT_M))), ARTERIAL, "New Embankment"),
        Road(warp(_ring()), ARTERIAL, "Ring Road"),
        Road(warp(_circle(SQUARE, (SQUARE_RADIUS_M, SQUARE_RADIUS_M))), ARTERIAL, SQUARE_NAME),
        Road(warp(_straight((SQUARE[0], -EMBANKMENT_M), (SQUARE[0], -1334))), ARTERIAL, "Kün Boulevard"),
        Road(warp(_straight((350, EMBANKMENT_M), (1090, 1010))), ARTERIAL, "Bazaar Avenue"),
        Road(warp(_straight((-1130, -EMBANKMENT_M), (-430, -1060))), ARTERIAL, "Tumar Avenue"),
    ]
    roads += [Road(warp(_straight((s, -REACH_M), (s, REACH_M))), ARTERIAL, name) for name, s in _CROSSWISE]
    roads += [Road(warp(_straight((-REACH_M, t), (REACH_M, t))), ARTERIAL, name) for name, t in _LENGTHWISE]
    return roads


def _streets(warp: Warp, rng: random.Random) -> list[Road]:
    names = list(_STREET_NAMES)
    rng.shuffle(names)
    roads = []
    for bank, spacing in ((1, (92, 128)), (-1, (112, 158))):
        bounds = bank * EMBANKMENT_M, bank * (RING_M[1] + 420)
        for s in _spaced(-2300, 2300, spacing, [s for _, s in _CROSSWISE] + [SQUARE[0]] * (bank < 0), rng):
            roads.append(_street(warp, (s, bounds[0]), (s, bounds[1]), names, rng))
        fixed = [abs(t) for _, t in _LENGTHWISE if t * bank > 0]
        for t in _spaced(EMBANKMENT_M, RING_M[1] + 420, spacing, [*fixed, EMBANKMENT_M], rng):
            roads.append(_street(warp, (-2300, bank * t), (2300, bank * t), names, rng))
    return roads


def _street(
    warp: Warp, start: tuple[float, float], end: tuple[float, float], names: list[str], rng: random.Random
) -> Road:
    names.append(names.pop(0))
    line = _straight(start, end)
    sway = rng.uniform(4, 13) * np.sin(np.linspace(0, rng.uniform(6, 14), len(line)) + rng.uniform(0, 6))
    across = (line[-1] - line[0])[::-1] / np.hypot(*(line[-1] - line[0]))
    return Road(warp(line + sway[:, None] * across), STREET, f"{names[-1]} Street")


def _spaced(
    low: float, high: float, spacing: tuple[float, float], fixed: list[float], rng: random.Random
) -> list[float]:
    """Places from ``low`` to ``high`` that fill the gaps between the ``fixed`` ones evenly, about ``spacing`` apart."""
    bounds = sorted({low, *fixed, high})
    places = []
    for start, end in pairwise(bounds):
        parts = max(1, round((end - start) / rng.uniform(*spacing)))
        places += [start + (end - start) * (part + rng.uniform(-0.09, 0.09)) / parts for part in range(1, parts)]
    return places


def _straight(start: tuple[float, float], end: tuple[float, float]) -> Points:
    """A line drawn a little beyond both ends, so that it crosses what it meets; points about 30 m apart."""
    a, b = np.array(start, dtype=np.float64), np.array(end, dtype=np.float64)
    over = (b - a) / np.hypot(*(b - a)) * 6
    count = max(2, int(np.hypot(*(b - a)) / 30))
    line: Points = np.linspace(a - over, b + over, count)
    return line


def _circle(centre: tuple[float, float], radii: tuple[float, float]) -> Points:
    turn = np.linspace(0, 2 * np.pi, max(24, int(radii[0] / 5)))
    circle: Points = np.array(centre) + np.column_stack([np.cos(turn), np.sin(turn)]) * np.array(radii)
    return circle


def _ring() -> Points:
    """The ring road: an ellipse that gives way to what was there before it."""
    turn = np.linspace(0, 2 * np.pi, 220)
    give = 1 + 0.05 * np.sin(2 * turn + 0.6) + 0.035 * np.sin(3 * turn + 2) + 0.015 * np.sin(5 * turn)
    ring: Points = give[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]) * np.array(RING_M)
    return ring
