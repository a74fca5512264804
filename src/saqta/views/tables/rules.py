"""Rules that people wrote, and how often each fired."""

from saqta.model.rule import WrittenRule
from saqta.model.step import Table
from saqta.views.tables.row import Row


class RuleHits(Row, frozen=True, kw_only=True):
    """How often a rule fired and acted, and how often it fired in shadow or asleep."""

    acted: int = 0
    silent: int = 0


RULES = Table("rules", WrittenRule)
"""By name."""
RULE_HITS = Table("rule_hits", RuleHits)
"""By the name of a rule that was written."""
