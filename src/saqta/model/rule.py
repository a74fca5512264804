"""A rule that people write, and its states as a table: what may follow what, and nothing else may.

Pure: ``apply`` takes a rule and an event and gives the rule after it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from saqta.model import kinds
from saqta.model.errors import StateError
from saqta.model.event import Recorded
from saqta.model.kinds import RuleTerms
from saqta.model.terms import RuleState


class RuleTrigger(StrEnum):
    """What moves a rule."""

    PROPOSE = "propose"
    PUBLISH = "publish"
    REJECT = "reject"
    SNOOZE = "snooze"
    RETIRE = "retire"


PROPOSED, IN_FORCE, CHANGING, REJECTED, RETIRED = RuleState

TRANSITIONS: dict[RuleState, dict[RuleTrigger, RuleState]] = {
    PROPOSED: {RuleTrigger.PUBLISH: IN_FORCE, RuleTrigger.REJECT: REJECTED},
    IN_FORCE: {RuleTrigger.PROPOSE: CHANGING, RuleTrigger.SNOOZE: IN_FORCE, RuleTrigger.RETIRE: RETIRED},
    CHANGING: {
        RuleTrigger.PUBLISH: IN_FORCE,
        RuleTrigger.REJECT: IN_FORCE,
        RuleTrigger.SNOOZE: CHANGING,
        RuleTrigger.RETIRE: RETIRED,
    },
    REJECTED: {RuleTrigger.PROPOSE: PROPOSED},
    RETIRED: {RuleTrigger.PROPOSE: PROPOSED},
}
"""State, trigger, state after. A rule that is changing is in force as it was, until the change is published."""


class WrittenRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as it stands; ``version`` is the seq of the newest event about it.

    ``terms`` are in force, ``proposed`` waits for a second person; ``published`` counts how often terms were put into
    force. ``outcome`` is why it was rejected, snoozed or retired last.
    """

    name: str
    state: RuleState
    version: int
    changed_ms: int
    proposed_by: str
    terms: RuleTerms | None = None
    proposed: RuleTerms | None = None
    note: str = ""
    published: int = 0
    published_by: str | None = None
    published_ms: int | None = None
    snoozed_until_ms: int = 0
    outcome: str | None = None


def require(rule: WrittenRule, trigger: RuleTrigger) -> RuleState:
    """The state after ``trigger``; StateError, with the reason in words, when the table forbids it."""
    after = TRANSITIONS[rule.state].get(trigger)
    if after is None:
        allowed = ", ".join(TRANSITIONS[rule.state])
        raise StateError(f"rule/{rule.name}", f"is {rule.state}: {trigger} is not possible, only {allowed}")
    return after


def apply(rule: WrittenRule | None, recorded: Recorded, record: kinds.Record) -> WrittenRule | None:
    """The rule after an event about it; None where nobody proposed it.

    Raises StateError when the table forbids the event, which a decider never appends: ``require`` first.
    """
    if isinstance(record, kinds.RuleProposed):
        return _proposed(rule, recorded, record)
    if rule is None:
        return None
    change = _CHANGES[type(record)](rule, recorded, record)
    return msgspec.structs.replace(rule, **change, version=recorded.seq, changed_ms=recorded.event.time_ms)


def _proposed(rule: WrittenRule | None, recorded: Recorded, record: kinds.RuleProposed) -> WrittenRule:
    moment, by = recorded.event.time_ms, recorded.event.actor
    if rule is None:
        rule = WrittenRule(name=record.rule, state=PROPOSED, version=0, changed_ms=moment, proposed_by=by)
        after = PROPOSED
    else:
        after = require(rule, RuleTrigger.PROPOSE)
    return msgspec.structs.replace(
        rule,
        state=after,
        version=recorded.seq,
        changed_ms=moment,
        proposed=record.terms,
        proposed_by=by,
        note=record.note,
        outcome=None,
    )


def _published(rule: WrittenRule, recorded: Recorded, record: kinds.RulePublished) -> dict[str, Any]:
    return {
        "state": require(rule, RuleTrigger.PUBLISH),
        "terms": rule.proposed,
        "proposed": None,
        "published": rule.published + 1,
        "published_by": recorded.event.actor,
        "published_ms": recorded.event.time_ms,
        "snoozed_until_ms": 0,
    }


def _rejected(rule: WrittenRule, recorded: Recorded, record: kinds.RuleRejected) -> dict[str, Any]:
    return {"state": require(rule, RuleTrigger.REJECT), "proposed": None, "outcome": record.reason}


def _snoozed(rule: WrittenRule, recorded: Recorded, record: kinds.RuleSnoozed) -> dict[str, Any]:
    after = require(rule, RuleTrigger.SNOOZE)
    return {"state": after, "snoozed_until_ms": record.until_ms, "outcome": record.reason}


def _retired(rule: WrittenRule, recorded: Recorded, record: kinds.RuleRetired) -> dict[str, Any]:
    after = require(rule, RuleTrigger.RETIRE)
    return {"state": after, "terms": None, "proposed": None, "snoozed_until_ms": 0, "outcome": record.reason}


_CHANGES: dict[type[kinds.Record], Callable[[WrittenRule, Recorded, Any], dict[str, Any]]] = {
    kinds.RulePublished: _published,
    kinds.RuleRejected: _rejected,
    kinds.RuleSnoozed: _snoozed,
    kinds.RuleRetired: _retired,
}
EVENTS: tuple[type[kinds.Record], ...] = (kinds.RuleProposed, *_CHANGES)
"""The kinds that ``apply`` understands."""
