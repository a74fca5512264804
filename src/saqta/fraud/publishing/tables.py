"""The tables of rules that were written, and of each set of them that was in force."""

from typing import Any

import msgspec

from saqta.model.kinds import RuleTerms
from saqta.model.rule import WrittenRule
from saqta.model.step import Table, Tables


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is in force; it does nothing before ``snoozed_until_ms``."""

    name: str
    terms: RuleTerms
    snoozed_until_ms: int = 0


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """All that was in force together, by name; numbered from 1, one up with every change."""

    number: int
    rules: tuple[Published, ...] = ()


WRITTEN = Table("rules_written", WrittenRule)
"""By name."""
SETS = Table("rule_sets", RuleSet)
"""By ``set_key``."""
HEAD = Table("rule_sets_head", RuleSet)
"""The set that is in force, under NEWEST."""
NEWEST = "newest"

TABLES: tuple[Table[Any], ...] = (WRITTEN, SETS, HEAD)


def set_key(number: int) -> str:
    """The key of a set."""
    return f"{number:08d}"


def in_force(tables: Tables) -> RuleSet:
    """The set that is in force; number 0 and empty where nothing was published yet."""
    return tables.get(HEAD, NEWEST) or RuleSet(number=0)
