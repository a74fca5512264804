"""Rules as data: conditions on features by name, what to do, and what to say.

A rule fires when all of its conditions hold. A condition is ``feature >= number`` with one of ``< <= = >= >``; each
is kept as the range of float32 values that meet it, so a rule has nothing that could loop or fail.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np

from saqta.fraud.calls import HEARD
from saqta.fraud.compiled import compiled
from saqta.fraud.features import JOINED, LEARNED
from saqta.fraud.layout import CALL, PAYMENT, Array
from saqta.model.errors import InputError

RULES_MAX = 56
"""Of a file: those of lists.toml have their bits of the 64 besides."""
CONDITIONS_MAX = 8
FILE_BYTES_MAX = 1 << 20
ACTIONS = ("allow", "warn", "hold", "block")
Action = Literal["allow", "warn", "hold", "block"]
FEATURES: Mapping[str, tuple[str, ...]] = {"payment": (*LEARNED, *JOINED), "call": tuple(HEARD)}
STANDARD = Path(__file__).with_name("rules.toml")
ON_LISTS = Path(__file__).with_name("lists.toml")
"""What lists block is blocked whatever the other rules say."""
_RULE = np.dtype([("kind", "<i8"), ("first", "<i8"), ("last", "<i8")])
_RANGE = np.dtype([("feature", "<i8"), ("low", "<f4"), ("high", "<f4")])
_KINDS = {"payment": PAYMENT, "call": CALL}
_CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|=|<|>)\s*(-?\d+(?:\.\d+)?)\s*", re.ASCII)
_PLACE = re.compile(r"\{(\w+)\}")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; ``says`` may name features in braces, whose values are put in."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
    on: Literal["payment", "call"]
    when: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=CONDITIONS_MAX)]
    action: Literal["warn", "hold", "block"]
    says: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    rule: Annotated[tuple[Rule, ...], msgspec.Meta(max_length=RULES_MAX)] = ()


class Ranges(NamedTuple):
    """Rules for the machine, rule n being bit n: what it is on, and the first and last + 1 of its conditions."""

    rule: Array
    condition: Array


class Rules(NamedTuple):
    """Rules as read, and for the machine. A rule's number is its bit."""

    version: str
    rules: tuple[Rule, ...]
    ranges: Ranges

    def fired(self, mask: int) -> tuple[Rule, ...]:
        """The rules whose bits are set, in the order of the file."""
        return tuple(rule for bit, rule in enumerate(self.rules) if mask >> bit & 1)


@compiled
def judge(ranges: Ranges, kind: int, row: Array) -> Any:
    """The rules on events of this kind (layout.PAYMENT, CALL) that fire for a row, (features,) float32, as bits."""
    mask = np.uint64(0)
    for bit in range(ranges.rule.shape[0]):
        rule = ranges.rule[bit]
        fires = rule.kind == kind
        at = rule.first
        while fires and at < rule.last:
            condition = ranges.condition[at]
            fires = condition.low <= row[condition.feature] <= condition.high
            at += 1
        if fires:
            mask |= np.uint64(1) << np.uint64(bit)
    return mask


def read_rules(path: Path) -> Rules:
    """The rules of a TOML file, and behind them those on lists; InputError names what is wrong in it."""
    file_, on_lists = _read(path), _read(ON_LISTS)
    rules = (*file_.rule, *on_lists.rule)
    if len({rule.name for rule in rules}) < len(rules):
        reserved = ", ".join(rule.name for rule in on_lists.rule)
        raise InputError("rules", str(path), f"rules with different names, none of them {reserved}")
    for rule in rules:
        for name in _PLACE.findall(rule.says):
            _index(rule, name)
    return Rules(file_.version, rules, _ranges(rules))


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InputError("rules", str(path), f"rules as docs/fraud.md tells: {error}") from error


def said(rule: Rule, row: Array) -> str:
    """The rule's sentence with the values of ``row``, (features,) float32."""
    return _PLACE.sub(lambda place: _number(float(row[_index(rule, place[1])])), rule.says)


def _number(value: float) -> str:
    """As people say it: whole numbers whole, others with two decimals, large ones with one.

    >>> _number(450000.0), _number(23.987), _number(0.046)
    ('450000', '24', '0.05')
    """
    return f"{round(value, 1 if abs(value) >= 10 else 2):.10g}"


def _ranges(rules: tuple[Rule, ...]) -> Ranges:
    ends: list[tuple[int, int, int]] = []
    conditions: list[tuple[int, float, float]] = []
    for rule in rules:
        first = len(conditions)
        conditions += [_condition(rule, text) for text in rule.when]
        ends.append((_KINDS[rule.on], first, len(conditions)))
    return Ranges(np.array(ends, _RULE), np.array(conditions, _RANGE))


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
    return _index(rule, parts[1]), float(low), float(high)


def _index(rule: Rule, name: str) -> int:
    try:
        return FEATURES[rule.on].index(name)
    except ValueError:
        raise InputError(f"rules.{rule.name}", name, f"a feature of a {rule.on} (docs/fraud.md)") from None
