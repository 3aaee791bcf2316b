"""How much larger than a column a value of a statement may become, estimated before it is run.

Joining a text with itself, and the result with itself, makes more than any memory holds in some thirty steps, and some
servers do not look at their time-out meanwhile. The estimate counts in columns: 1 is as large as the largest of them.
"""

from collections.abc import Iterable, Mapping

from sqlglot import exp

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.functions import name_of
from rag.databases.guard.refusal import Refused

MAX_GROWTH = 100_000
_PER_COLUMN = 100
"""The characters of a literal that count as a column."""
_JOINING = frozenset({"concat", "concat_ws"})
_REPLACING = {"replace": 2, "regexp_replace": 2, "stuff": 3, "translate": 2}
"""The functions that may put a text in many places, and which of their arguments is that text."""
_GATHERING = frozenset({"array_agg", "group_concat", "string_agg"})
_ROWS = 100
"""The rows that count as one text, where a function makes one text of many rows."""

Sizes = Mapping[str, int]
"""The estimates of the queries of WITH, by their written names."""


def check_growth(tree: exp.Expr, dialect: SqlDialect) -> None:
    """Raise `Refused` where a value of a resolved statement may become too large."""
    _Estimate(dialect).query(tree, {})


class _Estimate:
    def __init__(self, dialect: SqlDialect) -> None:
        self._dialect = dialect

    def query(self, node: exp.Expr, sizes: Sizes) -> int:
        """Return the estimate of the largest result of a query."""
        sizes = self._named(node, sizes)
        match node:
            case exp.Select():
                return self._select(node, sizes)
            case exp.SetOperation():
                return max(self.query(node.this, sizes), self.query(node.expression, sizes))
            case _:
                return self.query(node.this, sizes)

    def _named(self, node: exp.Expr, sizes: Sizes) -> Sizes:
        clause = node.args.get("with_")
        found = dict(sizes)
        for query in clause.expressions if isinstance(clause, exp.With) else ():
            name = query.alias
            size = self.query(query.this, {**found, name: 1})
            if any(table.name == name and not table.args.get("db") for table in query.this.find_all(exp.Table)):
                start = self.query(query.this.this, found)
                if size > max(start, 1):
                    raise Refused("A query of WITH that reads itself makes no longer texts of its own.")
            found[name] = size
        return found

    def _select(self, node: exp.Select, sizes: Sizes) -> int:
        joins = [join.this for join in node.args.get("joins") or ()]
        from_ = node.args.get("from_")
        base = max([1, *(self._source(each, sizes) for each in ([from_.this] if from_ else []) + joins)])
        largest = 1
        for name, value in node.args.items():
            if name not in {"with_", "from_", "joins", "limit", "offset"}:
                for part in value if isinstance(value, list) else [value]:
                    size = self._expression(part, sizes) if isinstance(part, exp.Expr) else 1
                    self._check(base * size)
                    largest = max(largest, size if name == "expressions" else 1)
        return base * largest

    def _source(self, node: exp.Expr, sizes: Sizes) -> int:
        match node:
            case exp.Table() if not node.args.get("db"):
                return sizes.get(node.name, 1)
            case exp.Subquery(this=exp.Values()) | exp.Lateral(this=exp.Subquery(this=exp.Values())):
                return 1
            case exp.Subquery() | exp.Lateral(this=exp.Subquery()):
                return self.query(node.this, sizes)
            case _:
                return 1

    def _expression(self, node: exp.Expr, sizes: Sizes) -> int:
        if isinstance(node, exp.Query):
            return self.query(node, sizes)
        if isinstance(node, exp.Literal):
            return 1 + len(node.name) // _PER_COLUMN
        parts = [self._expression(each, sizes) for each in node.iter_expressions()]
        size = self._combined(node, parts)
        self._check(size)
        return size

    def _combined(self, node: exp.Expr, parts: list[int]) -> int:
        name = name_of(node, self._dialect)
        if name in _JOINING or isinstance(node, exp.DPipe | exp.Concat):
            return sum(parts)
        if isinstance(node, exp.Add) and self._dialect is SqlDialect.TSQL:
            return sum(
                0 if _is_number(each) else part for each, part in zip(node.iter_expressions(), parts, strict=True)
            )
        if name in _REPLACING:
            return max(parts) * _times(node.expressions, _REPLACING[name])
        return max([1, *parts]) * (_ROWS if name in _GATHERING else 1)

    @staticmethod
    def _check(size: int) -> None:
        if size > MAX_GROWTH:
            raise Refused("A value of the statement may become too large.")


def _is_number(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _times(arguments: Iterable[exp.Expr], at: int) -> int:
    """Return how often as long a text becomes in which each character may be replaced."""
    replacement = dict(enumerate(arguments)).get(at)
    if isinstance(replacement, exp.Literal | exp.National):
        return max(1, len(replacement.name))
    return 1 if replacement is None else _PER_COLUMN
