"""Procedures, triggers and views are applied to a database, and applied again when their text changes."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import DBAPIError

from data.engine import Database
from data.migrations import migrate, pending
from data.models import Model
from data.repeatable import KINDS, script, scripts, statements
from tests.support.rows import fetch, on_sqlite, run

PROCEDURES = {
    "sp_create_user",
    "sp_get_user_for_auth",
    "sp_update_last_login",
    "sp_create_session",
    "sp_validate_session",
    "sp_delete_session",
    "sp_cleanup_expired_sessions",
    "sp_calculate_workspace_insights",
    "sp_get_workspace_metrics",
    "sp_cleanup_old_data",
}
VIEWS = {"vw_workspace_stats", "vw_user_workspaces", "vw_daily_metrics"}


@pytest.mark.parametrize("dialect", ["sqlite", "mssql"])
def test_the_specified_procedures_and_views_are_there(dialect: str) -> None:
    names = {kind: {script.name for script in scripts(dialect) if script.kind == kind} for kind in KINDS}

    assert names["procedures"] == PROCEDURES
    assert names["views"] == VIEWS


def test_an_object_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        script("sqlite", "procedures", "sp_unknown")


@pytest.mark.parametrize("entry", scripts("sqlite"), ids=lambda entry: entry.name)
def test_a_trigger_or_a_view_is_one_statement_that_creates_what_its_file_is_called(entry: Any) -> None:
    parts = list(statements(entry.text))

    if entry.kind != "procedures":
        [part] = parts
        assert part.startswith(f"CREATE {entry.kind.removesuffix('s').upper()} {entry.name}")


@given(st.lists(st.sampled_from(["SELECT 1;", "SELECT ';\n';", "DELETE FROM t\nWHERE a = 1;", "SELECT 2"]), max_size=5))
def test_a_script_is_split_into_its_statements(parts: list[str]) -> None:
    whole = [part for part in parts if part.endswith(";")]

    assert list(statements("".join(f"-- why; because\n{part}\n\n" for part in whole))) == whole


def test_a_last_statement_needs_no_semicolon() -> None:
    assert list(statements("SELECT 1;\nSELECT 2")) == ["SELECT 1;", "SELECT 2"]


async def test_a_new_file_is_migrated_whole_and_only_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert await pending(database) == "The database has no tables yet: run `monitora migrate`."

    first, second = await migrate(database), await migrate(database)

    assert first.before is None
    assert set(first.objects.created) == {script.name for script in scripts("sqlite")}
    assert not second.changed
    assert await pending(database) is None
    await database.close()


async def test_an_object_whose_text_changed_is_replaced(database: Database) -> None:
    await run(database, text("DROP VIEW vw_daily_metrics"))
    await run(database, text("CREATE VIEW vw_daily_metrics AS SELECT 1 AS old"))
    await run(database, text("UPDATE schema_objects SET digest = 'old' WHERE name = 'vw_daily_metrics'"))
    assert await pending(database) == (
        "Objects of the database are out of date (vw_daily_metrics): run `monitora migrate`."
    )

    migration = await migrate(database)

    assert (migration.objects.created, migration.objects.replaced, migration.objects.dropped) == (
        [],
        ["vw_daily_metrics"],
        [],
    )
    assert await fetch(database, text("SELECT date, avg_satisfaction FROM vw_daily_metrics")) == []
    assert await pending(database) is None


@on_sqlite
async def test_a_trigger_that_its_table_lost_is_created_again(database: Database) -> None:
    await run(database, text("DROP TRIGGER trg_users_updated_at"))
    assert "trg_users_updated_at" in (await pending(database) or "")

    assert (await migrate(database)).objects.replaced == ["trg_users_updated_at"]

    assert await pending(database) is None


async def test_an_object_that_is_gone_from_the_project_is_dropped(database: Database) -> None:
    await run(database, text("CREATE VIEW vw_old AS SELECT 1 AS one"))
    await run(
        database, text("INSERT INTO schema_objects VALUES ('vw_old', 'views', 'x', '2026-01-01 00:00:00.000000')")
    )

    migration = await migrate(database)

    assert migration.objects.dropped == ["vw_old"]
    with pytest.raises(DBAPIError, match="vw_old"):
        await fetch(database, text("SELECT one FROM vw_old"))


def test_the_list_of_the_specifications_objects_is_complete() -> None:
    listed = (Path(__file__).parents[2] / "docs" / "specification.md").read_text(encoding="utf-8")
    tables = Model.metadata.tables.values()
    objects = {entry.name for entry in scripts("mssql")} | {table.name for table in tables}
    constraints = {item.name for table in tables for item in table.constraints if isinstance(item, CheckConstraint)}

    assert not {name for name in objects | constraints if f"`{name}`" not in listed}


def test_the_list_names_files_that_exist() -> None:
    root = Path(__file__).parents[2]
    listed = (root / "docs" / "specification.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:data|sql|resolvers|rag|tests)/[\w/.]+)`", listed))

    assert named
    assert not {path for path in named if not (root / path).exists()}
