"""A unit's states: the whole table, and any order of events."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.errors import StateError
from saqta.model.event import Recorded, encode
from saqta.model.place import Place
from saqta.model.terms import UnitStatus
from saqta.model.unit import TRANSITIONS, Unit, apply, require

TABLE = """
                available dispatched en_route on_scene out_of_service
available       -         yes        -        -        yes
dispatched      yes       -          yes      yes      -
en_route        yes       -          -        yes      -
on_scene        yes       -          -        -        -
out_of_service  yes       -          -        -        -
"""
_HEADER, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
EXPECTED = {
    (UnitStatus(before), UnitStatus(status)): allowed == "yes"
    for before, *row in _ROWS
    for status, allowed in zip(_HEADER, row, strict=True)
}
STATION, CORNER = Place(51.1, 71.4), Place(51.2, 71.5)


def recorded(seq: int, record: kinds.Record, time_ms: int | None = None) -> Recorded:
    moment = 1000 + seq if time_ms is None else time_ms
    event = make(record, id=f"e{seq}", source="/x", actor="user/alice", time_ms=moment, recorded_ms=moment)
    return Recorded(seq, encode(event), event)


REGISTERED = kinds.UnitRegistered(unit="U1", name="Patrol 1", capabilities=("police",), place=STATION)


def registered(record: kinds.UnitRegistered = REGISTERED) -> Unit:
    unit = apply(None, recorded(1, record), record)
    assert unit
    return unit


def after(unit: Unit, *records: kinds.Record) -> Unit:
    for seq, record in enumerate(records, 2):
        changed = apply(unit, recorded(seq, record), record)
        assert changed
        unit = changed
    return unit


def made(incident: str = "I1") -> kinds.AssignmentMade:
    return kinds.AssignmentMade(incident=incident, unit="U1")


def started(incident: str = "I1") -> kinds.AssignmentStarted:
    return kinds.AssignmentStarted(incident=incident, unit="U1")


def arrived(incident: str = "I1") -> kinds.AssignmentArrived:
    return kinds.AssignmentArrived(incident=incident, unit="U1")


def ended(incident: str = "I1") -> kinds.AssignmentEnded:
    return kinds.AssignmentEnded(incident=incident, unit="U1", reason="cleared")


def changed(status: UnitStatus) -> kinds.UnitStatusChanged:
    return kinds.UnitStatusChanged(unit="U1", status=status)


@pytest.mark.parametrize(
    ("at", "allowed"), EXPECTED.items(), ids=lambda at: "-".join(at) if isinstance(at, tuple) else ""
)
def test_the_table(at: tuple[UnitStatus, UnitStatus], allowed: bool) -> None:
    before, status = at
    assert (status in TRANSITIONS[before]) == allowed
    unit = msgspec.structs.replace(registered(), status=before)
    if allowed:
        require(unit, status)
    else:
        with pytest.raises(StateError, match=f"unit/U1: is {before}: it can't become {status} from there"):
            require(unit, status)


def test_the_table_is_whole() -> None:
    assert set(TRANSITIONS) == set(UnitStatus)
    assert set(EXPECTED) == {(before, status) for before in UnitStatus for status in UnitStatus}


def test_the_line_of_work() -> None:
    statuses = []
    unit = registered()
    for record in (made(), started(), arrived(), ended()):
        unit = after(unit, record)
        statuses.append((unit.status, unit.incident))
    assert statuses == [
        (UnitStatus.DISPATCHED, "I1"),
        (UnitStatus.EN_ROUTE, "I1"),
        (UnitStatus.ON_SCENE, "I1"),
        (UnitStatus.AVAILABLE, None),
    ]


def test_where_it_is_when_it_can_not_change() -> None:
    with pytest.raises(StateError, match="is dispatched at incident I1: it can't become dispatched from there"):
        after(registered(), made(), made("I2"))


@pytest.mark.parametrize("record", [started("I2"), arrived("I2"), ended("I2")])
def test_work_on_another_incident_is_not_its_own(record: kinds.Record) -> None:
    with pytest.raises(StateError, match="is dispatched, not on incident I2"):
        after(registered(), made(), record)


def test_a_status_is_changed_apart_from_assignments_only() -> None:
    out = after(registered(), changed(UnitStatus.OUT_OF_SERVICE))
    assert out.status == UnitStatus.OUT_OF_SERVICE
    assert after(out, changed(UnitStatus.AVAILABLE)).status == UnitStatus.AVAILABLE
    with pytest.raises(StateError, match="becomes on_scene by an assignment only"):
        after(registered(), changed(UnitStatus.ON_SCENE))
    with pytest.raises(StateError, match="its assignment ends first"):
        after(registered(), made(), changed(UnitStatus.AVAILABLE))


def test_positions_move_it_and_not_its_version() -> None:
    here = kinds.UnitPositioned(unit="U1", place=CORNER, heading_deg=90.0, speed_kmh=40.0)
    unit = after(registered(), here)
    assert (unit.place, unit.heading_deg, unit.speed_kmh, unit.positioned_ms) == (CORNER, 90.0, 40.0, 1002)
    assert unit.version == 1
    late = kinds.UnitPositioned(unit="U1", place=STATION)
    assert apply(unit, recorded(9, late, time_ms=1001), late) is unit


def test_registered_again_it_keeps_its_work_and_its_place() -> None:
    renamed = kinds.UnitRegistered(unit="U1", name="Patrol one", capabilities=(), place=CORNER)
    unit = after(registered(), made(), renamed)
    assert (unit.name, unit.capabilities, unit.place) == ("Patrol one", (), CORNER)
    assert (unit.status, unit.incident, unit.version) == (UnitStatus.DISPATCHED, "I1", 3)
    seen = after(registered(), kinds.UnitPositioned(unit="U1", place=STATION), renamed)
    assert seen.place == STATION
    nowhere = kinds.UnitRegistered(unit="U1", name="Patrol one")
    assert after(registered(), nowhere).place == STATION


def test_events_about_other_things_change_nothing() -> None:
    unit, record = registered(), kinds.EvidenceViewed(sha256="00")
    assert apply(unit, recorded(2, record), record) is unit
    assert apply(None, recorded(2, made()), made()) is None


INCIDENTS = st.sampled_from(["I1", "I2"])
RECORDS = st.one_of(
    *(st.builds(of, INCIDENTS) for of in (made, started, arrived, ended)),
    st.builds(changed, st.sampled_from(UnitStatus)),
    st.just(REGISTERED),
    st.builds(kinds.UnitPositioned, unit=st.just("U1"), place=st.sampled_from([STATION, CORNER])),
)


@given(st.lists(RECORDS, max_size=30))
def test_any_order_of_events_keeps_what_always_holds(records: list[kinds.Record]) -> None:
    unit = registered()
    for seq, record in enumerate(records, 2):
        before = unit
        try:
            unit = apply(before, recorded(seq, record), record) or before
        except StateError:
            continue
        assert unit.status in {before.status, *TRANSITIONS[before.status]}
        at_work = unit.status in (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE)
        assert at_work == (unit.incident is not None)
        assert before.incident in (None, unit.incident) or unit.incident is None
        assert unit.version == (before.version if isinstance(record, kinds.UnitPositioned) else seq)
