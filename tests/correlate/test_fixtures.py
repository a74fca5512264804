"""A thing left behind of which a dispatcher says that it belongs there."""

import pytest

from saqta import views
from saqta.correlate.commands import BELONGS_THERE
from saqta.correlate.occurrences import INCIDENTS
from saqta.model import command, kinds
from saqta.model.command import REASON_CHARS_MAX
from saqta.model.errors import InputError, StateError
from saqta.model.incident import Incident
from saqta.model.kinds import FIXTURES_MAX
from saqta.model.terms import Disposition, IncidentState
from saqta.views.tables import ALERTS, CAMERAS, TIMELINE
from story import HOME, Story

BOX = (0.4, 0.5, 0.5, 0.6)


@pytest.fixture
def story() -> Story:
    story = Story()
    story.tell(kinds.CameraRegistered(camera="C1", name="Platform", source="x", place=HOME))
    return story


def left(story: Story, at_s: float = 0, box: kinds.Box = BOX) -> tuple[str, Incident]:
    """An alert of a thing left behind: (its key, its incident)."""
    alert = kinds.AlertRaised(kind="abandoned_object", camera="C1", box=box, at_s=at_s, object="s-1")
    key = story.tell(alert, at_s)
    return key, next(row for row in story.rows(INCIDENTS).values() if key in row.alerts)


def test_marking_closes_the_incident_and_stays_known(story: Story) -> None:
    alert, incident = left(story)
    marked, closed = story.command(command.MarkFixture(incident=incident.id, alert=alert, note=" the cleaners' "))
    assert marked == kinds.FixtureMarked(
        camera="C1", box=BOX, object="s-1", note="the cleaners'", alert=alert, incident=incident.id
    )
    assert closed == kinds.IncidentClosed(incident=incident.id, disposition=Disposition.FALSE_ALARM, note=BELONGS_THERE)
    assert story.rows(INCIDENTS)[incident.id].state is IncidentState.CLOSED
    (fixture,) = story.rows(CAMERAS)["C1"].fixtures
    assert (fixture.box, fixture.alert, fixture.incident) == (BOX, alert, incident.id)
    assert story.rows(ALERTS)[alert].is_fixture
    texts = [entry.text for entry in story.rows(TIMELINE).values()]
    assert "aru said that it belongs there: the cleaners'" in texts


def test_it_is_taken_back(story: Story) -> None:
    alert, incident = left(story)
    story.command(command.MarkFixture(incident=incident.id, alert=alert))
    (released,) = story.command(command.ReleaseFixture(incident=incident.id, alert=alert, reason="it ticks"))
    assert released == kinds.FixtureReleased(camera="C1", box=BOX, alert=alert, incident=incident.id, reason="it ticks")
    assert story.rows(CAMERAS)["C1"].fixtures == ()
    assert not story.rows(ALERTS)[alert].is_fixture
    story.command(command.MarkFixture(incident=incident.id, alert=alert))
    assert len(story.rows(CAMERAS)["C1"].fixtures) == 1


def test_an_incident_with_more_to_it_stays_open(story: Story) -> None:
    alert, _ = left(story)
    _, incident = left(story, 10)
    assert incident.alert_count == 2
    (marked,) = story.command(command.MarkFixture(incident=incident.id, alert=alert))
    assert isinstance(marked, kinds.FixtureMarked)
    assert story.rows(INCIDENTS)[incident.id].state is IncidentState.OPEN


def test_what_does_not_fit_is_refused(story: Story) -> None:
    alert, incident = left(story)
    other = story.tell(kinds.AlertRaised(kind="intrusion", camera="C1", at_s=1), 1)
    stranger = next(row for row in story.rows(INCIDENTS).values() if other in row.alerts)
    for of, key in ((incident.id, other), (stranger.id, alert), (stranger.id, other), (incident.id, "nothing")):
        with pytest.raises(InputError, match="an alert of this incident that tells of a thing left behind"):
            story.command(command.MarkFixture(incident=of, alert=key))
    with pytest.raises(StateError, match="is not marked as a fixture"):
        story.command(command.ReleaseFixture(incident=incident.id, alert=alert))
    with pytest.raises(InputError, match="note"):
        story.command(command.MarkFixture(incident=incident.id, alert=alert, note="x" * (REASON_CHARS_MAX + 1)))
    story.command(command.MarkFixture(incident=incident.id, alert=alert))
    with pytest.raises(StateError, match="is marked as a fixture already"):
        story.command(command.MarkFixture(incident=incident.id, alert=alert))


def test_fixtures_that_nobody_alerted_of_are_known_to_the_camera_alone() -> None:
    story = Story([views.STEP])
    for number in range(FIXTURES_MAX + 1):
        story.tell(kinds.FixtureMarked(camera="C2", box=(0.0, 0.0, 1.0, (number + 1) / 1000)))
    fixtures = story.rows(CAMERAS)["C2"].fixtures
    assert len(fixtures) == FIXTURES_MAX
    assert fixtures[0].box[3] == 0.002
    story.tell(kinds.FixtureReleased(camera="C2", box=fixtures[0].box))
    assert len(story.rows(CAMERAS)["C2"].fixtures) == FIXTURES_MAX - 1


def test_a_mark_without_an_alert_changes_nothing_of_what_was_left(story: Story) -> None:
    alert, _ = left(story)
    story.tell(kinds.FixtureMarked(camera="C1", box=BOX), 5)
    assert not story.rows(ALERTS)[alert].is_fixture
