"""Which alerts are one occurrence, and in which words that is told."""

from collections.abc import Callable

import msgspec
import pytest

from saqta import correlate
from saqta.correlate.occurrences import CANDIDATES_MAX, INCIDENTS, INDEX, OCCURRENCES, SIGHTINGS_MAX
from saqta.correlate.words import ALERT_REASONS_MAX, SENTENCE_CHARS_MAX, TITLE_CHARS_MAX
from saqta.model import command
from saqta.model.kinds import (
    AlertRaised,
    CameraRegistered,
    EventPutAside,
    IncidentAlertJoined,
    IncidentClosed,
    IncidentOpened,
)
from saqta.model.place import Place
from saqta.model.terms import Disposition, Priority
from story import HOME, START_MS, Story, east


@pytest.fixture
def story() -> Story:
    story = Story([correlate.STEP])
    for id, name, metres in (("C1", "Harbour gate", 0), ("C2", "Pier", 40), ("C3", "Station", 500)):
        story.tell(CameraRegistered(camera=id, name=name, source="rtsp://x", place=east(metres)))
    return story


Raise = Callable[..., str]


@pytest.fixture
def raise_(story: Story) -> Raise:
    def raise_(at_s: float, camera: str | None = "C1", zone: str | None = "yard", **alert: object) -> str:
        source = str(alert.pop("source", "/cameras"))
        record = AlertRaised(**{"kind": "intrusion", "camera": camera, "zone": zone, **alert})  # type: ignore[arg-type]
        return story.tell(record, at_s, source)

    return raise_


def reasons(story: Story) -> list[str]:
    return [joined.reason for joined in story.told(IncidentAlertJoined)]


def test_a_first_alert_opens_an_incident_with_its_reasons(story: Story, raise_: Raise) -> None:
    key = raise_(0, reasons=("stayed for 2.1 s",))
    (opened,) = story.told(IncidentOpened)
    assert opened.title == "Intrusion at Harbour gate"
    assert (opened.priority, opened.place, opened.alert, opened.camera) == (Priority.P2, HOME, key, "C1")
    assert opened.reasons == (
        "stayed for 2.1 s",
        "nothing of its kind and urgency within 60 m in the 2 min before",
        "priority 2 by the rule for intrusion",
    )


def test_the_same_camera_and_zone_within_the_window_is_the_same(story: Story, raise_: Raise) -> None:
    for at_s in (0, 20, 60):
        raise_(at_s)
    assert len(story.told(IncidentOpened)) == 1
    assert reasons(story) == [
        "second alert of camera Harbour gate in zone yard, 20 s after the last",
        "third alert of camera Harbour gate in zone yard, 40 s after the last",
    ]


def test_many_alerts_are_counted_in_figures(story: Story, raise_: Raise) -> None:
    for n in range(22):
        raise_(n)
    assert [reason.partition(" ")[0] for reason in reasons(story)[8:]] == [
        *("tenth", "11th", "12th", "13th", "14th", "15th", "16th", "17th", "18th", "19th", "20th", "21st", "22nd")
    ]


def test_an_alert_that_names_no_zone_may_be_of_any(story: Story, raise_: Raise) -> None:
    raise_(0)
    raise_(10, zone=None)
    raise_(20, zone="fence")
    assert reasons(story) == [
        "second alert of camera Harbour gate, 10 s after the last",
        "second alert of camera Harbour gate in zone fence, 10 s after the last",
    ]


def test_another_zone_of_the_same_camera_is_another_place(story: Story, raise_: Raise) -> None:
    raise_(0)
    raise_(10, zone="fence")
    assert len(story.told(IncidentOpened)) == 2


def test_after_the_window_it_is_another(story: Story, raise_: Raise) -> None:
    raise_(0)
    raise_(121)
    assert len(story.told(IncidentOpened)) == 2


def test_a_camera_nearby_sees_the_same(story: Story, raise_: Raise) -> None:
    raise_(0)
    raise_(5, camera="C2", zone="quay")
    raise_(6, camera="C3", zone="track")
    assert len(story.told(IncidentOpened)) == 2
    assert reasons(story) == ["camera Pier is 40 m away, 5 s after the last"]


def test_the_same_view_is_preferred_to_a_nearer_place(story: Story, raise_: Raise) -> None:
    raise_(0, camera="C1")
    raise_(1, camera="C1", zone="fence")
    first, second = story.told(IncidentOpened)
    raise_(2, camera="C1", zone="fence", place=east(1))
    (joined,) = story.told(IncidentAlertJoined)
    assert joined.incident == second.incident != first.incident


def test_of_two_nearby_the_nearest_then_the_newest_is_taken(story: Story, raise_: Raise) -> None:
    raise_(0, camera=None, place=east(0))
    raise_(1, camera=None, place=east(100))
    far, near = story.told(IncidentOpened)
    raise_(2, camera=None, place=east(55))
    raise_(3, camera=None, place=east(45))
    joined = [record.incident for record in story.told(IncidentAlertJoined)]
    assert joined == [near.incident, far.incident]


def test_other_kinds_join_only_where_the_rule_says_so(story: Story, raise_: Raise) -> None:
    raise_(0, kind="stopped_vehicle")
    raise_(1, kind="queue")
    raise_(2, kind="crowd")
    assert [opened.kind for opened in story.told(IncidentOpened)] == ["stopped_vehicle", "crowd"]
    assert reasons(story) == ["traffic queue: second alert of camera Harbour gate in zone yard, 1 s after the last"]


def test_two_cameras_on_one_mast_fail_apart(story: Story, raise_: Raise) -> None:
    story.tell(CameraRegistered(camera="C9", name="Mast 2", source="rtsp://x", place=HOME))
    raise_(0, kind="camera_lost", zone=None)
    raise_(1, kind="camera_lost", zone=None, camera="C9")
    raise_(2, kind="camera_blind", zone=None)
    assert len(story.told(IncidentOpened)) == 2
    assert "nothing of its kind and urgency there in the 10 min before" in story.told(IncidentOpened)[0].reasons


def test_a_partners_alert_with_a_place_joins_what_is_near(story: Story, raise_: Raise) -> None:
    raise_(0)
    raise_(9, camera=None, zone=None, place=east(30), source="/partners/guard")
    assert reasons(story) == ["reported by /partners/guard 30 m away, 9 s after the last"]


def test_a_partners_alert_without_a_place_joins_that_of_its_source(story: Story, raise_: Raise) -> None:
    for source in ("/partners/guard", "/partners/port", "/partners/guard"):
        raise_(0, camera=None, zone=None, source=source)
    titles = [opened.title for opened in story.told(IncidentOpened)]
    assert titles == ["Intrusion reported by /partners/guard", "Intrusion reported by /partners/port"]
    assert reasons(story) == ["reported by /partners/guard again, without a place, 0 s after the last"]


def test_a_place_without_a_camera_is_named_by_its_coordinates(story: Story, raise_: Raise) -> None:
    raise_(0, kind="gas_leak", camera=None, zone=None, place=Place(51.128, 71.43))
    (opened,) = story.told(IncidentOpened)
    assert opened.title == "Gas leak at 51.12800, 71.43000"


def test_a_camera_that_nobody_registered_has_its_id_for_a_name(story: Story, raise_: Raise) -> None:
    raise_(0, camera="X")
    raise_(1, camera="X")
    (opened,) = story.told(IncidentOpened)
    assert (opened.title, opened.place) == ("Intrusion at X", None)
    story.tell(CameraRegistered(camera="X", name="New gate", source="rtsp://x", place=east(1_000)))
    raise_(2, camera="X")
    raise_(3, camera=None, zone=None, place=east(1_010), source="/partners/guard")
    assert len(story.told(IncidentOpened)) == 1


def test_late_alerts_belong_where_they_happened(story: Story, raise_: Raise) -> None:
    raise_(100)
    raise_(160)
    raise_(130)
    raise_(40)
    raise_(41, kind="crowd")
    assert reasons(story)[1:] == [
        "third alert of camera Harbour gate in zone yard, told late",
        "fourth alert of camera Harbour gate in zone yard, 60 s before the first, told late",
    ]
    raise_(-81)
    assert len(story.told(IncidentOpened)) == 3


@pytest.mark.parametrize("late_s", [3_600, -2_000_000_000], ids=["told late", "the sender's clock runs ahead"])
def test_an_incident_is_received_and_opened_when_its_alert_is_known(story: Story, late_s: int) -> None:
    told = AlertRaised(kind="intrusion", camera="C1")
    for n in range(2):
        known_ms = START_MS + n * 1_000
        alert = msgspec.structs.replace(story.event(told, n - late_s), recorded_ms=known_ms)
        story.log.append([alert])
        story.settle()
    (incident,) = story.rows(INCIDENTS).values()
    assert (incident.received_ms, incident.opened_ms, incident.last_alert_ms) == (START_MS, START_MS, START_MS + 1_000)
    assert reasons(story) == ["second alert of camera Harbour gate, 1 s after the last"]


def test_what_is_known_at_once_may_have_happened_apart(story: Story) -> None:
    told = AlertRaised(kind="intrusion", camera="C1")
    for at_s in (0, 3_600):
        story.log.append([msgspec.structs.replace(story.event(told, at_s), recorded_ms=START_MS + 3_600_000)])
    story.settle()
    assert len(story.told(IncidentOpened)) == 2


def test_after_the_closing_a_new_alert_opens_a_new_incident(story: Story, raise_: Raise) -> None:
    raise_(0)
    (opened,) = story.told(IncidentOpened)
    story.command(command.Close(incident=opened.incident, disposition=Disposition.FALSE_ALARM), at_s=30)
    raise_(29)
    raise_(31)
    assert [joined.incident for joined in story.told(IncidentAlertJoined)] == [opened.incident]
    assert len(story.told(IncidentOpened)) == 2


def test_a_reopened_incident_is_joined_again(story: Story, raise_: Raise) -> None:
    raise_(0)
    (opened,) = story.told(IncidentOpened)
    story.command(command.Close(incident=opened.incident, disposition=Disposition.NO_TRACE), at_s=10)
    story.command(command.Reopen(incident=opened.incident, reason="seen again"), at_s=20)
    raise_(30)
    assert [joined.incident for joined in story.told(IncidentAlertJoined)] == [opened.incident]


def test_an_alert_joins_a_call_about_the_same(story: Story, raise_: Raise) -> None:
    call = command.OpenIncident(kind="intrusion", title="Somebody in the yard", priority=Priority.P2, place=east(20))
    story.command(call, at_s=0)
    raise_(15)
    assert reasons(story) == ["camera Harbour gate is 20 m away, 15 s after the last"]


def test_an_alert_never_joins_what_a_person_holds_for_less_urgent(story: Story, raise_: Raise) -> None:
    raise_(0)
    (first,) = story.told(IncidentOpened)
    story.command(command.Prioritise(incident=first.incident, priority=Priority.P4, reason="a cat"), at_s=5)
    raise_(10)
    _, second = story.told(IncidentOpened)
    raise_(20)
    story.command(command.Prioritise(incident=second.incident, priority=Priority.P1, reason="a knife"), at_s=25)
    raise_(30)
    assert [joined.incident for joined in story.told(IncidentAlertJoined)] == [second.incident] * 2


def test_an_alert_never_joins_a_call_that_is_less_urgent(story: Story, raise_: Raise) -> None:
    call = command.OpenIncident(kind="intrusion", title="Children in the yard", priority=Priority.P4, place=HOME)
    story.command(call, at_s=0)
    raise_(15)
    assert len(story.told(IncidentOpened)) == 2


def test_events_of_incidents_that_are_not_known_change_nothing(story: Story) -> None:
    story.tell(IncidentAlertJoined(incident="nobody", alert="a", reason="r"))
    story.tell(IncidentClosed(incident="nobody", disposition=Disposition.DUPLICATE))
    assert story.rows(OCCURRENCES) == {}
    assert story.told(EventPutAside) == []


def test_titles_and_reasons_have_an_end(story: Story, raise_: Raise) -> None:
    story.tell(CameraRegistered(camera="L", name="n" * 300, source="rtsp://x"))
    raise_(0, camera="L", reasons=tuple(str(n) for n in range(ALERT_REASONS_MAX + 1)))
    (opened,) = story.told(IncidentOpened)
    assert len(opened.title) == TITLE_CHARS_MAX
    assert len(opened.reasons) == ALERT_REASONS_MAX + 2


def test_an_alert_that_says_very_much_makes_small_events(story: Story, raise_: Raise) -> None:
    story.tell(CameraRegistered(camera="L", name="n" * 300, source="rtsp://x"))
    for at_s in (0, 1):
        raise_(at_s, camera="L", reasons=("x" * (SENTENCE_CHARS_MAX + 1),) * (ALERT_REASONS_MAX + 1))
    (opened,) = story.told(IncidentOpened)
    assert opened.reasons[0] == "x" * (SENTENCE_CHARS_MAX - 1) + "…"
    (joined,) = story.told(IncidentAlertJoined)
    assert joined.reason.endswith("…, 1 s after the last")
    assert len(joined.reason) < SENTENCE_CHARS_MAX + 30


def test_an_occurrence_remembers_so_many_views(story: Story, raise_: Raise) -> None:
    for n in range(SIGHTINGS_MAX + 3):
        raise_(n, camera=f"D{n}", place=HOME)
    (occurrence,) = story.rows(OCCURRENCES).values()
    assert len(occurrence.sightings) == SIGHTINGS_MAX
    assert occurrence.sightings[-1].camera == f"D{SIGHTINGS_MAX + 2}"


def test_an_index_entry_holds_so_many_incidents_the_newest(story: Story, raise_: Raise) -> None:
    for n in range(CANDIDATES_MAX + 5):
        raise_(n * 200)
    opened = [record.incident for record in story.told(IncidentOpened)]
    entries = story.rows(INDEX)
    assert entries["intrusion/camera/C1"].incidents == tuple(opened[-CANDIDATES_MAX:])


def test_what_a_step_of_ours_tells_needs_no_word_of_its_source() -> None:
    story = Story([correlate.STEP])
    story.tell(AlertRaised(kind="scam_campaign"), source="/saqta/fraud")
    (incident,) = story.rows(INCIDENTS).values()
    assert "reported by" not in incident.title
