"""Runs an expression that was compiled: numbers on a stack, one operation after the other, never back.

So a program costs what it is long, and has nothing that could loop. Nothing fails either: numbers are IEEE 754
doubles, for which CEL divides by zero without an error, so that both sides of ``&&`` may be worked out.
"""

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import Array, Record

OPERATIONS_MAX = 200
"""What one expression may cost."""
STACK_MAX = 64
OPERATION = np.dtype([("what", "<i4"), ("feature", "<i4"), ("value", "<f8")])
"""What to do; which feature to put on the stack, or which number."""
(
    CONSTANT,
    FEATURE,
    CURRENCY,
    CHANNEL,
    NEGATE,
    NOT,
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    LESS,
    LESS_OR_EQUAL,
    EQUAL,
    NOT_EQUAL,
    GREATER_OR_EQUAL,
    GREATER,
    AND,
    OR,
    CHOOSE,
) = range(19)


@compiled
def holds(code: Array, first: int, last: int, event: Record, row: Array, stack: Array) -> bool:
    """Whether the program in ``code`` (OPERATION) from ``first`` until before ``last`` holds for an event and its
    features, (features,) float32; ``stack`` has room for STACK_MAX."""
    top = -1
    for at in range(first, last):
        step = code[at]
        if step.what <= CHANNEL:
            top += 1
            stack[top] = _put(step, event, row)
        elif step.what == NEGATE:
            stack[top] = -stack[top]
        elif step.what == NOT:
            stack[top] = 1.0 if stack[top] == 0.0 else 0.0
        elif step.what == CHOOSE:
            top -= 2
            stack[top] = stack[top + 1] if stack[top] != 0.0 else stack[top + 2]
        else:
            top -= 1
            stack[top] = _of_two(step.what, stack[top], stack[top + 1])
    return bool(stack[0] != 0.0)


@compiled
def _put(step: Record, event: Record, row: Array) -> float:
    if step.what == FEATURE:
        return float(row[step.feature])
    if step.what == CURRENCY:
        return float(event.currency)
    if step.what == CHANNEL:
        return float(event.facts)
    return float(step.value)


@compiled
def _of_two(what: int, left: float, right: float) -> float:
    if what <= DIVIDE:
        if what == ADD:
            return left + right
        if what == SUBTRACT:
            return left - right
        return left * right if what == MULTIPLY else left / right
    if what == AND:
        return 1.0 if left != 0.0 and right != 0.0 else 0.0
    if what == OR:
        return 1.0 if left != 0.0 or right != 0.0 else 0.0
    return 1.0 if _compared(what, left, right) else 0.0


@compiled
def _compared(what: int, left: float, right: float) -> bool:
    if what == LESS:
        return left < right
    if what == LESS_OR_EQUAL:
        return left <= right
    if what == GREATER:
        return left > right
    if what == GREATER_OR_EQUAL:
        return left >= right
    return (left == right) == (what == EQUAL)
