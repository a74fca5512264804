"""What each event changes in the tables that pages read."""

import pytest

from saqta import views
from saqta.model import kinds
from saqta.model.catalogue import KINDS
from saqta.model.sealed import Sealed
from saqta.model.step import Table
from saqta.model.terms import CameraStatus, Disposition, IncidentState, Priority, Role, UnitStatus
from saqta.views.tables import (
    ALERTS,
    BOARD,
    CALLERS,
    CAMERAS,
    CLOSED,
    CLOSED_ON_BOARD_MAX,
    EARLY,
    EVIDENCE,
    INCIDENTS,
    LIVE_TABLES,
    MAP_LAYERS,
    PUT_ASIDE_SHOWN_MAX,
    RECOMMENDATIONS,
    SESSIONS,
    STATUS,
    SYSTEM,
    TABLES,
    TALLY,
    TIMELINE,
    TOKENS,
    TRAFFIC_HOURS,
    TRAFFIC_MINUTES,
    UNITS,
    USERS,
    LineCounts,
    PutAside,
    Status,
    User,
    timeline_key,
)
from story import HOME, START_MS, Story, east

SEALED = {
    field: Sealed(person=person, ciphertext="c2VhbGVk", hmac="00")
    for field, person in (("caller_name", "p1"), ("caller_number", "p2"))
}


@pytest.fixture
def story() -> Story:
    return Story([views.STEP])


def opened(id: str = "I", **fields: object) -> kinds.IncidentOpened:
    known = {"kind": "fight", "title": "Fight", "priority": Priority.P2, "received_ms": START_MS, "place": HOME}
    return kinds.IncidentOpened(incident=id, **{**known, **fields})  # type: ignore[arg-type]


def closed(id: str = "I") -> kinds.IncidentClosed:
    return kinds.IncidentClosed(incident=id, disposition=Disposition.NO_TRACE)


# Incidents and the board


def test_an_incident_stands_on_the_board_as_it_stands(story: Story) -> None:
    story.tell(opened())
    story.tell(kinds.IncidentPrioritised(incident="I", priority=Priority.P1, reason="knife"))
    assert story.rows(BOARD) == story.rows(INCIDENTS)
    assert story.rows(BOARD)["I"].priority is Priority.P1
    story.tell(kinds.IncidentAcknowledged(incident="unknown"))
    assert list(story.rows(INCIDENTS)) == ["I"]


def test_the_newest_closed_incidents_stay_on_the_board(story: Story) -> None:
    ids = [f"I{n:03d}" for n in range(CLOSED_ON_BOARD_MAX + 3)]
    for n, id in enumerate(ids):
        story.tell(opened(id), settle=False)
        story.tell(closed(id), at_s=n, settle=False)
    story.tell(opened("still-open"))
    assert set(story.rows(BOARD)) == {*ids[3:], "still-open"}
    assert set(story.rows(INCIDENTS)) == {*ids, "still-open"}


def test_a_note_to_a_closed_incident_changes_the_board_only_where_it_stands_there(story: Story) -> None:
    for n in range(CLOSED_ON_BOARD_MAX + 1):
        story.tell(opened(f"I{n:03d}"), settle=False)
        story.tell(closed(f"I{n:03d}"), at_s=n, settle=False)
    for id in ("I000", "I001"):
        story.tell(kinds.IncidentNoted(incident=id, text="called back"))
    assert "I000" not in story.rows(BOARD)
    assert story.rows(BOARD)["I001"] == story.rows(INCIDENTS)["I001"]


def test_a_reopened_incident_is_on_the_board_for_itself(story: Story) -> None:
    story.tell(opened())
    story.tell(closed())
    assert story.rows(CLOSED)[SYSTEM].closed == ((START_MS, "I"),)
    story.tell(kinds.IncidentReopened(incident="I", reason="again"))
    assert story.rows(CLOSED)[SYSTEM].closed == ()
    assert story.rows(BOARD)["I"].state is IncidentState.REOPENED


def test_callers_are_not_on_the_board_and_not_in_the_timeline(story: Story) -> None:
    story.tell(opened(**SEALED))
    incident = story.rows(INCIDENTS)["I"]
    assert (incident.caller_name, incident.caller_number) == tuple(SEALED.values())
    on_board = story.rows(BOARD)["I"]
    assert on_board.caller_name is on_board.caller_number is None
    (entry,) = story.rows(TIMELINE).values()
    assert not set(entry.data) & set(SEALED)


@pytest.mark.parametrize(("person", "left"), [("p1", ["caller_number"]), ("p2", ["caller_name"]), ("p3", list(SEALED))])
def test_an_erased_person_leaves_the_rows(story: Story, person: str, left: list[str]) -> None:
    story.tell(opened(**SEALED))
    story.tell(kinds.PersonErased(person=person))
    incident = story.rows(INCIDENTS)["I"]
    assert [field for field in SEALED if getattr(incident, field) is not None] == left or person == "p3"
    assert not [key for key in story.rows(CALLERS) if key.startswith(f"{person}/")]


# Recommendations


def test_a_recommendation_stands_until_the_closing(story: Story) -> None:
    made = kinds.RecommendationMade(incident="I", unit="A", travel_s=220.0, reasons=("nearest",))
    story.tell(made)
    assert story.rows(RECOMMENDATIONS) == {}
    story.tell(opened())
    story.tell(made, at_s=2)
    assert story.rows(RECOMMENDATIONS)["I"].made_ms == START_MS + 2_000
    story.tell(closed())
    story.tell(made)
    assert story.rows(RECOMMENDATIONS) == {}


# Alerts and evidence


def test_an_alert_knows_its_place_its_incident_and_its_evidence(story: Story) -> None:
    story.tell(kinds.CameraRegistered(camera="C1", name="Gate", source="rtsp://x", place=HOME))
    key = story.tell(kinds.AlertRaised(kind="intrusion", camera="C1", box=(0.1, 0.2, 0.3, 0.4), at_s=4.0, zone="yard"))
    alone = story.tell(kinds.AlertRaised(kind="smoke", place=east(10)))
    story.tell(opened(alert=key))
    story.tell(kinds.IncidentAlertJoined(incident="I", alert=alone, reason="near"))
    kept = kinds.EvidenceKept(
        alert=key, camera="C1", sha256="ab", media_type="video/mp4", size_bytes=9, from_s=0, until_s=8.4
    )
    story.tell(kept)
    alert = story.rows(ALERTS)[key]
    assert (alert.place, alert.incident, alert.zone) == (HOME, "I", "yard")
    assert [evidence.sha256 for evidence in alert.evidence] == ["ab"]
    assert story.rows(ALERTS)[alone].incident == "I"
    assert story.rows(EVIDENCE)[f"ab/{key}"].alert == key
    story.tell(kinds.EvidenceViewed(sha256="ab"))
    assert [entry.text for entry in story.rows(TIMELINE).values()][2:] == [
        "Clip of 8 s kept as evidence",
        "teller looked at the evidence",
    ]


@pytest.mark.parametrize("joins", [False, True], ids=["opens", "joins"])
def test_evidence_that_is_kept_before_its_incident_is_known_is_told_with_it(story: Story, joins: bool) -> None:
    key = story.tell(kinds.AlertRaised(kind="intrusion", camera="C1"))
    for n in (8, 9):
        kept = kinds.EvidenceKept(
            alert=key, camera="C1", sha256=f"a{n}", media_type="video/mp4", size_bytes=9, from_s=0, until_s=n
        )
        story.tell(kept, at_s=n)
    story.tell(opened(alert=None if joins else key))
    if joins:
        story.tell(kinds.IncidentAlertJoined(incident="I", alert=key, reason="near"))
    story.tell(kinds.IncidentNoted(incident="I", text="two men"))
    entries = list(story.rows(TIMELINE).values())
    assert [entry.text for entry in entries][joins:] == [
        "Alert joined: near" if joins else "teller opened Fight, priority 2",
        "Clip of 8 s kept as evidence",
        "Clip of 9 s kept as evidence",
        "teller: two men",
    ]
    assert (entries[1 + joins].seq, entries[1 + joins].time_ms) == (2, START_MS + 8_000)
    assert story.rows(EARLY) == {}


def test_evidence_that_is_lost_is_told_in_its_incident(story: Story) -> None:
    key = story.tell(kinds.AlertRaised(kind="intrusion", camera="C1"))

    def lost(media_type: str, reason: str, partly: bool = False) -> kinds.EvidenceLost:
        return kinds.EvidenceLost(alert=key, camera="C1", media_type=media_type, reason=reason, partly=partly)

    story.tell(lost("video/mp4", "the disk is full"))
    story.tell(opened(alert=key))
    story.tell(lost("image/jpeg", "the disk is full"))
    story.tell(lost("application/vnd.saqta.sealed", "the stream is damaged there", partly=True))
    assert [entry.text for entry in story.rows(TIMELINE).values()] == [
        "teller opened Fight, priority 2",
        "Clip could not be kept: the disk is full",
        "Still could not be kept: the disk is full",
        "Original under seal could not be kept whole: the stream is damaged there",
    ]
    assert story.rows(ALERTS)[key].evidence == ()


def test_evidence_of_an_alert_without_an_incident_is_kept(story: Story) -> None:
    key = story.tell(kinds.AlertRaised(kind="intrusion"))
    for alert in (key, "/elsewhere#1"):
        story.tell(
            kinds.EvidenceKept(
                alert=alert, camera="C1", sha256="ab", media_type="video/mp4", size_bytes=9, from_s=0, until_s=8
            )
        )
    story.tell(kinds.EvidenceViewed(sha256="ab"))
    story.tell(opened(alert="/elsewhere#1"))
    assert len(story.rows(EVIDENCE)) == 2
    assert len(story.rows(ALERTS)[key].evidence) == 1
    assert len(story.rows(TIMELINE)) == 1


# Timelines


def test_a_timeline_tells_an_incident_in_plain_sentences(story: Story) -> None:
    story.tell(kinds.UnitRegistered(unit="A", name="Unit 7", place=HOME))
    told: list[tuple[kinds.Record, str]] = [
        (opened(), "teller opened Fight, priority 2"),
        (kinds.IncidentAlertJoined(incident="I", alert="a", reason="40 m away"), "Alert joined: 40 m away"),
        (kinds.IncidentAcknowledged(incident="I"), "teller took the incident"),
        (
            kinds.IncidentPrioritised(incident="I", priority=Priority.P1, reason="knife"),
            "teller set priority 1: knife",
        ),
        (kinds.IncidentNoted(incident="I", text="two men"), "teller: two men"),
        (
            kinds.RecommendationMade(incident="I", unit="A", travel_s=1, reasons=("nearest: 1 s", "next: B")),
            "Unit 7 recommended: nearest: 1 s; next: B",
        ),
        (
            kinds.RecommendationMade(incident="I", unit=None, travel_s=None, reasons=("nobody can go",)),
            "No unit to recommend: nobody can go",
        ),
        (kinds.AssignmentMade(incident="I", unit="A"), "teller sent Unit 7"),
        (kinds.AssignmentStarted(incident="I", unit="A"), "Unit 7 is on its way"),
        (kinds.AssignmentArrived(incident="I", unit="A"), "Unit 7 is on scene"),
        (kinds.AssignmentEnded(incident="I", unit="A", reason="cleared"), "Unit 7 left: cleared"),
        (
            kinds.IncidentClosed(incident="I", disposition=Disposition.FALSE_ALARM),
            "teller closed it as false alarm",
        ),
        (kinds.IncidentReopened(incident="I", reason="again"), "teller opened it again: again"),
        (kinds.AssignmentMade(incident="I", unit="unregistered"), "teller sent unregistered"),
    ]
    for record, _ in told:
        story.tell(record, at_s=1)
    entries = story.rows(TIMELINE)
    assert [entry.text for entry in entries.values()] == [text for _, text in told]
    assert list(entries) == [timeline_key("I", entry.seq) for entry in entries.values()]
    last = entries[timeline_key("I", story.log.size())]
    assert (last.type, last.time_ms, last.actor) == ("saqta.assignment.made.v1", START_MS + 1_000, "test/teller")
    assert last.data == {"incident": "I", "unit": "unregistered"}


def test_steps_of_ours_are_called_saqta() -> None:
    story = Story()
    story.tell(kinds.AlertRaised(kind="intrusion", place=HOME))
    assert [entry.text for entry in story.rows(TIMELINE).values()] == [
        f"Saqta opened Intrusion at {HOME.lat:.5f}, {HOME.lon:.5f}, priority 2",
        "No unit to recommend: nobody can go: no unit is registered",
    ]


# Units and cameras


def test_units_stand_as_they_stand(story: Story) -> None:
    story.tell(kinds.UnitPositioned(unit="A", place=HOME))
    story.tell(kinds.UnitRegistered(unit="A", name="Unit 7"))
    story.tell(kinds.UnitPositioned(unit="A", place=HOME, speed_kmh=30), at_s=5)
    story.tell(kinds.UnitPositioned(unit="A", place=east(9)), at_s=4)
    story.tell(kinds.UnitStatusChanged(unit="A", status=UnitStatus.OUT_OF_SERVICE))
    (unit,) = story.rows(UNITS).values()
    assert (unit.place, unit.speed_kmh, unit.status) == (HOME, 30, UnitStatus.OUT_OF_SERVICE)


def test_a_camera_comes_goes_and_counts(story: Story) -> None:
    story.tell(kinds.CameraConnected(camera="C1", width=640, height=360, fps=25))
    registered = kinds.CameraRegistered(
        camera="C1", name="Gate", source="rtsp://secret@x", place=HOME, restricted=("z",)
    )
    story.tell(registered)
    camera = story.rows(CAMERAS)["C1"]
    assert (camera.name, camera.status, camera.width, camera.fps) == ("Gate", CameraStatus.LIVE, 640, 25)
    assert "secret" not in str(camera)
    story.tell(kinds.CameraLost(camera="C1", reason="the stream ended", retry_s=2), at_s=3)
    camera = story.rows(CAMERAS)["C1"]
    assert (camera.status, camera.reason, camera.status_ms) == (CameraStatus.LOST, "the stream ended", START_MS + 3_000)
    story.tell(kinds.CameraQuarantined(camera="C1", reason="killed its worker twice"))
    story.tell(kinds.CameraLost(camera="C1", reason="its worker died", retry_s=2), at_s=4)
    camera = story.rows(CAMERAS)["C1"]
    assert (camera.status, camera.reason) == (CameraStatus.QUARANTINED, "killed its worker twice")
    story.tell(kinds.CameraConnected(camera="C1", width=640, height=360, fps=25))
    assert story.rows(CAMERAS)["C1"].reason is None
    for counted in ({"person": 2}, {"person": 1, "car": 4}):
        story.tell(
            kinds.LineCounted(camera="C1", line="gate", from_s=0, until_s=10, forward=counted, backward={"bus": 1})
        )
    assert story.rows(CAMERAS)["C1"].counts == {
        "gate": LineCounts(forward={"person": 3, "car": 4}, backward={"bus": 2})
    }


def test_a_camera_that_does_not_see_says_why_until_it_does(story: Story) -> None:
    story.tell(kinds.CameraConnected(camera="C1", width=640, height=360, fps=25))
    alert = story.tell(kinds.AlertRaised(kind="camera_blind", camera="C1", at_s=4.0))
    story.tell(opened(alert=alert))
    blind = kinds.CameraSightChanged(camera="C1", fault="camera_blind", reason="covered", at_s=4.0)
    story.tell(blind, at_s=4, cause=alert)
    camera = story.rows(CAMERAS)["C1"]
    assert (camera.status, camera.fault, camera.fault_reason) == (CameraStatus.LIVE, "camera_blind", "covered")
    assert camera.fault_ms == START_MS + 4_000
    story.tell(kinds.CameraSightChanged(camera="C1", at_s=30.0), at_s=30, cause=alert)
    camera = story.rows(CAMERAS)["C1"]
    assert (camera.fault, camera.fault_reason, camera.fault_ms) == (None, None, None)
    told = [entry.text for _, entry in sorted(story.rows(TIMELINE).items())]
    assert told[-1] == "The camera sees again"
    assert len(told) == 2


def test_a_camera_that_comes_again_sees_until_it_tells_otherwise(story: Story) -> None:
    story.tell(kinds.CameraSightChanged(camera="C1", fault="camera_moved", reason="turned", at_s=4.0))
    story.tell(kinds.CameraConnected(camera="C1", width=640, height=360, fps=25))
    assert story.rows(CAMERAS)["C1"].fault is None


# Access


def test_a_link_opens_one_session(story: Story) -> None:
    added = kinds.UserAdded(user="aru", role=Role.DISPATCHER, link_sha256="l1", link_until_ms=START_MS + 9)
    story.tell(added)
    story.tell(kinds.UserAdded(user="aru", role=Role.SUPERVISOR, link_sha256="l2", link_until_ms=START_MS + 9), at_s=5)
    story.tell(kinds.SessionStarted(user="aru", link_sha256="l1", session_sha256="s0", until_ms=START_MS + 99))
    user = User(user="aru", role=Role.SUPERVISOR, link_sha256="l2", link_until_ms=START_MS + 9, added_ms=START_MS)
    assert story.rows(USERS) == {"aru": user}
    story.tell(kinds.SessionStarted(user="aru", link_sha256="l2", session_sha256="s1", until_ms=START_MS + 99))
    assert story.rows(USERS)["aru"].link_sha256 is None
    story.tell(kinds.SessionEnded(user="aru", session_sha256="s0"))
    assert {key: session.user for key, session in story.rows(SESSIONS).items()} == {"s1": "aru"}
    story.tell(kinds.SessionStarted(user="nobody", link_sha256="l2", session_sha256="s2", until_ms=START_MS))
    assert set(story.rows(USERS)) == {"aru"}


def test_tokens_are_found_by_their_digest(story: Story) -> None:
    token = kinds.TokenAdded(token="t1", role=Role.PARTNER, token_sha256="d1", partner="guard", partner_source="/guard")
    story.tell(token)
    assert story.rows(TOKENS)["d1"].partner_source == "/guard"


# The city and the system


def test_a_layer_takes_the_place_of_the_one_before(story: Story) -> None:
    for n in (1, 2):
        story.tell(kinds.MapLayerImported(layer="water", features=({"id": n},)))
    assert story.rows(MAP_LAYERS)["water"].features == ({"id": 2},)


def test_the_status_counts_what_was_put_aside_and_refused(story: Story) -> None:
    refused = kinds.EventRefused(refused_source="s", refused_id="i", stored_sha256="a", offered_sha256="b")
    story.tell(refused)
    for n in range(PUT_ASIDE_SHOWN_MAX + 5):
        story.tell(kinds.EventPutAside(step="views", seq=n, reason=f"reason {n}"), at_s=n)
    (status,) = story.rows(STATUS).values()
    assert status == Status(
        put_aside=PUT_ASIDE_SHOWN_MAX + 5,
        put_aside_last=tuple(
            PutAside(step="views", seq=n, reason=f"reason {n}", time_ms=START_MS + n * 1_000)
            for n in range(5, PUT_ASIDE_SHOWN_MAX + 5)
        ),
        refused=1,
        newest_seq=story.log.size(),
        newest_ms=START_MS + (PUT_ASIDE_SHOWN_MAX + 4) * 1_000,
    )
    assert story.rows(TALLY)["saqta.event.put_aside.v1"].count == PUT_ASIDE_SHOWN_MAX + 5


def test_every_kind_is_counted(story: Story) -> None:
    assert set(views.STEP.folds) == {kind.record for kind in KINDS.values()}
    story.tell(kinds.PersonErased(person="p1"))
    assert story.rows(TALLY)["saqta.person.erased.v1"].count == 1
    assert story.rows(STATUS)[SYSTEM].newest_seq == 1


def test_tables_have_names_of_their_own_and_live_ones_are_among_them() -> None:
    names = [table.name for table in TABLES]
    assert len(names) == len(set(names))
    assert set(LIVE_TABLES) <= set[Table](TABLES)


def test_minutes_make_hours_and_are_forgotten_in_the_end(story: Story) -> None:
    for minute in (0, 1, 49 * 60):
        counted = kinds.LineCounted(
            camera="C1", line="gate", from_s=60 * minute, until_s=60 * (minute + 1), forward={"car": 2}, backward={}
        )
        story.tell(counted, at_s=60 * (minute + 1))
    hours = list(story.rows(TRAFFIC_HOURS).values())
    assert [(hour.forward, hour.backward, hour.watched_s, hour.occupied) for hour in hours] == [
        ({"car": 4}, {}, 120.0, None),
        ({"car": 2}, {}, 60.0, None),
    ]
    assert len(story.rows(TRAFFIC_MINUTES)) == 1
