"""Servers shared by the tests of a process: they start slowly and hold many tenants."""

import os
from collections.abc import Iterator

import pytest

from tests.support.mistral_server import MistralServer
from tests.support.server import Server, monitora, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with local models, on the database named by MONITORA_TEST_MSSQL_URL if there is one."""
    yield from _server(tmp_path_factory, {})


@pytest.fixture(scope="session")
def mistral_backed(tmp_path_factory: pytest.TempPathFactory, running_mistral_server: MistralServer) -> Iterator[Server]:
    """A server whose answers and embeddings come from Mistral."""
    yield from _server(tmp_path_factory, {"MISTRAL_API_KEY": "key", "MISTRAL_SERVER_URL": running_mistral_server.url})


def _server(folders: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    folder = folders.mktemp("server")
    if url := os.environ.get("MONITORA_TEST_MSSQL_URL"):
        settings = {**settings, "MONITORA_DATABASE_URL": url}
    migrated = monitora({"MONITORA_DATA_DIR": str(folder), **settings}, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    with running(folder, **settings) as server:
        yield server
