"""What people ask of units, and what units tell, decided into events, or refused with the reason.

Whatever is said of an assignment holds only while its incident stands as it was seen: its version is expected, too.
"""

from collections.abc import Callable
from typing import Any

from saqta.dispatch.recommend import way_text
from saqta.dispatch.tables import SCENES, UNITS, WAITING, Scene, waiting_key
from saqta.dispatch.travel import roads_of, ways
from saqta.model import command as commands
from saqta.model import kinds
from saqta.model.command import REASON_CHARS_MAX, SPEED_KMH_MAX, Command, Context
from saqta.model.errors import InputError, StateError
from saqta.model.step import Outcome, Tables, commanded
from saqta.model.terms import UnitStatus
from saqta.model.unit import Unit, require


def decide(tables: Tables, command: Command, context: Context) -> Outcome:
    """The events of a command to or from a unit.

    StateError when the unit's or the incident's state forbids it, with where the unit is; InputError for a unit or an
    incident that is not known, and for values that can't be.
    """
    return _DECISIONS[type(command)](tables, command, context)


def _assign(tables: Tables, command: commands.Assign, context: Context) -> Outcome:
    unit, scene = _unit(tables, command.unit), _open_scene(tables, command.incident)
    if unit.status is not UnitStatus.AVAILABLE:
        raise StateError(f"unit/{unit.id}", f"{unit.name} is {_where(tables, unit)}")
    return Outcome(events=commanded(context, _made(tables, unit, scene)), expected=_seen(unit, scene))


def _unassign(tables: Tables, command: commands.Unassign, context: Context) -> Outcome:
    unit, scene = _unit(tables, command.unit), _scene(tables, command.incident)
    if unit.incident != scene.incident:
        raise StateError(f"unit/{unit.id}", f"{unit.name} is {_where(tables, unit)}, not on {scene.title}")
    return _ends(context, unit, scene, _reason(command.reason) or "withdrawn")


def _divert(tables: Tables, command: commands.Divert, context: Context) -> Outcome:
    unit, scene = _unit(tables, command.unit), _open_scene(tables, command.incident)
    if unit.incident is None or unit.incident == scene.incident:
        raise StateError(
            f"unit/{unit.id}", f"{unit.name} is {_where(tables, unit)}: there is nothing to divert it from"
        )
    left = _scene(tables, unit.incident)
    reason = _reason(command.reason)
    ended = kinds.AssignmentEnded(
        incident=left.incident,
        unit=unit.id,
        reason=f"diverted to {scene.title}" + (f": {reason}" if reason else ""),
        diverted_to=scene.incident,
    )
    made = _made(tables, unit, scene)
    return Outcome(events=commanded(context, ended, made), expected=_seen(unit, scene, left))


def _set_status(tables: Tables, command: commands.SetUnitStatus, context: Context) -> Outcome:
    unit = _unit(tables, command.unit)
    if command.status is UnitStatus.DISPATCHED:
        raise InputError("status", command.status, "available, en_route, on_scene or out_of_service")
    require(unit, command.status)
    if unit.incident is None:
        changed = kinds.UnitStatusChanged(unit=unit.id, status=command.status)
        return Outcome(events=commanded(context, changed), expected=_seen(unit))
    scene = _scene(tables, unit.incident)
    if command.status is UnitStatus.AVAILABLE:
        return _ends(context, unit, scene, "cleared")
    told = kinds.AssignmentStarted if command.status is UnitStatus.EN_ROUTE else kinds.AssignmentArrived
    record = told(incident=scene.incident, unit=unit.id)
    return Outcome(events=commanded(context, record), expected=_seen(unit, scene))


def _report_position(tables: Tables, command: commands.ReportPosition, context: Context) -> Outcome:
    if command.heading_deg is not None and not 0 <= command.heading_deg <= 360:
        raise InputError("heading_deg", command.heading_deg, "0 to 360 degrees, clockwise from north")
    if command.speed_kmh is not None and not 0 <= command.speed_kmh <= SPEED_KMH_MAX:
        raise InputError("speed_kmh", command.speed_kmh, f"0 to {SPEED_KMH_MAX:.0f} km/h")
    positioned = kinds.UnitPositioned(
        unit=_unit(tables, command.unit).id,
        place=command.place,
        heading_deg=command.heading_deg,
        speed_kmh=command.speed_kmh,
    )
    return Outcome(events=commanded(context, positioned))


_DECISIONS: dict[type[Any], Callable[[Tables, Any, Context], Outcome]] = {
    commands.Assign: _assign,
    commands.Unassign: _unassign,
    commands.Divert: _divert,
    commands.SetUnitStatus: _set_status,
    commands.ReportPosition: _report_position,
}


def _ends(context: Context, unit: Unit, scene: Scene, reason: str) -> Outcome:
    ended = kinds.AssignmentEnded(incident=scene.incident, unit=unit.id, reason=reason)
    return Outcome(events=commanded(context, ended), expected=_seen(unit, scene))


def _made(tables: Tables, unit: Unit, scene: Scene) -> kinds.AssignmentMade:
    """The assignment, how long the way is, and whether the unit is the one that was recommended."""
    travel_s, reasons = None, []
    if unit.place is not None and scene.place is not None:
        times_s, by_road = ways(roads_of(tables), [unit.place], scene.place)
        travel_s = round(float(times_s[0]), 1)
        reasons.append(way_text(travel_s, bool(by_road[0])))
    waiting = tables.get(WAITING, waiting_key(scene))
    if waiting is not None and waiting.unit is not None:
        reasons.append("as recommended" if waiting.unit == unit.id else f"instead of {_name(tables, waiting.unit)}")
    return kinds.AssignmentMade(incident=scene.incident, unit=unit.id, travel_s=travel_s, reasons=tuple(reasons))


def _seen(unit: Unit, *scenes: Scene) -> dict[str, int]:
    return {f"unit/{unit.id}": unit.version, **{f"incident/{scene.incident}": scene.version for scene in scenes}}


def _where(tables: Tables, unit: Unit) -> str:
    """What a unit does, and for which incident: ``on scene at Intrusion at Harbour gate``."""
    status = unit.status.replace("_", " ")
    scene = tables.get(SCENES, unit.incident) if unit.incident is not None else None
    at = "at" if unit.status is UnitStatus.ON_SCENE else "to"
    return f"{status} {at} {scene.title}" if scene is not None else status


def _name(tables: Tables, id: str) -> str:
    unit = tables.get(UNITS, id)
    return unit.name if unit is not None else id


def _unit(tables: Tables, id: str) -> Unit:
    unit = tables.get(UNITS, id)
    if unit is None:
        raise InputError("unit", id, "a unit that is known")
    return unit


def _scene(tables: Tables, id: str) -> Scene:
    scene = tables.get(SCENES, id)
    if scene is None:
        raise InputError("incident", id, "an incident that is known")
    return scene


def _open_scene(tables: Tables, id: str) -> Scene:
    scene = _scene(tables, id)
    if scene.closed:
        raise StateError(f"incident/{id}", f"{scene.title} is closed: open it again first")
    return scene


def _reason(given: str) -> str:
    reason = given.strip()
    if len(reason) > REASON_CHARS_MAX:
        raise InputError("reason", f"{len(reason)} characters", f"at most {REASON_CHARS_MAX}")
    return reason
