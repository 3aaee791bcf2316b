"""Leaves: from the driver's value of a column to the value that the response holds."""

import binascii
import math
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLFloat, GraphQLInt, GraphQLLeafType, GraphQLString

from data.columns import Columns, Form, Given, KeyForm
from data.pages import Cursor
from schema.scalars import DATE_TIME, URL_SCALAR

Write = Callable[[Any], Any]

NO_MICROSECONDS = ".000000"
MOMENT_CHARACTERS = 26


class Unwritable(ValueError):
    """A value has no place in the response: graphql-core says what is wrong with it."""


def writer(leaf: GraphQLLeafType, given: Given) -> Write | None:
    """Return what makes the response's value of what the driver gives of a column, or None when they are the same.

    Null is not passed to it. It raises `Unwritable`, or whatever the scalar raises.
    """
    if given.choices is not None and isinstance(leaf, GraphQLEnumType):
        return {value: leaf.serialize(choice) for value, choice in given.choices.items()}.__getitem__
    if (given.form, leaf.name) in WRITERS:
        return WRITERS[given.form, leaf.name]
    process, serialize = given.process, leaf.serialize
    return serialize if process is None else lambda value: serialize(process(value))


def moment_of_sqlite(text: str) -> str:
    """Return a moment as the graph writes it, of its text in SQLite: `2026-01-19 08:30:00.000000`.

    Raises `Unwritable` for a text of another form, which somebody else wrote.
    """
    if len(text) != MOMENT_CHARACTERS:
        raise Unwritable("a moment of another form")
    seconds = text[:-7] if text.endswith(NO_MICROSECONDS) else text
    return f"{seconds[:10]}T{seconds[11:]}Z"


def identifier_writer(node_name: str, form: KeyForm) -> Write:
    """Return what makes a global identifier of the driver's value of a key: see `data.models.base.global_id`."""
    prefix, encode = f"{node_name}:", binascii.b2a_base64
    # Letters, digits and a colon give neither of the two characters by which base64 for addresses differs.
    if form.process is None:
        return lambda key: encode((prefix + key).encode(), newline=False).decode()
    return lambda key: encode((prefix + form.hexadecimal(key)).encode(), newline=False).decode()


def cursor_writer(columns: Columns, names: Sequence[str]) -> Callable[..., str]:
    """Return what makes a cursor of the driver's values of what a list is sorted by: see `data.pages.Cursor`."""
    processes = [columns.given(name).process or _same for name in names]
    return lambda *values: str(Cursor(process(value) for process, value in zip(processes, values, strict=True)))


def _same(value: Any) -> Any:
    return value


def _whole(value: int) -> int:
    # SQLite keeps a fraction in a column of whole numbers.
    if not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise Unwritable("an Int is a whole number of 32 bits")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Unwritable("a Float is finite")
    return value


WRITERS: dict[tuple[Form, str], Write | None] = {
    (Form.TEXT, GraphQLString.name): None,
    (Form.TEXT, URL_SCALAR.name): None,
    (Form.FLAG, GraphQLBoolean.name): bool,
    (Form.WHOLE_NUMBER, GraphQLInt.name): _whole,
    (Form.NUMBER, GraphQLFloat.name): _finite,
    (Form.MOMENT_TEXT, DATE_TIME.name): moment_of_sqlite,
}
"""What shows a form of a column as a scalar, without a Python value in between."""
