"""Leaves: from the driver's value of a column to the value that the response holds."""

import binascii
import math
from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLFloat, GraphQLInt, GraphQLLeafType, GraphQLString
from sqlalchemy import Boolean, Float, Integer, Unicode, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from data.pages import Cursor
from data.prepared import result_process
from data.types import Chosen, UtcDateTime
from schema.scalars import DATE_TIME, URL_SCALAR

Write = Callable[[Any], Any]

NO_MICROSECONDS = ".000000"


class Unwritable(ValueError):
    """A value has no place in the response: graphql-core says what is wrong with it."""


def writer(leaf: GraphQLLeafType, column: TypeEngine[Any], dialect: Dialect) -> Write | None:
    """Return what makes the response's value of the driver's value of a column, or None when they are the same.

    Null is not passed to it. It raises `Unwritable`, or whatever the scalar raises.
    """
    if isinstance(column, Chosen) and isinstance(leaf, GraphQLEnumType):
        return {choice.value: leaf.serialize(choice) for choice in column.choices}.__getitem__
    if dialect.name == "sqlite" and isinstance(column, UtcDateTime) and leaf.name == DATE_TIME.name:
        return moment_of_sqlite
    if dialect.name == "sqlite" and isinstance(column, Boolean):
        return bool
    process, serialize = result_process(column, dialect), leaf.serialize
    return _of_plain(leaf, column) if process is None else lambda value: serialize(process(value))


def _of_plain(leaf: GraphQLLeafType, column: TypeEngine[Any]) -> Write | None:
    """Return what writes a value that the driver gives as Python has it."""
    if isinstance(column, Unicode) and leaf.name in {GraphQLString.name, URL_SCALAR.name}:
        return None
    if isinstance(column, Integer) and leaf is GraphQLInt:
        return _whole
    if isinstance(column, Float) and leaf is GraphQLFloat:
        return _finite
    return leaf.serialize


def moment_of_sqlite(text: str) -> str:
    """Return a moment as the graph writes it, of its text in SQLite: `2026-01-19 08:30:00.000000`."""
    seconds = text[:-7] if text.endswith(NO_MICROSECONDS) else text
    return f"{seconds[:10]}T{seconds[11:]}Z"


def identifier_writer(node_name: str, dialect: Dialect) -> Write:
    """Return what makes a global identifier of the driver's value of a key: see `data.models.base.global_id`."""
    prefix = f"{node_name}:"
    encode = binascii.b2a_base64
    # Letters, digits and a colon give neither of the two characters by which base64 for addresses differs.
    if dialect.name == "sqlite":
        return lambda key: encode((prefix + key).encode(), newline=False).decode()
    process = result_process(Uuid(), dialect) or _same
    return lambda key: encode((prefix + process(key).hex).encode(), newline=False).decode()


def cursor_writer(dialect: Dialect) -> Callable[[Any, Any], str]:
    """Return what makes a cursor of the driver's values of a row's moment and key: see `data.pages.Cursor`."""
    moment_of = result_process(UtcDateTime(), dialect) or _same
    key_of = result_process(Uuid(), dialect) or _same
    return lambda moment, key: str(Cursor(moment_of(moment), key_of(key)))


def _same(value: Any) -> Any:
    return value


def _whole(value: int) -> int:
    if not -(2**31) <= value < 2**31:
        raise Unwritable("an Int has 32 bits")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Unwritable("a Float is finite")
    return value
