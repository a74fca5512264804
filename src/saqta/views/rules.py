"""Folds of rules that people write: how each stands, and how often it fired."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from saqta.model import kinds, rule
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import RULE_HITS, RULES, Changes, RuleHits


def _told(tables: Tables, recorded: Recorded, record: Any) -> Iterator[Change]:
    after = rule.apply(tables.get(RULES, record.rule), recorded, record)
    if after is not None:
        yield RULES.put(after.name, after)


def _made(tables: Tables, recorded: Recorded, record: kinds.DecisionsMade) -> Iterator[Change]:
    acted = Counter(reason.code for row in record.notable for reason in row.reasons)
    silent = Counter(name for row in record.shadow for name in row.rules)
    for name in sorted(acted | silent):
        if tables.get(RULES, name) is not None:
            before = tables.get(RULE_HITS, name) or RuleHits()
            yield RULE_HITS.put(name, RuleHits(acted=before.acted + acted[name], silent=before.silent + silent[name]))


FOLDS: dict[type[kinds.Record], Changes] = {kinds.DecisionsMade: _made, **dict.fromkeys(rule.EVENTS, _told)}
