"""The states of a thing left: the whole table."""

import pytest

from saqta.model.errors import StateError
from saqta.model.object import TRANSITIONS, Happening, after, is_over
from saqta.model.terms import ObjectState

TABLE = """
            owner_left  owner_came_back  time_passed  taken      gone     marked
attended    unattended  -                -            reclaimed  removed  fixture
unattended  -           attended         abandoned    reclaimed  removed  fixture
abandoned   -           -                -            reclaimed  removed  fixture
reclaimed   -           -                -            -          -        -
removed     -           -                -            -          -        -
fixture     -           -                -            -          -        -
"""
_HEADER, *_ROWS = (line.split() for line in TABLE.strip().splitlines())


@pytest.mark.parametrize(
    ("state", "happening", "expected"),
    [
        (ObjectState(state), Happening(happening), expected)
        for state, *row in _ROWS
        for happening, expected in zip(_HEADER, row, strict=True)
    ],
)
def test_the_table(state: ObjectState, happening: Happening, expected: str) -> None:
    if expected == "-":
        with pytest.raises(StateError, match=state):
            after(state, happening)
    else:
        assert after(state, happening) is ObjectState(expected)


def test_the_ends() -> None:
    assert [state.value for state in TRANSITIONS if is_over(state)] == ["reclaimed", "removed", "fixture"]
