"""The functions that a statement may call: by the name that is written, from the allow list alone."""

import re

from sqlglot import exp

from rag.databases.guard.allowed import AllowList, SqlDialect, words
from rag.databases.guard.nodes import check_pattern, whole_number
from rag.databases.guard.refusal import Refused

MAX_PAD = 200
MAX_SERIES = 10_000
"""The most rows that a series may have."""

_NAMES: dict[type[exp.Expr], str] = {
    exp.Array: "array",
    exp.Case: "case",
    exp.Cast: "cast",
    exp.Convert: "convert",
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
    exp.Exists: "exists",
    exp.Extract: "extract",
    exp.JSONTable: "json_table",
    exp.Localtime: "localtime",
    exp.Localtimestamp: "localtimestamp",
    exp.StrPosition: "position",
    exp.Substring: "substring",
    exp.Trim: "trim",
    exp.TryCast: "try_cast",
    exp.Unnest: "unnest",
}
AGGREGATES = words(
    """array_agg avg bool_and bool_or corr count count_big every group_concat json_agg jsonb_agg max min mode
    percentile_cont percentile_disc std stddev stddev_pop stddev_samp stdev stdevp string_agg sum var var_pop var_samp
    variance varp bit_and bit_or bit_xor covar_pop covar_samp grouping"""
)
_QUANTIFIERS = frozenset({"all", "any", "some"})
"""What sqlglot takes for functions, and is a part of a comparison."""
_STAR = frozenset({"count", "count_big"})
_SERIES = "generate_series"
SOURCES = {SqlDialect.POSTGRES: {_SERIES}, SqlDialect.MYSQL: set(), SqlDialect.TSQL: {"openjson"}}
"""The functions that may stand in FROM."""
_PADS = frozenset({"lpad", "rpad"})
_PATTERNS = frozenset({"regexp_like", "regexp_replace", "regexp_substr", "regexp_instr", "regexp_count"})
_UNITS = words(
    """year quarter month week day hour minute second microsecond dayofyear weekday iso_week isowk isoww millisecond
    nanosecond yy yyyy qq q mm m dy y dd d wk ww dw w hh mi n ss s ms tzoffset"""
)
_UNIT_FIRST = {
    SqlDialect.POSTGRES: frozenset[str](),
    SqlDialect.MYSQL: frozenset({"timestampdiff", "timestampadd"}),
    SqlDialect.TSQL: frozenset({"dateadd", "datediff", "datediff_big", "datename", "datepart", "datetrunc"}),
}
"""The functions whose first argument is a unit, which is not a column."""
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_STEP = re.compile(r"(\d{1,4}) (DAY|WEEK|MONTH|YEAR|HOUR)S?", re.IGNORECASE)
_BOUNDS_AND_STEP = ("first", "last", "step")
_HOURS = {"HOUR": 1, "DAY": 24, "WEEK": 168, "MONTH": 672, "YEAR": 8_760}


def name_of(node: exp.Expr, dialect: SqlDialect) -> str | None:
    """Return the name of the function that a node calls, in lower case; None when it calls none."""
    match node:
        case exp.Anonymous() if isinstance(node.this, str) and node.this.lower() in _QUANTIFIERS:
            return None
        case exp.Anonymous():
            return node.this.lower() if isinstance(node.this, str) else ""
        case exp.GroupConcat():
            return "group_concat" if dialect is SqlDialect.MYSQL else "string_agg"
        case exp.Convert() if node.args.get("safe"):
            return "try_convert"
        case exp.If() if not isinstance(node.parent, exp.Case):
            return "if"
        case _:
            return _NAMES.get(type(node))


def check_functions(tree: exp.Expr, allowed: AllowList) -> None:
    """Raise `Refused` where a function is not allowed, or is called with what could take long or grow large.

    Units that sqlglot reads as columns become words.
    """
    for node in list(tree.walk()):
        name = name_of(node, allowed.dialect)
        if name is None:
            continue
        if not name.isascii() or name not in allowed.functions:
            raise Refused(f"The function {name.upper() or 'of a quoted name'} is not allowed.")
        if isinstance(node, exp.Anonymous):
            _check_call(node, name, allowed.dialect)


def _check_call(node: exp.Anonymous, name: str, dialect: SqlDialect) -> None:
    arguments = node.expressions
    if any(isinstance(each, exp.Star) for each in arguments) and (name not in _STAR or len(arguments) > 1):
        raise Refused("A star stands for columns only in COUNT(*) and among the columns of SELECT.")
    if name in _PADS and not _is_at_most(arguments, MAX_PAD):
        raise Refused(f"The length of {name.upper()} is a number of at most {MAX_PAD}.")
    if name in _PATTERNS:
        check_pattern(arguments[1] if len(arguments) > 1 else None)
    if name == _SERIES:
        _check_series(arguments)
    if name in _UNIT_FIRST[dialect]:
        _make_unit(node, name)


def _is_at_most(arguments: list[exp.Expr], most: int) -> bool:
    length = whole_number(arguments[1]) if len(arguments) > 1 else None
    return length is not None and length <= most


def _make_unit(node: exp.Anonymous, name: str) -> None:
    first = node.expressions[0] if node.expressions else None
    match first:
        case exp.Var() | exp.Column(this=exp.Identifier()) if not first.args.get("table"):
            word = first.name.lower()
        case _:
            word = ""
    if word not in _UNITS:
        raise Refused(f"The first argument of {name.upper()} is a unit, such as DAY.")
    node.set("expressions", [exp.Var(this=word.upper()), *node.expressions[1:]])


def _check_series(arguments: list[exp.Expr]) -> None:
    if len(arguments) not in {2, 3}:
        raise Refused("A series has a first, a last and perhaps a step.")
    numbers = [whole_number(each) for each in arguments]
    first, last, step = (*numbers, 1)[:3]
    rows = _hours(arguments)
    if first is not None and last is not None and step:
        rows = (last - first) // step
    if rows > MAX_SERIES:
        raise Refused(f"A series has literal bounds and at most {MAX_SERIES:,} steps.")


def _hours(arguments: list[exp.Expr]) -> int:
    """Return the steps of a series of days, each shortest; more than are allowed when they cannot be told."""
    bounds = [_DAY.match(each.this.name) if isinstance(each, exp.Cast) else None for each in arguments[:2]]
    length = _STEP.fullmatch(_interval(arguments[2])) if len(arguments) == len(_BOUNDS_AND_STEP) else None
    if bounds[0] is None or bounds[1] is None or length is None or not int(length[1]):
        return MAX_SERIES + 1
    (year, month, _), (last_year, last_month, _) = (
        tuple(int(part) for part in bound.groups()) for bound in bounds if bound
    )
    months = (last_year - year) * 12 + last_month - month + 1
    return months * 31 * 24 // (int(length[1]) * _HOURS[length[2].upper()])


def _interval(node: exp.Expr) -> str:
    """Return the text of an interval that is written out; an empty one for others."""
    match node:
        case exp.Interval(this=exp.Literal() as length):
            unit = node.args.get("unit")
            return f"{length.name} {unit.name}" if unit else length.name
        case exp.Cast(this=exp.Literal() as length) if node.to.is_type("interval"):
            return length.name
        case _:
            return ""
