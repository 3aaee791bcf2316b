"""What can be known of the SQL Server scripts without a server: that they parse, and that they keep the rules.

Each rule is also shown a text that breaks it.
"""

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from types import NoneType
from typing import Any

import pytest
import sqlglot
from sqlalchemy.dialects import mssql
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from data.models import Model, View
from data.procedures import accounts, figures
from data.procedures.call import NAMED_PARAMETER, Procedure, prepared
from data.repeatable import KINDS, Script, script, scripts, statements

pytestmark = pytest.mark.slow

ON_SQL_SERVER = mssql.dialect()  # type: ignore[no-untyped-call]
SCRIPTS = scripts("mssql")
TRIGGERS = [entry for entry in SCRIPTS if entry.kind == "triggers"]
PROCEDURES = {
    value.name: value
    for module in (accounts, figures)
    for value in vars(module).values()
    if isinstance(value, Procedure)
}
TABLES = {table.name: table for base in (Model, View) for table in base.metadata.tables.values()}

every_script = pytest.mark.parametrize("entry", SCRIPTS, ids=lambda entry: entry.name)
every_trigger = pytest.mark.parametrize("entry", TRIGGERS, ids=lambda entry: entry.name)
every_procedure = pytest.mark.parametrize("procedure", PROCEDURES.values(), ids=PROCEDURES)


def code(text: str) -> str:
    """Return a script without its comments."""
    return re.sub(r"--.*", "", text)


def body(text: str) -> str:
    """Return what a trigger or a procedure does: between its outer BEGIN and END."""
    bare = code(text)
    return bare[bare.index("BEGIN") + len("BEGIN") : bare.rindex("END;")]


@cache
def trees(text: str) -> list[exp.Expr]:
    """Return the syntax trees of a script's statements; sqlglot knows triggers' bodies, but not their heads."""
    bare = code(text)
    if "TRIGGER" in bare:
        bare = re.sub(r"TRIGGER (\w+) ON \w+\s+AFTER [\w, ]+", r"PROCEDURE \1", bare)
    return [tree for tree in sqlglot.parse(bare, read="tsql") if tree]


# It parses.


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter(config=FluffConfig(overrides={"dialect": "tsql"}))


def mistakes(linter: Linter, text: str) -> list[str]:
    return [violation.desc() for violation in linter.parse_string(text).violations]


@every_script
def test_a_script_is_transact_sql(linter: Linter, entry: Script) -> None:
    assert mistakes(linter, entry.text) == []


@pytest.mark.parametrize(
    "broken",
    [
        "CREATE OR ALTER PROCEDURE p AS BEGIN SELECT (1 FROM t; END;",
        "CREATE OR ALTER PROCEDURE p AS BEGIN SELECT CASE WHEN 1 = 1 THEN 2 FROM t; END;",
        "CREATE OR ALTER TRIGGER t ON x AFTER UPDATE AS BEGIN UPDATE x SET WHERE a = 1; END;",
        "CREATE OR ALTER VIEW v AS SELECT a FROM t WHERE;",
    ],
)
def test_a_mistake_does_not_parse(linter: Linter, broken: str) -> None:
    assert mistakes(linter, broken)


@pytest.mark.parametrize("entry", [e for e in SCRIPTS if e.kind != "policies"], ids=lambda entry: entry.name)
def test_a_second_parser_agrees(entry: Script) -> None:
    parsed = trees(entry.text)

    assert parsed
    unknown = [command.this for tree in parsed for command in tree.find_all(exp.Command)]
    # TRY and CATCH are the only words this parser passes over.
    assert not [words for words in unknown if not re.match(r"(BEGIN|END)( TRY| CATCH)?$", str(words).strip())]


# One object a file, and the same objects as on SQLite.


@every_script
def test_a_file_creates_or_alters_the_object_it_is_called_after(entry: Script) -> None:
    # A bound function and a policy are named with their schema; a policy can only be dropped and created.
    name = f"(dbo.)?{entry.name}" if entry.kind in {"functions", "policies"} else entry.name
    verb = "CREATE" if entry.kind == "policies" else "CREATE OR ALTER"

    assert re.match(rf"{verb} {KINDS[entry.kind]} {name}\s", code(entry.text).lstrip())
    assert len(re.findall(r"\bCREATE\b", code(entry.text))) == 1
    assert not re.search(r"^\s*GO\s*$", entry.text, re.MULTILINE), "GO is a word of tools, not of the server"


def test_both_databases_have_the_same_objects() -> None:
    on_sqlite = {(entry.kind, entry.name) for entry in scripts("sqlite")}

    # Row-level security is SQL Server's alone.
    shared = {(entry.kind, entry.name) for entry in SCRIPTS if entry.kind not in {"functions", "policies"}}
    assert shared == {
        # SQLite has one event a trigger; the others have the first's name and their own.
        (kind, name.removesuffix("_delete").removesuffix("_insert"))
        for kind, name in on_sqlite
    }


def on_table(entry: Script) -> str:
    found = re.search(r"\bON (\w+)", code(entry.text))
    assert found
    return found[1]


@every_trigger
def test_a_trigger_is_on_the_same_table_and_events_as_on_sqlite(entry: Script) -> None:
    events = re.search(r"AFTER ([\w, ]+)", code(entry.text))
    names = {entry.name, f"{entry.name}_insert", f"{entry.name}_delete"}
    others = [other for other in scripts("sqlite") if other.name in names]
    assert events
    assert {on_table(other) for other in others} == {on_table(entry)}
    assert set(events[1].strip().split(", ")) == {
        found[1] for other in others if (found := re.search(r"AFTER (\w+)", code(other.text)))
    }


# Procedures: one contract.


def declared(text: str) -> dict[str, str]:
    """Return the parameters of a procedure with their types."""
    head = code(text).split("\nAS\n")[0]
    return dict(re.findall(r"@(\w+) (\w+(?:\(\w+\))?)", head))


def test_all_ten_procedures_can_be_called() -> None:
    assert set(PROCEDURES) == {entry.name for entry in SCRIPTS if entry.kind == "procedures"}
    assert len(PROCEDURES) == 10


@every_procedure
def test_parameters_are_the_same_on_both_databases_and_in_the_call(procedure: Procedure[Any]) -> None:
    on_sqlite = code(script("sqlite", "procedures", procedure.name).text)

    assert set(NAMED_PARAMETER.findall(on_sqlite)) == set(procedure.parameters)
    types = {name: str(kind.compile(dialect=ON_SQL_SERVER)) for name, kind in procedure.parameters.items()}
    written = declared(script("mssql", "procedures", procedure.name).text)
    assert {name: kind.replace("INTEGER", "INT") for name, kind in types.items()} == written


def selected(text: str) -> list[str]:
    """Return the names of the columns that the last statement gives."""
    inner = (exp.Select, exp.Subquery, exp.CTE, exp.Insert, exp.Update)
    *_, last = (
        select for tree in trees(text) for select in tree.find_all(exp.Select) if not select.find_ancestor(*inner)
    )
    return list(last.named_selects)


@every_procedure
def test_columns_of_the_answer_are_the_same_on_both_databases(procedure: Procedure[Any]) -> None:
    if procedure.answer is NoneType:
        assert not re.search(r"^    SELECT", script("mssql", "procedures", procedure.name).text, re.MULTILINE)
        return
    wanted = [field.name for field in fields(procedure.answer)]
    *_, last = statements(script("sqlite", "procedures", procedure.name).text)

    on_sqlite = sqlglot.parse_one(last, read="sqlite", into=exp.Select)
    assert list(on_sqlite.named_selects) == wanted
    assert selected(script("mssql", "procedures", procedure.name).text) == wanted


@every_procedure
def test_a_procedure_is_called_by_name_with_named_parameters(procedure: Procedure[Any]) -> None:
    [call] = prepared(procedure, "mssql")
    compiled = call.compile(dialect=ON_SQL_SERVER)  # type: ignore[attr-defined]

    given = ", ".join(f"@{name} = :{name}" for name in procedure.parameters)
    assert str(compiled) == f"EXEC {procedure.name} {given}".strip()


# Columns exist.


def unknown_columns(text: str) -> Iterator[str]:
    """Yield each `table.column` of a script that no model has. `inserted` and `deleted` are the trigger's own table."""
    own = re.search(r"TRIGGER \w+ ON (\w+)", code(text))
    for table, column in re.findall(r"\b([a-z_]+)\.([a-z_]+)\b", code(text)):
        name = own[1] if own and table in {"inserted", "deleted"} else table
        if name in TABLES and column not in TABLES[name].c:
            yield f"{name}.{column}"
    for table, columns in re.findall(r"INSERT INTO ([a-z_]+) \(([^)]*)\)", code(text)):
        yield from (f"{table}.{name}" for name in re.findall(r"\w+", columns) if name not in TABLES[table].c)


@pytest.mark.parametrize("entry", [*SCRIPTS, *scripts("sqlite")], ids=lambda entry: entry.name)
def test_every_column_named_with_its_table_exists(entry: Script) -> None:
    assert list(unknown_columns(entry.text)) == []


def test_a_column_that_does_not_exist_is_found() -> None:
    text = "CREATE OR ALTER TRIGGER t ON messages AFTER INSERT AS SELECT inserted.feedbak, workspaces.id FROM x"

    assert list(unknown_columns(text)) == ["messages.feedbak"]
    assert list(unknown_columns("INSERT INTO insights_cache (id, workspace)")) == ["insights_cache.workspace"]


# The rules.

FORBIDDEN = {
    "MERGE has known faults under concurrency": (r"\bMERGE\b", "MERGE INTO t"),
    "OUTPUT is refused on tables with triggers (error 334)": (r"\bOUTPUT\b", "DELETE FROM t OUTPUT deleted.id"),
    "cursors and loops are for single rows": (r"\b(CURSOR|WHILE|FETCH)\b", "WHILE @n > 0"),
    "DATETIME rounds to 3.33 ms, and GETDATE is not UTC": (
        r"\b(DATETIME|SMALLDATETIME|GETDATE|GETUTCDATE|SYSDATETIME|CURRENT_TIMESTAMP)\b",
        "SET updated_at = GETUTCDATE()",
    ),
    "VARCHAR loses letters": (r"\b(VARCHAR|CHAR|TEXT|NTEXT|IMAGE)\b", "@name VARCHAR(255)"),
    "AVG of whole numbers is a whole number": (r"\bAVG\b", "AVG(feedback)"),
    "columns are named": (r"SELECT \*", "SELECT * FROM t"),
    "keys are made by the client": (r"IDENTITY", "SELECT SCOPE_IDENTITY()"),
    "drivers read question marks and braces, in comments too": (r"[?{}]", "-- really?"),
    "a transaction belongs to the unit of work": (r"\b(COMMIT|ROLLBACK|BEGIN TRAN)", "COMMIT;"),
}


def broken_rules(text: str) -> list[str]:
    return [
        reason
        for reason, (pattern, _) in FORBIDDEN.items()
        if re.search(pattern, text if "comments" in reason else code(text))
    ]


@every_script
def test_a_script_breaks_no_rule(entry: Script) -> None:
    assert broken_rules(entry.text) == []


@pytest.mark.parametrize("reason", FORBIDDEN)
def test_a_broken_rule_is_found(reason: str) -> None:
    assert broken_rules(FORBIDDEN[reason][1]) == [reason]


def scalar_readings(text: str) -> list[str]:
    """Return the places where a trigger reads into a scalar variable, which would hold one row of many."""
    bare = code(text)
    declarations = re.findall(r"DECLARE\s+@\w+\s+(?!TABLE\b)\w+[^;]*;", bare)
    return declarations + re.findall(r"@\w+\s*[-+]?=[^;]*;", bare)


@every_trigger
def test_a_trigger_reads_all_rows(entry: Script) -> None:
    assert scalar_readings(entry.text) == []
    assert re.search(r"\b(FROM|JOIN) (inserted|deleted)\b", body(entry.text))


@pytest.mark.parametrize(
    "single",
    [
        "DECLARE @id UNIQUEIDENTIFIER; ",
        "SELECT @id = id FROM inserted; ",
        "SET @id = (SELECT id FROM inserted); ",
        "DECLARE @id UNIQUEIDENTIFIER = (SELECT id FROM inserted);",
    ],
)
def test_a_trigger_for_one_row_is_found(single: str) -> None:
    assert scalar_readings(f"CREATE OR ALTER TRIGGER t ON x AFTER INSERT AS BEGIN {single} END;")


@pytest.mark.parametrize(
    "entry", [e for e in SCRIPTS if e.kind in {"triggers", "procedures"}], ids=lambda entry: entry.name
)
def test_row_counts_are_not_sent_before_the_answer(entry: Script) -> None:
    assert body(entry.text).lstrip().startswith("SET NOCOUNT ON;")


@every_trigger
def test_a_trigger_that_updates_its_own_table_is_guarded_against_itself(entry: Script) -> None:
    if "AFTER UPDATE" not in entry.text or not re.search(rf"UPDATE {on_table(entry)}\b", body(entry.text)):
        return
    assert "IF UPDATE(updated_at) RETURN;" in entry.text
    assert "SET updated_at = " in entry.text


@every_script
def test_a_row_made_when_it_is_missing_is_locked_while_it_is_looked_for(entry: Script) -> None:
    for statement in code(entry.text).split(";"):
        made = re.search(r"INSERT INTO (app_users|analytics_daily|insights_cache|workspace_figures)\b", statement)
        if made:
            assert re.search(rf"NOT EXISTS \(\s*SELECT 1\s+FROM {made[1]} WITH \(UPDLOCK, HOLDLOCK\)", statement)


def null_aggregates(text: str) -> list[str]:
    """Return the aggregates that may meet a NULL: the server warns, and drivers take that for an empty first result."""
    aggregates = [found for tree in trees(text) for found in tree.find_all(exp.Sum, exp.Count, exp.Avg)]
    return [aggregate.sql("tsql") for aggregate in aggregates if may_meet_null(aggregate)]


def may_meet_null(aggregate: exp.Expr) -> bool:
    if any(case.args.get("default") is None for case in aggregate.find_all(exp.Case)):
        return True
    bare = [column for column in aggregate.find_all(exp.Column) if not column.find_ancestor(exp.Coalesce, exp.If)]
    return any(column.table in TABLES and TABLES[column.table].c[column.name].nullable for column in bare)


@every_script
def test_no_aggregate_meets_a_null(entry: Script) -> None:
    assert null_aggregates(entry.text) == []


@pytest.mark.parametrize("aggregate", ["SUM(messages.feedback)", "COUNT(CASE WHEN messages.role = 'user' THEN 1 END)"])
def test_an_aggregate_of_nulls_is_found(aggregate: str) -> None:
    assert null_aggregates(f"CREATE OR ALTER VIEW v AS SELECT {aggregate} AS n FROM messages;")


@every_script
def test_division_is_never_by_zero_nor_of_whole_numbers(entry: Script) -> None:
    for tree in trees(entry.text):
        for division in tree.find_all(exp.Div):
            assert isinstance(division.expression.unnest(), exp.Nullif), division.sql("tsql")
            sums = re.search(r"FLOAT|_sum", division.this.sql("tsql"))
            assert sums, division.sql("tsql")
