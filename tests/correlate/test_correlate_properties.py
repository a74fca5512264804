"""Whatever alerts come, in whatever batches: each is in exactly one incident, and the same log gives the same."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from saqta import correlate
from saqta.correlate.occurrences import CANDIDATES_MAX
from saqta.log.runner import replay
from saqta.model import kinds
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised, CameraRegistered, EventPutAside, IncidentAlertJoined, IncidentOpened
from saqta.model.place import Place
from saqta.model.step import Row, Table
from saqta.model.terms import Disposition
from story import HOME, Story, east

CAMERAS = [CameraRegistered(camera=f"C{n}", name=f"Camera {n}", source="x", place=east(n * 45)) for n in range(5)]

alerts = st.builds(
    AlertRaised,
    kind=st.sampled_from(["intrusion", "crowd", "queue", "stopped_vehicle", "wrong_way", "camera_lost", "smoke"]),
    camera=st.sampled_from([None, "C0", "C1", "C2", "C3", "C4", "unknown"]),
    zone=st.sampled_from([None, "gate", "yard"]),
    place=st.none() | st.floats(-300, 300).map(east),
)
moments = st.floats(0, 900)
sources = st.sampled_from(["/cameras", "/partners/guard"])
stories = st.lists(st.tuples(alerts, moments, sources), max_size=30)


def events(told: Sequence[tuple[AlertRaised, float, str]]) -> list[Event]:
    teller = Story([])
    return [teller.event(camera) for camera in CAMERAS] + [
        teller.event(alert, at_s, source) for alert, at_s, source in told
    ]


def run(appends: Sequence[Sequence[Event]]) -> Story:
    story = Story([correlate.STEP])
    for batch in appends:
        story.log.append(batch)
        story.settle()
    return story


def membership(story: Story) -> dict[str, str]:
    return {record.alert: record.incident for record in story.told(IncidentOpened, IncidentAlertJoined)}


@given(stories)
def test_every_alert_is_in_exactly_one_incident(told: list[tuple[AlertRaised, float, str]]) -> None:
    story = run([events(told)])
    claimed = Counter(record.alert for record in story.told(IncidentOpened, IncidentAlertJoined))
    raised = {at.event.key for at in story.recorded() if at.event.type == "saqta.alert.raised.v1"}
    assert set(claimed) == raised
    assert set(claimed.values()) <= {1}
    assert {record.incident for record in story.told(IncidentAlertJoined)} <= {
        record.incident for record in story.told(IncidentOpened)
    }
    assert story.told(EventPutAside) == []


@given(stories, st.data())
def test_repeats_and_batches_do_not_matter(told: list[tuple[AlertRaised, float, str]], data: st.DataObject) -> None:
    once = events(told)
    cut = data.draw(st.integers(0, len(once)))
    again = data.draw(st.lists(st.sampled_from(once), max_size=5))
    assert membership(run([once])) == membership(run([once[:cut], once, again]))


@given(stories, st.data())
def test_the_same_log_gives_the_same_tables(told: list[tuple[AlertRaised, float, str]], data: st.DataObject) -> None:
    story = run([events(told)])
    for opened in story.told(IncidentOpened):
        if data.draw(st.booleans()):
            closed = kinds.IncidentClosed(incident=opened.incident, disposition=Disposition.NO_TRACE)
            story.tell(closed, data.draw(moments), id=opened.incident)
    alert, at_s, source = data.draw(st.tuples(alerts, moments, sources))
    story.tell(alert, at_s, source, id="last")
    live = {table.name: story.tables.digest(table) for table in correlate.STEP.tables}
    assert replay(story.log, [correlate.STEP]) == live


class Counting:
    """Tables that count how often they are looked at."""

    def __init__(self, story: Story) -> None:
        self._tables, self.gets = story.tables, 0

    def get(self, table: Table[Row], key: str) -> Row | None:
        self.gets += 1
        return self._tables.get(table, key)

    def scan(
        self, table: Table[Row], prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Row]]:
        raise AssertionError("correlating scans nothing")


def test_an_alert_looks_at_a_few_rows_however_many_incidents_are_live() -> None:
    story = Story([correlate.STEP])
    places = [east(120.0 * x, of=Place(HOME.lat + 0.002 * y, HOME.lon)) for x in range(100) for y in range(100)]
    story.log.append([story.event(AlertRaised(kind="crowd", place=place)) for place in places])
    story.settle()
    assert len(story.told(IncidentOpened)) == 10_000
    counting = Counting(story)
    outcome = correlate.STEP.folds[AlertRaised](counting, next(story.recorded()), AlertRaised(kind="crowd", place=HOME))
    assert len(outcome.events) == 1
    assert counting.gets <= 4 * (1 + CANDIDATES_MAX) + 3
