"""A moved camera of which a dispatcher says that its new view is meant."""

import pytest

from saqta.correlate.commands import VIEW_IS_MEANT
from saqta.correlate.occurrences import INCIDENTS
from saqta.model import command, kinds
from saqta.model.errors import InputError, StateError
from saqta.model.incident import Incident
from saqta.model.terms import Disposition, IncidentState
from saqta.views.tables import CAMERAS, TIMELINE
from story import HOME, Story


@pytest.fixture
def story() -> Story:
    story = Story()
    story.tell(kinds.CameraRegistered(camera="C1", name="Gate", source="x", place=HOME))
    return story


def moved(story: Story, at_s: float = 0, kind: str = "camera_moved") -> tuple[str, Incident]:
    """An alert of a camera that was moved: (its key, its incident)."""
    key = story.tell(kinds.AlertRaised(kind=kind, camera="C1", at_s=at_s), at_s)
    return key, next(row for row in story.rows(INCIDENTS).values() if key in row.alerts)


def test_a_view_that_is_meant_closes_the_incident_and_forgets_what_was_marked_in_the_old_one(story: Story) -> None:
    story.tell(kinds.FixtureMarked(camera="C1", box=(0.4, 0.5, 0.5, 0.6)))
    alert, incident = moved(story)
    accepted, closed = story.command(command.AcceptView(incident=incident.id, alert=alert, note=" to the gate "))
    assert accepted == kinds.ViewAccepted(camera="C1", note="to the gate", alert=alert, incident=incident.id)
    assert closed == kinds.IncidentClosed(incident=incident.id, disposition=Disposition.FALSE_ALARM, note=VIEW_IS_MEANT)
    assert story.rows(INCIDENTS)[incident.id].state is IncidentState.CLOSED
    camera = story.rows(CAMERAS)["C1"]
    assert camera.fixtures == ()
    assert camera.view_accepted_ms is not None
    texts = [entry.text for entry in story.rows(TIMELINE).values()]
    assert "aru said that the camera's new view is meant: to the gate" in texts


def test_an_incident_with_more_to_it_stays_open(story: Story) -> None:
    alert, _ = moved(story)
    _, incident = moved(story, 10)
    assert incident.alert_count == 2
    (accepted,) = story.command(command.AcceptView(incident=incident.id, alert=alert))
    assert isinstance(accepted, kinds.ViewAccepted)
    assert story.rows(INCIDENTS)[incident.id].state is IncidentState.OPEN


def test_what_does_not_fit_is_refused(story: Story) -> None:
    alert, incident = moved(story)
    other, stranger = moved(story, 1, "intrusion")
    for of, key in ((incident.id, other), (stranger.id, alert), (incident.id, "nothing")):
        with pytest.raises(InputError, match="an alert of this incident that tells of a camera that was moved"):
            story.command(command.AcceptView(incident=of, alert=key))
    story.command(command.AcceptView(incident=incident.id, alert=alert))
    with pytest.raises(StateError, match="is known to be meant already"):
        story.command(command.AcceptView(incident=incident.id, alert=alert))


def test_a_view_that_is_accepted_without_an_alert_is_known_to_the_camera_alone(story: Story) -> None:
    alert, incident = moved(story)
    story.tell(kinds.ViewAccepted(camera="C1"), 5)
    story.tell(kinds.ViewAccepted(camera="C1", alert="nothing"), 6)
    assert story.rows(CAMERAS)["C1"].view_accepted_ms is not None
    assert len(story.command(command.AcceptView(incident=incident.id, alert=alert))) == 2
