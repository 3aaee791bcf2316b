"""Servers shared by the tests of a process: they start slowly and hold many tenants."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.mistral_server import MistralServer
from tests.support.server import Server, monitora, running
from tests.support.waiting import wait_until


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with local models, on the database named by MONITORA_TEST_MSSQL_URL if there is one."""
    yield from _server(tmp_path_factory, {})


@pytest.fixture(scope="session")
def mistral_backed(tmp_path_factory: pytest.TempPathFactory, running_mistral_server: MistralServer) -> Iterator[Server]:
    """A server whose answers and embeddings come from Mistral."""
    yield from _server(tmp_path_factory, {"MISTRAL_API_KEY": "key", "MISTRAL_SERVER_URL": running_mistral_server.url})


@pytest.fixture(scope="session")
def prepared_sample(tmp_path_factory: pytest.TempPathFactory, running_mistral_server: MistralServer) -> Path:
    """The data of the sample workspace, indexed, whose vectors are Mistral's."""
    folder = tmp_path_factory.mktemp("sample")
    running_mistral_server.forget()
    model = {"MISTRAL_SERVER_URL": running_mistral_server.url}
    made = monitora({"MONITORA_DATA_DIR": str(folder), **model}, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    with running(folder, **model), closing(sqlite3.connect(folder / "monitora.db")) as database:
        waiting = "SELECT count(*) FROM documents WHERE NOT is_indexed"
        wait_until(lambda: database.execute(waiting).fetchone() == (0,), "the sample is indexed")
    return folder


@pytest.fixture
def sample(prepared_sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample workspace's data, for a server of the test's own."""
    return Path(shutil.copytree(prepared_sample, tmp_path / "data"))


def _server(folders: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    folder = folders.mktemp("server")
    if url := os.environ.get("MONITORA_TEST_MSSQL_URL"):
        settings = {**settings, "MONITORA_DATABASE_URL": url}
    migrated = monitora({"MONITORA_DATA_DIR": str(folder), **settings}, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    with running(folder, **settings) as server:
        yield server
