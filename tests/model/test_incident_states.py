"""An incident's states: the whole table, and any order of events."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.errors import StateError
from saqta.model.event import Recorded, encode
from saqta.model.incident import ALERTS_MAX, CAMERAS_MAX, EVENTS, TRANSITIONS, Incident, Trigger, apply, require
from saqta.model.terms import Disposition, IncidentState, Priority

# Columns are states, rows what happens; "-" is what may not happen there. Written by hand, to be read beside the code.
TABLE = """
              open          acknowledged  assigned      on_scene      closed    reopened
acknowledge   acknowledged  acknowledged  assigned      on_scene      -         acknowledged
assign        assigned      assigned      assigned      on_scene      -         assigned
en_route      -             -             assigned      on_scene      -         -
arrive        -             -             on_scene      on_scene      -         -
release       -             -             assigned      on_scene      -         -
release_last  -             -             acknowledged  acknowledged  -         -
join          open          acknowledged  assigned      on_scene      closed    reopened
note          open          acknowledged  assigned      on_scene      closed    reopened
prioritise    open          acknowledged  assigned      on_scene      -         reopened
close         closed        closed        closed        closed        -         closed
reopen        -             -             -             -             reopened  -
"""
_STATES, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
EXPECTED = {
    (IncidentState(state), Trigger(trigger)): None if after == "-" else IncidentState(after)
    for trigger, *row in _ROWS
    for state, after in zip(_STATES, row, strict=True)
}
UNITS = ("U1", "U2", "U3")


def recorded(seq: int, record: kinds.Record, actor: str = "user/alice") -> Recorded:
    event = make(record, id=f"e{seq}", source="/x", actor=actor, time_ms=1000 + seq, recorded_ms=2000 + seq)
    return Recorded(seq, encode(event), event)


def opened(**fields: object) -> Incident:
    record = kinds.IncidentOpened(
        incident="I1", kind="intrusion", title="Somebody in the yard", priority=Priority.P3, received_ms=900, **fields
    )
    incident = apply(None, recorded(1, record), record)
    assert incident
    return incident


def after(incident: Incident | None, *records: kinds.Record) -> Incident:
    """The incident after these, at seqs from 2 on."""
    for seq, record in enumerate(records, 2):
        incident = apply(incident, recorded(seq, record), record)
    assert incident
    return incident


ACKNOWLEDGED = kinds.IncidentAcknowledged(incident="I1")
CLOSED = kinds.IncidentClosed(incident="I1", disposition=Disposition.FALSE_ALARM)
REOPENED = kinds.IncidentReopened(incident="I1", reason="again")


def made(unit: str) -> kinds.AssignmentMade:
    return kinds.AssignmentMade(incident="I1", unit=unit)


def ended(unit: str) -> kinds.AssignmentEnded:
    return kinds.AssignmentEnded(incident="I1", unit=unit, reason="cleared")


def joined(n: int, camera: str | None = None) -> kinds.IncidentAlertJoined:
    return kinds.IncidentAlertJoined(incident="I1", alert=f"/c#a{n}", reason="near", camera=camera)


@pytest.mark.parametrize(
    ("at", "expected"), EXPECTED.items(), ids=lambda at: "-".join(at) if isinstance(at, tuple) else ""
)
def test_the_table(at: tuple[IncidentState, Trigger], expected: IncidentState | None) -> None:
    state, trigger = at
    assert TRANSITIONS[state].get(trigger) == expected
    incident = msgspec.structs.replace(opened(), state=state)
    if expected:
        assert require(incident, trigger) == expected
    else:
        with pytest.raises(StateError, match=f"incident/I1: is {state}: {trigger} is not possible, only "):
            require(incident, trigger)


def test_the_table_is_whole() -> None:
    assert set(TRANSITIONS) == set(IncidentState)
    assert set(EXPECTED) == {(state, trigger) for state in IncidentState for trigger in Trigger}


def test_the_line_of_work_from_alert_to_closing() -> None:
    started = kinds.AssignmentStarted(incident="I1", unit="U1")
    arrived = kinds.AssignmentArrived(incident="I1", unit="U1")
    incident = after(opened(alert="/c#a1", camera="C1"), ACKNOWLEDGED, made("U1"), started, arrived, CLOSED)
    assert incident.state == IncidentState.CLOSED
    assert incident.disposition == Disposition.FALSE_ALARM
    assert (incident.received_ms, incident.opened_ms, incident.acknowledged_ms, incident.assigned_ms) == (
        900,
        1001,
        1002,
        1003,
    )
    assert (incident.en_route_ms, incident.on_scene_ms, incident.closed_ms) == (1004, 1005, 1006)
    assert incident.handled_by == "user/alice"
    assert incident.units == ()
    assert incident.version == 6
    again = after(incident, REOPENED)
    assert (again.state, again.closed_ms, again.disposition) == (IncidentState.REOPENED, None, None)
    assert (incident.reopened_ms, again.reopened_ms) == (None, 1002)


def test_the_first_moment_of_each_stays() -> None:
    incident = after(opened(), made("U1"), made("U2"), made("U1"), ACKNOWLEDGED)
    assert (incident.acknowledged_ms, incident.assigned_ms) == (1002, 1002)
    assert incident.units == ("U1", "U2")


def test_the_last_unit_that_leaves_gives_the_incident_back() -> None:
    two = after(opened(), made("U1"), made("U2"))
    one = after(two, ended("U1"))
    assert (one.state, one.units) == (IncidentState.ASSIGNED, ("U2",))
    none = after(one, ended("U2"))
    assert (none.state, none.units) == (IncidentState.ACKNOWLEDGED, ())
    assert after(none, ended("U2")).state == IncidentState.ACKNOWLEDGED


def test_assignments_are_no_events_about_the_incident_itself() -> None:
    assert after(opened(), made("U1")).version == 1
    assert after(opened(), ACKNOWLEDGED).version == 2


def test_alerts_that_join() -> None:
    incident = after(opened(alert="/c#a0", camera="C1"), joined(1), joined(2, "C2"), joined(3, "C1"))
    assert incident.alerts == ("/c#a0", "/c#a1", "/c#a2", "/c#a3")
    assert incident.cameras == ("C1", "C2")
    assert incident.last_alert_ms == 1004
    many = after(incident, *(joined(n) for n in range(ALERTS_MAX + 5)))
    assert len(many.alerts) == ALERTS_MAX
    assert many.alerts[-1] == f"/c#a{ALERTS_MAX + 4}"
    assert many.alert_count == ALERTS_MAX + 9


def test_so_many_cameras_are_listed() -> None:
    many = after(opened(), *(joined(n, f"C{n}") for n in range(CAMERAS_MAX + 5)), joined(0, f"C{CAMERAS_MAX}"))
    assert many.cameras == tuple(f"C{n}" for n in range(5, CAMERAS_MAX + 5))


def test_a_call_without_an_alert() -> None:
    incident = opened()
    assert (incident.alerts, incident.alert_count, incident.last_alert_ms, incident.cameras) == ((), 0, None, ())
    assert after(incident, joined(1)).last_alert_ms == 1002


def test_the_priority_changes() -> None:
    record = kinds.IncidentPrioritised(incident="I1", priority=Priority.P1, reason="a weapon")
    assert after(opened(), record).priority == Priority.P1


def test_events_about_other_things_change_nothing() -> None:
    incident = opened()
    record = kinds.EvidenceViewed(sha256="00")
    assert apply(incident, recorded(2, record), record) is incident
    assert apply(None, recorded(2, record), record) is None
    assert apply(None, recorded(2, ACKNOWLEDGED), ACKNOWLEDGED) is None


RECORDS = st.one_of(
    st.just(ACKNOWLEDGED),
    st.just(CLOSED),
    st.just(REOPENED),
    st.builds(joined, st.integers(0, 9), st.sampled_from([None, "C1", "C2"])),
    st.just(kinds.IncidentNoted(incident="I1", text="seen")),
    st.builds(
        kinds.IncidentPrioritised, incident=st.just("I1"), priority=st.sampled_from(Priority), reason=st.just("r")
    ),
    st.builds(made, st.sampled_from(UNITS)),
    st.builds(ended, st.sampled_from(UNITS)),
    st.builds(kinds.AssignmentStarted, incident=st.just("I1"), unit=st.sampled_from(UNITS)),
    st.builds(kinds.AssignmentArrived, incident=st.just("I1"), unit=st.sampled_from(UNITS)),
)


@given(st.lists(RECORDS, max_size=30))
def test_any_order_of_events_keeps_what_always_holds(records: list[kinds.Record]) -> None:
    incident = opened()
    for seq, record in enumerate(records, 2):
        before = incident
        try:
            incident = apply(before, recorded(seq, record), record) or before
        except StateError:
            continue
        assert incident.state in {before.state, *TRANSITIONS[before.state].values()}
        assert (incident.state is IncidentState.CLOSED) == (incident.closed_ms is not None)
        assert (incident.disposition is not None) == (incident.closed_ms is not None)
        assert bool(incident.units) == (incident.state in (IncidentState.ASSIGNED, IncidentState.ON_SCENE))
        assert len(set(incident.units)) == len(incident.units)
        assert incident.version in (before.version, seq)
        assert (incident.received_ms, incident.opened_ms, incident.id) == (900, 1001, "I1")
        for moment in ("acknowledged_ms", "assigned_ms", "en_route_ms", "on_scene_ms"):
            assert getattr(before, moment) in (None, getattr(incident, moment))


def test_the_kinds_that_are_understood_are_all_tried() -> None:
    tried = {ACKNOWLEDGED, CLOSED, REOPENED, joined(1), made("U1"), ended("U1")}
    more = {
        kinds.IncidentOpened,
        kinds.IncidentNoted,
        kinds.IncidentPrioritised,
        kinds.AssignmentStarted,
        kinds.AssignmentArrived,
    }
    assert {type(record) for record in tried} | more == set(EVENTS)
