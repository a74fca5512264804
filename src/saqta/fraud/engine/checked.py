"""Reads what CEL's checker answers: an expression as a tree, from ``cel.expr.CheckedExpr`` in protobuf's wire format.

Only what an expression over numbers, texts and conditions may hold is told apart; whatever else there is in CEL
(macros, maps, fields of messages) is a node of the kind ``other``, for the caller to refuse at its place.
"""

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

VARINT, FIXED64, BYTES = 0, 1, 2
ANY_VALUE, EXPRESSION, SOURCE, POSITIONS, ID = 2, 4, 5, 4, 2
CONSTANT, NAME, CALL, LIST = 3, 4, 6, 7
TRUTH, WHOLE, DOUBLE, TEXT = 2, 3, 5, 6


class Node(NamedTuple):
    """``at`` is its place in the text, in characters from 0; ``value`` a constant's, or what is named or called."""

    kind: Literal["constant", "name", "call", "list", "other"]
    at: int
    value: str | float | bool = ""
    args: tuple["Node", ...] = ()


def tree(serialized: bytes) -> Node:
    """The tree of an expression as it was checked; the checker bounds how deep it is."""
    checked = dict(_fields(_bytes(dict(_fields(serialized))[ANY_VALUE])))
    source = _fields(_bytes(checked.get(SOURCE, b"")))
    positions = dict(_position(_bytes(entry)) for field, entry in source if field == POSITIONS)
    return _node(_bytes(checked[EXPRESSION]), positions)


def _position(entry: bytes) -> tuple[int, int]:
    """An entry of the map from a node's number to its place."""
    fields = dict(_fields(entry))
    return _number(fields.get(1, 0)), _number(fields.get(2, 0))


def _node(content: bytes, positions: dict[int, int]) -> Node:
    fields = dict(_fields(content))
    at = positions.get(_number(fields.get(ID, 0)), 0)
    if CONSTANT in fields:
        return _constant(_bytes(fields[CONSTANT]), at)
    if NAME in fields:
        return Node("name", at, _text(dict(_fields(_bytes(fields[NAME]))).get(1, b"")))
    if CALL in fields:
        # A method's target is its field 1, which comes before the arguments, each of them a field 3.
        parts = list(_fields(_bytes(fields[CALL])))
        args = tuple(_node(_bytes(part), positions) for field, part in parts if field in (1, 3))
        return Node("call", at, _text(dict(parts)[2]), args)
    if LIST in fields:
        elements = (part for field, part in _fields(_bytes(fields[LIST])) if field == 1)
        return Node("list", at, args=tuple(_node(_bytes(part), positions) for part in elements))
    return Node("other", at)


def _constant(content: bytes, at: int) -> Node:
    for field, value in _fields(content):
        if field == TRUTH:
            return Node("constant", at, bool(value))
        if field == DOUBLE:
            return Node("constant", at, struct.unpack("<d", _bytes(value))[0])
        if field == TEXT:
            return Node("constant", at, _text(value))
    return Node("other", at)


def _fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a message by their numbers, in order; 64-bit values as their 8 bytes."""
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        if tag & 7 == VARINT:
            value, at = _varint(content, at)
            yield tag >> 3, value
            continue
        size, at = (8, at) if tag & 7 == FIXED64 else _varint(content, at)
        yield tag >> 3, content[at : at + size]
        at += size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _bytes(value: bytes | int) -> bytes:
    assert isinstance(value, bytes)  # noqa: S101 - the checker writes what the form says
    return value


def _number(value: bytes | int) -> int:
    assert isinstance(value, int)  # noqa: S101 - the same
    return value


def _text(value: bytes | int) -> str:
    return _bytes(value).decode()
