"""Rows as the outside sees them: moments in RFC 3339, no sealed field, and the same rules as a schema.

- A row's ``x_ms`` becomes ``x`` in RFC 3339, or ``x_at`` where the row has an ``x`` already (``status_ms`` beside
  ``status``).
- A sealed field is left out: ciphertext is of no use to a reader, and its digest would let readers join people.
- Everything else is as msgspec makes it. Keys of mappings are data and are never renamed.
"""

import types
import typing
from datetime import datetime
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple, Union

import msgspec
from fastapi import Response
from pydantic import BaseModel, create_model

from saqta.model.moment import to_text
from saqta.model.sealed import Sealed


def present(value: object) -> Any:
    """``value`` (a row, or rows within mappings and sequences) as plain JSON values."""
    if isinstance(value, msgspec.Struct):
        return {
            field.name: _moment(getattr(value, field.of)) if field.is_moment else present(getattr(value, field.of))
            for field in _fields(type(value))
        }
    if isinstance(value, dict):
        return {key: present(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [present(item) for item in value]
    return value


def json_bytes(value: object) -> bytes:
    """JSON of plain values and ``msgspec.Raw``."""
    return _encoder.encode(value)


def answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An HTTP answer of plain values and ``msgspec.Raw``."""
    return Response(json_bytes(value), status, headers, media_type="application/json")


@cache
def schema_of(row: type[msgspec.Struct]) -> type[BaseModel]:
    """The model of presented rows of one type, for the API's description."""
    hints = typing.get_type_hints(row)
    fields: dict[str, Any] = {
        field.name: (_presented_type(hints[field.of], field.is_moment), ...) for field in _fields(row)
    }
    return create_model(row.__name__, __doc__=row.__doc__, **fields)


class _Field(NamedTuple):
    name: str
    of: str
    is_moment: bool


@cache
def _fields(row: type[msgspec.Struct]) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(row)
    return tuple(_presented_field(name, hints) for name in row.__struct_fields__ if Sealed not in _members(hints[name]))


def _presented_field(name: str, hints: dict[str, Any]) -> _Field:
    if not name.endswith("_ms") or int not in _members(hints[name]):
        return _Field(name, name, is_moment=False)
    short = name.removesuffix("_ms")
    return _Field(f"{short}_at" if short in hints else short, name, is_moment=True)


def _members(hint: Any) -> tuple[Any, ...]:
    union = typing.get_origin(hint) in (Union, types.UnionType)
    return typing.get_args(hint) if union else (hint,)


def _presented_type(hint: Any, is_moment: bool = False) -> Any:
    if is_moment:
        return datetime | None if types.NoneType in _members(hint) else datetime
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return schema_of(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is None:
        return hint
    inner = tuple(_presented_type(argument) for argument in arguments)
    return reduce(or_, inner) if origin in (Union, types.UnionType) else origin[inner]


def _moment(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else to_text(moment_ms)


_encoder = msgspec.json.Encoder()
