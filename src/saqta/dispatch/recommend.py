"""Who should go, and why, in words: the nearest unit that is free and able, the runners-up, and those passed over."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from saqta.dispatch.needs import NEEDS
from saqta.dispatch.tables import Fleet, Scene
from saqta.dispatch.travel import Roads, ways
from saqta.model.kinds import Candidate, RecommendationMade
from saqta.model.moment import duration_text
from saqta.model.place import Place, distance_m
from saqta.model.terms import UnitStatus
from saqta.model.unit import Unit

RUNNERS_UP_MAX = 4
PASSED_OVER_MAX = 3
"""So many units that are nearer than the one recommended, but can't go, are named with the reason."""


class Option(NamedTuple):
    """A unit, its way to the scene (``distance_m`` is the straight line), and why it can't go; None when it can."""

    unit: Unit
    travel_s: float
    by_road: bool
    distance_m: float
    passed_over: str | None


def recommend(scene: Scene, fleet: Fleet, units: Sequence[Unit], roads: Roads | None) -> RecommendationMade:
    """The recommendation for a scene; its ``unit`` is None when nobody can go, or it is not known where.

    Of units that need equally long, the first of ``units`` is taken.
    """
    if scene.place is None:
        return _made(scene, None, ("it is not known where it is",))
    needed, waived = needs_of(scene.kind, fleet)
    fitting: list[Option] = []
    passed_over: list[Option] = []
    for option in _nearest_first(scene.place, units, roads, needed):
        if option.passed_over is None:
            fitting.append(option)
        elif not fitting and len(passed_over) < PASSED_OVER_MAX:
            passed_over.append(option)
        if len(fitting) > RUNNERS_UP_MAX:
            break
    if not fitting:
        return _made(scene, None, (_nobody(units, needed),), passed_over)
    best, runners_up = fitting[0], fitting[1:]
    reasons = [f"nearest: {way_text(best.travel_s, best.by_road)}"]
    reasons += [f"next: {runner_up.unit.name}, {duration_text(runner_up.travel_s)}" for runner_up in runners_up[:1]]
    reasons += [f"{option.unit.name} passed over: {option.passed_over}" for option in passed_over]
    return _made(scene, best, (*reasons, *waived), [*runners_up, *passed_over])


def needs_of(kind: str, fleet: Fleet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The capabilities that an incident needs, and in words those that no unit at all has: they are waived."""
    had = {need: any(need in able for able in fleet.capabilities.values()) for need in NEEDS.get(kind, ())}
    waived = tuple(f"no unit is registered as {need}: any may go" for need, known in had.items() if not known)
    return tuple(need for need, known in had.items() if known), waived


def why_not(unit: Unit, needed: Iterable[str]) -> str | None:
    """Why the unit can't go; None when it can."""
    missing = [need for need in needed if need not in unit.capabilities]
    if missing:
        return f"no {' and no '.join(missing)}"
    return None if unit.status is UnitStatus.AVAILABLE else unit.status.replace("_", " ")


def way_text(travel_s: float, by_road: bool) -> str:
    """
    >>> way_text(220.0, True), way_text(220.0, False)
    ('3 min 40 s by road', 'about 3 min 40 s, straight, as no road is known')
    """
    travel = duration_text(travel_s)
    return f"{travel} by road" if by_road else f"about {travel}, straight, as no road is known"


def _nearest_first(end: Place, units: Sequence[Unit], roads: Roads | None, needed: tuple[str, ...]) -> Iterator[Option]:
    placed = [(unit, unit.place) for unit in units if unit.place is not None]
    travel_s, by_road = ways(roads, [place for _, place in placed], end)
    for n in np.argsort(travel_s, kind="stable"):
        unit, place = placed[n]
        yield Option(unit, float(travel_s[n]), bool(by_road[n]), distance_m(place, end), why_not(unit, needed))


def _made(
    scene: Scene, best: Option | None, reasons: tuple[str, ...], others: Iterable[Option] = ()
) -> RecommendationMade:
    return RecommendationMade(
        incident=scene.incident,
        unit=best.unit.id if best is not None else None,
        travel_s=round(best.travel_s, 1) if best is not None else None,
        reasons=reasons,
        candidates=tuple(
            Candidate(
                unit=option.unit.id,
                travel_s=round(option.travel_s, 1),
                distance_m=round(option.distance_m),
                passed_over=option.passed_over,
            )
            for option in others
        ),
    )


def _nobody(units: Iterable[Unit], needed: tuple[str, ...]) -> str:
    """``nobody can go: 2 on scene, 1 no medic``."""
    counts = Counter(why_not(unit, needed) or "no position known" for unit in units)
    return "nobody can go: " + (", ".join(f"{n} {why}" for why, n in counts.most_common()) or "no unit is registered")
