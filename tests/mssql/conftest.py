from collections.abc import AsyncIterator

import pytest

from data.engine import Database
from tests.support.mssql_server import NO_SERVER, emptied, migrated
from tests.support.rows import Given


@pytest.fixture(scope="package")
async def migrated_server() -> AsyncIterator[Database | None]:
    """A database on SQL Server with all tables and objects; None when there is no server."""
    async with migrated() as database:
        yield database


@pytest.fixture
async def database(migrated_server: Database | None) -> Database:
    """A migrated database on SQL Server, without rows."""
    if migrated_server is None:
        pytest.skip(NO_SERVER)
    return await emptied(migrated_server)


@pytest.fixture
def given(database: Database) -> Given:
    """Writes rows into the test's database."""
    return Given(database)
