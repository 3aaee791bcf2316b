"""Reads of SQL Server: on the server that MONITORA_TEST_MSSQL_URL names, if there is one."""

import asyncio

import pytest
from sqlalchemy import make_url

from core.outbound import SsrfGuard
from rag.databases.connectors import DatabaseFailure, DatabaseLogin, FailureReason, ReadLimits, TlsMode, connect
from rag.databases.guard.allowed import SqlDialect
from tests.support.mssql_server import NO_SERVER, SERVER_URL


async def test_a_server_that_hangs_up_is_not_reached(ssrf_guard: SsrfGuard) -> None:
    # given a server that ends each connection
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    listening = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    # when it is connected to
    with pytest.raises(DatabaseFailure) as caught:
        await connect(SqlDialect.TSQL, DatabaseLogin("127.0.0.1", port, "shop", "a", "SECRET", TlsMode.OFF), ssrf_guard)
    listening.close()
    # then it is said that it does not answer, or that this machine has no driver
    assert caught.value.reason in {FailureReason.UNREACHABLE, FailureReason.NO_DRIVER}
    assert "SECRET" not in str(caught.value)


@pytest.mark.skipif(not SERVER_URL, reason=NO_SERVER)
async def test_rows_are_read_and_an_endless_statement_is_stopped(ssrf_guard: SsrfGuard) -> None:
    url = make_url(SERVER_URL)
    login = DatabaseLogin(
        url.host or "", url.port or 1433, url.database or "master", url.username or "", url.password or "",
        TlsMode.ENCRYPTED,
    )  # fmt: skip
    connection = await connect(SqlDialect.TSQL, login, ssrf_guard)
    rows = await connection.read("SELECT 1 AS one, N'é' AS accent")
    assert rows.columns == ("one", "accent")
    assert rows.rows == ((1, "é"),)
    with pytest.raises(DatabaseFailure) as caught:
        await connection.read("WAITFOR DELAY '0:1:0'", ReadLimits(seconds=1))
    assert caught.value.reason is FailureReason.TOO_SLOW
    await connection.close()
