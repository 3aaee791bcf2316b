"""Bringing a database up to date."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from data.engine import Database
from data.migrations import configuration, migrate, newest_revision, pending
from data.models import Model
from tests.support.rows import on_sqlite


async def _empty(tmp_path: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")


async def test_a_migration_says_what_it_did_and_again_does_nothing(tmp_path: Path) -> None:
    database = await _empty(tmp_path)

    assert "monitora migrate" in (await pending(database) or "")
    first, second = await migrate(database), await migrate(database)

    assert (first.before, first.after) == (None, newest_revision())
    assert "sp_create_user" in first.objects.created
    assert "trg_message_insert_analytics" in first.objects.created
    assert not second.changed
    assert await pending(database) is None
    await database.close()


@on_sqlite
async def test_an_object_whose_text_changed_is_put_in_again(database: Database) -> None:
    async with database.writer.begin() as connection:
        await connection.execute(
            text("UPDATE schema_objects SET digest = 'an older text' WHERE name = 'vw_workspace_stats'")
        )
        await connection.execute(
            text("INSERT INTO schema_objects SELECT 'vw_old', 'views', 'x', applied_at FROM schema_objects LIMIT 1")
        )

    assert "vw_workspace_stats" in (await pending(database) or "")
    migration = await migrate(database)

    assert (migration.objects.replaced, migration.objects.dropped) == (["vw_workspace_stats"], ["vw_old"])
    assert await pending(database) is None


@on_sqlite
async def test_a_database_of_another_revision_is_told_apart(database: Database) -> None:
    async with database.writer.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert "0000" in (await pending(database) or "")


def test_the_newest_revision_is_alembic_s_head() -> None:
    assert newest_revision() == ScriptDirectory.from_config(configuration()).get_current_head()


@on_sqlite
async def test_the_migrations_make_the_models_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name != "schema_objects"}
        )
        return list(compare_metadata(context, Model.metadata))

    async with database.reader.connect() as connection:
        assert await connection.run_sync(differences) == []
