"""The sets of rules that decisions run: a file's, and those with what was published, by number."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from saqta.fraud.engine.rules import Rule, Rules, names_on_lists, require_fields, rule_set, with_published
from saqta.fraud.publishing.tables import HEAD, SETS, RuleSet, in_force, set_key
from saqta.model.errors import InputError
from saqta.model.kinds import RuleTerms
from saqta.model.step import Change, Tables

SETS_MAX = 32
"""So many sets are kept compiled; an older one is compiled again when somebody asks for it."""


class RuleBook:
    """``current`` is in force, ``file`` what the file says. Loaded before one thread takes changes; any may read."""

    def __init__(self, file: Rules) -> None:
        self.file = self.current = file
        self._sets: OrderedDict[int, Rules] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, tables: Tables) -> None:
        """Takes what the tables hold as in force; before anybody tells of changes, or an older set would stay."""
        self.current = self._compiled(in_force(tables))

    def take(self, changes: Iterable[Change]) -> None:
        """Takes a set that came into force, as a row of the tables that changed."""
        for change in changes:
            if change.table == HEAD.name and isinstance(change.row, RuleSet):
                self.current = self._compiled(change.row)

    def of(self, version: str, tables: Tables) -> Rules:
        """The rules by which a decision was made that names this version; those of the file are as they are today."""
        _, _, number = version.rpartition("+")
        at = int(number) if "+" in version and number.isdigit() else 0
        found = self._kept(at)
        if found is None:
            row = tables.get(SETS, set_key(at)) if at else None
            found = self._compiled(row) if row is not None else self.file
        return found

    def _compiled(self, row: RuleSet) -> Rules:
        if not row.number:
            return self.file
        found = self._kept(row.number)
        if found is None:
            rules = [as_rule(each.name, each.terms, each.snoozed_until_ms) for each in row.rules]
            found = with_published(self.file, row.number, rules)
            with self._lock:
                self._sets[row.number] = found
                while len(self._sets) > SETS_MAX:
                    self._sets.popitem(last=False)
        return found

    def _kept(self, number: int) -> Rules | None:
        with self._lock:
            found = self._sets.get(number)
            if found is not None:
                self._sets.move_to_end(number)
        return found


def as_rule(name: str, terms: RuleTerms, snoozed_until_ms: int = 0) -> Rule:
    """A rule that was written, as a file would have it."""
    return Rule(
        name=name,
        on=terms.kind,
        action=terms.verdict,
        says=terms.reason,
        expression=terms.expression,
        priority=terms.priority,
        mode=terms.mode,
        snoozed_until_ms=snoozed_until_ms,
    )


def require_rule(name: str, terms: RuleTerms) -> Rule:
    """The rule, compiled once; InputError names what is wrong in it, ExpressionError its place in the expression."""
    if name in names_on_lists():
        raise InputError("name", name, "another name: what lists block is blocked by the lists' own rules")
    require_fields(terms.kind, terms.reason, "reason")
    rule = as_rule(name, terms)
    rule_set("checked", (rule,))
    return rule
