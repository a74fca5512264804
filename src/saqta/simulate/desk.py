"""A simulated dispatcher, for incidents that nobody else takes.

Pure: the same incidents, recommendations and moment give the same commands. It decides by what stands on the board,
so it forgets nothing when it starts again; a command that it repeats has the same key.
"""

import random
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from saqta.model.command import Acknowledge, Assign, Close, Command, Context
from saqta.model.incident import Incident
from saqta.model.terms import Disposition, IncidentState

ACTOR = "saqta/desk"
PROGRAMS = "saqta/"
"""Actors whose name starts so are programs; all others are persons."""
ACKNOWLEDGES_AFTER_S = 5.0
ASSIGNS_AFTER_S = 3.0
CLOSES_AFTER_S = 6.0
"""After the unit's arrival."""

_FINDINGS: tuple[tuple[Disposition, int, tuple[str, ...]], ...] = (
    (
        Disposition.CONFIRMED,
        5,
        (
            "One person inside, asked to leave, left.",
            "Two youths taking photographs, sent away.",
            "A man looking for a lost dog; led out, gate closed.",
            "Person known to the site had forgotten a pass; guard informed.",
        ),
    ),
    (
        Disposition.NO_TRACE,
        3,
        ("Nobody there on arrival, area walked round.", "Gate open, nobody inside. Gate closed."),
    ),
    (Disposition.FALSE_ALARM, 2, ("A worker with a permit.", "The site's own staff, expected.")),
    (Disposition.REFERRED, 1, ("Handed over to the site's owner.",)),
)


class Recommended(Protocol):
    """A recommendation as it stands: the unit that should go, None where none fits."""

    @property
    def unit(self) -> str | None: ...


Intent = tuple[Context, Command]


def desk(
    incidents: Iterable[Incident],
    recommendations: Mapping[str, Recommended],
    actors: Mapping[str, Collection[str]],
    now_ms: int,
    *,
    seed: int,
    speed: float = 1.0,
) -> list[Intent]:
    """What the desk does at ``now_ms``, incident by incident.

    ``actors`` names, by incident, everybody who did something about it: where one is a person, the desk leaves it
    alone. ``speed`` is how many times faster than ours the desk's time passes.
    """
    intents = []
    for incident in incidents:
        by = {*actors.get(incident.id, ()), *((incident.handled_by,) if incident.handled_by else ())}
        if all(actor.startswith(PROGRAMS) for actor in by):
            command = _next(incident, recommendations.get(incident.id), now_ms, seed, speed)
            if command is not None:
                key = f"{incident.id}/{type(command).__name__.lower()}/{_round(incident)}"
                intents.append((Context(actor=ACTOR, key=key, now_ms=now_ms), command))
    return intents


def _next(incident: Incident, recommended: Recommended | None, now_ms: int, seed: int, speed: float) -> Command | None:
    def due(after_s: float, since_ms: int | None) -> bool:
        return since_ms is not None and (now_ms - since_ms) / 1000 * speed >= after_s

    match incident.state:
        case IncidentState.OPEN | IncidentState.REOPENED if due(
            ACKNOWLEDGES_AFTER_S, incident.reopened_ms or incident.opened_ms
        ):
            return Acknowledge(incident=incident.id)
        case IncidentState.ACKNOWLEDGED if due(ASSIGNS_AFTER_S, incident.acknowledged_ms):
            if recommended is not None and recommended.unit is not None:
                return Assign(incident=incident.id, unit=recommended.unit)
        case IncidentState.ON_SCENE if due(CLOSES_AFTER_S, incident.on_scene_ms):
            return _closing(incident, seed)
    return None


def _round(incident: Incident) -> int:
    """A number that is new whenever the incident starts over: when it is reopened or its units are withdrawn."""
    return incident.version if incident.state in (IncidentState.REOPENED, IncidentState.ACKNOWLEDGED) else 0


def _closing(incident: Incident, seed: int) -> Close:
    rng = random.Random(f"{seed}/desk/{incident.id}")
    disposition, _, notes = rng.choices(_FINDINGS, [weight for _, weight, _ in _FINDINGS])[0]
    return Close(incident=incident.id, disposition=disposition, note=rng.choice(notes))
