"""Connectors to customers' databases, behind one protocol."""

from collections.abc import Awaitable, Callable

from core.outbound import NotAllowed, SsrfGuard
from data.drivers import NoDriver
from rag.databases.connectors.mysql import connect_mysql
from rag.databases.connectors.postgres import connect_postgres
from rag.databases.connectors.protocol import (
    DatabaseConnection,
    DatabaseFailure,
    DatabaseLogin,
    FailureReason,
    ReadLimits,
    Rows,
    TableColumn,
    TlsMode,
)
from rag.databases.connectors.sql_server import connect_sql_server
from rag.databases.guard.allowed import SqlDialect

__all__ = [
    "DatabaseConnection",
    "DatabaseFailure",
    "DatabaseLogin",
    "FailureReason",
    "ReadLimits",
    "Rows",
    "TableColumn",
    "TlsMode",
    "connect",
]

_CONNECT: dict[SqlDialect, Callable[..., Awaitable[DatabaseConnection]]] = {
    SqlDialect.POSTGRES: connect_postgres,
    SqlDialect.MYSQL: connect_mysql,
    SqlDialect.TSQL: connect_sql_server,
}


async def connect(
    dialect: SqlDialect, login: DatabaseLogin, guard: SsrfGuard, *, authorities: str | None = None
) -> DatabaseConnection:
    """Connect to a customer's database. `guard` judges its host each time. Raises `DatabaseFailure`.

    `authorities` is a file of certificates that are trusted instead of the system's. The caller closes the connection.
    """
    try:
        destination = await guard.database(login.host, login.port)
    except NotAllowed:
        raise DatabaseFailure(FailureReason.NOT_ALLOWED) from None
    try:
        return await _CONNECT[dialect](login, destination, authorities=authorities)
    except (ImportError, NoDriver):
        raise DatabaseFailure(FailureReason.NO_DRIVER) from None
