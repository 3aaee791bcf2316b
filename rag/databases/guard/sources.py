"""The sources of FROM: tables of the allow list, queries of WITH, queries in brackets, lists and a few functions."""

from typing import Protocol

from sqlglot import exp

from rag.databases.guard.allowed import AllowList, SqlDialect
from rag.databases.guard.functions import SOURCES
from rag.databases.guard.names import identifier_key, key_of, quoted, spelled
from rag.databases.guard.refusal import Refused
from rag.databases.guard.results import columns_of
from rag.databases.guard.scopes import Columns, Named, Scope, Source

MAX_SOURCES = 12
"""The most sources of one SELECT."""
_OPENJSON = ("key", "value", "type")


class Queries(Protocol):
    """What resolves the queries and expressions in FROM."""

    allowed: AllowList

    def derived(self, node: exp.Expr, alias: exp.TableAlias | None, outer: Scope | None, named: Named) -> Columns:
        """Resolve a query and return its columns."""
        ...

    def expression(self, node: exp.Expr, scope: Scope, named: Named) -> exp.Expr:
        """Resolve an expression."""
        ...

    def is_table_name(self, name: exp.Identifier) -> bool:
        """Tell whether an allowed table is called so."""
        ...


def add_source(queries: Queries, node: exp.Expr, scope: Scope, named: Named) -> Source:
    """Resolve a source of FROM, add it to the scope and return it. Raises `Refused`."""
    if len(scope.sources) >= MAX_SOURCES:
        raise Refused(f"One query reads from more than {MAX_SOURCES} tables.")
    match node:
        case exp.Table(this=exp.Identifier()):
            source = _table(queries, node, scope, named)
        case exp.Table(this=exp.Anonymous() | exp.JSONTable()) if not node.args.get("db"):
            source = _function(queries, node, node.this, scope, named)
        case exp.Lateral(this=exp.Subquery(this=exp.Values() as values)) | exp.Subquery(this=exp.Values() as values):
            source = _values(queries, node, values, scope, named)
        case exp.Lateral(this=exp.Subquery()) if not node.this.args.get("alias"):
            source = _query(queries, node, node.this.this, scope, scope, named)
        case exp.Lateral(this=exp.Anonymous() | exp.Unnest()):
            source = _function(queries, node, node.this, scope, named)
        case exp.Subquery():
            source = _query(queries, node, node.this, scope, scope.outer, named)
        case exp.Values():
            source = _values(queries, node, node, scope, named)
        case exp.Unnest():
            source = _function(queries, node, node, scope, named)
        case _:
            raise Refused("FROM holds something that is no table, query or list.")
    scope.sources.append(source)
    return source


def _table(queries: Queries, node: exp.Table, scope: Scope, named: Named) -> Source:
    allowed, dialect = queries.allowed, queries.allowed.dialect
    name = node.this
    key = identifier_key(name, dialect)
    alias = node.args.get("alias")
    if alias is not None and alias.columns:
        raise Refused("A table does not take a list of column names.")
    if not node.args.get("db") and key in named:
        query = named[key]
        called = _called(queries, alias, own=key) or query.name
        source = Source(_key(alias, dialect) or key, scope.free_name(called), dict(query.columns))
        node.set("this", quoted(query.name))
    else:
        _check_place(node, allowed)
        table = next((t for t in allowed.tables if key_of(t.name, dialect, is_quoted=True) == key), None)
        if table is None:
            raise Refused(f"The table {name.name} is not known or not allowed.")
        called = _called(queries, alias, own=key) or table.name
        columns = columns_of(table.columns, dialect)
        own = _key(alias, dialect) or key
        source = Source(own, scope.free_name(called), columns, is_open=table.is_whole, is_table=own == key)
        node.set("this", quoted(table.name))
        node.set("db", quoted(allowed.schema))
        node.set("catalog", None)
    _check_new(source, scope)
    node.set("alias", exp.TableAlias(this=quoted(source.written)))
    return source


def _check_place(node: exp.Table, allowed: AllowList) -> None:
    """Raise `Refused` where a table is said to be in another schema or database."""
    dialect = allowed.dialect
    for part, here in (("db", allowed.schema), ("catalog", allowed.database)):
        given = node.args.get(part)
        if given is None:
            continue
        if not isinstance(given, exp.Identifier) or identifier_key(given, dialect) != key_of(
            here, dialect, is_quoted=True
        ):
            raise Refused(f"The table {node.name} of another schema or database is not allowed.")


def _check_new(source: Source, scope: Scope) -> None:
    if any(each.key == source.key for each in scope.sources):
        raise Refused(f"Two tables are called {source.key}.")


def _key(alias: exp.TableAlias | None, dialect: SqlDialect) -> str | None:
    return identifier_key(alias.this, dialect) if alias is not None and alias.this is not None else None


def _called(queries: Queries, alias: exp.TableAlias | None, own: str | None = None) -> str | None:
    """Return what an alias calls a source. Raises `Refused` where it is the name of another table."""
    if alias is None or alias.this is None:
        return None
    if not isinstance(alias.this, exp.Identifier):
        raise Refused("An alias is a name.")
    if identifier_key(alias.this, queries.allowed.dialect) != own and queries.is_table_name(alias.this):
        raise Refused(f"The alias {alias.this.name} is the name of another table.")
    return spelled(alias.this, queries.allowed.dialect)


def _query(queries: Queries, node: exp.Expr, query: exp.Expr, scope: Scope, seen: Scope | None, named: Named) -> Source:
    """Resolve a query in brackets. `seen` is the scope that it sees."""
    alias = node.args.get("alias")
    columns = queries.derived(query, alias, seen, named)
    return _named_source(queries, node, alias, columns, scope)


def _values(queries: Queries, node: exp.Expr, values: exp.Values, scope: Scope, named: Named) -> Source:
    alias = node.args.get("alias") or values.args.get("alias")
    rows = values.expressions
    names = [spelled(each, queries.allowed.dialect) for each in alias.columns] if alias else []
    if not names and rows:  # as PostgreSQL calls them
        names = [f"column{number}" for number, _ in enumerate(rows[0].expressions, 1)]
        called = alias.this if alias is not None else quoted("q")
        alias = exp.TableAlias(this=called, columns=[quoted(name) for name in names])
    if not names or any(not isinstance(row, exp.Tuple) or len(row.expressions) != len(names) for row in rows):
        raise Refused("A list of VALUES has an alias with a name for each of its columns.")
    for row in rows:
        queries.expression(row, scope, named)
    return _named_source(queries, node, alias, columns_of(names, queries.allowed.dialect), scope)


def _function(queries: Queries, node: exp.Expr, call: exp.Expr, scope: Scope, named: Named) -> Source:
    dialect = queries.allowed.dialect
    alias = node.args.get("alias") or call.args.get("alias")
    if alias is None or alias.this is None:
        raise Refused("A function in FROM has an alias.")
    name = spelled(alias.this, dialect)
    given = [spelled(each, dialect) for each in alias.columns]
    match call:
        case exp.JSONTable():
            _check_document(call.this)
            names = [spelled(each.this, dialect) for each in call.args["schema"].expressions]
        case exp.Anonymous() if call.name.lower() == "openjson" and dialect is SqlDialect.TSQL:
            if len(call.expressions) != 1:
                raise Refused("OPENJSON takes one column.")
            _check_document(call.expressions[0])
            names = list(_OPENJSON)
        case exp.Unnest() if len(call.expressions) == 1:
            names = given or [name]
        case exp.Anonymous() if call.name.lower() in SOURCES[dialect]:
            names = given or [name]
        case _:
            raise Refused("This function cannot stand in FROM.")
    if given and len(given) != len(names):
        raise Refused("A list of column names has one for each column.")
    for argument in [call.this] if isinstance(call, exp.JSONTable) else list(call.expressions):
        queries.expression(argument, scope, named)
    is_list = isinstance(call, exp.Unnest) or names == [name] or bool(given)
    made = exp.TableAlias(this=alias.this, columns=[quoted(each) for each in names] if is_list else [])
    return _named_source(queries, node, made, columns_of(names, dialect), scope)


def _check_document(node: exp.Expr) -> None:
    if not isinstance(node, exp.Column):
        raise Refused("The document of a JSON table is a column.")


def _named_source(
    queries: Queries, node: exp.Expr, alias: exp.TableAlias | None, columns: Columns, scope: Scope
) -> Source:
    dialect = queries.allowed.dialect
    called = _called(queries, alias) or "q"
    source = Source(_key(alias, dialect) or called, scope.free_name(called), columns)
    _check_new(source, scope)
    names = [quoted(spelled(each, dialect)) for each in alias.columns] if alias else []
    node.set("alias", exp.TableAlias(this=quoted(source.written), columns=names))
    return source
