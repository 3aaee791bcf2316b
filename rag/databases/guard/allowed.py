"""What a statement may name: tables, their columns, and functions. Whatever is not named here is forbidden."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SqlDialect(StrEnum):
    """The language of an engine."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    """MySQL and MariaDB."""
    TSQL = "tsql"
    """SQL Server."""


class InvalidAllowList(ValueError):
    """An allow list that cannot be read. The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class AllowedTable:
    """A table or a view, spelled as the database spells it, and those of its columns that may be read."""

    name: str
    columns: tuple[str, ...]
    is_whole: bool = False
    """Whether it has no other columns, so that `*` may stand for these."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """What may be read of one schema of one database."""

    dialect: SqlDialect
    database: str
    schema: str
    """The schema that holds the tables. MySQL has no schemas in a database: it is the database's name there."""
    tables: tuple[AllowedTable, ...]
    functions: frozenset[str]
    """Names of functions, in lower case. Operators are not functions."""

    def to_json(self) -> dict[str, Any]:
        """Return what `read_allow_list` reads."""
        return {
            "database": self.database,
            "schema": self.schema,
            "tables": {table.name: list(table.columns) for table in self.tables},
            "whole_tables": [table.name for table in self.tables if table.is_whole],
            "functions": sorted(self.functions),
        }


def read_allow_list(value: Any, dialect: SqlDialect) -> AllowList:
    """Read the allow list of a dialect, as JSON holds it. Raises `InvalidAllowList`.

    `value` has "database", "schema", "tables" (names to lists of columns), "functions" (names), and may have
    "whole_tables" (names of tables that have no other columns).
    """
    match value:
        case {"database": str(database), "schema": str(schema), "tables": Mapping() as tables, "functions": functions}:
            pass
        case _:
            raise InvalidAllowList('An allow list has "database", "schema", "tables" and "functions".')
    whole = _names(value.get("whole_tables", []), "whole_tables")
    return AllowList(
        dialect,
        database,
        schema,
        tuple(AllowedTable(name, tuple(_names(columns, name)), name in whole) for name, columns in tables.items()),
        frozenset(name.lower() for name in _names(functions, "functions")),
    )


def _names(value: Any, of: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise InvalidAllowList(f'"{of}" of an allow list is a list of names.')
    return value


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())
