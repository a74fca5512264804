"""What people ask of incidents: decided into events with the versions seen, or refused with the reason."""

import pytest

from saqta import correlate
from saqta.correlate.commands import NOTE_CHARS_MAX, REASON_CHARS_MAX, decide
from saqta.correlate.occurrences import INCIDENTS
from saqta.correlate.rules import KIND_CHARS_MAX
from saqta.correlate.words import TITLE_CHARS_MAX
from saqta.model import command, kinds
from saqta.model.command import Context
from saqta.model.errors import InputError, StateError
from saqta.model.event import derive_id
from saqta.model.incident import Incident
from saqta.model.sealed import Sealed
from saqta.model.terms import Disposition, IncidentState, Priority
from story import HOME, START_MS, Story

CALL = command.OpenIncident(kind="medical", title="Man has fallen", priority=Priority.P1, place=HOME)


@pytest.fixture
def story() -> Story:
    return Story([correlate.STEP])


def incident(story: Story) -> Incident:
    (incident,) = story.rows(INCIDENTS).values()
    return incident


def test_a_call_opens_an_incident_under_its_derived_id(story: Story) -> None:
    opened, noted = story.command(
        command.OpenIncident(
            kind=" medical ", title="Man has fallen", priority=Priority.P1, place=HOME, note="At the bus stop"
        ),
        key="call-1",
    )
    assert isinstance(opened, kinds.IncidentOpened)
    assert opened.incident == derive_id("command/user/aru#call-1", "incident")
    assert (opened.kind, opened.received_ms, opened.reasons) == ("medical", START_MS, ("opened by user/aru",))
    assert noted == kinds.IncidentNoted(incident=opened.incident, text="At the bus stop")


def test_the_caller_stays_out_of_what_correlate_keeps(story: Story) -> None:
    sealed = Sealed(person="p1", ciphertext="c2VhbGVk", hmac="00")
    call = command.OpenIncident(
        kind="medical", title="T", priority=Priority.P1, place=HOME, caller_name=sealed, caller_number=sealed
    )
    (opened,) = story.command(call)
    assert isinstance(opened, kinds.IncidentOpened)
    assert opened.caller_name == opened.caller_number == sealed
    assert incident(story).caller_name is incident(story).caller_number is None


def test_an_incident_goes_through_its_life(story: Story) -> None:
    story.command(CALL)
    id = incident(story).id
    steps: list[tuple[command.IncidentCommand, IncidentState]] = [
        (command.Acknowledge(incident=id), IncidentState.ACKNOWLEDGED),
        (command.Prioritise(incident=id, priority=Priority.P2, reason="awake"), IncidentState.ACKNOWLEDGED),
        (command.Note(incident=id, text="walks again"), IncidentState.ACKNOWLEDGED),
        (command.Close(incident=id, disposition=Disposition.CONFIRMED, note="well"), IncidentState.CLOSED),
        (command.Note(incident=id, text="called back"), IncidentState.CLOSED),
        (command.Reopen(incident=id, reason="fell again"), IncidentState.REOPENED),
        (command.Acknowledge(incident=id), IncidentState.ACKNOWLEDGED),
    ]
    for given, state in steps:
        story.command(given)
        assert incident(story).state is state
    assert incident(story).priority is Priority.P2
    assert incident(story).version == story.log.version(f"incident/{id}")


def test_what_the_state_forbids_is_refused_with_the_reason(story: Story) -> None:
    story.command(CALL)
    id = incident(story).id
    story.command(command.Close(incident=id, disposition=Disposition.DUPLICATE))
    with pytest.raises(StateError, match="is closed: acknowledge is not possible, only join, note, reopen"):
        story.command(command.Acknowledge(incident=id))


def test_who_comes_second_learns_who_was_first(story: Story) -> None:
    story.command(CALL)
    story.command(command.Acknowledge(incident=incident(story).id))
    with pytest.raises(StateError, match="is acknowledged by user/aru already"):
        story.command(command.Acknowledge(incident=incident(story).id), actor="user/dana")


def test_the_version_that_was_seen_is_expected(story: Story) -> None:
    story.command(CALL)
    seen = incident(story)
    story.command(command.Acknowledge(incident=seen.id))
    context = Context(actor="user/aru", key="k", now_ms=START_MS)
    closed = decide(story.tables, command.Close(incident=seen.id, disposition=Disposition.CONFIRMED), context)
    noted = decide(story.tables, command.Note(incident=seen.id, text="t"), context)
    assert closed.expected == {f"incident/{seen.id}": incident(story).version} != {f"incident/{seen.id}": seen.version}
    assert noted.expected == {}
    assert decide(story.tables, CALL, context).expected == {f"incident/{derive_id(context.cause, 'incident')}": 0}


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("incident", command.Note(incident="nobody", text="t")),
        ("incident", command.Acknowledge(incident="nobody")),
        ("kind", command.OpenIncident(kind=" ", title="T", priority=Priority.P1, place=HOME)),
        ("kind", command.OpenIncident(kind="k" * (KIND_CHARS_MAX + 1), title="T", priority=Priority.P1, place=HOME)),
        ("title", command.OpenIncident(kind="k", title="", priority=Priority.P1, place=HOME)),
        ("title", command.OpenIncident(kind="k", title="t" * (TITLE_CHARS_MAX + 1), priority=Priority.P1, place=HOME)),
        (
            "note",
            command.OpenIncident(
                kind="k", title="t", priority=Priority.P1, place=HOME, note="n" * (NOTE_CHARS_MAX + 1)
            ),
        ),
    ],
)
def test_bad_input_names_its_field(story: Story, field: str, given: command.IncidentCommand) -> None:
    with pytest.raises(InputError) as raised:
        story.command(given)
    assert raised.value.field == field
    assert story.log.size() == 0


def test_texts_have_a_maximum(story: Story) -> None:
    story.command(CALL)
    id, before = incident(story).id, story.log.size()
    long = "x" * (REASON_CHARS_MAX + 1)
    for field, given in (
        ("text", command.Note(incident=id, text="x" * (NOTE_CHARS_MAX + 1))),
        ("text", command.Note(incident=id, text=" \n")),
        ("note", command.Close(incident=id, disposition=Disposition.CONFIRMED, note="x" * (NOTE_CHARS_MAX + 1))),
        ("reason", command.Prioritise(incident=id, priority=Priority.P1, reason=long)),
        ("reason", command.Reopen(incident=id, reason=long)),
    ):
        with pytest.raises(InputError) as raised:
            story.command(given)
        assert raised.value.field == field
    story.command(command.Note(incident=id, text="x" * NOTE_CHARS_MAX))
    assert story.log.size() == before + 1
