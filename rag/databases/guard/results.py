"""The results of a query: what they are called, and the clauses that may name them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.functions import AGGREGATES, name_of
from rag.databases.guard.names import identifier_key, key_of, looks_personal, quoted
from rag.databases.guard.nodes import whole_number
from rag.databases.guard.refusal import Refused

Resolve = Callable[[exp.Expr], exp.Expr]
"""Resolves the names of an expression in place and returns it, or what replaces it."""


@dataclass(slots=True)
class Result:
    """One result of a query."""

    node: exp.Expr
    """Its expression, without its alias."""
    name: str | None
    """As it is written; None for one without a name."""
    is_alias: bool


@dataclass(slots=True)
class Results:
    """The results of a query in their order."""

    dialect: SqlDialect
    items: list[Result] = field(default_factory=list)

    @property
    def names(self) -> list[str | None]:
        """The names in order."""
        return [item.name for item in self.items]

    def aliases(self) -> dict[str, int]:
        """Return the number of each result that alone has a name, by the name's key."""
        places = [(self._key(item.name), at) for at, item in enumerate(self.items, 1) if item.is_alias and item.name]
        counts = Counter(key for key, _ in places)
        return {key: at for key, at in places if counts[key] == 1}

    def _key(self, name: str) -> str:
        return key_of(name, self.dialect, is_quoted=True)

    def order(self, clause: exp.Expr | None, resolve: Resolve) -> None:
        """Resolve ORDER BY, where a name alone is first that of a result."""
        for each in clause.expressions if clause else ():
            self._place(each, self.aliases(), resolve)

    def group(self, clause: exp.Group | None, resolve: Resolve) -> None:
        """Resolve GROUP BY, where a name alone is first that of a column, then, but for SQL Server, of a result."""
        if clause is None:
            return
        aliases = {} if self.dialect is SqlDialect.TSQL else self.aliases()
        for holder in _holders(clause):
            for each in list(holder.expressions):
                self._group(each, aliases, resolve)

    def _group(self, node: exp.Expr, aliases: dict[str, int], resolve: Resolve) -> None:
        number = whole_number(node)
        if number is not None:
            self._check_number(number)
            return
        try:
            resolve(node)
        except Refused:
            place = _named(node, aliases, self.dialect)
            if place is None or looks_personal(node.name) or _has_aggregate(self.items[place - 1].node, self.dialect):
                raise
            node.replace(exp.Literal.number(place))

    def _place(self, ordered: exp.Expr, aliases: dict[str, int], resolve: Resolve) -> None:
        node = ordered.this
        number = whole_number(node)
        if number is not None:
            self._check_number(number)
            return
        place = _named(node, aliases, self.dialect)
        if place is None:
            resolve(node)
        else:
            node.replace(exp.Literal.number(place))

    def _check_number(self, number: int) -> None:
        if not 1 <= number <= len(self.items):
            raise Refused(f"There is no result number {number} to order or group by.")

    def order_of_set(self, clause: exp.Expr | None) -> None:
        """Resolve ORDER BY after a set operation, where nothing but a result may be named."""
        places = {self._key(item.name): at for at, item in enumerate(self.items, 1) if item.name}
        for each in clause.expressions if clause else ():
            self._place(each, places, _refuse)


def _refuse(_: exp.Expr) -> exp.Expr:
    raise Refused("After UNION, EXCEPT and INTERSECT, ORDER BY names results only.")


def _holders(clause: exp.Group) -> Iterable[exp.Expr]:
    """Yield GROUP BY and the lists in it."""
    yield clause
    yield from list(clause.find_all(exp.Rollup, exp.Cube, exp.GroupingSets))


def _named(node: exp.Expr, places: dict[str, int], dialect: SqlDialect) -> int | None:
    if isinstance(node, exp.Column) and not node.args.get("table") and isinstance(node.this, exp.Identifier):
        return places.get(identifier_key(node.this, dialect))
    return None


def _has_aggregate(node: exp.Expr, dialect: SqlDialect) -> bool:
    return any(isinstance(each, exp.Window) or name_of(each, dialect) in AGGREGATES for each in node.walk())


def columns_of(names: Iterable[str | None], dialect: SqlDialect) -> dict[str, str | None]:
    """Return the names of results by their keys; None for one that occurs twice."""
    columns: dict[str, str | None] = {}
    for name in names:
        if name is not None:
            key = key_of(name, dialect, is_quoted=True)
            columns[key] = None if key in columns else name
    return columns


def name_results(node: exp.Expr, names: list[str | None]) -> list[str | None]:
    """Give a name to each result without one, so that others can read it, and return all names."""
    while not isinstance(node, exp.Select):
        node = node.this
    taken = {name for name in names if name}
    named = list(names)
    for at, name in enumerate(names):
        if name is None:
            result = node.expressions[at]
            made = _default_name(result, at, taken)
            taken.add(made)
            named[at] = made
            result.replace(exp.Alias(this=result.copy(), alias=quoted(made)))
    return named


def _default_name(result: exp.Expr, at: int, taken: set[str]) -> str:
    while isinstance(result, exp.Window | exp.Filter | exp.WithinGroup):
        result = result.this
    name = (result.name if isinstance(result, exp.Anonymous) else "").lower()
    return name if name and name not in taken else f"column_{at + 1}"
