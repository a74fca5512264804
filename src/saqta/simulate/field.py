"""Units in the field: they take their orders from the board, drive along the roads and tell where they are.

Pure but for what each driver remembers of its own way: time comes in with each tick, chance from the seed.
"""

import random
from collections.abc import Iterable, Mapping
from math import atan2, degrees, hypot
from typing import NamedTuple

import numpy as np

from saqta.model.command import Context, DispatchCommand, ReportPosition, SetUnitStatus
from saqta.model.incident import Incident
from saqta.model.kinds import UnitRegistered
from saqta.model.place import Place
from saqta.model.terms import IncidentState, UnitStatus
from saqta.model.unit import Unit
from saqta.simulate.scenario import Scenario
from saqta.simulate.town.city import CENTRE, to_metres, to_place
from saqta.simulate.town.planar import Points
from saqta.simulate.town.roads import Roads

ACTOR = "saqta/field"
STARTS_AFTER_S = 2.0
"""From the order to the wheels turning."""
EMERGENCY_PACE, USUAL_PACE, PATROL_PACE = 1.45, 0.9, 0.55
"""How fast units drive, as a share of the road's speed."""
TICK_S_MAX = 2.0
"""A tick that comes later moves nobody further: a clock that jumps does not throw units across the city."""
STANDING_REPORT_S = 20.0
ROAM_M = 700.0
PAUSE_S = (6.0, 30.0)

Order = tuple[Context, DispatchCommand]


class Field:
    """All units of a scenario, where nobody else moves them; ``speed`` is how many times faster than ours their time
    passes."""

    def __init__(self, scenario: Scenario, speed: float = 1.0) -> None:
        roads = Roads(scenario.city.network)
        self._speed, self._ticked_ms = speed, 0
        self._drivers = {
            unit.unit: _Driver(unit, roads, unit.unit in scenario.roaming, scenario.seed) for unit in scenario.units
        }

    def tick(self, units: Iterable[Unit], incidents: Mapping[str, Incident], now_ms: int) -> list[Order]:
        """What the units do and tell at ``now_ms``, by unit; call it about once a second.

        ``incidents`` holds at least those that units are on. Units that the scenario does not know are left alone.
        """
        passed_s = min(TICK_S_MAX, (now_ms - self._ticked_ms) / 1000) * self._speed if self._ticked_ms else 0.0
        self._ticked_ms = now_ms
        orders: list[Order] = []
        for unit in sorted(units, key=lambda unit: unit.id):
            driver = self._drivers.get(unit.id)
            if driver is not None:
                incident = incidents.get(unit.incident or "")
                since_s = (now_ms - unit.status_ms) / 1000 * self._speed
                status = driver.live(unit, incident, since_s, passed_s)
                if driver.has_news(now_ms):
                    orders.append((_context(unit, f"position/{now_ms}", now_ms), driver.position()))
                if status is not None:
                    # The key holds the state that is left, so that a second try is the same command.
                    context = _context(unit, f"{status}/{unit.version}", now_ms)
                    orders.append((context, SetUnitStatus(unit=unit.id, status=status)))
        return orders


def _context(unit: Unit, key: str, now_ms: int) -> Context:
    return Context(actor=ACTOR, key=f"{unit.id}/{key}", now_ms=now_ms)


class _Way(NamedTuple):
    """Where a unit is going, and the nodes that are still ahead; ``behind`` is the one it left."""

    goal: str
    behind: int
    ahead: tuple[int, ...]


class _Driver:
    """One unit: where it is to the metre, and the way that it is on."""

    def __init__(self, unit: UnitRegistered, roads: Roads, roams: bool, seed: int) -> None:
        self._unit, self._roads, self._roams = unit.unit, roads, roams
        self._rng = random.Random(f"{seed}/field/{unit.unit}")
        self._home = unit.place or CENTRE
        self._at = to_metres(self._home)
        self._way: _Way | None = None
        self._heading_deg = round(self._rng.uniform(0, 359), 1)
        self._speed_ms = 0.0
        self._rest_s = self._rng.uniform(0.0, PAUSE_S[0])
        self._told: tuple[float, float, float] | None = None
        self._told_ms = 0

    def live(self, unit: Unit, incident: Incident | None, since_s: float, passed_s: float) -> UnitStatus | None:
        """Lets time pass for the unit; the status that it takes next, if it takes one."""
        if self._told is None and unit.place is not None:
            self._at = to_metres(unit.place)
        self._speed_ms = 0.0
        match unit.status:
            case UnitStatus.DISPATCHED:
                return UnitStatus.EN_ROUTE if since_s >= STARTS_AFTER_S else None
            case UnitStatus.EN_ROUTE:
                place = incident.place if incident is not None else None
                arrived = place is None or self._drive(f"to {unit.incident}", place, EMERGENCY_PACE, passed_s)
                return UnitStatus.ON_SCENE if arrived else None
            case UnitStatus.ON_SCENE:
                over = incident is not None and incident.state is IncidentState.CLOSED
                return UnitStatus.AVAILABLE if over else None
            case UnitStatus.AVAILABLE if self._roams:
                self._roam(passed_s)
            case UnitStatus.AVAILABLE:
                self._drive("home", self._home, USUAL_PACE, passed_s)
        return None

    def position(self) -> ReportPosition:
        speed_kmh, place = round(self._speed_ms * 3.6, 1), to_place(self._at)
        return ReportPosition(unit=self._unit, place=place, heading_deg=self._heading_deg, speed_kmh=speed_kmh)

    def has_news(self, now_ms: int) -> bool:
        """Whether the unit moved or stopped since it last told, or has not told for long."""
        state = float(self._at[0]), float(self._at[1]), self._speed_ms
        if state == self._told and now_ms - self._told_ms < STANDING_REPORT_S * 1000:
            return False
        self._told, self._told_ms = state, now_ms
        return True

    def _roam(self, passed_s: float) -> None:
        """Drives to some place near home, rests, and drives on."""
        self._rest_s -= passed_s
        if self._rest_s > 0:
            return
        if self._way is None or not self._way.goal.startswith("patrol"):
            home = self._roads.nearest(to_metres(self._home))
            near = np.flatnonzero(self._roads.distances_m(home) < ROAM_M)
            self._set_out(f"patrol {self._rng.random()}", int(self._rng.choice(near.tolist())))
        if self._go_on(PATROL_PACE, passed_s):
            self._way = None
            self._rest_s = self._rng.uniform(*PAUSE_S)

    def _drive(self, goal: str, place: Place, pace: float, passed_s: float) -> bool:
        """Drives towards a place; whether it is reached."""
        if self._way is None or self._way.goal != goal:
            self._set_out(goal, self._roads.nearest(to_metres(place)))
        return self._go_on(pace, passed_s)

    def _set_out(self, goal: str, node: int) -> None:
        nodes = self._roads.way(self._roads.nearest(self._at), node)
        if len(nodes) > 1 and _far_m(self._at, self._roads.nodes[nodes[1]]) < _far_m(*self._roads.nodes[nodes[:2]]):
            self._way = _Way(goal, nodes[0], tuple(nodes[1:]))
        else:
            self._way = _Way(goal, nodes[0], tuple(nodes))

    def _go_on(self, pace: float, left_s: float) -> bool:
        """Moves along the way for ``left_s``; whether its end is reached."""
        goal, behind, ahead = self._way or _Way("", 0, ())
        at = self._at
        while ahead and left_s > 0:
            target = self._roads.nodes[ahead[0]]
            far_m = _far_m(at, target)
            self._speed_ms = pace * self._roads.speed_ms(behind, ahead[0])
            if far_m > 0.1:
                self._heading_deg = round(degrees(atan2(*(target - at))) % 360, 1)
            if far_m > self._speed_ms * left_s:
                at = at + (target - at) / far_m * self._speed_ms * left_s
                break
            left_s -= far_m / self._speed_ms
            at, behind, ahead = target, ahead[0], ahead[1:]
        self._at, self._way = at, _Way(goal, behind, ahead)
        if not ahead:
            self._speed_ms = 0.0
        return not ahead


def _far_m(a: Points, b: Points) -> float:
    return hypot(b[0] - a[0], b[1] - a[1])
