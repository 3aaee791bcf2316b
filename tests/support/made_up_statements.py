"""Statements made up around the tables and columns of the shop that must not be read.

Most of what a statement names is there and is allowed, so that many pass; here and there it names something else.
"""

import random

from hypothesis import strategies as st

from rag.databases.guard.allowed import SqlDialect

_TABLES = {
    "clients": ["id", "name", "town"],
    "articles": ["id", "label", "kind", "price"],
    "sales": ["id", "client_id", "state", "amount"],
    "sale_lines": ["sale_id", "article_id", "pieces"],
}
_FORBIDDEN_TABLES = ["wages", "tripwires", "wage_view"]
_FORBIDDEN_COLUMNS = ["email", "secret_note", "cost", "pay"]
_ALIASES = ["a", "b", "c", "x", "A", "wages", "email", "clients", "cost", "name"]
_FUNCTIONS = ["MAX", "LOWER", "COUNT", "COALESCE", "MIN"]

Sources = list[tuple[str, list[str]]]


class StatementMaker:
    """Makes one statement of a dialect from a seed."""

    def __init__(self, dialect: SqlDialect, seed: int) -> None:
        self._random = random.Random(seed)
        self._schema = {SqlDialect.POSTGRES: "public", SqlDialect.MYSQL: "shop", SqlDialect.TSQL: "dbo"}[dialect]
        self._named: Sources = []

    def statement(self) -> str:
        """Return a statement, perhaps with queries of WITH."""
        queries = []
        for _ in range(self._random.choice([0, 0, 1, 2])):
            name = self._one(["w", "v", *_ALIASES, *_FORBIDDEN_TABLES])
            text, columns = self._query(1, [])
            queries.append(f"{name} AS ({text})")
            self._named.append((name, columns))
        recursive = "RECURSIVE " if self._is(0.2) and self._schema != "dbo" else ""
        head = f"WITH {recursive}{', '.join(queries)} " if queries else ""
        return head + self._query(2, [])[0]

    def _is(self, odds: float) -> bool:
        return self._random.random() < odds

    def _one(self, names: list[str]) -> str:
        return self._random.choice(names)

    def _query(self, depth: int, outer: Sources) -> tuple[str, list[str]]:
        text, columns = self._select(depth, outer)
        if depth and self._is(0.15):
            kind = self._one(["UNION", "UNION ALL", "EXCEPT"])
            text += f" {kind} {self._select(depth - 1, outer, len(columns))[0]}"
        return text, columns

    def _select(self, depth: int, outer: Sources, count: int = 0) -> tuple[str, list[str]]:
        sources: Sources = []
        from_ = self._source(depth, sources, outer)
        for _ in range(self._random.choice([0, 0, 0, 1, 1, 2])):
            from_ += self._join(depth, sources, outer)
        seen = sources + outer
        results, columns = [], []
        for number in range(count or self._random.choice([1, 2, 3])):
            name = self._one([f"r{number}", f"r{number}", *_ALIASES, *_FORBIDDEN_COLUMNS])
            results.append(f"{self._expression(depth, seen)} AS {name}")
            columns.append(name)
        if not count and self._is(0.06):
            results.append(self._one(["*", f"{self._one([name for name, _ in sources])}.*"]))
        text = f"SELECT {'DISTINCT ' if self._is(0.1) else ''}{', '.join(results)} FROM {from_}"
        if self._is(0.5):
            text += f" WHERE {self._expression(depth, seen)} = {self._expression(depth, seen)}"
        if self._is(0.15):
            text += f" GROUP BY {self._one([*columns, self._column(seen), self._column(seen)])}"
            if self._is(0.5):
                some = self._one(["COUNT(*)", f"MAX({self._column(seen)})", self._one(columns)])
                text += f" HAVING {some} > 1"
        if self._is(0.3) and not count:
            text += f" ORDER BY {self._one([*columns, '1', self._expression(depth, seen)])}"
        return text, columns

    def _source(self, depth: int, sources: Sources, outer: Sources) -> str:
        if depth and self._is(0.2):
            is_lateral = self._is(0.3) and self._schema != "dbo"
            text, columns = self._query(depth - 1, sources + outer if is_lateral else outer)
            name = self._alias(sources)
            sources.append((name, columns))
            return f"{'LATERAL ' if is_lateral else ''}({text}) AS {name}"
        table, columns = self._random.choice([*_TABLES.items(), *self._named])
        if self._is(0.02):
            table, columns = self._one(_FORBIDDEN_TABLES), ["id", "pay", "name"]
        if self._is(0.3) and all(name != table for name, _ in sources):
            sources.append((table, columns))
            return table if table not in _TABLES or self._is(0.7) else f"{self._schema}.{table}"
        name = self._alias(sources)
        sources.append((name, columns))
        return f"{table} AS {name}"

    def _alias(self, sources: Sources) -> str:
        free = [name for name in _ALIASES if all(name.lower() != taken.lower() for taken, _ in sources)]
        return self._one(free)

    def _join(self, depth: int, sources: Sources, outer: Sources) -> str:
        before = list(sources)
        right = self._source(depth, sources, outer)
        shared = [each for each in sources[-1][1] if sum(each in columns for _, columns in before) == 1]
        kind = self._one(["on", "left", "using", "comma", "on", "left", "using"])
        if kind == "using" and shared and self._schema != "dbo":
            return f" JOIN {right} USING ({self._one([*shared * 9, *_FORBIDDEN_COLUMNS])})"
        if kind == "comma":
            return f", {right}"
        if self._is(0.03):
            return f" NATURAL JOIN {right}"
        seen = sources + outer
        side = "LEFT " if kind == "left" else ""
        return f" {side}JOIN {right} ON {self._expression(depth, seen)} = {self._expression(depth, seen)}"

    def _column(self, sources: Sources) -> str:
        name, columns = self._random.choice(sources)
        if self._is(0.03):
            columns = [*_FORBIDDEN_COLUMNS, "id"]
        if self._is(0.01):
            return name  # a whole row
        column = self._one(columns)
        is_plain = self._is(0.4) and sum(column in each for _, each in sources) == 1
        return column if is_plain else f"{name}.{column}"

    def _expression(self, depth: int, sources: Sources) -> str:
        kind = self._one(["column"] * 6 + ["call", "literal", "case"] + ["query"] * (depth > 0))
        match kind:
            case "call":
                return f"{self._one(_FUNCTIONS)}({self._column(sources)})"
            case "literal":
                return self._one(["1", "'x'", "NULL", "COUNT(*)"])
            case "case":
                return f"CASE WHEN {self._column(sources)} = 1 THEN {self._column(sources)} ELSE 2 END"
            case "query":
                return f"({self._select(depth - 1, sources, 1)[0]})"
            case _:
                return self._column(sources)


def statement(dialect: SqlDialect) -> st.SearchStrategy[str]:
    """Return what draws statements of a dialect."""
    return st.integers(0, 2**40).map(lambda seed: StatementMaker(dialect, seed).statement())
