"""Reads of real servers: what the guard passes is answered, and what it has not seen is stopped by the second wall."""

# ruff: noqa: E501, ASYNC110, ASYNC240 - a statement is one line; a server is asked until it has done

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from core.outbound import SsrfGuard
from rag.databases.connectors import DatabaseFailure, DatabaseLogin, FailureReason, ReadLimits, Rows, TlsMode, connect
from rag.databases.connectors.protocol import DEFAULT_LIMITS
from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.check import check
from rag.databases.guard.refusal import Refused
from tests.rag.databases.conftest import connected
from tests.support.database_servers import PASSWORD, DatabaseServer
from tests.support.made_up_statements import StatementMaker
from tests.support.shop import CANARY, shop_allow_list
from tests.support.shop_statements import EVERYWHERE, MYSQL, POSTGRES

pytestmark = pytest.mark.slow

_STATE = {
    SqlDialect.POSTGRES: "SELECT (SELECT count(*) FROM tripwires), (SELECT md5(string_agg(s::text, '' ORDER BY id)) FROM sales s), "
    "(SELECT count(*) FROM pg_class), (SELECT last_value FROM numbers)",
    SqlDialect.MYSQL: "SELECT COUNT(*) FROM tripwires; CHECKSUM TABLE sales, clients; SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop'",
}
_SHORT = ReadLimits(seconds=2)


async def read_as(
    server: DatabaseServer, guard: SsrfGuard, username: str, sql: str, limits: ReadLimits = DEFAULT_LIMITS
) -> Rows | DatabaseFailure:
    """Read once by a connection of its own; return the failure instead of raising it."""
    try:
        connection = await connected(server, guard, username)
        try:
            return await connection.read(sql, limits)
        finally:
            await connection.close()
    except DatabaseFailure as failure:
        return failure


async def test_what_analysts_ask_is_answered_to_the_least_reader(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    # given what passes the guard
    allowed = shop_allow_list(server.dialect)
    statements = [*EVERYWHERE, *(POSTGRES if server.dialect is SqlDialect.POSTGRES else MYSQL)]
    before = server.run(_STATE[server.dialect])
    # when it is run by a login that may read the allowed columns only
    failed = []
    for sql in statements:
        answer = await read_as(server, ssrf_guard, "least", check(sql, allowed))
        if isinstance(answer, DatabaseFailure):
            failed.append((sql, answer.reason))
        else:
            assert CANARY not in str(answer)
    # then each is answered
    assert not failed
    # and nothing is left behind
    assert server.run(_STATE[server.dialect]) == before


async def test_made_up_statements_that_pass_need_no_right_beyond_what_is_allowed(
    server: DatabaseServer, ssrf_guard: SsrfGuard
) -> None:
    # given statements made up around what is forbidden
    allowed = shop_allow_list(server.dialect)
    before = server.run(_STATE[server.dialect])
    seen: Counter[str] = Counter()
    for seed in range(400):
        try:
            text = check(StatementMaker(server.dialect, seed).statement(), allowed)
        except Refused:
            continue
        # when what passes is run by a login that may read everything
        plain = await read_as(server, ssrf_guard, "plain", text, _SHORT)
        assert CANARY not in str(plain)
        seen[type(plain).__name__] += 1
        # then a login with the allowed columns only gets the same
        if isinstance(plain, Rows):
            least = await read_as(server, ssrf_guard, "least", text, _SHORT)
            assert isinstance(least, Rows), text
    assert seen["Rows"]
    assert server.run(_STATE[server.dialect]) == before


_ENDLESS = {
    SqlDialect.POSTGRES: [
        "SELECT pg_sleep(60)",
        "SELECT count(*) FROM generate_series(1, 100000000000)",
        "SELECT sum(a.amount) FROM public.sales a, public.sales b, public.sales c, public.sales d",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT a.id FROM public.sales a, public.sales b, public.sales c ORDER BY a.amount * b.amount * c.amount",
    ],
    SqlDialect.MYSQL: [
        "SELECT SLEEP(60), id FROM sales",
        "SELECT COUNT(*) FROM sales a, sales b, sales c, sales d",
        "SELECT BENCHMARK(100000000000, MD5('a'))",
        "SELECT a.id FROM sales a JOIN sales b JOIN sales c ORDER BY a.amount * b.amount * c.amount",
        "SELECT SQL_CALC_FOUND_ROWS a.id FROM sales a JOIN sales b JOIN sales c JOIN sales d LIMIT 1",
    ],
}


async def test_statements_without_end_are_stopped(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    for sql in _ENDLESS[server.dialect]:
        # when the guard is off and a statement has no end
        answer = await read_as(server, ssrf_guard, "plain", sql, ReadLimits(seconds=1))
        # then a limit ends it
        if "BENCHMARK" in sql:  # ends without an error when it is killed
            continue
        assert isinstance(answer, DatabaseFailure), (sql, answer)
        assert answer.reason in {FailureReason.TOO_SLOW, FailureReason.TOO_COSTLY, FailureReason.TOO_LARGE}, sql
    # and the server answers as before
    assert isinstance(await read_as(server, ssrf_guard, "plain", "SELECT 1"), Rows)


_LARGE = {
    SqlDialect.POSTGRES: [
        "SELECT repeat('x', 100000000)",
        "SELECT repeat('x', 1000000)",
        "SELECT array_fill(0, ARRAY[10000000])",
    ],
    SqlDialect.MYSQL: ["SELECT REPEAT('x', 50000000)", "SELECT REPEAT('x', 1000000)"],
}


async def test_a_large_value_is_not_taken_into_memory(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    for sql in _LARGE[server.dialect]:
        answer = await read_as(server, ssrf_guard, "plain", sql)
        assert isinstance(answer, DatabaseFailure), sql
        assert answer.reason in {FailureReason.TOO_LARGE, FailureReason.TOO_COSTLY}, sql


async def test_many_rows_are_cut_at_the_limits(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    schema = "public." if server.dialect is SqlDialect.POSTGRES else ""
    # when a statement without a limit brings many rows
    answer = await read_as(server, ssrf_guard, "least", f"SELECT a.id, b.id FROM {schema}sales a, {schema}sales b")
    # then the first 200 are kept, and it is said that there are more
    assert isinstance(answer, Rows)
    assert len(answer.rows) == 200
    assert answer.is_truncated
    # and fewer where they are long
    few = await read_as(server, ssrf_guard, "least", f"SELECT name FROM {schema}clients", ReadLimits(cell_bytes=100))
    assert isinstance(few, Rows)
    assert 0 < len(few.rows) < 50
    assert few.is_truncated


_WRITES = {
    SqlDialect.POSTGRES: [
        "INSERT INTO public.tripwires(what) VALUES ('x')",
        "DELETE FROM public.sales",
        "SELECT public.touch(1)",
        "SELECT pg_catalog.nextval('public.numbers')",
        "CREATE TEMPORARY TABLE t AS SELECT 1",
        "SELECT 1; DELETE FROM public.sales",
        "SELECT 1; COMMIT; SELECT public.touch(1)",
        "COPY public.sales TO STDOUT",
        "WITH gone AS (DELETE FROM public.sales RETURNING id) SELECT id FROM gone",
    ],
    SqlDialect.MYSQL: [
        "INSERT INTO tripwires (what) VALUES ('x')",
        "DELETE FROM sales",
        "SELECT 1; DELETE FROM sales",
        "CREATE TEMPORARY TABLE t AS SELECT 1",
        "SELECT id FROM sales INTO OUTFILE '/tmp/monitora-test-out'",
        "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE tripwires",
    ],
}


async def test_nothing_is_written_without_the_guard_either(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    before = server.run(_STATE[server.dialect])
    for sql in _WRITES[server.dialect]:
        for username in ("plain", "least"):
            answer = await read_as(server, ssrf_guard, username, sql, _SHORT)
            assert isinstance(answer, DatabaseFailure), (username, sql)
    assert server.run(_STATE[server.dialect]) == before
    assert not Path("/tmp/monitora-test-out").exists()


async def test_a_function_of_the_shop_does_not_pass_for_a_built_in_one(
    server: DatabaseServer, ssrf_guard: SsrfGuard
) -> None:
    # given functions of the shop that are called like built-in ones, and read what is forbidden
    allowed = shop_allow_list(server.dialect)
    statements = {
        SqlDialect.POSTGRES: ["SELECT initcap(7)", "SELECT round(name) FROM clients"],
        SqlDialect.MYSQL: ["SELECT name REGEXP '^C' AS c FROM clients", "SELECT name RLIKE 'x' AS c FROM clients"],
    }
    before = server.run(_STATE[server.dialect])
    # when statements that pass the guard call them by their short names
    for sql in statements[server.dialect]:
        answer = await read_as(server, ssrf_guard, "plain", check(sql, allowed))
        # then they are not found
        assert CANARY not in str(answer)
    assert server.run(_STATE[server.dialect]) == before


async def test_an_abandoned_read_ends_on_the_server(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    # given a read that takes long
    slow = "SELECT pg_sleep(55)" if server.dialect is SqlDialect.POSTGRES else "SELECT SLEEP(55)"
    active = {
        SqlDialect.POSTGRES: "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(55)%' AND usename = 'plain'",
        SqlDialect.MYSQL: "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(55)%' AND user = 'plain'",
    }[server.dialect]
    connection = await connected(server, ssrf_guard, "plain")
    reading = asyncio.create_task(connection.read(slow, ReadLimits(seconds=60)))
    while server.run(active).strip() == "0":
        await asyncio.sleep(0.05)
    # when whoever asked no longer waits
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await connection.close()
    # then the server has stopped, too
    while server.run(active).strip() != "0":
        await asyncio.sleep(0.05)


async def test_failures_tell_nothing_of_the_server(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    # when a statement fails with a value in the server's message
    cast = {
        SqlDialect.POSTGRES: "SELECT CAST(name AS integer) FROM public.clients",
        SqlDialect.MYSQL: "SELECT EXTRACTVALUE(1, CONCAT(0x7e, (SELECT email FROM clients LIMIT 1)))",
    }[server.dialect]
    answer = await read_as(server, ssrf_guard, "plain", cast)
    # then the message is one of ours
    assert isinstance(answer, DatabaseFailure)
    assert answer.reason is FailureReason.STATEMENT_FAILED
    assert str(answer) == "The database cannot run the statement."
    assert answer.__cause__ is None
    assert answer.__suppress_context__


async def test_a_connection_says_why_there_is_none(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    async def reason(login: DatabaseLogin, guard: SsrfGuard) -> FailureReason:
        with pytest.raises(DatabaseFailure) as caught:
            await connect(server.dialect, login, guard)
        return caught.value.reason

    wrong = DatabaseLogin("127.0.0.1", server.port, "shop", "plain", "wrong", TlsMode.OFF)
    assert await reason(wrong, ssrf_guard) is FailureReason.LOGIN_REFUSED
    nowhere = DatabaseLogin("127.0.0.1", 1_025, "shop", "plain", PASSWORD, TlsMode.OFF)
    assert await reason(nowhere, ssrf_guard) is FailureReason.UNREACHABLE
    strict = SsrfGuard()
    inside = DatabaseLogin("127.0.0.1", server.port, "shop", "plain", PASSWORD, TlsMode.OFF)
    assert await reason(inside, strict) is FailureReason.NOT_ALLOWED
    strict.close()


async def test_a_server_is_known_by_its_certificate(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    async def answers(host: str, tls: TlsMode, authorities: str | None = None) -> bool:
        login = DatabaseLogin(host, server.port, "shop", "plain", PASSWORD, tls)
        try:
            connection = await connect(server.dialect, login, ssrf_guard, authorities=authorities)
        except DatabaseFailure:
            return False
        cipher = {
            SqlDialect.POSTGRES: "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            SqlDialect.MYSQL: "SHOW SESSION STATUS LIKE 'Ssl_version'",
        }[server.dialect]
        rows = await connection.read(cipher)
        await connection.close()
        assert "TLSv1" in str(rows.rows)
        return True

    trusted = str(server.certificate)
    # given a server with a certificate of the name localhost
    # when the certificate is trusted and the server is asked for by its name
    # then it is read over TLS
    assert await answers("localhost", TlsMode.VERIFIED, trusted)
    # but not by another name, nor where nobody trusts the certificate
    assert not await answers("127.0.0.1", TlsMode.VERIFIED, trusted)
    assert not await answers("localhost", TlsMode.VERIFIED)
    # and with encryption alone, any certificate will do
    assert await answers("127.0.0.1", TlsMode.ENCRYPTED)


async def test_no_password_is_sent_without_tls_where_tls_is_asked_for(ssrf_guard: SsrfGuard) -> None:
    # given a server that says that it has no TLS, and keeps what it hears
    heard = bytearray()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        capabilities = (0x0000F7FF).to_bytes(2, "little")  # all but TLS
        greeting = b"\x0a5.7.0\0" + b"\1\0\0\0" + b"saltsalt\0" + capabilities + b"\x21\2\0\xff\x81\x15" + bytes(10)
        greeting += b"saltsaltsalt\0mysql_native_password\0"
        writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        while data := await reader.read(1_000):
            heard.extend(data)
        writer.close()

    listening = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    # when it is connected to with TLS asked for
    login = DatabaseLogin("127.0.0.1", port, "shop", "plain", PASSWORD, TlsMode.ENCRYPTED)
    with pytest.raises(DatabaseFailure) as caught:
        await connect(SqlDialect.MYSQL, login, ssrf_guard)
    listening.close()
    # then it hears nothing
    assert caught.value.reason is FailureReason.UNREACHABLE
    assert not heard


async def test_a_login_sees_the_columns_that_it_may_read(server: DatabaseServer, ssrf_guard: SsrfGuard) -> None:
    connection = await connected(server, ssrf_guard, "least")
    described = await connection.describe()
    await connection.close()
    seen = {(each.table, each.column) for each in described}
    assert ("clients", "name") in seen
    assert not {("clients", "email"), ("articles", "cost"), ("wages", "pay")} & seen
