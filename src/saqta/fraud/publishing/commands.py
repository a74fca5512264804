"""What people ask of a rule, decided into events, or refused with the reason.

Two people: who wrote a rule does not publish it. What takes protection away is said with a reason, and a snooze ends.
"""

from typing import Any

from saqta.fraud.engine.rules import PUBLISHED_MAX
from saqta.fraud.publishing.books import require_rule
from saqta.fraud.publishing.tables import WRITTEN, in_force
from saqta.model import command as commands
from saqta.model import kinds
from saqta.model.command import REASON_CHARS_MAX, Command, Context
from saqta.model.errors import InputError, StateError
from saqta.model.moment import to_text
from saqta.model.rule import RuleTrigger, WrittenRule, require
from saqta.model.step import Outcome, Tables, commanded, require_seen

SNOOZE_MS_MAX = 30 * 86_400_000


def decide(tables: Tables, command: Command, context: Context) -> Outcome:
    """The events of a command about a rule.

    StateError when its state or who asks forbids it; InputError for a rule that is not known, or can't be one.
    """
    if isinstance(command, commands.ProposeRule):
        rule = tables.get(WRITTEN, command.rule)
        if rule is not None:
            require(rule, RuleTrigger.PROPOSE)
        require_rule(command.rule, command.terms)
        proposed = kinds.RuleProposed(rule=command.rule, terms=command.terms, note=command.note)
        return _outcome(context, rule, proposed)
    assert isinstance(command, commands.DecideRule | commands.SnoozeRule)  # noqa: S101 - wiring gives nothing else
    rule = tables.get(WRITTEN, command.rule)
    if rule is None:
        raise InputError("rule", command.rule, "a rule that somebody wrote")
    if isinstance(command, commands.SnoozeRule):
        return _outcome(context, rule, _snoozed(rule, command, context))
    require_seen(f"rule/{rule.name}", command.seen, rule.version)
    require(rule, command.trigger)
    if command.trigger is RuleTrigger.PUBLISH:
        return _outcome(context, rule, _published(tables, rule, command, context))
    record = kinds.RuleRejected if command.trigger is RuleTrigger.REJECT else kinds.RuleRetired
    return _outcome(context, rule, record(rule=rule.name, reason=_reason(command.reason)))


def _published(
    tables: Tables, rule: WrittenRule, command: commands.DecideRule, context: Context
) -> kinds.RulePublished:
    if context.actor == rule.proposed_by:
        raise StateError(f"rule/{rule.name}", f"was written by {rule.proposed_by}: another person publishes it")
    others = [each for each in in_force(tables).rules if each.name != rule.name]
    if len(others) >= PUBLISHED_MAX:
        raise StateError(f"rule/{rule.name}", f"{len(others)} rules are in force, the most there may be: retire one")
    return kinds.RulePublished(rule=rule.name, note=command.reason)


def _snoozed(rule: WrittenRule, command: commands.SnoozeRule, context: Context) -> kinds.RuleSnoozed:
    require(rule, RuleTrigger.SNOOZE)
    if command.until_ms > context.now_ms + SNOOZE_MS_MAX:
        raise InputError("until", to_text(command.until_ms), f"at most {SNOOZE_MS_MAX // 86_400_000} days from now")
    return kinds.RuleSnoozed(rule=rule.name, until_ms=command.until_ms, reason=_reason(command.reason))


def _reason(given: str) -> str:
    reason = given.strip()
    if not 1 <= len(reason) <= REASON_CHARS_MAX:
        raise InputError("reason", reason, f"a reason of 1 to {REASON_CHARS_MAX} characters")
    return reason


def _outcome(context: Context, rule: WrittenRule | None, record: Any) -> Outcome:
    return Outcome(events=commanded(context, record), expected={f"rule/{record.rule}": rule.version if rule else 0})
