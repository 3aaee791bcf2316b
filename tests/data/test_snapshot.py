"""The committed DDL of the tables is the models' own."""

from pathlib import Path

import pytest
import sqlglot

from data.snapshot import DIALECTS, tables

SQL = Path(__file__).parents[2] / "sql"


@pytest.mark.parametrize("name", DIALECTS)
def test_the_committed_tables_are_the_models(name: str) -> None:
    assert (SQL / name / "tables.sql").read_text(encoding="utf-8") == tables(name), "run `make schema`"


@pytest.mark.parametrize(("name", "read"), [("sqlite", "sqlite"), ("mssql", "tsql")])
def test_they_are_statements_of_their_dialect(name: str, read: str) -> None:
    statements = [statement for statement in sqlglot.parse(tables(name), read=read) if statement]

    assert sum(statement.key == "create" for statement in statements) == len(statements) > 30
