"""Folds of rules: each stands as its events say, and what changes the rules in force makes a set of its own."""

from typing import Any

from saqta.fraud.publishing.tables import HEAD, NEWEST, SETS, WRITTEN, Published, RuleSet, in_force, set_key
from saqta.model import kinds, rule
from saqta.model.event import Recorded
from saqta.model.rule import WrittenRule
from saqta.model.step import NOTHING, Change, Fold, Outcome, Tables


def _told(tables: Tables, recorded: Recorded, record: Any) -> Outcome:
    after = rule.apply(tables.get(WRITTEN, record.rule), recorded, record)
    if after is None:
        return NOTHING
    before = in_force(tables)
    rules = _with(before.rules, after)
    changes: list[Change] = [WRITTEN.put(after.name, after)]
    if rules != before.rules:
        new = RuleSet(number=before.number + 1, rules=rules)
        changes += [SETS.put(set_key(new.number), new), HEAD.put(NEWEST, new)]
    return Outcome(tuple(changes))


def _with(rules: tuple[Published, ...], after: WrittenRule) -> tuple[Published, ...]:
    by_name = {each.name: each for each in rules}
    by_name.pop(after.name, None)
    if after.terms is not None:
        by_name[after.name] = Published(name=after.name, terms=after.terms, snoozed_until_ms=after.snoozed_until_ms)
    return tuple(by_name[name] for name in sorted(by_name))


FOLDS: dict[type[kinds.Record], Fold] = dict.fromkeys(rule.EVENTS, _told)
