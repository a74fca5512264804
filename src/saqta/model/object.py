"""A thing that was left, and its states as a table: what may follow what, and nothing else may.

Pure: ``after`` takes a state and what happened and gives the state after it.
"""

from enum import StrEnum

from saqta.model.errors import StateError
from saqta.model.terms import ObjectState


class Happening(StrEnum):
    """What moves a thing from one state to the next."""

    OWNER_LEFT = "owner_left"
    OWNER_CAME_BACK = "owner_came_back"
    TIME_PASSED = "time_passed"
    TAKEN = "taken"
    GONE = "gone"
    MARKED = "marked"


ATTENDED, UNATTENDED, ABANDONED, RECLAIMED, REMOVED, FIXTURE = ObjectState
_ENDS = {Happening.TAKEN: RECLAIMED, Happening.GONE: REMOVED, Happening.MARKED: FIXTURE}

TRANSITIONS: dict[ObjectState, dict[Happening, ObjectState]] = {
    ATTENDED: {Happening.OWNER_LEFT: UNATTENDED, **_ENDS},
    UNATTENDED: {Happening.OWNER_CAME_BACK: ATTENDED, Happening.TIME_PASSED: ABANDONED, **_ENDS},
    ABANDONED: dict(_ENDS),
    RECLAIMED: {},
    REMOVED: {},
    FIXTURE: {},
}
"""State, what happened, state after. What was abandoned stays so, however near its owner comes, until somebody takes
it: one thing raises one alert. ``taken`` is with somebody there, ``gone`` with nobody seen."""


def after(state: ObjectState, happening: Happening) -> ObjectState:
    """The state after something happened; StateError where the table forbids it.

    >>> after(ObjectState.UNATTENDED, Happening.TIME_PASSED).value
    'abandoned'
    """
    following = TRANSITIONS[state].get(happening)
    if following is None:
        raise StateError("object", f"is {state}: {happening} can't come from there")
    return following


def is_over(state: ObjectState) -> bool:
    """Whether nothing can follow."""
    return not TRANSITIONS[state]
