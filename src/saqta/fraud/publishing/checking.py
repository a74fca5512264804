"""What analysts are told of a rule while they type it."""

from collections.abc import Mapping
from typing import Any

from saqta.fraud.expression import FIELDS, TEXTS, ExpressionError, Kind, compile_expression
from saqta.fraud.program import OPERATIONS_MAX
from saqta.fraud.rules import require_fields
from saqta.model.errors import InputError


class RuleDesk:
    """Checks rules; any thread may ask."""

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
