"""What analysts are told of a rule while they type it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from saqta.fraud.engine.expression import FIELDS, TEXTS, ExpressionError, Kind, compile_expression
from saqta.fraud.engine.program import OPERATIONS_MAX
from saqta.fraud.engine.rules import Rules, names_on_lists, require_fields
from saqta.fraud.publishing.books import require_rule
from saqta.fraud.serving.retrial import NOW, WITH, retry
from saqta.model.errors import BusyError, InputError
from saqta.model.event import Recorded
from saqta.model.kinds import RuleTerms


class RuleDesk:
    """Checks rules, and tries them on the log; any thread may ask."""

    def __init__(self, read: Callable[[int], Sequence[Recorded]], in_force: Rules, label_delay_d: int) -> None:
        """``read`` gives the log's events after a seq; ``in_force`` are the rules of the file. A rule is tried with the
        delay of labels that decisions know."""
        self._read, self._in_force, self._label_delay_d = read, in_force, label_delay_d
        self._trying = threading.Lock()

    def backtest(self, name: str, terms: RuleTerms, from_ms: int, until_ms: int) -> Mapping[str, Any]:
        """What a rule would have done with what the log holds; BusyError while another is tried, InputError for what
        is no rule. Blocks, for seconds where the log is long."""
        if not self._trying.acquire(blocking=False):
            raise BusyError("another rule is being tried")
        try:
            rule = require_rule(name, terms)
            tried = retry(self._read, self._in_force, [rule], self._label_delay_d, from_ms, until_ms)
        finally:
            self._trying.release()
        effects = {effect.rule: effect._asdict() for effect in tried.effects()}
        return {"decisions": tried.decisions, "tried": effects[name], NOW: effects[NOW], WITH: effects[WITH]}

    def of_file(self) -> Sequence[Mapping[str, Any]]:
        """The rules of the file, as they are told over HTTP, highest priority first, those on lists as well."""
        return [
            {
                "name": rule.name,
                "kind": rule.on,
                "expression": rule.expression or " && ".join(rule.when).replace(" = ", " == "),
                "verdict": rule.action,
                "reason": rule.says,
                "priority": rule.priority,
                "mode": rule.mode,
                "of_lists": rule.name in names_on_lists(),
            }
            for rule in self._in_force.rules
        ]

    def check(self, kind: Kind, expression: str, reason: str) -> Mapping[str, Any]:
        """The fields that an expression reads and what it costs, or its first error with line and column from 1."""
        try:
            compiled = compile_expression(kind, expression)
            require_fields(kind, reason, "reason")
        except ExpressionError as error:
            place = {"field": "expression", "line": error.line, "column": error.column, "message": error.message}
            return {"valid": False, "error": place}
        except InputError as error:
            place = {"field": error.field, "line": None, "column": None, "message": f"{error.given}: {error.expected}"}
            return {"valid": False, "error": place}
        fields = [{"name": name, "means": {**FIELDS[kind], **TEXTS[kind]}[name]} for name in compiled.fields]
        return {"valid": True, "fields": fields, "cost": compiled.cost, "cost_max": OPERATIONS_MAX}

    def fields(self, kind: Kind) -> list[dict[str, str]]:
        """What an expression on events of a kind may read."""
        numbers = [{"name": name, "type": "number", "means": means} for name, means in FIELDS[kind].items()]
        return numbers + [{"name": name, "type": "text", "means": means} for name, means in TEXTS[kind].items()]
