"""External databases of a workspace: where they are, and who connects. Passwords are encrypted, and never shown."""

from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict
from uuid import UUID, uuid4

from core.errors import ErrorCode, UserError
from core.outbound import NotAllowed
from core.security.encryption import Encryption, Undecryptable
from data.engine import Database, Session
from data.models import DatabaseType, WorkspaceDatabase
from data.queries import databases as queries
from data.queries.workspaces import lock_workspace
from resolvers.context import Context
from resolvers.rates import DATABASE_PER_ACCOUNT
from resolvers.workspaces import access
from resolvers.workspaces.workspaces import bounded, rejected, too_many

MAX_DATABASES = 20
"""External databases of one workspace."""
MAX_NAME_CHARACTERS = 255
MAX_DESCRIPTION_CHARACTERS = 4_000
MAX_PASSWORD_BYTES = 300
"""In UTF-8. Encrypted, it takes some 450 of the column's 500 characters; SQL Server's own have at most 128."""
DEFAULT_PORTS = {DatabaseType.SQL_SERVER: 1433, DatabaseType.MYSQL: 3306, DatabaseType.POSTGRES: 5432}


class DatabaseValues(TypedDict, total=False):
    """What may be set on an external database. An absent key leaves it as it is; a password of None is taken away."""

    name: str
    db_type: DatabaseType
    host: str
    port: int
    database: str
    username: str | None
    password: str | None
    description: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Reencrypted:
    """How many passwords were encrypted again, and the databases whose password no key opens."""

    count: int
    unreadable: list[UUID]


async def create(context: Context, workspace_id: UUID, values: DatabaseValues) -> UUID:
    """Add an external database. Raises `UserError`, `OperationError`."""
    context.staff()
    await context.database.read(lambda session: access.owned(context, session, workspace_id))
    key, port = uuid4(), values.get("port", DEFAULT_PORTS[values["db_type"]])
    columns = _checked(context, key, values)
    columns |= {"host": await _reachable(context, values["host"], port), "port": port}

    async def store(session: Session) -> UUID:
        await access.owned(context, session, workspace_id)
        await lock_workspace(session, workspace_id)
        if await queries.count_databases(session, workspace_id) >= MAX_DATABASES:
            raise too_many(f"A workspace has at most {MAX_DATABASES} databases: delete one first.")
        queries.add_database(session, WorkspaceDatabase(id=key, workspace_id=workspace_id, **columns))
        return key

    return await context.database.write(store)


async def change(context: Context, key: UUID, values: DatabaseValues) -> None:
    """Change what `values` holds. Raises `UserError`, `OperationError`.

    A password that is kept goes to no other host: who may change the host need not know it.
    """
    context.staff()
    before = await context.database.read(
        lambda session: access.owned_row(context, session, WorkspaceDatabase, key, "database")
    )
    columns = _checked(context, key, values)
    if "host" in values or "port" in values:
        port = values.get("port", before.port)
        columns |= {"host": await _reachable(context, values.get("host", before.host), port), "port": port}

    async def store(session: Session) -> None:
        row = await access.owned_row(context, session, WorkspaceDatabase, key, "database")
        moves = (columns.get("host", row.host), columns.get("port", row.port)) != (row.host, row.port)
        if moves and row.password_encrypted is not None and "password" not in values:
            raise rejected(
                "password", "The database is on another host now: give its password again, or null for none."
            )
        for column, value in columns.items():
            setattr(row, column, value)

    await context.database.write(store)


async def remove(context: Context, key: UUID) -> None:
    """Forget an external database. Raises `OperationError`."""
    context.staff()

    async def erase(session: Session) -> None:
        row = await access.owned_row(context, session, WorkspaceDatabase, key, "database")
        await queries.delete_database(session, row)

    await context.database.write(erase)


async def reencrypt(database: Database, encryption: Encryption) -> Reencrypted:
    """Encrypt every password again with the present key. What no key opens is left, and named."""
    count, unreadable = 0, []
    for key, text in await database.read(queries.find_passwords):
        try:
            renewed = encryption.encrypt(encryption.decrypt(text, key), key)
        except Undecryptable:
            unreadable.append(key)
            continue
        await database.write(partial(queries.exchange_password, key=key, encrypted=text, renewed=renewed))
        count += 1
    return Reencrypted(count, unreadable)


def _checked(context: Context, key: UUID, values: DatabaseValues) -> dict[str, Any]:
    """Return the columns to store, but for where the database is. Raises `UserError`."""
    columns: dict[str, Any] = {
        name: value for name, value in values.items() if name not in {"host", "port", "password"}
    }
    for name in ("name", "database"):
        if name in columns:
            columns[name] = bounded(name, columns[name], MAX_NAME_CHARACTERS, least=1)
    for name, limit in (("username", MAX_NAME_CHARACTERS), ("description", MAX_DESCRIPTION_CHARACTERS)):
        if columns.get(name) is not None:
            columns[name] = bounded(name, columns[name], limit) or None
    if "password" in values:
        columns["password_encrypted"] = _encrypted(context, key, values["password"])
    return columns


def _encrypted(context: Context, key: UUID, password: str | None) -> str | None:
    if password is None:
        return None
    # JSON can spell a lone surrogate, which has no encoding.
    secret = password.encode(errors="ignore")
    if secret.decode() != password or not 1 <= len(secret) <= MAX_PASSWORD_BYTES:
        raise rejected("password", f"A password has 1 to {MAX_PASSWORD_BYTES} bytes in UTF-8.")
    return context.services.encryption.encrypt(secret, key)


async def _reachable(context: Context, host: str, port: int) -> str:
    """Return a host's name in its one form. Raises `UserError` for one that the server may not connect to."""
    await context.count(DATABASE_PER_ACCOUNT, context.staff().user_id.hex)
    try:
        return (await context.services.ssrf_guard.database(host.strip(), port)).host
    except NotAllowed as error:
        raise UserError(ErrorCode.HOST_NOT_ALLOWED, str(error), ["host"]) from error
