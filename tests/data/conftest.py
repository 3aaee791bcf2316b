import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from data.engine import Database
from data.migrations import migrate
from tests.support.mssql_server import NO_SERVER, emptied, migrated
from tests.support.rows import Given


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and objects, made once a test process."""
    path = tmp_path_factory.mktemp("migrated") / "monitora.db"
    database = Database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()
    return path


@pytest.fixture(scope="package")
async def migrated_server() -> AsyncIterator[Database | None]:
    """A database on SQL Server with all tables and objects, made once a test process; None when there is no server."""
    async with migrated() as database:
        yield database


@pytest.fixture(params=["sqlite", "mssql"])
async def database(
    request: pytest.FixtureRequest, migrated_file: Path, migrated_server: Database | None, tmp_path: Path
) -> AsyncIterator[Database]:
    """A migrated database without rows: each contract is kept by both."""
    if request.param == "mssql":
        if migrated_server is None:
            pytest.skip(NO_SERVER)
        yield await emptied(migrated_server)
        return
    path = tmp_path / "monitora.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
def given(database: Database) -> Given:
    """Writes rows into the test's database."""
    return Given(database)
