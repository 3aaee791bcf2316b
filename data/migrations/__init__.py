"""Bringing a database up to date: numbered table changes (Alembic), then the repeatable objects of `sql/`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, Table, Unicode, delete, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from data.engine import Database
from data.repeatable import Script, scripts, statements
from data.types import UtcDateTime, now

if TYPE_CHECKING:
    from alembic.config import Config

APPLIED = Table(
    "schema_objects",
    MetaData(),
    Column("name", Unicode(128), primary_key=True),
    Column("kind", Unicode(20), nullable=False),
    Column("digest", Unicode(64), nullable=False),
    Column("applied_at", UtcDateTime(), nullable=False),
)
"""Which text of each repeatable object the database holds."""
REVISIONS = Table("alembic_version", MetaData(), Column("version_num", Unicode(32)))
"""Alembic's own table: the revision the tables are at."""
READERS_WAIT = (
    "READ_COMMITTED_SNAPSHOT is off, so readers wait for writers: "
    "close every other connection to the database and run `monitora migrate`."
)
ONE_AT_A_TIME = """
DECLARE @held INT;
SELECT @held = COUNT(*) FROM sys.schemas;
EXEC @held = sp_getapplock @Resource = 'monitora migrate', @LockMode = 'Exclusive', @LockOwner = 'Transaction';
IF @held < 0 THROW 50000, 'Another migration is under way.', 1;
"""
"""Waits for the lock that a migration holds to the end of its transaction, which the reading begins."""


@dataclass(slots=True)
class Migration:
    """What a migration did: the revision before and after, and the objects created, replaced or dropped, by name.

    `notes` says what else was done to the server, or could not be.
    """

    before: str | None
    after: str | None
    created: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the database differs from what it was."""
        return self.before != self.after or bool(self.created or self.replaced or self.dropped)


async def migrate(database: Database) -> Migration:
    """Bring tables and objects up to date, in one transaction, and say what changed. Running it again does nothing."""
    notes = await _let_readers_pass(database) if database.dialect == "mssql" else []
    async with database.writer.begin() as connection:
        migration = await connection.run_sync(_migrate)
    migration.notes.extend(notes)
    return migration


async def pending(database: Database) -> str | None:
    """Say in a sentence what the database lacks, or return None when it is up to date."""
    async with database.reader.connect() as connection:
        return await connection.run_sync(_pending)


def configuration(connection: Connection | None = None) -> "Config":
    """Return Alembic's settings for this folder, bound to a connection."""
    from alembic.config import Config  # noqa: PLC0415 - a server that starts asks for none of it

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the revision that this version of the code needs, by the numbers its files begin with."""
    return max(path.name.partition("_")[0] for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))


async def _let_readers_pass(database: Database) -> list[str]:
    """Turn READ_COMMITTED_SNAPSHOT on, by which readers do not wait for writers, and say how that went."""
    async with database.reader.connect() as connection:
        if await connection.run_sync(_is_babelfish):
            return ["READ_COMMITTED_SNAPSHOT is left out: on Babelfish readers never wait for writers."]
        if await connection.run_sync(_readers_pass):
            return []
    # ALTER DATABASE runs in no transaction, and only while nobody else is connected.
    async with database.writer.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        try:
            await connection.execute(text("ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH NO_WAIT"))
        except DBAPIError as error:
            return [f"{READERS_WAIT} The server said: {error.orig}"]
        return ["READ_COMMITTED_SNAPSHOT is on: readers do not wait for writers."]


def _is_babelfish(connection: Connection) -> bool:
    """Tell Babelfish for PostgreSQL, which speaks SQL Server's protocol and lacks some of its statements."""
    return bool(connection.scalar(text("SELECT CAST(SERVERPROPERTY('Babelfish') AS INT)")))


def _readers_pass(connection: Connection) -> bool:
    statement = "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()"
    return bool(connection.scalar(text(statement)))


def _migrate(connection: Connection) -> Migration:
    if connection.dialect.name == "mssql":
        # On SQLite the transaction itself is the only writer.
        connection.execute(text(ONE_AT_A_TIME))
    from alembic import command  # noqa: PLC0415 - a server that starts asks for none of it

    before = _revision(connection)
    command.upgrade(configuration(connection), "head")
    migration = Migration(before, _revision(connection))
    _apply_objects(connection, migration)
    return migration


def _pending(connection: Connection) -> str | None:
    head = newest_revision()
    revision = _revision(connection)
    if revision is None:
        return "The database has no tables yet: run `monitora migrate`."
    if revision != head:
        return f"The database is at revision {revision} and this version needs {head}: run `monitora migrate`."
    wanted = {script.name: script.digest for script in scripts(connection.dialect.name)}
    changed = sorted(name for name, digest in wanted.items() if _applied(connection).get(name) != digest)
    if changed:
        return f"Objects of the database are out of date ({', '.join(changed[:5])}): run `monitora migrate`."
    if connection.dialect.name == "mssql" and not (_readers_pass(connection) or _is_babelfish(connection)):
        return READERS_WAIT
    return None


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(REVISIONS.name):
        return None
    return connection.scalar(select(REVISIONS.c.version_num))


def _applied(connection: Connection) -> dict[str, str]:
    return {row.name: row.digest for row in connection.execute(select(APPLIED.c.name, APPLIED.c.digest))}


def _apply_objects(connection: Connection, migration: Migration) -> None:
    if not inspect(connection).has_table(APPLIED.name):
        APPLIED.create(connection)
    applied = _applied(connection)
    kinds = {row.name: row.kind for row in connection.execute(select(APPLIED.c.name, APPLIED.c.kind))}
    wanted = scripts(connection.dialect.name)
    for name in sorted(applied.keys() - {script.name for script in wanted}):
        _drop(connection, kinds[name], name)
        connection.execute(delete(APPLIED).where(APPLIED.c.name == name))
        migration.dropped.append(name)
    for script in wanted:
        if applied.get(script.name) == script.digest:
            continue
        connection.execute(delete(APPLIED).where(APPLIED.c.name == script.name))
        _create(connection, script)
        record = {"name": script.name, "kind": script.kind, "digest": script.digest, "applied_at": now()}
        connection.execute(insert(APPLIED).values(record))
        (migration.replaced if script.name in applied else migration.created).append(script.name)


def _create(connection: Connection, script: Script) -> None:
    if connection.dialect.name == "sqlite":
        # SQLite has no procedures: `data.procedures` runs their text. They are recorded here all the same.
        if script.kind != "procedures":
            _drop(connection, script.kind, script.name)
            for statement in statements(script.text):
                connection.exec_driver_sql(statement)
    elif _is_babelfish(connection):
        _drop(connection, script.kind, script.name)
        connection.exec_driver_sql(script.text.replace("CREATE OR ALTER", "CREATE", 1))
    else:
        # CREATE OR ALTER keeps the permissions that were granted on the object.
        connection.exec_driver_sql(script.text)


def _drop(connection: Connection, kind: str, name: str) -> None:
    if connection.dialect.name == "sqlite" and kind == "procedures":
        return
    connection.execute(text(f"DROP {kind.removesuffix('s').upper()} IF EXISTS {name}"))
