"""What a person or a program asks for; a step decides it into events, or refuses it.

The limits of texts and numbers are named here, for the doors that read a command and for the steps that decide it.
"""

import msgspec

from saqta.model.event import derive_id
from saqta.model.kinds import ListTerms, OutcomeWord, RuleTerms
from saqta.model.list_entry import Trigger
from saqta.model.place import Place
from saqta.model.rule import RuleTrigger
from saqta.model.sealed import Sealed
from saqta.model.terms import Disposition, Priority, UnitStatus

KIND_CHARS_MAX = 64
TITLE_CHARS_MAX = 200
NOTE_CHARS_MAX = 4_000
REASON_CHARS_MAX = 500
SPEED_KMH_MAX = 400.0


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, when, and under which key: the same actor and key are the same command, however often it comes.

    ``digest`` stands in the command's events where it is given, so that a key that comes again with another command is
    told from a repeat.
    """

    actor: str
    key: str
    now_ms: int
    purpose: str | None = None
    digest: str | None = None

    @property
    def cause(self) -> str:
        """What the ids of the command's events are derived from."""
        return f"command/{self.actor}#{self.key}"

    def event_id(self, n: int) -> str:
        """The id of the command's ``n``-th event, counted from 0, so that a repeat of the command is known as one."""
        return derive_id(self.cause, "event", str(n))

    def asking(self, command: "Command") -> "Context":
        """This context with the digest of what is asked."""
        digest = derive_id(type(command).__name__, msgspec.json.encode(command).decode())
        return msgspec.structs.replace(self, digest=digest)


class OpenIncident(msgspec.Struct, frozen=True, kw_only=True):
    """A call by telephone, or seen by somebody; the incident is ``derive_id(context.cause, "incident")``."""

    kind: str
    title: str
    priority: Priority
    place: Place
    note: str = ""
    caller_name: Sealed | None = None
    caller_number: Sealed | None = None


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    incident: str


class Prioritise(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    priority: Priority
    reason: str


class Note(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    text: str


class Close(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    disposition: Disposition
    note: str = ""


class Reopen(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    reason: str


class MarkFixture(msgspec.Struct, frozen=True, kw_only=True):
    """What the alert told of as left behind belongs there."""

    incident: str
    alert: str
    note: str = ""


class ReleaseFixture(msgspec.Struct, frozen=True, kw_only=True):
    """It doesn't belong there after all."""

    incident: str
    alert: str
    reason: str = ""


class AcceptView(msgspec.Struct, frozen=True, kw_only=True):
    """What the camera looks at since the alert told that it was moved is meant."""

    incident: str
    alert: str
    note: str = ""


class Assign(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    unit: str


class Unassign(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    unit: str
    reason: str = ""


class Divert(msgspec.Struct, frozen=True, kw_only=True):
    """Takes a unit from the incident it is on and sends it to this one."""

    incident: str
    unit: str
    reason: str


class SetUnitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A unit tells where it is in its work: en route, on scene, available (clears), out of service."""

    unit: str
    status: UnitStatus


class ReportPosition(msgspec.Struct, frozen=True, kw_only=True):
    unit: str
    place: Place
    heading_deg: float | None = None
    speed_kmh: float | None = None


class ProposeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """To block something: ``entry`` is its id, ``value`` sealed for the command's first event, or ``party`` the
    pseudonym of who is blocked."""

    entry: str
    terms: ListTerms
    evidence: tuple[str, ...] = ()
    value: Sealed | None = None
    party: str | None = None


class DecideEntry(msgspec.Struct, frozen=True, kw_only=True):
    """To confirm, reject, appeal, uphold or lift an entry, as it stood when its version was ``seen``."""

    entry: str
    trigger: Trigger
    reason: str = ""
    seen: int | None = None


class ProposeRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that somebody wrote, or other terms for one."""

    rule: str
    terms: RuleTerms
    note: str = ""


class DecideRule(msgspec.Struct, frozen=True, kw_only=True):
    """To publish, reject or retire a rule, as it stood when its version was ``seen``."""

    rule: str
    trigger: RuleTrigger
    reason: str = ""
    seen: int | None = None


class SnoozeRule(msgspec.Struct, frozen=True, kw_only=True):
    """To let a rule do nothing until a moment; one that is past wakes it."""

    rule: str
    until_ms: int
    reason: str


class TellOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a decided call or payment of a tenant was, by somebody who should know: a partner, or the centre itself;
    ``teller`` is whom of its people the partner names, sealed for the command's first event."""

    decision: str
    tenant: str
    outcome: OutcomeWord
    known_ms: int
    by: str
    teller: Sealed | None = None


class AskCallBack(msgspec.Struct, frozen=True, kw_only=True):
    """The partner whose decision it was should call its customer back."""

    decision: str
    tenant: str
    by: str


IncidentCommand = (
    OpenIncident | Acknowledge | Prioritise | Note | Close | Reopen | MarkFixture | ReleaseFixture | AcceptView
)
DispatchCommand = Assign | Unassign | Divert | SetUnitStatus | ReportPosition
ListCommand = ProposeEntry | DecideEntry
FraudCommand = TellOutcome | AskCallBack
RuleCommand = ProposeRule | DecideRule | SnoozeRule
Command = IncidentCommand | DispatchCommand | ListCommand | FraudCommand | RuleCommand
