"""Rules as data: conditions on features by name, what to do, and what to say.

A rule fires when all of its conditions hold. A condition is ``feature >= number`` with one of ``< <= = >= >``; each
is kept as the range of float32 values that meet it. Or it has an expression in CEL in place of them, kept as a program
(``expression``). So a rule has nothing that could loop or fail.

A rule in shadow, or one that sleeps, is judged and told of like others, but nothing is done because of it.
"""

import functools
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np

from saqta.fraud.engine.calls import HEARD
from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.expression import Compiled, Kind, compile_expression
from saqta.fraud.engine.features import JOINED, LEARNED
from saqta.fraud.engine.layout import CALL, PAYMENT, Array, Record
from saqta.fraud.engine.program import OPERATION, holds
from saqta.model.errors import InputError

BITS = 64
"""So many rules hold together: those of a file, those of lists.toml, and those that were published."""
PUBLISHED_MAX = 16
LISTS_MAX = 9
RULES_MAX = BITS - PUBLISHED_MAX - LISTS_MAX
"""Of a file."""
CONDITIONS_MAX = 8
VERSION_CHARS_MAX = 48
NAME = "^[a-z][a-z0-9_]{0,63}$"
FILE_BYTES_MAX = 1 << 20
ACTIONS = ("allow", "warn", "hold", "block")
Action = Literal["allow", "warn", "hold", "block"]
FEATURES: Mapping[str, tuple[str, ...]] = {"payment": (*LEARNED, *JOINED), "call": tuple(HEARD)}
STANDARD = Path(__file__).with_name("rules.toml")
ON_LISTS = Path(__file__).with_name("lists.toml")
"""What lists block is blocked whatever the other rules say."""
_RULE = np.dtype(
    [
        ("kind", "<i8"),
        ("first", "<i8"),
        ("last", "<i8"),
        ("code_first", "<i8"),
        ("code_last", "<i8"),
        ("acts_from_ms", "<i8"),
        ("stops", "<i8"),
    ]
)
NEVER_MS = 1 << 62
_RANGE = np.dtype([("feature", "<i8"), ("low", "<f4"), ("high", "<f4")])
_KINDS = {"payment": PAYMENT, "call": CALL}
_CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|=|<|>)\s*(-?\d+(?:\.\d+)?)\s*", re.ASCII)
_ESTIMATED = re.compile(r"_(callees|callers|payees|payers|cells)_\d+[hd]")
_PLACE = re.compile(r"\{(\w+)\}")
_PART = re.compile(r"\[([^\[\]]*\{\w+\}[^\[\]]*)\]")
STOPPING = ("hold", "block")
"""What it is done to does not happen, unless a person lets it."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule, with conditions or an expression; ``says`` may name features in braces, whose values are put in;
    what stands in square brackets is said where these are above 0.

    Of rules that fired, those of the highest ``priority`` come first. One that is snoozed acts again from
    ``snoozed_until_ms`` on.
    """

    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    on: Kind
    action: Literal["warn", "hold", "block"]
    says: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    when: Annotated[tuple[str, ...], msgspec.Meta(max_length=CONDITIONS_MAX)] = ()
    expression: str = ""
    priority: Annotated[int, msgspec.Meta(ge=0, le=100)] = 50
    mode: Literal["enforced", "shadow"] = "enforced"
    snoozed_until_ms: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=VERSION_CHARS_MAX)]
    rule: Annotated[tuple[Rule, ...], msgspec.Meta(max_length=RULES_MAX)] = ()


class Ranges(NamedTuple):
    """Rules for the machine, rule n being bit n: what it is on, from when on it acts, the first and last + 1 of its
    conditions and of its program's operations, whether it stops what it fires on."""

    rule: Array
    condition: Array
    code: Array


class Rules(NamedTuple):
    """A set of rules: as read, and for the machine. A rule's number is its bit; what comes first has priority."""

    version: str
    rules: tuple[Rule, ...]
    ranges: Ranges

    def fired(self, mask: int) -> tuple[Rule, ...]:
        """The rules whose bits are set, in the order of the set."""
        return tuple(rule for bit, rule in enumerate(self.rules) if mask >> bit & 1)


@compiled
def judge(ranges: Ranges, event: Record, row: Array, stack: Array) -> tuple[int, int]:
    """The rules that fire for an event (layout.EVENT) and its features, (features,) float32, as bits: those that act,
    and those that do not."""
    acting, silent = np.uint64(0), np.uint64(0)
    for bit in range(ranges.rule.shape[0]):
        rule = ranges.rule[bit]
        fires = rule.kind == event.kind
        at = rule.first
        while fires and at < rule.last:
            condition = ranges.condition[at]
            fires = condition.low <= row[condition.feature] <= condition.high
            at += 1
        if fires and rule.code_last > rule.code_first:
            fires = holds(ranges.code, rule.code_first, rule.code_last, event, row, stack)
        if fires and rule.acts_from_ms <= event.time_ms:
            acting |= np.uint64(1) << np.uint64(bit)
        elif fires:
            silent |= np.uint64(1) << np.uint64(bit)
    return acting, silent  # type: ignore[return-value]


@compiled
def stops(ranges: Ranges, mask: int) -> bool:
    """Whether one of the rules whose bits are set stops what it fires on."""
    found = False
    for bit in range(ranges.rule.shape[0]):
        found |= bool(ranges.rule[bit].stops) and (mask >> np.uint64(bit)) & np.uint64(1) != 0
    return found


def read_rules(path: Path) -> Rules:
    """The rules of a TOML file, and behind them those on lists; InputError names what is wrong in it."""
    file_, on_lists = _read(path), _read(ON_LISTS)
    rules = (*file_.rule, *on_lists.rule)
    if len({rule.name for rule in rules}) < len(rules):
        reserved = ", ".join(rule.name for rule in on_lists.rule)
        raise InputError("rules", str(path), f"rules with different names, none of them {reserved}")
    return rule_set(file_.version, rules)


@functools.cache
def names_on_lists() -> frozenset[str]:
    """The names of the rules on lists, which no other rule may have."""
    return frozenset(rule.name for rule in _read(ON_LISTS).rule)


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InputError("rules", str(path), f"a file that can be read ({error.strerror})") from error
    if len(content) > FILE_BYTES_MAX:
        raise InputError("rules", str(path), f"at most {FILE_BYTES_MAX} bytes")
    try:
        return msgspec.convert(tomllib.loads(content.decode()), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, msgspec.ValidationError) as error:
        raise InputError("rules", str(path), f"rules as docs/fraud.md tells: {error}") from error


def rule_set(version: str, rules: Iterable[Rule]) -> Rules:
    """Rules together, those of the highest priority first; InputError names the rule that can't be one."""
    ordered = tuple(sorted(rules, key=lambda rule: -rule.priority))
    assert len(ordered) <= BITS  # noqa: S101 - what may be published and what a file may hold says so
    for rule in ordered:
        if bool(rule.when) == bool(rule.expression):
            raise InputError(f"rules.{rule.name}", rule.name, "either conditions (when) or an expression")
        require_fields(rule.on, rule.says, f"rules.{rule.name}")
    return Rules(version, ordered, _ranges(ordered))


def with_published(rules: Rules, number: int, published: Iterable[Rule]) -> Rules:
    """A file's rules with those that were published, which take the place of those of their name."""
    by_name = {rule.name: rule for rule in rules.rules} | {rule.name: rule for rule in published}
    return rule_set(f"{rules.version}+{number}", by_name.values())


def require_fields(on: Kind, says: str, field: str) -> None:
    """InputError where a sentence names in braces what is no feature of that kind."""
    for name in _PLACE.findall(says):
        _index(on, name, field)


def said(rule: Rule, row: Array) -> str:
    """The rule's sentence with the values of ``row``, (features,) float32."""

    def value(place: re.Match[str]) -> float:
        return float(row[_index(rule.on, place[1], rule.name)])

    def part(found: re.Match[str]) -> str:
        return found[1] if all(value(place) > 0.0 for place in _PLACE.finditer(found[1])) else ""

    return _PLACE.sub(lambda place: in_words(place[1], value(place)), _PART.sub(part, rule.says))


def in_words(name: str, value: float) -> str:
    """A feature's value as people say it: whole numbers whole, others with two decimals, large ones with one; how many
    different ones there were, which is estimated, whole as well.

    >>> in_words("amount", 450000.0), in_words("amount", 23.987), in_words("amount", 0.046), in_words("amount", -0.0)
    ('450000', '24', '0.05', '0')
    >>> in_words("caller_callees_1h", 65.5)
    '66'
    """
    decimals = 0 if _ESTIMATED.search(name) else 1 if abs(value) >= 10 else 2
    return f"{round(value, decimals) + 0.0:.10g}"


def _ranges(rules: tuple[Rule, ...]) -> Ranges:
    rows: list[tuple[int, ...]] = []
    conditions: list[tuple[int, float, float]] = []
    code = [np.zeros(0, OPERATION)]
    operations = 0
    for rule in rules:
        first, code_first = len(conditions), operations
        conditions += [_condition(rule, text) for text in rule.when]
        if rule.expression:
            code.append(_program(rule).code)
            operations += len(code[-1])
        acts_from_ms = NEVER_MS if rule.mode == "shadow" else rule.snoozed_until_ms
        spans = (first, len(conditions), code_first, operations)
        rows.append((_KINDS[rule.on], *spans, acts_from_ms, rule.action in STOPPING))
    return Ranges(np.array(rows, _RULE), np.array(conditions, _RANGE), np.concatenate(code))


def _program(rule: Rule) -> Compiled:
    try:
        return compile_expression(rule.on, rule.expression)
    except InputError as error:
        raise InputError(f"rules.{rule.name}.expression", rule.expression, error.expected) from error


def _condition(rule: Rule, text: str) -> tuple[int, float, float]:
    """The feature's place in its row, and the least and greatest float32 that meet the condition."""
    parts = _CONDITION.fullmatch(text)
    if parts is None:
        raise InputError(f"rules.{rule.name}.when", text, "a feature, one of < <= = >= >, and a number")
    number = np.float32(parts[3])
    low, high = {
        "<": (-math.inf, np.nextafter(number, np.float32(-np.inf))),
        "<=": (-math.inf, number),
        "=": (number, number),
        ">=": (number, math.inf),
        ">": (np.nextafter(number, np.float32(np.inf)), math.inf),
    }[parts[2]]
    return _index(rule.on, parts[1], f"rules.{rule.name}"), float(low), float(high)


def _index(on: Kind, name: str, field: str) -> int:
    try:
        return FEATURES[on].index(name)
    except ValueError:
        raise InputError(field, name, f"a feature of a {on} (docs/fraud.md)") from None
