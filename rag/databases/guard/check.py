"""The whole check of a statement, and the text that may be run in its place."""

from sqlglot import exp

from rag.databases.guard.allowed import AllowList
from rag.databases.guard.dialects import parse, write
from rag.databases.guard.functions import check_functions
from rag.databases.guard.growth import check_growth
from rag.databases.guard.names import check_identifiers
from rag.databases.guard.nodes import check_nodes
from rag.databases.guard.queries import QueryResolver
from rag.databases.guard.refusal import Refused
from rag.databases.guard.row_limit import force_row_limit
from rag.databases.guard.text import checked_text


def check(sql: str, allowed: AllowList) -> str:
    """Return the text to run for a statement that reads only what is allowed. Raises `Refused`, or anything else.

    The text is written from the tree and never contains a part of `sql` as it was sent. It is checked in its turn, and
    comes out the same.
    """
    text = _rebuilt(sql, allowed)
    if _rebuilt(text, allowed) != text:
        raise Refused("The statement cannot be written so that it means one thing only.")
    return text


def _rebuilt(sql: str, allowed: AllowList) -> str:
    tree = parse(checked_text(sql, allowed.dialect), allowed.dialect)
    while isinstance(tree, exp.Subquery) and not any(value for name, value in tree.args.items() if name != "this"):
        tree = tree.this
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise Refused("Send one SELECT statement.")
    check_nodes(tree)
    check_identifiers(tree, allowed.dialect)
    check_functions(tree, allowed)
    QueryResolver(allowed).query(tree, None, {})
    check_growth(tree, allowed.dialect)
    return write(force_row_limit(tree, allowed.dialect), allowed.dialect)
