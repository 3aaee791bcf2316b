"""JOIN … USING, written as a condition that names both columns."""

from collections.abc import Sequence

from sqlglot import exp

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.names import identifier_key
from rag.databases.guard.refusal import Refused
from rag.databases.guard.scopes import Scope, Source


def resolve_using(join: exp.Join, before: Sequence[Source], source: Source, scope: Scope, dialect: SqlDialect) -> None:
    """Give a join with USING its condition. `before` are the sources at its left, `source` the one at its right.

    Raises `Refused` where a column is not in one source of each side.
    """
    conditions: list[exp.Expr] = []
    for name in join.args.get("using") or ():
        key = identifier_key(name, dialect)
        left = _left(key, before, scope)
        if left is None or key not in source.columns:
            raise Refused(f"The column {name.name} of USING is not known or not allowed on both sides.")
        right = source.column(key)
        conditions.append(exp.EQ(this=left.copy(), expression=right.copy()))
        scope.merged[key] = _merged(join, left, right)
        scope.hidden.update((each.written, key) for each in (*before, source))
    if conditions:
        join.set("on", exp.and_(*conditions, copy=False))


def _left(key: str, before: Sequence[Source], scope: Scope) -> exp.Expr | None:
    if key in scope.merged:
        return scope.merged[key]
    found = [each for each in before if key in each.columns]
    return found[0].column(key) if len(found) == 1 else None


def _merged(join: exp.Join, left: exp.Expr, right: exp.Column) -> exp.Expr:
    match (join.side or "").upper():
        case "RIGHT":
            return right
        case "FULL":
            return exp.Anonymous(this="COALESCE", expressions=[left.copy(), right.copy()])
        case _:
            return left
