"""A SQL Server that the tests may use: `MONITORA_TEST_MSSQL_URL` names it, with a login that may create databases."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, make_url, text

from data.engine import Database
from data.migrations import migrate
from data.models import Model

SERVER_URL = os.environ.get("MONITORA_TEST_MSSQL_URL", "")
NO_SERVER = "MONITORA_TEST_MSSQL_URL names no SQL Server to run this on"
EMPTY = "; ".join(f"DELETE FROM {table.name}" for table in reversed(Model.metadata.sorted_tables))


@asynccontextmanager
async def created() -> AsyncIterator[str]:
    """Create an empty database of this test process, yield its URL, and drop it."""
    name = f"monitora_test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    await run_alone(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    try:
        yield make_url(SERVER_URL).set(database=name).render_as_string(hide_password=False)
    finally:
        await run_alone(f"DROP DATABASE {name}")


@asynccontextmanager
async def migrated() -> AsyncIterator[Database | None]:
    """Create a database with all tables and objects and connect to it; None when there is no server."""
    if not SERVER_URL:
        yield None
        return
    async with created() as url:
        database = Database(url)
        await migrate(database)
        yield database
        await database.close()


async def emptied(database: Database) -> Database:
    """Delete every row, for the next test."""
    await database.alter(lambda connection: connection.execute(text(EMPTY)))
    return database


async def run_alone(*statements: str) -> None:
    """Run statements that are refused in a transaction: CREATE DATABASE, DROP DATABASE, KILL."""
    server = Database(f"{SERVER_URL}{'&' if '?' in SERVER_URL else '?'}autocommit=true", pool_size=1)

    def send(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    await server.alter(send, transaction=False)
    await server.close()
