"""All steps over one log: an alert becomes an incident, a unit goes, it is over; and nothing that may come in between
leaves states that contradict each other."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from saqta import correlate, dispatch
from saqta.correlate.occurrences import INCIDENTS as CORRELATED
from saqta.dispatch.tables import SCENES
from saqta.dispatch.tables import UNITS as DISPATCHED
from saqta.log.runner import rebuild, replay
from saqta.log.tables import MemoryTables
from saqta.model import kinds
from saqta.model.command import (
    Acknowledge,
    Assign,
    Close,
    Command,
    Context,
    Divert,
    IncidentCommand,
    Note,
    OpenIncident,
    Prioritise,
    Reopen,
    ReportPosition,
    SetUnitStatus,
    Unassign,
)
from saqta.model.errors import InputError, StateError, VersionConflict
from saqta.model.terms import Disposition, IncidentState, Priority, UnitStatus
from saqta.views.tables import ALERTS, BOARD, INCIDENTS, RECOMMENDATIONS, TALLY, TIMELINE, UNITS
from story import HOME, START_MS, STEPS, Story, east

UNIT_PLACES = {"A": 400.0, "B": -900.0, "C": 2_000.0}
CAMERA_PLACES = {"C1": 0.0, "C2": 40.0, "C3": 700.0}


def furnish(story: Story) -> None:
    story.tell(
        kinds.RoadsImported(
            network="road",
            nodes={str(n): east(n * 500) for n in range(-10, 11)},
            edges=tuple((str(n), str(n + step), 500.0, 36.0) for n in range(-9, 10) for step in (-1, 1)),
        )
    )
    for id, metres in CAMERA_PLACES.items():
        story.tell(kinds.CameraRegistered(camera=id, name=f"Camera {id}", source="rtsp://x", place=east(metres)))
    for id, metres in UNIT_PLACES.items():
        record = kinds.UnitRegistered(unit=id, name=f"Unit {id}", capabilities=("patrol",), place=east(metres))
        story.tell(record)


def test_from_an_alert_to_the_end_of_the_assignment() -> None:
    story = Story()
    furnish(story)
    key = story.tell(kinds.AlertRaised(kind="intrusion", camera="C1", zone="yard", reasons=("stayed 2.1 s",)))
    story.tell(kinds.AlertRaised(kind="intrusion", camera="C2"), at_s=4)
    (incident,) = story.rows(BOARD).values()
    (recommendation,) = story.rows(RECOMMENDATIONS).values()
    assert (incident.title, incident.state, incident.alert_count) == ("Intrusion at Camera C1", IncidentState.OPEN, 2)
    assert (recommendation.unit, recommendation.reasons[0]) == ("A", "nearest: 40 s by road")
    assert story.rows(ALERTS)[key].incident == incident.id

    story.command(Acknowledge(incident=incident.id), at_s=10)
    story.command(Assign(incident=incident.id, unit="A"), at_s=12)
    for at_s, status in ((15, UnitStatus.EN_ROUTE), (55, UnitStatus.ON_SCENE)):
        story.command(SetUnitStatus(unit="A", status=status), at_s=at_s, actor="unit/A")
    incident = story.rows(BOARD)[incident.id]
    assert (incident.state, incident.units, incident.handled_by) == (IncidentState.ON_SCENE, ("A",), "user/aru")

    story.command(Close(incident=incident.id, disposition=Disposition.CONFIRMED, note="two arrested"), at_s=300)
    incident = story.rows(BOARD)[incident.id]
    assert (incident.state, incident.units, incident.disposition) == (IncidentState.CLOSED, (), Disposition.CONFIRMED)
    clock = [incident.received_ms, incident.opened_ms, incident.acknowledged_ms, incident.assigned_ms]
    clock += [incident.en_route_ms, incident.on_scene_ms, incident.closed_ms]
    assert clock == [START_MS + at_s * 1_000 for at_s in (0, 0, 10, 12, 15, 55, 300)]
    assert story.rows(UNITS)["A"].status is UnitStatus.AVAILABLE
    assert story.rows(RECOMMENDATIONS) == {}
    assert [entry.text for entry in story.rows(TIMELINE).values()] == [
        "Saqta opened Intrusion at Camera C1, priority 2",
        "Unit A recommended: nearest: 40 s by road; next: Unit B, 1 min 30 s",
        "Alert joined: camera Camera C2 is 40 m away, 4 s after the last",
        "aru took the incident",
        "aru sent Unit A",
        "Unit A is on its way",
        "Unit A is on scene",
        "aru closed it as confirmed: two arrested",
        "Unit A left: the incident was closed",
    ]
    assert story.rows(TALLY)["saqta.incident.opened.v1"].count == 1


def test_rebuilt_tables_equal_the_live_ones() -> None:
    story = Story()
    furnish(story)
    story.tell(kinds.AlertRaised(kind="intrusion", camera="C1"))
    (incident,) = story.rows(BOARD)
    story.command(Assign(incident=incident, unit="A"))
    story.command(Close(incident=incident, disposition=Disposition.NO_TRACE))
    size, rebuilt = story.log.size(), MemoryTables()
    rebuild(STEPS, story.log, rebuilt)
    assert story.log.size() == size
    for step in STEPS:
        for table in step.tables:
            assert rebuilt.digest(table) == story.tables.digest(table)


incidents, units = st.integers(0, 2), st.sampled_from(["A", "B"])
COMMANDS: list[Callable[[str, str, str], Command]] = [
    lambda incident, other, unit: Acknowledge(incident=incident),
    lambda incident, other, unit: Prioritise(incident=incident, priority=Priority.P1, reason="worse"),
    lambda incident, other, unit: Note(incident=incident, text="seen"),
    lambda incident, other, unit: Close(incident=incident, disposition=Disposition.NO_TRACE),
    lambda incident, other, unit: Reopen(incident=incident, reason="again"),
    lambda incident, other, unit: Assign(incident=incident, unit=unit),
    lambda incident, other, unit: Unassign(incident=incident, unit=unit),
    lambda incident, other, unit: Divert(incident=other, unit=unit, reason="worse there"),
    lambda incident, other, unit: ReportPosition(unit=unit, place=HOME),
    *(
        lambda incident, other, unit, status=status: SetUnitStatus(unit=unit, status=status)
        for status in UnitStatus
        if status is not UnitStatus.DISPATCHED
    ),
]


class Room(RuleBasedStateMachine):
    """Alerts, dispatchers and units at work, while each step takes what is in the log whenever it comes to it.

    A command may be decided on what its step knew before another's was appended: ``stale`` does that, as two writers
    of one log would.
    """

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.commands = 0
        self.at_s = 0

    @initialize()
    def begin(self) -> None:
        furnish(self.story)
        for n in range(2):
            call = OpenIncident(kind="fight", title=f"Fight {n}", priority=Priority.P2, place=east(n * 1_000))
            self.story.command(call)
            first = self.story.told(kinds.IncidentOpened)[0]
        self.story.command(Assign(incident=first.incident, unit="A"))

    @rule(camera=st.sampled_from(sorted(CAMERA_PLACES)), late_s=st.integers(0, 200))
    def alert(self, camera: str, late_s: int) -> None:
        record = kinds.AlertRaised(kind="intrusion", camera=camera)
        self.story.tell(record, at_s=self.at_s - late_s, settle=False)

    @rule(name=st.sampled_from([step.name for step in STEPS]))
    def take(self, name: str) -> None:
        self.story.runners[name].catch_up()

    @rule(wait_s=st.integers(1, 100))
    def wait(self, wait_s: int) -> None:
        self.at_s += wait_s

    @rule(make=st.sampled_from(COMMANDS), incident=incidents, other=incidents, unit=units, stale=st.booleans())
    def command(
        self, make: Callable[[str, str, str], Command], incident: int, other: int, unit: str, stale: bool
    ) -> None:
        known = [record.incident for record in self.story.told(kinds.IncidentOpened)]
        command = make(known[incident % len(known)], known[other % len(known)], unit)
        self.commands += 1
        step = correlate.STEP if isinstance(command, IncidentCommand) else dispatch.STEP
        context = Context(actor="user/aru", key=str(self.commands), now_ms=START_MS + self.at_s * 1_000)
        with suppress(StateError, VersionConflict):
            if stale:
                with suppress(InputError):  # What the step has not heard of yet is not known to it.
                    assert step.decide is not None
                    outcome = step.decide(self.story.tables, command, context)
                    self.story.log.append(outcome.events, outcome.expected)
            else:
                self.story.runners[step.name].command(command, context)

    @invariant()
    def nothing_is_put_aside(self) -> None:
        assert self.story.told(kinds.EventPutAside) == []

    def teardown(self) -> None:
        story = self.story
        story.settle()
        assert story.told(kinds.EventPutAside) == []
        shown, scenes, units = story.rows(INCIDENTS), story.rows(SCENES), story.rows(UNITS)
        assert {id: incident.state for id, incident in story.rows(CORRELATED).items()} == {
            id: incident.state for id, incident in shown.items()
        }
        assert {id: (scene.units, scene.version) for id, scene in scenes.items()} == {
            id: (incident.units, incident.version) for id, incident in shown.items()
        }
        assert units == story.rows(DISPATCHED)
        at_work = {unit.id: unit.incident for unit in units.values() if unit.incident is not None}
        assert at_work == {unit: id for id, incident in shown.items() for unit in incident.units}
        for id in set(shown) - set(at_work.values()):
            assert shown[id].state not in (IncidentState.ASSIGNED, IncidentState.ON_SCENE)
        assert replay(story.log, STEPS) == {
            table.name: story.tables.digest(table) for step in STEPS for table in step.tables
        }


TestRoom = Room.TestCase
TestRoom.settings = settings(max_examples=150, stateful_step_count=30)


def test_a_closing_that_dispatch_sees_late_still_releases_the_unit() -> None:
    story = Story()
    furnish(story)
    story.tell(kinds.AlertRaised(kind="intrusion", camera="C1"))
    (incident,) = story.rows(BOARD)
    story.command(Assign(incident=incident, unit="A"))
    for n, command in enumerate(
        (
            Close(incident=incident, disposition=Disposition.NO_TRACE),
            Reopen(incident=incident, reason="again"),
            Acknowledge(incident=incident),
        )
    ):
        story.runners["correlate"].command(command, Context(actor="user/aru", key=f"late{n}", now_ms=START_MS))
    story.settle()
    assert story.told(kinds.EventPutAside) == []
    assert story.rows(INCIDENTS)[incident].state is IncidentState.ACKNOWLEDGED
    assert story.rows(UNITS)["A"].status is UnitStatus.AVAILABLE


def test_an_alert_that_was_raised_before_a_closing_may_join_after_it() -> None:
    story = Story()
    furnish(story)
    story.tell(kinds.AlertRaised(kind="intrusion", camera="C1"))
    (incident,) = story.rows(BOARD)
    context = Context(actor="user/aru", key="k", now_ms=START_MS + 9_000)
    decided = STEPS[0].decide
    assert decided is not None
    outcome = decided(story.tables, Close(incident=incident, disposition=Disposition.NO_TRACE), context)
    story.tell(kinds.AlertRaised(kind="intrusion", camera="C1"), at_s=5, settle=False)
    story.log.append(outcome.events, outcome.expected)
    story.settle()
    shown = story.rows(BOARD)[incident]
    assert (shown.state, shown.alert_count) == (IncidentState.CLOSED, 2)
    with pytest.raises(StateError):
        story.command(Acknowledge(incident=incident))
