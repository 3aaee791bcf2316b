"""The most rows of a statement's result, forced in its text."""

from sqlglot import exp

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.nodes import whole_number
from rag.databases.guard.refusal import Refused

MAX_ROWS = 200
MAX_OFFSET = 1_000_000


def force_row_limit(tree: exp.Query, dialect: SqlDialect) -> exp.Query:
    """Return a statement that yields at most `MAX_ROWS` rows. Raises `Refused` for a limit of another kind."""
    rows = min(_given(tree), MAX_ROWS)
    offset = tree.args.get("offset")
    if offset is not None and (whole_number(offset.expression) or 0) > MAX_OFFSET:
        raise Refused(f"The first row is at most number {MAX_OFFSET:,}.")
    count = exp.Literal.number(rows)
    if dialect is not SqlDialect.TSQL or (isinstance(tree, exp.Select) and offset is None):
        tree.set("limit", exp.Limit(expression=count))
        return tree
    # Transact-SQL has TOP for one SELECT only. Elsewhere its limit is a part of ORDER BY.
    if tree.args.get("order") is None:
        tree.set("order", exp.Order(expressions=[exp.Ordered(this=exp.Literal.number(1), nulls_first=True)]))
    tree.set("offset", offset or exp.Offset(expression=exp.Literal.number(0)))
    tree.set("limit", exp.Fetch(direction="NEXT", count=count, limit_options=exp.LimitOptions(rows=True)))
    return tree


def _given(tree: exp.Query) -> int:
    limit = tree.args.get("limit")
    count = limit.args.get("count" if isinstance(limit, exp.Fetch) else "expression") if limit else None
    if count is None:
        return 1 if isinstance(limit, exp.Fetch) else MAX_ROWS
    return whole_number(count) or 0
