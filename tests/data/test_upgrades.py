"""A database of each earlier revision, with data in it, is brought up to date: every row is there, all works."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from data.engine import Database
from data.migrations import configuration, migrate, newest_revision, pending
from monitora.composition import running_services
from monitora.settings.settings import Settings
from tests.support.people import PASSWORD, People, Person

REVISIONS = sorted(script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions())
QUESTION = "When does the garden centre open?"
KEPT = """{ workspaces { nodes { name documents { nodes { name status chunkCount } }
    conversations { nodes { title messages { nodes { role content feedback ragScore } } } }
    stats { totalConversations totalMessages uniqueVisitors }
    metrics { activeConversations avgResponseTimeMs avgRagScore satisfactionRate ratedCount lowConfidenceCount }
    insights { totalMessages ratedCount } analytics { totalMessages } databases { nodes { name host } } } } }"""
LOGIN = "login ... on Session { accessToken }"


async def _used(people: People) -> str:
    """Use a server as its people do, and return the owner's e-mail."""
    owner, email = await people.account()
    shop = await people.shop(owner)
    await shop.learn()
    visitor = await shop.visitor()
    answer = (await visitor.chat(QUESTION))[-1]["message"]
    await visitor.chat("How much does delivery of plants cost?")
    await visitor.change(
        "rateMessage ... on RateMessagePayload { ratedMessage { id } }", messageId=answer["id"], feedback=1
    )
    return email


async def _at_revision(path: Path, revision: str) -> None:
    """Make an empty database as the version of a revision made it."""
    database = Database(f"sqlite:///{path}")

    def upgrade(connection: Connection) -> None:
        command.upgrade(configuration(connection), revision)

    await database.alter(upgrade)
    await database.close()


def _filled(path: Path, source: Path) -> dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]]:
    """Copy into a database what it has columns for, and return the rows by its tables and their columns."""
    with closing(sqlite3.connect(path)) as old:
        old.execute("ATTACH DATABASE ? AS source", (str(source),))
        held = {}
        for table, columns in _columns(old).items():
            listed = ", ".join(f'"{column}"' for column in columns)
            old.execute(f'INSERT INTO main."{table}" ({listed}) SELECT {listed} FROM source."{table}"')
            held[table, tuple(columns)] = _rows(old, table, columns)
        old.commit()
    return held


def _columns(database: sqlite3.Connection) -> dict[str, list[str]]:
    tables = database.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
    names = [name for (name,) in tables]
    return {name: [row[1] for row in database.execute(f'PRAGMA main.table_info("{name}")')] for name in names}


def _rows(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    listed = ", ".join(f'"{column}"' for column in columns)
    return sorted(database.execute(f'SELECT {listed} FROM main."{table}"'), key=repr)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_an_earlier_revision_keeps_every_row(
    people: People, settings: Settings, tmp_path: Path, revision: str
) -> None:
    # Given a database of that revision, which holds what people left in it.
    email = await _used(people)
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copyfile(settings.data_dir / "secret.key", folder / "secret.key")
    shutil.copytree(settings.data_dir / "files", folder / "files")
    await _at_revision(folder / "monitora.db", revision)
    held = _filled(folder / "monitora.db", settings.data_dir / "monitora.db")
    counts = {table: len(rows) for (table, _), rows in held.items()}
    assert counts["messages"] == 4
    assert counts["document_chunks"] > 0
    before = await Person(people.services).change(LOGIN, email=email, password=PASSWORD)
    shown = await Person(people.services, before["accessToken"]).ask(KEPT)

    # When it is brought up to date.
    database = Database(f"sqlite:///{folder / 'monitora.db'}")
    migration = await migrate(database)
    assert (migration.before, migration.after) == (revision, newest_revision())
    assert await pending(database) is None
    await database.close()

    # Then each row is what it was, and its owner logs in, reads them all and asks on.
    with closing(sqlite3.connect(folder / "monitora.db")) as migrated:
        for (table, columns), rows in held.items():
            assert _rows(migrated, table, columns) == rows, table
    async with running_services(Settings(data_dir=folder, rates={})) as services:
        session = await Person(services).change(LOGIN, email=email, password=PASSWORD)
        owner = Person(services, session["accessToken"])
        assert await owner.ask(KEPT) == shown
        workspace = (await owner.ask("{ workspaces { nodes { id } } }"))["workspaces"]["nodes"][0]["id"]
        events = await owner.chat(QUESTION, workspaceId=workspace, clientMessageId=str(uuid4()))
        assert "nine in the morning" in events[-1]["message"]["content"]
