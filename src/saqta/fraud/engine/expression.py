"""Checks a rule's expression in CEL (Common Expression Language) and compiles it for the machine.

CEL's own checker parses it and checks its types; what passes becomes a program (``program``), or is refused where it
holds what no rule needs: a macro that runs over a list, a function, a text that is no field's. A number without a point
is read as one with it, since every field is one. Numbers have single precision, as features have.
"""

import bisect
import difflib
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from saqta.fraud.engine import program
from saqta.fraud.engine.calls import HEARD
from saqta.fraud.engine.checked import Node, tree
from saqta.fraud.engine.features import JOINED, LEARNED
from saqta.fraud.engine.layout import Array
from saqta.fraud.engine.naming import CHANNEL, CURRENCY_NUMBERS, key
from saqta.fraud.engine.program import OPERATION, OPERATIONS_MAX, STACK_MAX
from saqta.model.errors import InputError
from saqta.model.kinds import EXPRESSION_CHARS_MAX

Kind = Literal["payment", "call"]
FIELDS: Mapping[Kind, Mapping[str, str]] = {"payment": LEARNED | JOINED, "call": HEARD}
"""The fields that are numbers, in the order of the machine's row, and what they mean."""
TEXTS: Mapping[Kind, Mapping[str, str]] = {
    "payment": {"currency": "the currency, ISO 4217", "channel": "the channel as the bank names it, '' where none is"},
    "call": {},
}
"""The fields that are texts, and what they mean: to be compared with a text or with a list of them."""
_TOKEN = re.compile(
    r"""[rRbB]{0,2}(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|//[^\n]*|(?<![\w.])(?<![eE][+-])(?P<whole>\d+)(?![\w.])""",
    re.ASCII,
)
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNKNOWN = re.compile(r"undeclared reference to '(.*)' \(")
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '\(?(.*?)\)?'$")
_WORDS = {"double": "a number", "string": "a text", "bool": "a condition"}
_OPERATORS = {
    "-_": program.NEGATE,
    "!_": program.NOT,
    "_+_": program.ADD,
    "_-_": program.SUBTRACT,
    "_*_": program.MULTIPLY,
    "_/_": program.DIVIDE,
    "_<_": program.LESS,
    "_<=_": program.LESS_OR_EQUAL,
    "_==_": program.EQUAL,
    "_!=_": program.NOT_EQUAL,
    "_>=_": program.GREATER_OR_EQUAL,
    "_>_": program.GREATER,
    "_&&_": program.AND,
    "_||_": program.OR,
    "_?_:_": program.CHOOSE,
}
_OF_TEXTS = {"_==_": program.EQUAL, "_!=_": program.NOT_EQUAL}
_IN = "@in"
Operation = tuple[int, int, float]


class ExpressionError(InputError):
    """An expression that can't be a rule's: ``message`` says why, ``line`` and ``column`` where, counted from 1."""

    def __init__(self, text: str, at: int, message: str) -> None:
        before = text[:at]
        self.line, self.column, self.message = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1, message
        super().__init__("expression", text, f"CEL without this at line {self.line}, column {self.column}: {message}")


class Compiled(NamedTuple):
    """``code`` (OPERATION) for the machine, and the fields that it reads, in the order in which they are named."""

    code: Array
    fields: tuple[str, ...]

    @property
    def cost(self) -> int:
        """How many operations it takes, of OPERATIONS_MAX."""
        return len(self.code)


def compile_expression(on: Kind, text: str) -> Compiled:
    """``text`` for events of a kind; ExpressionError names the first thing that is wrong and its place."""
    if len(text) > EXPRESSION_CHARS_MAX:
        raise ExpressionError(text, EXPRESSION_CHARS_MAX, f"it has more than {EXPRESSION_CHARS_MAX} characters")
    read, inserted = _with_points(text)

    def fail(at: int, message: str) -> ExpressionError:
        return ExpressionError(text, at - 2 * bisect.bisect_left(inserted, at), message)

    environment, condition = _environment(on)
    try:
        checked = environment.compile(read)
    except RuntimeError as error:
        raise fail(*_told(str(error), read, on)) from error
    if checked.return_type() != condition:
        raise fail(0, "a rule is a condition, such as amount > 1000, and this is none")
    return _Compiler(on, fail).compiled(tree(checked.serialize()))


@functools.cache
def _environment(on: Kind) -> tuple[Any, Any]:
    """CEL's checker for a kind, and the type of a condition."""
    from cel_expr_python import cel

    types = dict.fromkeys(FIELDS[on], cel.Type.DOUBLE) | dict.fromkeys(TEXTS[on], cel.Type.STRING)
    return cel.NewEnv(variables=types), cel.Type.BOOL


def _with_points(text: str) -> tuple[str, list[int]]:
    """The text with whole numbers as doubles, and where in it, counted in what comes of it, something was put in."""
    inserted: list[int] = []

    def point(found: re.Match[str]) -> str:
        if found["whole"] is None:
            return found[0]
        inserted.append(found.end() + 2 * len(inserted))
        return f"{found[0]}.0"

    return _TOKEN.sub(point, text), inserted


def _told(error: str, read: str, on: Kind) -> tuple[int, str]:
    """Where the checker's first error is, and what it says, in the words of rules."""
    found = _ERROR.search(error)
    if found is None:
        return 0, "it is nested deeper than CEL goes" if "recursion" in error else error[:200]
    lines = read.splitlines(keepends=True)
    at = sum(len(line) for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    if unknown := _UNKNOWN.match(found[3]):
        near = difflib.get_close_matches(unknown[1], [*FIELDS[on], *TEXTS[on]], 1)
        return at, f"{unknown[1]} is no field of a {on}" + (f"; is {near[0]} meant?" if near else "")
    if overload := _OVERLOAD.match(found[3]):
        given = ", ".join(_WORDS.get(part.strip(), part.strip()) for part in overload[2].split(","))
        return at, f"{overload[1].strip('_@').replace('_', ' ')} does not take {given}"
    message = found[3].partition(" expecting ")[0].removeprefix("Syntax error: ")
    return at, message.replace("mismatched input '<EOF>'", "more is expected here")


class _Compiler:
    """Turns one tree into operations, in the order in which they are run."""

    def __init__(self, on: Kind, fail: Callable[[int, str], ExpressionError]) -> None:
        self._on: Kind = on
        self._fail = fail
        self._numbers = {name: at for at, name in enumerate(FIELDS[on])}
        self._fields: dict[str, None] = {}

    def compiled(self, node: Node) -> Compiled:
        operations: list[Operation] = []
        height = highest = 0
        for operation in self._operations(node):
            height += 1 if operation[0] <= program.CHANNEL else _TAKEN.get(operation[0], -1)
            highest = max(highest, height)
            operations.append(operation)
            if len(operations) > OPERATIONS_MAX or highest > STACK_MAX:
                raise self._fail(0, f"it takes more than {OPERATIONS_MAX} operations, or {STACK_MAX} numbers at a time")
        return Compiled(np.array(operations, OPERATION), tuple(self._fields))

    def _operations(self, node: Node) -> Iterator[Operation]:
        if node.kind == "constant" and not isinstance(node.value, str):
            yield program.CONSTANT, 0, float(np.float32(node.value))
        elif node.kind == "name" and node.value in self._numbers:
            self._fields[str(node.value)] = None
            yield program.FEATURE, self._numbers[str(node.value)], 0.0
        elif node.kind == "call" and any(self._is_text(arg) for arg in node.args):
            yield from self._of_texts(node)
        elif node.kind == "call" and node.value == _IN and node.args[1].kind == "list":
            yield from self._among(node.args[1], lambda: self._operations(node.args[0]), self._operations)
        elif node.kind == "call" and node.value in _OPERATORS:
            for arg in node.args:
                yield from self._operations(arg)
            yield _OPERATORS[str(node.value)], 0, 0.0
        else:
            raise self._fail(node.at, "rules know fields, numbers, texts, + - * / < <= == != >= > && || ! ?: and `in`")

    def _is_text(self, node: Node) -> bool:
        return (node.kind == "name" and node.value in TEXTS[self._on]) or (
            node.kind == "constant" and isinstance(node.value, str)
        )

    def _of_texts(self, node: Node) -> Iterator[Operation]:
        """A field that is a text beside a text, or among some."""
        left, right = node.args if len(node.args) == 2 else (node, node)
        if left.kind == "constant" and node.value in _OF_TEXTS:
            left, right = right, left
        if left.kind == "name" and node.value in _OF_TEXTS and right.kind == "constant":
            yield from self._named(left)
            yield self._text(left, right)
            yield _OF_TEXTS[str(node.value)], 0, 0.0
        elif left.kind == "name" and node.value == _IN and right.kind == "list":
            yield from self._among(right, lambda: self._named(left), lambda text: iter((self._text(left, text),)))
        else:
            raise self._fail(node.at, "a text is compared by == or != with a text in quotes, or by `in` with a list")

    def _among(
        self, list_: Node, one: Callable[[], Iterator[Operation]], element: Callable[[Node], Iterator[Operation]]
    ) -> Iterator[Operation]:
        """Whether one is equal to any of the elements."""
        yield program.CONSTANT, 0, 0.0
        for node in list_.args:
            yield from one()
            yield from element(node)
            yield program.EQUAL, 0, 0.0
            yield program.OR, 0, 0.0

    def _named(self, field: Node) -> Iterator[Operation]:
        self._fields[str(field.value)] = None
        yield program.CURRENCY if field.value == "currency" else program.CHANNEL, 0, 0.0

    def _text(self, field: Node, text: Node) -> Operation:
        """The number by which the machine knows a text."""
        given = str(text.value)
        if text.kind != "constant":
            raise self._fail(text.at, f"{field.value} is compared with texts in quotes")
        if field.value == "channel":
            return program.CONSTANT, 0, float(key(CHANNEL, given) & 0xFFFFFFFF) if given else 0.0
        if given not in CURRENCY_NUMBERS:
            raise self._fail(text.at, f"{given!r} is no currency of ISO 4217")
        return program.CONSTANT, 0, float(CURRENCY_NUMBERS[given])


_TAKEN = {program.NEGATE: 0, program.NOT: 0, program.CHOOSE: -2}
"""How the height of the stack changes; by one down where nothing else is said."""
