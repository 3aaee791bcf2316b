"""The resolution of every name of a statement, query by query, to what is allowed. Each is written in full.

The rebuilt text leaves a server nothing to look for: a table has its schema, a column its source, and what names a
result in ORDER BY or GROUP BY becomes its number.
"""

from collections.abc import Set as AbstractSet
from functools import partial

from sqlglot import exp

from rag.databases.guard.allowed import AllowList, SqlDialect
from rag.databases.guard.functions import AGGREGATES, name_of
from rag.databases.guard.joins import resolve_using
from rag.databases.guard.names import identifier_key, looks_personal, quoted, spelled
from rag.databases.guard.refusal import Refused
from rag.databases.guard.results import Result, Results, columns_of, name_results
from rag.databases.guard.scopes import Columns, Named, NamedQuery, Scope, all_columns
from rag.databases.guard.sources import add_source

MAX_QUERIES = 30
_NONE: AbstractSet[str] = frozenset()


class QueryResolver:
    """Resolves the names of one statement in place."""

    def __init__(self, allowed: AllowList) -> None:
        self.allowed = allowed
        self._dialect = allowed.dialect
        self._count = 0

    def query(self, node: exp.Expr, outer: Scope | None, named: Named) -> Results:
        """Resolve a query inside `outer` and return its results. Raises `Refused`."""
        self._count += 1
        if self._count > MAX_QUERIES:
            raise Refused(f"The statement has more than {MAX_QUERIES} queries.")
        named = self._with(node, outer, named)
        match node:
            case exp.Subquery() if not node.args.get("alias"):
                return self.query(node.this, outer, named)
            case exp.Select():
                return self._select(node, outer, named)
            case exp.SetOperation():
                first = self.query(node.this, outer, named)
                self._second(node, first, outer, named)
                return first
            case _:
                raise Refused("A query is a SELECT, or several with UNION, EXCEPT or INTERSECT.")

    def derived(self, node: exp.Expr, alias: exp.TableAlias | None, outer: Scope | None, named: Named) -> Columns:
        """Resolve a query that another reads from, and return its columns by their keys."""
        return self._columns(node, self.query(node, outer, named), alias)

    def expression(self, node: exp.Expr, scope: Scope, named: Named, aliases: AbstractSet[str] = _NONE) -> exp.Expr:
        """Resolve an expression in place, and the queries in it. Return it, or what replaces it.

        `aliases` are the keys of results that it may name.
        """
        match node:
            case exp.Column():
                resolved = self._column(node, scope, aliases)
                if node.parent is not None:
                    node.replace(resolved)
                return resolved
            case exp.Query():
                self.query(node, scope, named)
            case _:
                if name_of(node, self._dialect) in AGGREGATES:
                    aliases = _NONE
                for child in list(node.iter_expressions()):
                    self.expression(child, scope, named, aliases)
        return node

    def _column(self, node: exp.Column, scope: Scope, aliases: AbstractSet[str]) -> exp.Expr:
        name = node.this
        is_plain = isinstance(name, exp.Identifier) and not node.args.get("table")
        if is_plain and identifier_key(name, self._dialect) in aliases:
            return exp.Column(this=quoted(spelled(name, self._dialect)))
        return scope.resolve(node, self._dialect)

    def _second(self, node: exp.SetOperation, first: Results, outer: Scope | None, named: Named) -> None:
        if len(self.query(node.expression, outer, named).items) != len(first.items):
            raise Refused("The queries of UNION, EXCEPT and INTERSECT have as many results each.")
        first.order_of_set(node.args.get("order"))

    def _columns(self, node: exp.Expr, results: Results, alias: exp.TableAlias | None) -> Columns:
        given = alias.columns if alias else []
        names: list[str | None] = [spelled(each, self._dialect) for each in given]
        if not given:
            names = name_results(node, results.names)
        elif len(given) != len(results.items):
            raise Refused("A list of column names has one for each result of its query.")
        return columns_of(names, self._dialect)

    def _with(self, node: exp.Expr, outer: Scope | None, named: Named) -> Named:
        clause = node.args.get("with_")
        found = dict(named)
        for query in clause.expressions if isinstance(clause, exp.With) else ():
            name = query.args["alias"].this
            key = identifier_key(name, self._dialect)
            if key in found or self.is_table_name(name):
                raise Refused(f"The name {name.name} of WITH is taken by a table or another query.")
            recurses = query.parent.args.get("recursive") or self._dialect is SqlDialect.TSQL
            found[key] = self._named(query, outer, found, recurses=bool(recurses))
        return found

    def _named(self, query: exp.CTE, outer: Scope | None, named: Named, *, recurses: bool) -> NamedQuery:
        alias, body = query.args["alias"], query.this
        name = spelled(alias.this, self._dialect)
        if recurses and isinstance(body, exp.Union) and not body.args.get("with_"):
            first = self.query(body.this, outer, named)
            itself = NamedQuery(name, self._columns(body, first, alias))
            self._second(body, first, outer, {**named, identifier_key(alias.this, self._dialect): itself})
        else:
            itself = NamedQuery(name, self.derived(body, alias, outer, named))
        columns = [quoted(spelled(each, self._dialect)) for each in alias.columns]
        query.set("alias", exp.TableAlias(this=quoted(name), columns=columns))
        return itself

    def is_table_name(self, name: exp.Identifier) -> bool:
        """Tell whether an allowed table is called so, in any case."""
        return name.name.casefold() in {table.name.casefold() for table in self.allowed.tables}

    def _select(self, node: exp.Select, outer: Scope | None, named: Named) -> Results:
        if not node.expressions:
            raise Refused("SELECT names nothing to select.")
        scope = Scope(outer)
        resolve = partial(self.expression, scope=scope, named=named)
        if (from_ := node.args.get("from_")) is not None and not self._is_nothing(node, from_):
            add_source(self, from_.this, scope, named)
        for join in node.args.get("joins") or ():
            before = list(scope.sources)
            source = add_source(self, join.this, scope, named)
            resolve_using(join, before, source, scope, self._dialect)
            if (condition := join.args.get("on")) is not None and not join.args.get("using"):
                resolve(condition)
            join.set("using", None)
        results = self._results(node, scope, named)
        for part in (node.args.get("where"), *(node.args.get("windows") or ())):
            if part is not None:
                resolve(part)
        if isinstance(distinct := node.args.get("distinct"), exp.Distinct) and distinct.args.get("on"):
            resolve(distinct.args["on"])
        results.group(node.args.get("group"), resolve)
        if (having := node.args.get("having")) is not None:
            # Only MySQL has results in HAVING. It looks there for what GROUP BY names, and then for results.
            aliases = set(results.aliases()) if self._dialect is SqlDialect.MYSQL else _NONE
            if any(map(looks_personal, aliases)):
                raise Refused("HAVING does not go with a result that is called like personal data.")
            resolve(having, aliases=aliases)
        results.order(node.args.get("order"), resolve)
        return results

    def _is_nothing(self, node: exp.Select, from_: exp.From) -> bool:
        """Take FROM DUAL out of a statement of MySQL. Tell whether it was there."""
        table = from_.this
        is_dual = self._dialect is SqlDialect.MYSQL and isinstance(table, exp.Table) and table.sql().upper() == "DUAL"
        if is_dual and not node.args.get("joins"):
            node.set("from_", None)
            return True
        return False

    def _results(self, node: exp.Select, scope: Scope, named: Named) -> Results:
        """Expand the stars of SELECT, resolve its columns and return what they are called."""
        results = Results(self._dialect)
        expanded: list[exp.Expr] = []
        for each in node.expressions:
            if isinstance(each, exp.Star) or (isinstance(each, exp.Column) and isinstance(each.this, exp.Star)):
                for column in self._star(each, scope):
                    expanded.append(column)
                    results.items.append(Result(column, column.alias_or_name, is_alias=False))
                continue
            expanded.append(self._result(each, results, scope, named))
        node.set("expressions", expanded)
        return results

    def _result(self, node: exp.Expr, results: Results, scope: Scope, named: Named) -> exp.Expr:
        if isinstance(node, exp.Alias):
            name = spelled(node.args["alias"], self._dialect)
            value = self.expression(node.this, scope, named)
            results.items.append(Result(value, name, is_alias=True))
            return exp.Alias(this=value, alias=quoted(name))
        is_column = isinstance(node, exp.Column)
        called = node.name
        value = self.expression(node, scope, named)
        if is_column and not isinstance(value, exp.Column):  # a column that USING made of two
            value = exp.Alias(this=value, alias=quoted(called))
        results.items.append(Result(value, value.alias_or_name if is_column else None, is_alias=False))
        return value

    def _star(self, star: exp.Expr, scope: Scope) -> list[exp.Expr]:
        if isinstance(star, exp.Column):
            table = star.args.get("table")
            source = scope.source(table, star.args.get("db"), self._dialect) if table else None
            if source is None:
                raise Refused("A star stands for the columns of something that is not in FROM.")
            return all_columns(source, set())
        if not scope.sources:
            raise Refused("A star has no table to stand for.")
        merged: list[exp.Expr] = [
            each.copy() if isinstance(each, exp.Column) else exp.Alias(this=each.copy(), alias=quoted(key))
            for key, each in scope.merged.items()
        ]
        return merged + [column for source in scope.sources for column in all_columns(source, scope.hidden)]
