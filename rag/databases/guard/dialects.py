"""sqlglot's dialects, as the guard reads and writes them: a function stays what it is called."""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ErrorLevel, SqlglotError

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.refusal import Refused

_SPECIAL_SYNTAX = frozenset(
    {"CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT", "EXTRACT", "POSITION", "SUBSTRING", "TRIM"}
    | {"STRING_AGG", "GROUP_CONCAT", "JSON_TABLE"}
)
"""The functions whose arguments are more than a list."""


def _dialect(base: type[Dialect]) -> Dialect:
    """Return a dialect that knows no function by name.

    sqlglot rewrites the functions it knows, some into others. Here the name that is checked is the name that is
    written.
    """
    parser = base.parser_class
    generator = base.generator_class
    members: dict[str, Any] = {
        "FUNCTIONS": {},
        "FUNCTION_PARSERS": {name: f for name, f in parser.FUNCTION_PARSERS.items() if name in _SPECIAL_SYNTAX},
    }
    transforms: dict[Any, Any] = {
        **generator.TRANSFORMS,
        exp.CurrentTime: lambda *_: "CURRENT_TIME",
        exp.CurrentDate: lambda *_: "CURRENT_DATE",
    }
    if base is MySQL:  # its REGEXP_LIKE is unknown to MariaDB, which would look for a stored function
        transforms[exp.RegexpLike] = lambda writer, node: writer.binary(node, "REGEXP")
    made = type(
        f"Guard{base.__name__}",
        (base,),
        {
            "Parser": type("Parser", (parser,), members),
            "Generator": type("Generator", (generator,), {"TRANSFORMS": transforms}),
        },
    )
    dialect: Dialect = made()
    return dialect


_DIALECTS = {
    SqlDialect.POSTGRES: _dialect(Postgres),
    SqlDialect.MYSQL: _dialect(MySQL),
    SqlDialect.TSQL: _dialect(TSQL),
}


def parse(text: str, dialect: SqlDialect) -> exp.Expr:
    """Return the tree of the one statement of a text. Raises `Refused`."""
    try:
        trees = _DIALECTS[dialect].parse(text)
    except SqlglotError as error:
        raise Refused("The statement cannot be parsed.") from error
    if len(trees) != 1 or trees[0] is None:
        raise Refused("Send one SELECT statement and nothing after it.")
    tree = trees[0]
    if dialect is SqlDialect.MYSQL:  # to which sqlglot would write a call of TIMESTAMP
        for cast in tree.find_all(exp.Cast):
            if cast.to.is_type(exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ):
                cast.set("to", exp.DataType(this=exp.DType.DATETIME, expressions=cast.to.expressions))
    return tree


def write(tree: exp.Expr, dialect: SqlDialect) -> str:
    """Return the text of a tree, without comments, each name in quotation marks. Raises `Refused`."""
    try:
        return tree.sql(
            _DIALECTS[dialect], comments=False, identify=True, unsupported_level=ErrorLevel.RAISE, copy=False
        )
    except SqlglotError as error:
        raise Refused("The statement cannot be written in this dialect.") from error
