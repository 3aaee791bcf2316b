"""The database servers of these tests: started once, each in a folder of its own."""

import tempfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from core.outbound import SsrfGuard
from rag.databases.connectors import DatabaseConnection, DatabaseLogin, TlsMode, connect
from tests.support.database_servers import PASSWORD, DatabaseServer, running_mariadb, running_postgres


@pytest.fixture(scope="session", params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """A server with the shop."""
    running = running_postgres if request.param == "postgres" else running_mariadb
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as started:
        yield started


@pytest.fixture
def ssrf_guard() -> Iterator[SsrfGuard]:
    """A guard that lets the tests reach their own machine."""
    guard = SsrfGuard([ip_network("127.0.0.0/8"), ip_network("::1/128")])
    yield guard
    guard.close()


async def connected(server: DatabaseServer, guard: SsrfGuard, username: str) -> DatabaseConnection:
    """Connect to a server as one of the shop's logins."""
    login = DatabaseLogin("127.0.0.1", server.port, "shop", username, PASSWORD, TlsMode.OFF)
    return await connect(server.dialect, login, guard)
