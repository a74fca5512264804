"""Who is recommended, why, who is passed over, and when it is said anew."""

import pytest

from saqta import dispatch
from saqta.dispatch import waiting
from saqta.dispatch.recommend import PASSED_OVER_MAX, RUNNERS_UP_MAX
from saqta.dispatch.tables import SCENES, UNITS, WAITING
from saqta.model import kinds
from saqta.model.kinds import (
    AssignmentEnded,
    AssignmentMade,
    Candidate,
    EventPutAside,
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentClosed,
    IncidentOpened,
    IncidentPrioritised,
    IncidentReopened,
    RecommendationMade,
    RoadsImported,
    UnitPositioned,
    UnitRegistered,
    UnitStatusChanged,
)
from saqta.model.place import Place
from saqta.model.terms import Disposition, Priority, UnitStatus
from story import START_MS, Story, east

ROAD = RoadsImported(
    network="road",
    nodes={str(n): east(n * 500) for n in range(-20, 21)},
    edges=tuple((str(n), str(n + step), 500.0, 36.0) for n in range(-19, 20) for step in (-1, 1)),
)


@pytest.fixture
def story() -> Story:
    story = Story([dispatch.STEP])
    story.tell(ROAD)
    return story


def unit(story: Story, id: str, metres: float | None, *capabilities: str) -> None:
    place = None if metres is None else east(metres)
    story.tell(UnitRegistered(unit=id, name=f"Unit {id}", capabilities=capabilities, place=place))


def opened(story: Story, id: str, metres: float = 0, kind: str = "fight", priority: Priority = Priority.P2) -> None:
    record = IncidentOpened(
        incident=id, kind=kind, title=f"Incident {id}", priority=priority, received_ms=START_MS, place=east(metres)
    )
    story.tell(record)


def newest(story: Story) -> RecommendationMade:
    record = story.told(RecommendationMade)[-1]
    assert isinstance(record, RecommendationMade)
    return record


def recommended(story: Story) -> list[tuple[str, str | None]]:
    return [(record.incident, record.unit) for record in story.told(RecommendationMade)]


def test_the_nearest_by_road_is_recommended_with_the_next(story: Story) -> None:
    unit(story, "A", 2_200)
    unit(story, "B", -3_100)
    opened(story, "I")
    record = newest(story)
    assert (record.unit, record.travel_s) == ("A", pytest.approx(220, abs=1))
    assert record.reasons == ("nearest: 3 min 40 s by road", "next: Unit B, 5 min 10 s")
    (runner_up,) = record.candidates
    assert (runner_up.unit, runner_up.passed_over) == ("B", None)
    assert runner_up.travel_s == pytest.approx(310, abs=1)
    assert runner_up.distance_m == pytest.approx(3_100, abs=10)


def test_those_who_are_nearer_but_cannot_go_are_passed_over_with_the_reason(story: Story) -> None:
    unit(story, "A", 100)
    unit(story, "B", 200, "medic")
    unit(story, "C", 300, "medic")
    unit(story, "D", 400)
    story.tell(UnitStatusChanged(unit="B", status=UnitStatus.OUT_OF_SERVICE))
    opened(story, "I", kind="medical")
    record = newest(story)
    assert record.unit == "C"
    assert record.reasons[1:] == ("Unit A passed over: no medic", "Unit B passed over: out of service")
    assert [(option.unit, option.passed_over) for option in record.candidates] == [
        ("A", "no medic"),
        ("B", "out of service"),
    ]


def test_a_capability_that_nobody_has_is_waived_and_said(story: Story) -> None:
    unit(story, "A", 100)
    opened(story, "I", kind="fire")
    assert newest(story).unit == "A"
    assert newest(story).reasons[-1] == "no unit is registered as fire: any may go"


def test_lists_have_an_end(story: Story) -> None:
    for n in range(10):
        unit(story, f"far{n}", 1_000 + n)
        unit(story, f"busy{n}", 10 + n)
        story.tell(UnitStatusChanged(unit=f"busy{n}", status=UnitStatus.OUT_OF_SERVICE))
    opened(story, "I")
    ids = [option.unit for option in newest(story).candidates]
    assert ids == [f"far{n}" for n in range(1, RUNNERS_UP_MAX + 1)] + [f"busy{n}" for n in range(PASSED_OVER_MAX)]


def test_equally_near_units_go_by_their_id(story: Story) -> None:
    unit(story, "B", 500)
    unit(story, "A", 500)
    opened(story, "I")
    assert newest(story).unit == "A"


def test_nobody_to_send_is_said_with_the_reasons(story: Story) -> None:
    opened(story, "I")
    assert newest(story) == RecommendationMade(
        incident="I", unit=None, travel_s=None, reasons=("nobody can go: no unit is registered",)
    )
    unit(story, "A", None)
    unit(story, "B", 700, "medic")
    story.tell(UnitStatusChanged(unit="B", status=UnitStatus.OUT_OF_SERVICE))
    opened(story, "J", kind="medical")
    assert newest(story).reasons == ("nobody can go: 1 no medic, 1 out of service",)
    assert newest(story).candidates == (
        Candidate(unit="B", travel_s=pytest.approx(70, abs=1), distance_m=700, passed_over="out of service"),
    )
    opened(story, "K")
    assert newest(story).reasons == ("nobody can go: 1 no position known, 1 out of service",)


def test_without_a_place_nobody_is_recommended(story: Story) -> None:
    unit(story, "A", 100)
    story.tell(
        IncidentOpened(incident="I", kind="fight", title="T", priority=Priority.P2, received_ms=START_MS, place=None)
    )
    assert newest(story).reasons == ("it is not known where it is",)
    unit(story, "B", 100)
    assert len(story.told(RecommendationMade)) == 1


def test_without_roads_the_time_is_an_estimate() -> None:
    story = Story([dispatch.STEP])
    unit(story, "A", 2_000)
    opened(story, "I")
    assert newest(story).reasons == ("nearest: about 4 min 12 s, straight, as no road is known",)


# Anew


def test_a_unit_that_goes_elsewhere_is_replaced(story: Story) -> None:
    unit(story, "A", 100)
    unit(story, "B", 900)
    opened(story, "I")
    opened(story, "J", metres=50)
    story.tell(AssignmentMade(incident="J", unit="A"))
    assert recommended(story) == [("I", "A"), ("J", "A"), ("I", "B")]
    story.tell(UnitStatusChanged(unit="B", status=UnitStatus.OUT_OF_SERVICE))
    assert recommended(story)[3:] == [("I", None)]


def test_only_a_clearly_nearer_unit_is_recommended_instead(story: Story) -> None:
    unit(story, "A", 3_000)
    opened(story, "I")
    unit(story, "B", -2_500)
    unit(story, "C", -8_000)
    assert recommended(story) == [("I", "A")]
    unit(story, "D", -2_300)
    assert recommended(story) == [("I", "A"), ("I", "D")]


def test_as_the_crow_flies_near_is_not_near_by_road(story: Story) -> None:
    detour = {"n1": Place(east(0).lat + 0.05, east(0).lon), "n2": Place(east(0).lat + 0.05, east(1_000).lon)}
    edges = (("n1", "n2", 90_000.0, 36.0),)
    story.tell(RoadsImported(network="detour", nodes=detour, edges=edges))
    unit(story, "A", 3_000)
    story.tell(
        IncidentOpened(
            incident="I", kind="fight", title="T", priority=Priority.P2, received_ms=START_MS, place=detour["n2"]
        )
    )
    before = recommended(story)
    story.tell(UnitRegistered(unit="B", name="Unit B", place=detour["n1"]))
    assert recommended(story) == before


def test_moving_changes_nothing_until_a_unit_has_its_first_place(story: Story) -> None:
    unit(story, "A", 5_000)
    unit(story, "B", None)
    opened(story, "I")
    story.tell(UnitPositioned(unit="A", place=east(8_000)), at_s=1)
    assert recommended(story) == [("I", "A")]
    story.tell(UnitPositioned(unit="B", place=east(10)), at_s=1)
    assert recommended(story) == [("I", "A"), ("I", "B")]
    story.tell(UnitPositioned(unit="B", place=east(20)), at_s=0.5)
    assert story.rows(UNITS)["B"].place == east(10)


def test_a_unit_that_came_nearer_meanwhile_stays_recommended(story: Story) -> None:
    unit(story, "A", 5_000)
    opened(story, "I")
    story.tell(UnitPositioned(unit="A", place=east(10)), at_s=1)
    unit(story, "B", 100)
    assert recommended(story) == [("I", "A")]


def test_an_incident_that_its_last_unit_left_waits_again(story: Story) -> None:
    unit(story, "A", 100)
    unit(story, "B", 200)
    opened(story, "I")
    story.tell(AssignmentMade(incident="I", unit="A"))
    story.tell(AssignmentMade(incident="I", unit="B"))
    assert story.rows(WAITING) == {}
    story.tell(AssignmentEnded(incident="I", unit="A", reason="withdrawn"))
    assert len(story.told(RecommendationMade)) == 1
    story.tell(AssignmentEnded(incident="I", unit="B", reason="withdrawn"))
    assert recommended(story)[1:] == [("I", "A")]


def test_a_diverted_unit_is_not_recommended_for_what_it_left(story: Story) -> None:
    unit(story, "A", 100)
    unit(story, "B", 900)
    opened(story, "I")
    opened(story, "J")
    story.tell(AssignmentMade(incident="I", unit="A"))
    before = len(story.told(RecommendationMade))
    story.tell(AssignmentEnded(incident="I", unit="A", reason="diverted", diverted_to="J"))
    story.tell(AssignmentMade(incident="J", unit="A"))
    assert recommended(story)[before:] == [("I", "B")]


def test_a_closing_releases_the_units(story: Story) -> None:
    unit(story, "A", 100)
    unit(story, "B", 200)
    opened(story, "I")
    opened(story, "J", metres=5_000)
    for id in ("A", "B"):
        story.tell(AssignmentMade(incident="I", unit=id))
    story.tell(IncidentClosed(incident="I", disposition=Disposition.CONFIRMED))
    ended = story.told(AssignmentEnded)
    assert [(record.unit, record.reason) for record in ended] == [(id, "the incident was closed") for id in ("A", "B")]
    assert {unit.status for unit in story.rows(UNITS).values()} == {UnitStatus.AVAILABLE}
    assert recommended(story)[-1] == ("J", "A")
    assert [row.incident for row in story.rows(WAITING).values()] == ["J"]


def test_a_reopened_incident_waits_again(story: Story) -> None:
    unit(story, "A", 100)
    opened(story, "I")
    story.tell(IncidentClosed(incident="I", disposition=Disposition.CONFIRMED))
    story.tell(IncidentReopened(incident="I", reason="again"))
    assert recommended(story) == [("I", "A"), ("I", "A")]
    assert not story.rows(SCENES)["I"].closed


def test_the_most_urgent_are_looked_at_first(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_MAX", 2)
    for id, priority in (("I", Priority.P3), ("J", Priority.P2), ("K", Priority.P1), ("L", Priority.P4)):
        opened(story, id, priority=priority)
    story.tell(IncidentPrioritised(incident="L", priority=Priority.P1, reason="worse"))
    before = len(story.told(RecommendationMade))
    unit(story, "A", 100)
    assert recommended(story)[before:] == [("K", "A"), ("L", "A")]


def test_versions_follow_whatever_is_said_of_an_incident(story: Story) -> None:
    opened(story, "I")
    story.tell(AssignmentMade(incident="I", unit="A"))
    for record in (
        IncidentAlertJoined(incident="I", alert="a", reason="r"),
        IncidentAcknowledged(incident="I"),
        kinds.IncidentNoted(incident="I", text="t"),
        IncidentPrioritised(incident="I", priority=Priority.P1, reason="r"),
        IncidentClosed(incident="I", disposition=Disposition.CONFIRMED),
        IncidentPrioritised(incident="I", priority=Priority.P3, reason="r"),
        IncidentReopened(incident="I", reason="r"),
    ):
        story.tell(record)
        assert story.rows(SCENES)["I"].version == story.log.version("incident/I")


def test_events_of_what_is_not_known_change_nothing(story: Story) -> None:
    unit(story, "A", 100)
    before = story.log.size()
    told: list[kinds.Record] = [
        IncidentAcknowledged(incident="X"),
        IncidentPrioritised(incident="X", priority=Priority.P1, reason="r"),
        IncidentClosed(incident="X", disposition=Disposition.CONFIRMED),
        IncidentReopened(incident="X", reason="r"),
        UnitPositioned(unit="X", place=east(0)),
        UnitStatusChanged(unit="X", status=UnitStatus.OUT_OF_SERVICE),
        AssignmentMade(incident="X", unit="X"),
        kinds.AssignmentStarted(incident="X", unit="X"),
        kinds.AssignmentArrived(incident="X", unit="X"),
        AssignmentEnded(incident="X", unit="X", reason="r"),
    ]
    for record in told:
        story.tell(record)
    assert story.log.size() == before + len(told)
    story.tell(AssignmentMade(incident="X", unit="A"))
    story.tell(AssignmentEnded(incident="X", unit="A", reason="r"))
    assert story.told(EventPutAside) == []
