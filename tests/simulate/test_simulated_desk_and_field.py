"""The simulated desk and units on a small board: commands become events, events become rows, as the steps do it."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from saqta.model import incident as incidents
from saqta.model import kinds
from saqta.model import unit as units
from saqta.model.catalogue import make
from saqta.model.command import Acknowledge, Assign, Close, Command, Context, ReportPosition, SetUnitStatus
from saqta.model.event import Recorded
from saqta.model.incident import Incident
from saqta.model.kinds import Record
from saqta.model.place import Place, distance_m
from saqta.model.terms import Disposition, IncidentState, Priority, UnitStatus
from saqta.model.unit import Unit
from saqta.simulate.desk import ACKNOWLEDGES_AFTER_S, desk
from saqta.simulate.desk import ACTOR as DESK
from saqta.simulate.field import STANDING_REPORT_S, TICK_S_MAX, Field
from saqta.simulate.scenario import Scenario, scenario

START_MS = 1_800_000_000_000


class Recommendation:
    def __init__(self, unit: str | None) -> None:
        self.unit = unit


class Board:
    """Rows of incidents and units, moved by the model's own state tables; time is what ``now_ms`` says."""

    def __init__(self, what: Scenario) -> None:
        self.now_ms, self.seq = START_MS, 0
        self.incidents: dict[str, Incident] = {}
        self.units: dict[str, Unit] = {}
        self.actors: dict[str, set[str]] = {}
        self.told: list[tuple[int, Record]] = []
        for registered in what.units:
            self.take(registered, "saqta/simulate")

    def take(self, record: Record, actor: str) -> None:
        self.seq += 1
        event = make(
            record, id=str(self.seq), source="/test", actor=actor, time_ms=self.now_ms, recorded_ms=self.now_ms
        )
        recorded = Recorded(self.seq, b"", event)
        self.told.append((self.now_ms, record))
        incident, unit = getattr(record, "incident", None), getattr(record, "unit", None)
        if unit and (row := units.apply(self.units.get(unit), recorded, record)):
            self.units[unit] = row
        if incident and (after := incidents.apply(self.incidents.get(incident), recorded, record)):
            self.incidents[incident] = after
            self.actors.setdefault(incident, set()).add(actor)

    def decide(self, context: Context, command: Command) -> None:
        for record in self.records(command):
            self.take(record, context.actor)

    def records(self, command: Command) -> Iterator[Record]:
        match command:
            case Acknowledge():
                yield kinds.IncidentAcknowledged(incident=command.incident)
            case Assign():
                yield kinds.AssignmentMade(incident=command.incident, unit=command.unit)
            case Close():
                sent = self.incidents[command.incident].units
                yield kinds.IncidentClosed(
                    incident=command.incident, disposition=command.disposition, note=command.note
                )
                for unit in sent:
                    yield kinds.AssignmentEnded(incident=command.incident, unit=unit, reason="closed")
            case ReportPosition():
                yield kinds.UnitPositioned(unit=command.unit, place=command.place, speed_kmh=command.speed_kmh)
            case SetUnitStatus():
                at = self.units[command.unit].incident
                if at and command.status is UnitStatus.EN_ROUTE:
                    yield kinds.AssignmentStarted(incident=at, unit=command.unit)
                elif at and command.status is UnitStatus.ON_SCENE:
                    yield kinds.AssignmentArrived(incident=at, unit=command.unit)

    def open(self, place: Place | None, id: str = "i1") -> None:
        opened = kinds.IncidentOpened(
            incident=id, kind="intrusion", title="Intrusion", priority=Priority.P2, received_ms=self.now_ms, place=place
        )
        self.take(opened, "saqta/correlate")


def play(board: Board, field: Field, seconds: int, unit: str | None, speed: float = 1.0) -> None:
    for _ in range(seconds):
        board.now_ms += 1000
        told = desk(
            board.incidents.values(), {"i1": Recommendation(unit)}, board.actors, board.now_ms, seed=1, speed=speed
        )
        for context, command in [*told, *field.tick(board.units.values(), board.incidents, board.now_ms)]:
            board.decide(context, command)


@pytest.fixture
def demo() -> Scenario:
    return scenario("demo")


def test_an_incident_lives_its_whole_life_within_a_minute(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    board.open(demo.cameras[0].place)
    play(board, field, 45, "P11")
    closed = board.incidents["i1"]
    assert closed.state is IncidentState.CLOSED
    assert closed.disposition in set(Disposition)
    line = [
        closed.opened_ms,
        closed.acknowledged_ms,
        closed.assigned_ms,
        closed.en_route_ms,
        closed.on_scene_ms,
        closed.closed_ms,
    ]
    assert None not in line
    assert line == sorted(line)
    assert board.units["P11"].status is UnitStatus.AVAILABLE


def test_a_unit_drives_along_and_arrives_where_it_is_wanted(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    place = demo.cameras[2].place
    assert place is not None
    board.open(place)
    play(board, field, 150, "P12")
    way = [record for _, record in board.told if isinstance(record, kinds.UnitPositioned) and record.unit == "P12"]
    arrived = next(at for at, record in board.told if isinstance(record, kinds.AssignmentArrived))
    before = [
        record
        for at, record in board.told
        if isinstance(record, kinds.UnitPositioned) and record.unit == "P12" and at <= arrived
    ]
    assert distance_m(before[-1].place, place) < 30
    steps = [distance_m(a.place, b.place) for a, b in pairwise(way)]
    assert max(steps) < 60 / 3.6 * 1.5 + 1
    assert max(record.speed_kmh or 0 for record in way) > 40


def test_time_ten_times_as_fast(demo: Scenario) -> None:
    spent_s = {}
    for speed in (1.0, 10.0):
        board, field = Board(demo), Field(demo, speed)
        board.open(demo.cameras[0].place)
        play(board, field, 60, "P14", speed)
        on_scene_ms = board.incidents["i1"].on_scene_ms
        spent_s[speed] = (on_scene_ms - START_MS) / 1000 if on_scene_ms else 1e9
    assert spent_s[10.0] < spent_s[1.0] / 3


def test_the_desk_leaves_an_incident_alone_once_a_person_touched_it(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    board.open(demo.cameras[0].place)
    board.take(kinds.IncidentNoted(incident="i1", text="I look at it"), "aigerim")
    play(board, field, 30, "P11")
    assert board.incidents["i1"].state is IncidentState.OPEN


def test_the_desk_stops_in_mid_work_when_a_person_takes_over(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    board.open(demo.cameras[0].place)
    play(board, field, int(ACKNOWLEDGES_AFTER_S) + 1, "P11")
    assert board.incidents["i1"].handled_by == DESK
    board.take(kinds.IncidentPrioritised(incident="i1", priority=Priority.P1, reason="a child"), "aigerim")
    play(board, field, 60, "P11")
    assert board.incidents["i1"].state is IncidentState.ACKNOWLEDGED


def test_without_a_fitting_unit_the_desk_waits(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    board.open(demo.cameras[0].place)
    play(board, field, 30, None)
    assert board.incidents["i1"].state is IncidentState.ACKNOWLEDGED


def test_a_command_that_is_given_again_has_the_same_key(demo: Scenario) -> None:
    board = Board(demo)
    board.open(demo.cameras[0].place)
    keys = {
        context.cause
        for later_s in (3, 4, 5)
        for context, _ in desk(board.incidents.values(), {}, {}, START_MS + later_s * 1000, seed=1)
    }
    assert len(keys) == 1


def test_an_incident_without_a_place_is_where_the_unit_is(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    board.open(None)
    play(board, field, 20, "P11")
    assert board.incidents["i1"].state is IncidentState.CLOSED


def test_the_same_seed_gives_the_same_ways(demo: Scenario) -> None:
    told = []
    for _ in range(2):
        board, field = Board(demo), Field(demo)
        play(board, field, 40, None)
        told.append(board.told)
    assert told[0] == told[1]


def test_free_patrols_roam_and_posts_stand_and_report_seldom(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    seconds = 120
    play(board, field, seconds, None)
    reports = {unit.unit: 0 for unit in demo.units}
    for _, record in board.told:
        if isinstance(record, kinds.UnitPositioned):
            reports[record.unit] += 1
    assert reports["P11"] <= seconds / STANDING_REPORT_S + 1
    assert all(reports[unit] > 25 for unit in demo.roaming)


def test_units_that_the_scenario_does_not_know_are_left_alone(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    board.take(kinds.UnitRegistered(unit="X9", name="Volunteer", place=demo.cameras[0].place), "aigerim")
    play(board, field, 30, None)
    assert not any(isinstance(record, kinds.UnitPositioned) and record.unit == "X9" for _, record in board.told)


def test_a_clock_that_jumps_throws_nobody_across_the_city(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    play(board, field, 30, None)
    before = {id: unit.place for id, unit in board.units.items()}
    board.now_ms += 3_600_000
    play(board, field, 1, None)
    for id, unit in board.units.items():
        assert unit.place is not None
        assert distance_m(before[id] or unit.place, unit.place) <= TICK_S_MAX * 60 / 3.6 + 5


def test_a_unit_goes_home_after_the_incident(demo: Scenario) -> None:
    board, field = Board(demo), Field(demo)
    home = board.units["P11"].place
    board.open(demo.cameras[0].place)
    play(board, field, 110, "P11")
    place = board.units["P11"].place
    assert place is not None
    assert home is not None
    assert distance_m(place, home) < 5
