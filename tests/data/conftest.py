import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from data.engine import Database
from data.migrations import migrate
from tests.data.rows import Given


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and objects, made once a test process."""
    path = tmp_path_factory.mktemp("migrated") / "monitora.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await database.close()
    return path


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated database of the test's own."""
    path = tmp_path / "monitora.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
def given(database: Database) -> Given:
    """Writes rows into the test's database."""
    return Given(database)
