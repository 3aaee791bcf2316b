"""What a name means at one place of a statement: the sources of its SELECT, and of those around it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from sqlglot import exp

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.names import identifier_key, quoted, skeleton
from rag.databases.guard.refusal import Refused

Columns = dict[str, str | None]
"""The spelling of columns by their keys; None for a name that two of them have."""


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query of WITH: its name as it is written, and its columns."""

    name: str
    columns: Columns


Named = Mapping[str, NamedQuery]
"""The queries of WITH that a query sees, by the keys of their names."""


@dataclass(slots=True)
class Source:
    """A table, a named or bracketed query, or a function in FROM."""

    key: str
    """What the statement calls it."""
    written: str
    """What the rebuilt text calls it: a name that no source around it has."""
    columns: Columns
    """The columns that may be read."""
    is_open: bool = True
    """Whether these are all of its columns, so that `*` may stand for them."""
    is_table: bool = False
    """Whether it is a table that goes by its own name, before which a schema may stand."""

    def column(self, key: str) -> exp.Column:
        """Return a reference to a column. Raises `Refused` where two have its name."""
        spelling = self.columns[key]
        if spelling is None:
            raise Refused(f"Two columns are called {key}.")
        return exp.Column(this=quoted(spelling), table=quoted(self.written))


@dataclass(slots=True)
class Scope:
    """The sources that an expression sees. `outer` is the scope around it, which it also sees."""

    outer: "Scope | None"
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, exp.Expr] = field(default_factory=dict)
    """The columns that JOIN … USING makes one, by key."""
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """The columns that a merged one stands for, as (written name of the source, key)."""

    def free_name(self, name: str) -> str:
        """Return `name`, or `name` with a number, so that no source around it has the same."""
        taken: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            taken.update(skeleton(source.written) for source in scope.sources)
            scope = scope.outer
        free, number = name, 1
        while skeleton(free) in taken:
            number += 1
            free = f"{name}_{number}"
        return free

    def resolve(self, column: exp.Column, dialect: SqlDialect) -> exp.Expr:
        """Return what a column means, named in full. Raises `Refused` where nothing allowed is called so."""
        name = column.this
        if not isinstance(name, exp.Identifier):
            raise Refused("A star stands for columns only in COUNT(*) and among the columns of SELECT.")
        key = identifier_key(name, dialect)
        table = column.args.get("table")
        scope: Scope | None = self
        while scope is not None:
            found = scope.plain(key) if table is None else scope.qualified(column, table, key, dialect)
            if found is not None:
                return found
            scope = scope.outer
        raise Refused(f"The column {name.name} is not known or not allowed here.")

    def plain(self, key: str) -> exp.Expr | None:
        """Return the column of this scope that is called `key`; None where there is none. Raises `Refused` for two."""
        if key in self.merged:
            return self.merged[key].copy()
        found = [each for each in self.sources if key in each.columns]
        if len(found) > 1:
            raise Refused(f"The column {key} is in several tables: write which.")
        return found[0].column(key) if found else None

    def qualified(self, column: exp.Column, table: exp.Identifier, key: str, dialect: SqlDialect) -> exp.Expr | None:
        """Return the column `key` of a source of this scope; None where no source is called so."""
        source = self.source(table, column.args.get("db"), dialect)
        if source is None:
            return None
        if key not in source.columns:
            raise Refused(f"The column {table.name}.{column.name} is not known or not allowed.")
        return source.column(key)

    def source(self, table: exp.Identifier, schema: exp.Identifier | None, dialect: SqlDialect) -> Source | None:
        """Return the source of this scope that is called `table`; with a schema, a table that goes by its own name."""
        key = identifier_key(table, dialect)
        for source in self.sources:
            if source.key == key and (schema is None or source.is_table):
                return source
        return None


def all_columns(source: Source, hidden: AbstractSet[tuple[str, str]]) -> list[exp.Expr]:
    """Return what a star stands for, without the hidden ones. Raises `Refused` where columns may be missing."""
    if not source.is_open:
        raise Refused(f"Name the columns of {source.written} instead of *.")
    return [source.column(key) for key in source.columns if (source.written, key) not in hidden]
