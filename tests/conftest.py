"""What the tests share: a migrated database, a server's parts over it, and people who use them."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings as hypothesis_settings
from passlib.hash import argon2
from sqlalchemy import ClauseElement, Connection, Engine, event
from sqlalchemy.dialects import mssql

from core.security.passwords import Passwords
from data.engine import Database
from data.migrations import migrate
from monitora.composition import running_services
from monitora.settings.settings import Settings
from rag.ingestion.reader import DocumentReader
from resolvers.services import Services
from tests.support.logins import lasting_look_ups
from tests.support.mistral_server import MistralServer
from tests.support.people import People
from tests.support.redis_server import running_redis
from tests.support.statements import Statements

for name in [name for name in os.environ if name.startswith(("MONITORA_", "MISTRAL_")) and "_TEST_" not in name]:
    # A developer's own settings must not reach the tests.
    del os.environ[name]

# Node.js may have been installed there, by tests/install.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# A test that is slow on a busy machine has not failed.
hypothesis_settings.register_profile("no deadline", deadline=None)
hypothesis_settings.load_profile("no deadline")

# The log prints an exception as plain text: with the source lines in colour, which is its default, one takes seconds.
plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])

SQL_SERVER = mssql.dialect()  # type: ignore[no-untyped-call]
IS_A_BIT = re.compile(r"\bIS (NOT )?[01]\b")
_compiled: set[object] = set()


@event.listens_for(Engine, "before_execute")
def compile_for_sql_server(_connection: Connection, statement: Any, *_rest: Any) -> None:
    """Fail the test that sends a statement SQL Server could not get: the suite runs on SQLite."""
    key = statement._generate_cache_key() if isinstance(statement, ClauseElement) else None
    if key is not None and key.key not in _compiled:
        text = str(statement.compile(dialect=SQL_SERVER))
        assert not IS_A_BIT.search(text), f"SQL Server compares a BIT by =, not by IS: {text}"
        _compiled.add(key.key)


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and objects, made once a test process."""
    path = tmp_path_factory.mktemp("migrated") / "monitora.db"
    database = Database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()
    return path


@pytest.fixture
def settings(migrated_file: Path, tmp_path: Path) -> Settings:
    """Settings of a server on an empty, migrated database of the test's own, where nothing has a rate."""
    shutil.copyfile(migrated_file, tmp_path / "monitora.db")
    return Settings(data_dir=tmp_path, rates={})


@pytest.fixture
async def services(settings: Settings, reader: DocumentReader) -> AsyncIterator[Services]:
    """The parts of a server, working on documents and answers."""
    async with running_services(settings, reader) as services:
        services.jobs.start()
        yield replace(
            services,
            # The real algorithm at its least cost: its strength is not what these tests are about.
            passwords=Passwords(argon2.using(rounds=1, memory_cost=8, parallelism=1)),
            sessions=lasting_look_ups(services.database),
        )


@pytest.fixture(scope="session")
def reader() -> Iterator[DocumentReader]:
    """What reads documents in child processes, shared by the tests of a process: it takes half a second to start."""
    shared = DocumentReader()
    asyncio.run(shared.start())
    yield shared
    asyncio.run(shared.close())


@pytest.fixture(scope="session")
def running_mistral_server() -> Iterator[MistralServer]:
    """A server that speaks Mistral's wire format, shared by the tests of a process."""
    with MistralServer() as server:
        yield server


@pytest.fixture
def mistral_server(running_mistral_server: MistralServer) -> MistralServer:
    """The server that speaks Mistral's wire format, with no behaviour queued and no request recorded."""
    running_mistral_server.forget()
    return running_mistral_server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of the tests' own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


@pytest.fixture
def people(services: Services) -> People:
    """Administrators, readers and visitors, made when a test asks for them."""
    return People(services)


@pytest.fixture
def statements(services: Services) -> Statements:
    """Every statement the server sends to the database, from now on."""
    return Statements(services.database)
