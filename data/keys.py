"""Many keys as one parameter: a statement's text is the same for one row and for a thousand.

The keys travel as a JSON text and are read as a table with the one column `value`.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Unicode, Uuid, bindparam, column, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeDecorator

PARAMETER = "keys"
"""The name of the parameter, whose value is a sequence of keys, each of them once."""


class Keys(TypeDecorator[Sequence[UUID | str]]):
    """A sequence of keys as a JSON array of texts, each written as the database stores it.

    A key that is a text already is one that SQLite's driver gave.
    """

    impl = Unicode
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID | str] | None, dialect: Dialect) -> str | None:
        """Write the array."""
        if value is None:
            return None
        return json.dumps(
            [str(key) for key in value]
            if dialect.name == "mssql"
            else [key if isinstance(key, str) else key.hex for key in value]
        )


class each_key(GenericFunction[Any]):  # noqa: N801 - an SQL function is written as it reads in SQL
    """The table of the keys of a JSON array."""

    inherit_cache = True


@compiles(each_key, "sqlite")
def _on_sqlite(element: each_key, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each{compiler.process(element.clause_expr, **options)}"


@compiles(each_key, "mssql")
def _on_sql_server(element: each_key, compiler: SQLCompiler, **options: Any) -> str:
    return f"OPENJSON{compiler.process(element.clause_expr, **options)} WITH (value UNIQUEIDENTIFIER '$')"


def key_table() -> TableValuedAlias:
    """Return the table of the keys that the parameter `keys` holds."""
    given = each_key(bindparam(PARAMETER, type_=Keys()))
    return given.table_valued(column("value", Uuid()), name="each_key")


def among_keys(of: Any) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the keys that the parameter `keys` holds."""
    chosen: ColumnElement[bool] = of.in_(select(key_table().c.value))
    return chosen
