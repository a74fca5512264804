"""What people ask of units and what units tell: decided with the versions seen, or refused with where the unit is."""

from typing import Any

import pytest

from saqta import correlate, dispatch
from saqta.dispatch.commands import REASON_CHARS_MAX, SPEED_KMH_MAX, decide
from saqta.dispatch.tables import UNITS
from saqta.model import kinds
from saqta.model.command import (
    Acknowledge,
    Assign,
    Close,
    Context,
    DispatchCommand,
    Divert,
    ReportPosition,
    SetUnitStatus,
    Unassign,
)
from saqta.model.errors import InputError, StateError, VersionConflict
from saqta.model.terms import Disposition, Priority, UnitStatus
from saqta.model.unit import Unit
from story import HOME, START_MS, Story, east

AVAILABLE, DISPATCHED, EN_ROUTE, ON_SCENE, OUT_OF_SERVICE = UnitStatus


@pytest.fixture
def story() -> Story:
    """Units A and B and incidents I (A is recommended) and J, two kilometres from each other."""
    story = Story([correlate.STEP, dispatch.STEP])
    for id, metres in (("A", 100), ("B", 1_000)):
        story.tell(kinds.UnitRegistered(unit=id, name=f"Unit {id}", place=east(metres)))
    for id, metres in (("I", 0), ("J", 2_000)):
        story.tell(
            kinds.IncidentOpened(
                incident=id,
                kind="fight",
                title=f"Fight {id}",
                priority=Priority.P2,
                received_ms=START_MS,
                place=east(metres),
            )
        )
    return story


def unit(story: Story, id: str = "A") -> Unit:
    return story.rows(UNITS)[id]


def refused(story: Story, command: DispatchCommand) -> str:
    before = story.log.size()
    with pytest.raises(StateError) as raised:
        story.command(command)
    assert story.log.size() == before
    return raised.value.reason


def test_a_unit_is_assigned_goes_arrives_and_clears(story: Story) -> None:
    story.command(Assign(incident="I", unit="A"), at_s=1)
    assert (unit(story).status, unit(story).incident) == (DISPATCHED, "I")
    told: list[tuple[UnitStatus, kinds.Record]] = [
        (EN_ROUTE, kinds.AssignmentStarted(incident="I", unit="A")),
        (ON_SCENE, kinds.AssignmentArrived(incident="I", unit="A")),
        (AVAILABLE, kinds.AssignmentEnded(incident="I", unit="A", reason="cleared")),
        (OUT_OF_SERVICE, kinds.UnitStatusChanged(unit="A", status=OUT_OF_SERVICE)),
        (AVAILABLE, kinds.UnitStatusChanged(unit="A", status=AVAILABLE)),
    ]
    for status, record in told:
        assert story.command(SetUnitStatus(unit="A", status=status)) == [record]
        assert unit(story).status is status
        assert unit(story).version == story.log.version("unit/A")


def test_an_assignment_says_how_far_and_whether_it_was_recommended(story: Story) -> None:
    (other,) = story.command(Assign(incident="I", unit="B"))
    (recommended,) = story.command(Assign(incident="J", unit="A"))
    (none_waiting,) = story.command(Divert(incident="J", unit="B", reason=""))[1:]
    assert isinstance(other, kinds.AssignmentMade)
    assert other.reasons == ("about 2 min 6 s, straight, as no road is known", "instead of Unit A")
    assert other.travel_s == pytest.approx(126, abs=1)
    assert isinstance(recommended, kinds.AssignmentMade)
    assert recommended.reasons[1:] == ("as recommended",)
    assert isinstance(none_waiting, kinds.AssignmentMade)
    assert len(none_waiting.reasons) == 1


def test_a_unit_without_a_place_can_be_assigned(story: Story) -> None:
    story.tell(kinds.UnitRegistered(unit="C", name="Unit C"))
    (made,) = story.command(Assign(incident="I", unit="C"))
    assert made == kinds.AssignmentMade(incident="I", unit="C", travel_s=None, reasons=("instead of Unit A",))


def test_a_unit_that_is_taken_says_where_it_is(story: Story) -> None:
    story.command(Assign(incident="I", unit="A"))
    assert refused(story, Assign(incident="J", unit="A")) == "Unit A is dispatched to Fight I"
    story.command(SetUnitStatus(unit="A", status=ON_SCENE))
    assert refused(story, Assign(incident="I", unit="A")) == "Unit A is on scene at Fight I"
    story.command(SetUnitStatus(unit="B", status=OUT_OF_SERVICE))
    assert refused(story, Assign(incident="I", unit="B")) == "Unit B is out of service"


def test_nobody_is_sent_to_a_closed_incident(story: Story) -> None:
    story.command(Assign(incident="J", unit="B"))
    story.command(Close(incident="I", disposition=Disposition.CONFIRMED))
    assert refused(story, Assign(incident="I", unit="A")) == "Fight I is closed: open it again first"
    assert refused(story, Divert(incident="I", unit="B", reason="")) == "Fight I is closed: open it again first"


def test_a_unit_is_withdrawn_from_what_it_is_on(story: Story) -> None:
    assert refused(story, Unassign(incident="I", unit="A")) == "Unit A is available, not on Fight I"
    story.command(Assign(incident="I", unit="A"))
    assert refused(story, Unassign(incident="J", unit="A")) == "Unit A is dispatched to Fight I, not on Fight J"
    (ended,) = story.command(Unassign(incident="I", unit="A"))
    assert ended == kinds.AssignmentEnded(incident="I", unit="A", reason="withdrawn")
    story.command(Assign(incident="I", unit="A"))
    (ended,) = story.command(Unassign(incident="I", unit="A", reason=" a nearer one is free "))
    assert ended == kinds.AssignmentEnded(incident="I", unit="A", reason="a nearer one is free")


def test_a_diverted_unit_leaves_one_and_is_sent_to_the_other_at_once(story: Story) -> None:
    assert refused(story, Divert(incident="J", unit="A", reason="worse")).startswith("Unit A is available: there is")
    story.command(Assign(incident="I", unit="A"))
    assert "nothing to divert" in refused(story, Divert(incident="I", unit="A", reason="worse"))
    ended, made = story.command(Divert(incident="J", unit="A", reason="worse"))
    assert ended == kinds.AssignmentEnded(incident="I", unit="A", reason="diverted to Fight J: worse", diverted_to="J")
    assert isinstance(made, kinds.AssignmentMade)
    assert (unit(story).status, unit(story).incident) == (DISPATCHED, "J")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (EN_ROUTE, "is available: it can't become en_route from there"),
        (AVAILABLE, "is available: it can't become available from there"),
    ],
)
def test_a_status_that_cannot_follow_is_refused(story: Story, status: UnitStatus, reason: str) -> None:
    assert refused(story, SetUnitStatus(unit="A", status=status)) == reason


def test_a_unit_at_work_clears_before_it_goes_out_of_service(story: Story) -> None:
    story.command(Assign(incident="I", unit="A"))
    assert "at incident I" in refused(story, SetUnitStatus(unit="A", status=OUT_OF_SERVICE))


def test_a_position_is_told(story: Story) -> None:
    (positioned,) = story.command(ReportPosition(unit="A", place=east(5), heading_deg=90.0, speed_kmh=40.0), at_s=3)
    assert positioned == kinds.UnitPositioned(unit="A", place=east(5), heading_deg=90.0, speed_kmh=40.0)
    assert (unit(story).place, unit(story).positioned_ms) == (east(5), START_MS + 3_000)
    assert unit(story).version < story.log.version("position/A")


@pytest.mark.parametrize(
    ("field", "command"),
    [
        ("unit", Assign(incident="I", unit="X")),
        ("incident", Assign(incident="X", unit="A")),
        ("unit", ReportPosition(unit="X", place=HOME)),
        ("heading_deg", ReportPosition(unit="A", place=HOME, heading_deg=361.0)),
        ("speed_kmh", ReportPosition(unit="A", place=HOME, speed_kmh=SPEED_KMH_MAX + 1)),
        ("status", SetUnitStatus(unit="A", status=DISPATCHED)),
        ("reason", Divert(incident="J", unit="A", reason="x" * (REASON_CHARS_MAX + 1))),
    ],
)
def test_bad_input_names_its_field(story: Story, field: str, command: DispatchCommand) -> None:
    story.command(Assign(incident="I", unit="A"))
    with pytest.raises(InputError) as raised:
        story.command(command)
    assert raised.value.field == field


def test_two_dispatchers_cannot_both_assign_one_unit(story: Story) -> None:
    aru, dana = (Context(actor=f"user/{name}", key="k", now_ms=START_MS) for name in ("aru", "dana"))
    first = decide(story.tables, Assign(incident="I", unit="A"), aru)
    second = decide(story.tables, Assign(incident="J", unit="A"), dana)
    story.log.append(first.events, first.expected)
    with pytest.raises(VersionConflict):
        story.log.append(second.events, second.expected)


@pytest.mark.parametrize(
    "command",
    [
        Unassign(incident="I", unit="A"),
        SetUnitStatus(unit="A", status=EN_ROUTE),
        Divert(incident="J", unit="A", reason=""),
    ],
)
def test_what_is_said_of_an_assignment_holds_only_while_its_incident_stands(story: Story, command: Any) -> None:
    story.command(Assign(incident="I", unit="A"))
    outcome = decide(story.tables, command, Context(actor="user/aru", key="late", now_ms=START_MS))
    story.command(Close(incident="I", disposition=Disposition.CONFIRMED))
    with pytest.raises(VersionConflict):
        story.log.append(outcome.events, outcome.expected)


def test_a_command_that_comes_twice_is_done_once(story: Story) -> None:
    once = story.command(Assign(incident="I", unit="A"), key="same")
    assert story.command(Assign(incident="I", unit="A"), key="same") == once
    story.command(Acknowledge(incident="I"))
    assert len(story.told(kinds.AssignmentMade)) == 1
