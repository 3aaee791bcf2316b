"""The kinds of nodes that the tree of a statement may have, and what each may hold. All others are refused."""

import re
from collections.abc import Iterable

from sqlglot import exp

from rag.databases.guard.allowed import words
from rag.databases.guard.refusal import Refused

MAX_NODES = 3_000
MAX_DEPTH = 100
MAX_STRING_CHARACTERS = 1_000
MAX_PATTERN_CHARACTERS = 100
MAX_REPEATS = 2
"""The most parts of a regular expression that may repeat."""
MAX_WILDCARDS = 8
MAX_DIGITS = 18
MAX_TYPE_SIZE = 4_000
"""The most characters or digits that a type may be given."""

_BINARY = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.IntDiv, exp.Pow, exp.And, exp.Or, exp.Xor, exp.Escape),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift),
    *(exp.ArrayContainsAll, exp.ArrayContainedBy, exp.ArrayOverlaps, exp.Filter, exp.WithinGroup, exp.Overlaps),
    *(exp.JSONBContains, exp.JSONBContainsTopKey, exp.JSONBExtract, exp.JSONBExtractScalar),
    *(exp.RegexpLike, exp.RegexpILike),
)
_UNARY = (exp.Not, exp.Neg, exp.BitwiseNot, exp.Paren, exp.Where, exp.Having, exp.Any, exp.All, exp.Exists)
_LISTS = (exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Concat, exp.Array)
_SET_OPERATION = {"this", "expression", "distinct", "with_", "order", "limit", "offset"}

_ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    **dict.fromkeys(_BINARY, frozenset({"this", "expression"})),
    **dict.fromkeys(_UNARY, frozenset({"this"})),
    **dict.fromkeys(_LISTS, frozenset({"expressions"})),
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), frozenset(_SET_OPERATION)),
    **dict.fromkeys((exp.Like, exp.ILike, exp.Is, exp.SimilarTo), frozenset({"this", "expression", "negate"})),
    **dict.fromkeys((exp.Cast, exp.TryCast), frozenset({"this", "to", "safe"})),
    **dict.fromkeys((exp.JSONExtract, exp.JSONExtractScalar), frozenset({"this", "expression", "only_json_types"})),
    **dict.fromkeys((exp.Null, exp.Star, exp.JSONPathRoot), frozenset()),
    **dict.fromkeys(
        (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp), frozenset()
    ),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Anonymous: frozenset({"this", "expressions"}),
    exp.AtTimeZone: frozenset({"this", "zone"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Boolean: frozenset({"this"}),
    exp.Bracket: frozenset({"this", "expressions", "offset"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Convert: frozenset({"this", "expression", "style", "safe"}),
    exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.DataType: frozenset({"this", "expressions", "nested"}),
    exp.DataTypeParam: frozenset({"this"}),
    exp.Distinct: frozenset({"expressions", "on"}),
    exp.Div: frozenset({"this", "expression", "typed", "safe"}),
    exp.Extract: frozenset({"this", "expression"}),
    exp.Fetch: frozenset({"direction", "count", "limit_options"}),
    exp.From: frozenset({"this"}),
    exp.Group: frozenset({"expressions", "rollup", "cube", "grouping_sets"}),
    exp.GroupConcat: frozenset({"this", "separator"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.If: frozenset({"this", "true", "false"}),
    exp.IgnoreNulls: frozenset({"this"}),
    exp.RespectNulls: frozenset({"this"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.JSONColumnDef: frozenset({"this", "kind", "path"}),
    exp.JSONPath: frozenset({"expressions"}),
    exp.JSONPathKey: frozenset({"this"}),
    exp.JSONPathSubscript: frozenset({"this"}),
    exp.JSONSchema: frozenset({"expressions"}),
    exp.JSONTable: frozenset({"this", "schema", "path"}),
    exp.Join: frozenset({"this", "on", "side", "kind", "using"}),
    exp.Lateral: frozenset({"this", "alias", "cross_apply"}),
    exp.Limit: frozenset({"expression", "limit_options"}),
    exp.LimitOptions: frozenset({"rows"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.National: frozenset({"this"}),
    exp.Offset: frozenset({"expression"}),
    exp.Order: frozenset({"this", "expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Select: frozenset(
        {"expressions", "from_", "joins", "where", "group", "having", "windows", "order", "limit", "offset"}
        | {"distinct", "with_"}
    ),
    exp.StrPosition: frozenset({"this", "substr"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.Table: frozenset({"this", "db", "catalog", "alias"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.Trim: frozenset({"this", "expression", "position"}),
    exp.Unnest: frozenset({"expressions", "alias"}),
    exp.Values: frozenset({"expressions", "alias"}),
    exp.Var: frozenset({"this"}),
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "alias", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side", "exclude"}),
    exp.With: frozenset({"expressions", "recursive"}),
}
_WORDS: dict[tuple[type[exp.Expr], str], set[str]] = {
    (exp.Join, "side"): {"LEFT", "RIGHT", "FULL"},
    (exp.Join, "kind"): {"INNER", "OUTER", "CROSS"},
    (exp.WindowSpec, "kind"): {"ROWS", "RANGE", "GROUPS"},
    (exp.WindowSpec, "start"): {"UNBOUNDED", "CURRENT ROW"},
    (exp.WindowSpec, "end"): {"UNBOUNDED", "CURRENT ROW"},
    (exp.WindowSpec, "start_side"): {"PRECEDING", "FOLLOWING"},
    (exp.WindowSpec, "end_side"): {"PRECEDING", "FOLLOWING"},
    (exp.WindowSpec, "exclude"): {"CURRENT ROW", "GROUP", "TIES", "NO OTHERS"},
    (exp.Fetch, "direction"): {"FIRST", "NEXT"},
    (exp.Trim, "position"): {"LEADING", "TRAILING", "BOTH"},
}
"""The words that may stand where a node holds a text instead of a node."""
_NOT_ALLOWED: dict[tuple[type[exp.Expr], str], str] = {
    (exp.Join, "method"): "NATURAL JOIN and the like are not allowed: write the condition after ON.",
    (exp.Select, "into"): "INTO is not allowed.",
    (exp.Select, "locks"): "A SELECT does not lock rows.",
    (exp.Select, "hint"): "Hints are not allowed.",
    (exp.Table, "hints"): "Hints are not allowed.",
}
_TYPES = frozenset(
    exp.DType[name]
    for name in words(
        """BIGINT BINARY BIT BOOLEAN CHAR DATE DATETIME DATETIME2 DECIMAL DOUBLE FLOAT INT INTERVAL JSON JSONB
    MEDIUMINT MONEY NCHAR NVARCHAR SMALLDATETIME SMALLINT TEXT TIME TIMESTAMP TIMESTAMPTZ TIMETZ TIMESTAMPLTZ TINYINT
    UBIGINT UINT USMALLINT UTINYINT UUID VARBINARY VARCHAR YEAR ARRAY TIMESTAMPNTZ DATETIME64"""
    )
    if name in exp.DType.__members__
)
UNITS = words(
    """century day day_hour day_microsecond day_minute day_second days decade dow doy epoch hour hour_microsecond
    hour_minute hour_second hours isodow isoyear julian microsecond microseconds millennium millisecond milliseconds
    minute minute_microsecond minute_second minutes month months quarter second second_microsecond seconds timezone
    timezone_hour timezone_minute week weeks year year_month years"""
)
_NUMBER = re.compile(r"\d{1,30}(\.\d{0,30})?([eE][+-]?\d{1,3})?|\.\d{1,30}([eE][+-]?\d{1,3})?")
_WORD = re.compile(r"[A-Za-z_]{1,30}( [A-Za-z]{1,10})?", re.ASCII)
_REPEATED_GROUP = re.compile(r"\)\s*[*+{?]|\\[1-9]|\(\?")


def check_nodes(tree: exp.Expr) -> None:
    """Raise `Refused` where a tree is too large or too deep, or holds what no allowed statement has."""
    count = 0
    waiting: list[tuple[exp.Expr, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise Refused("The statement is too long or nests too deep.")
        _check(node)
        waiting.extend((child, depth + 1) for child in node.iter_expressions())


def _check(node: exp.Expr) -> None:
    kind = type(node)
    allowed = _ALLOWED.get(kind)
    if allowed is None:
        raise Refused(f"{kind.__name__} is not allowed.")
    for name, value in node.args.items():
        if value is None or value is False or value == []:
            continue
        if name not in allowed:
            raise Refused(
                _NOT_ALLOWED.get((kind, name), f"{name.strip('_').upper()} is not allowed in {kind.__name__}.")
            )
        words = _WORDS.get((kind, name))
        if words is not None and isinstance(value, str) and value.upper() not in words:
            raise Refused(f"{value} is not allowed in {kind.__name__}.")
    _check_values(node)


def _check_values(node: exp.Expr) -> None:
    match node:
        case exp.Literal():
            _check_literal(node)
        case exp.Var() if not _WORD.fullmatch(node.name):
            raise Refused("A word that is no unit is not allowed.")
        case exp.Extract() | exp.Interval() if not _is_unit(node):
            raise Refused("A part of a moment is a unit, such as DAY.")
        case exp.DataType():
            _check_type(node)
        case exp.RegexpLike() | exp.RegexpILike() | exp.SimilarTo():
            check_pattern(node.expression)
        case exp.Like() | exp.ILike() if _wildcards(node.expression) > MAX_WILDCARDS:
            raise Refused(f"A pattern of LIKE has more than {MAX_WILDCARDS} marks %.")
        case exp.Limit() | exp.Offset() | exp.Fetch():
            _check_count(node)
        case exp.GroupConcat() if not _is_text(node.args.get("separator")):
            raise Refused("A separator is a string.")
        case exp.AtTimeZone() if not _is_text(node.args["zone"]):
            raise Refused("A time zone is a string.")
        case _:
            pass


def _check_literal(node: exp.Literal) -> None:
    if not node.is_string and not _NUMBER.fullmatch(node.name):
        raise Refused("A number is written in a form that is not allowed.")
    if len(node.name) > MAX_STRING_CHARACTERS:
        raise Refused(f"A string has more than {MAX_STRING_CHARACTERS:,} characters.")


def _check_type(node: exp.DataType) -> None:
    if node.this not in _TYPES:
        raise Refused("A type is not among those that may be cast to.")
    for parameter in node.find_all(exp.DataTypeParam):
        if parameter.name.upper() != "MAX" and not (parameter.name.isdigit() and int(parameter.name) <= MAX_TYPE_SIZE):
            raise Refused(f"A type has at most {MAX_TYPE_SIZE:,} characters or digits.")


def _check_count(node: exp.Expr) -> None:
    counts: Iterable[exp.Expr] = node.iter_expressions()
    for count in counts:
        if not isinstance(count, exp.LimitOptions) and whole_number(count) is None:
            raise Refused("How many rows there are to be is a whole number.")


def check_pattern(pattern: exp.Expr | None) -> None:
    """Raise `Refused` unless a regular expression is a short string without what makes an engine go back."""
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        raise Refused("A regular expression is a string.")
    text = pattern.name
    if len(text) > MAX_PATTERN_CHARACTERS or _REPEATED_GROUP.search(text) or sum(map(text.count, "*+{")) > MAX_REPEATS:
        raise Refused("A regular expression is too long, or repeats too much.")


def whole_number(node: exp.Expr | None) -> int | None:
    """Return the whole number that a node is, without a sign; None when it is none."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit() and len(node.name) <= MAX_DIGITS:
        return int(node.name)
    return None


def _is_unit(node: exp.Expr) -> bool:
    unit = node.args.get("unit") if isinstance(node, exp.Interval) else node.this
    return unit is None or (isinstance(unit, exp.Var | exp.Literal) and unit.name.lower() in UNITS)


def _wildcards(pattern: exp.Expr) -> int:
    return pattern.name.count("%") if isinstance(pattern, exp.Literal | exp.National) else 0


def _is_text(node: exp.Expr | None) -> bool:
    if isinstance(node, exp.National):
        return True
    return node is None or (isinstance(node, exp.Literal) and node.is_string)
