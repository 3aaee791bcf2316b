"""Bringing a database up to date."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from data.engine import Database
from data.migrations import configuration, migrate, newest_revision, pending
from data.migrations.objects import apply_objects
from data.models import Model
from tests.support.rows import fetch, on_sqlite, run


async def _empty(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'empty.db'}")


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
    await run(database, text("UPDATE schema_objects SET digest = 'an older text' WHERE name = 'vw_workspace_stats'"))
    await run(
        database,
        text("INSERT INTO schema_objects SELECT 'vw_old', 'views', 'x', applied_at FROM schema_objects LIMIT 1"),
    )

    assert "vw_workspace_stats" in (await pending(database) or "")
    migration = await migrate(database)

    assert (migration.objects.replaced, migration.objects.dropped) == (["vw_workspace_stats"], ["vw_old"])
    assert await pending(database) is None


@on_sqlite
async def test_a_database_of_another_revision_is_told_apart(database: Database) -> None:
    await run(database, text("UPDATE alembic_version SET version_num = '0000'"))

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

    assert await database.inspect(differences) == []


async def test_what_is_stored_already_is_counted_by_the_migration(tmp_path: Path) -> None:
    """A database of before quotas: two documents that were read, one that failed, one that is deleted."""
    database = await _empty(tmp_path)
    moment = "'2026-01-19 08:30:00.000000'"
    documents = [("a", 5_000_000_000, "NULL"), ("b", 40, "NULL"), ("c", 7, "NULL"), ("d", 9, moment)]
    chunks = [("a", 0, "x" * 2_000), ("a", 1, "x" * 1_001), ("b", 0, "x" * 10), ("d", 0, "x" * 9_000)]
    rows = [
        "INSERT INTO app_users (id, email, password_hash, password_salt) VALUES ('u', 'a@example.com', 'h', 's')",
        "INSERT INTO profiles (id) VALUES ('u')",
        "INSERT INTO workspaces (id, user_id, name) VALUES ('w', 'u', 'Shop'), ('empty', 'u', 'Shop')",
        *(
            "INSERT INTO documents (id, workspace_id, name, file_path, file_type, file_size, deleted_at, updated_at)"
            f" VALUES ('{key}', 'w', 'n', 'p', 'text', {size}, {deleted}, {moment})"
            for key, size, deleted in documents
        ),
        *(
            "INSERT INTO document_chunks (id, document_id, workspace_id, chunk_index, content, token_count, embedding)"
            f" VALUES ('{document}{index}', '{document}', 'w', {index}, '{content}', 1, x'00')"
            for document, index, content in chunks
        ),
    ]

    def before(connection: Connection) -> None:
        command.upgrade(configuration(connection), "0002")
        apply_objects(connection)
        for row in rows:
            connection.execute(text(row))

    await database.alter(before)
    await migrate(database)

    usage = await fetch(
        database,
        text("SELECT workspace_id, byte_count, document_count, page_count FROM storage_usage ORDER BY workspace_id"),
    )
    found = await fetch(database, text("SELECT id, page_count, updated_at FROM documents ORDER BY id"))
    assert usage == [("empty", 0, 0, 0), ("w", 5_000_000_047, 3, 3)]
    unchanged = moment.strip("'")
    assert found == [("a", 2, unchanged), ("b", 1, unchanged), ("c", 0, unchanged), ("d", 3, unchanged)]
    assert await pending(database) is None, "the trigger that was taken away is back"
    await database.close()
