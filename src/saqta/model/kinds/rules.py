"""Rules of fraud that people write while the centre runs: proposed by one person, published by another."""

from typing import Annotated, Literal

import msgspec

from saqta.model.kinds.record import ALERT_REASON_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, Record

EXPRESSION_CHARS_MAX = 1_000
RULE_NAME = "^[a-z][a-z0-9_]*$"

RuleName = Annotated[str, msgspec.Meta(pattern=RULE_NAME, min_length=1, max_length=NAME_CHARS_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_CHARS_MAX)]


class RuleTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule says: of which kind, on which condition in CEL, what to do, and why, in words.

    Of rules that fired, those of the highest ``priority`` are told first. A rule in shadow is judged and told of, and
    nothing is done because of it.
    """

    kind: Literal["payment", "call"]
    expression: Annotated[str, msgspec.Meta(min_length=1, max_length=EXPRESSION_CHARS_MAX)]
    verdict: Literal["warn", "hold", "block"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=ALERT_REASON_CHARS_MAX)]
    priority: Annotated[int, msgspec.Meta(ge=0, le=100)] = 50
    mode: Literal["enforced", "shadow"] = "enforced"


class RuleProposed(Record, frozen=True, kw_only=True):
    """Somebody writes a rule, or other terms for one that is in force."""

    rule: RuleName
    terms: RuleTerms
    note: Note = ""


class RulePublished(Record, frozen=True, kw_only=True):
    """A second person puts what was proposed into force."""

    rule: RuleName
    note: Note = ""


class RuleRejected(Record, frozen=True, kw_only=True):
    """What was proposed is not followed."""

    rule: RuleName
    reason: Note


class RuleSnoozed(Record, frozen=True, kw_only=True):
    """The rule does nothing until a moment; one that is past wakes it."""

    rule: RuleName
    until_ms: int
    reason: Note


class RuleRetired(Record, frozen=True, kw_only=True):
    """The rule is in force no longer."""

    rule: RuleName
    reason: Note
