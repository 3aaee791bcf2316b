"""Bringing a live SQL Server database up to date."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from data.engine import Database
from data.migrations import migrate, pending
from data.models import Model
from data.repeatable import scripts
from tests.support.rows import fetch, run

CATALOGUE = """
SELECT name FROM sys.objects WHERE type IN ('P', 'TR', 'V', 'U', 'IF', 'TF', 'FN') AND SCHEMA_NAME(schema_id) = 'dbo'
"""


async def test_every_table_and_object_is_there(database: Database) -> None:
    names = {name for (name,) in await fetch(database, text(CATALOGUE))}

    assert names >= set(Model.metadata.tables) | {entry.name for entry in scripts("mssql") if entry.kind != "policies"}


async def test_migrating_again_does_nothing(database: Database) -> None:
    assert await pending(database) is None

    assert not (await migrate(database)).changed


async def test_migrations_that_run_together_do_the_work_once(database: Database) -> None:
    await run(database, text("UPDATE schema_objects SET digest = 'old' WHERE name = 'vw_daily_metrics'"))

    migrations = await asyncio.gather(*(migrate(database) for _ in range(3)))

    assert sorted(migration.objects.replaced for migration in migrations) == [[], [], ["vw_daily_metrics"]]
    assert await pending(database) is None


async def test_a_migration_that_fails_leaves_nothing_behind(database: Database) -> None:
    await run(database, text("DROP VIEW vw_daily_metrics"))
    await run(database, text("CREATE TABLE vw_daily_metrics (id INT)"))
    await run(database, text("UPDATE schema_objects SET digest = 'old' WHERE name IN ('vw_daily_metrics')"))
    before = await fetch(database, text("SELECT name, digest FROM schema_objects ORDER BY name"))
    with pytest.raises(DBAPIError, match="vw_daily_metrics"):
        await migrate(database)

    assert await fetch(database, text("SELECT name, digest FROM schema_objects ORDER BY name")) == before
    await run(database, text("DROP TABLE vw_daily_metrics"))
    assert (await migrate(database)).objects.replaced == ["vw_daily_metrics"]
