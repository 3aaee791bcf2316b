"""Bringing a database up to date: numbered table changes (Alembic), then the repeatable objects of `sql/`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, Table, Unicode, inspect, select, text
from sqlalchemy.exc import DBAPIError

from data.engine import Database
from data.migrations.objects import Objects, apply_objects, is_babelfish, out_of_date
from data.row_level_security import POLICY, WORK_FOR, session_values

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = Table("alembic_version", MetaData(), Column("version_num", Unicode(32)))
"""Alembic's own table: the revision the tables are at."""
READERS_WAIT = (
    "READ_COMMITTED_SNAPSHOT is off, so readers wait for writers: "
    "close every other connection to the database and run `monitora migrate`."
)
NO_POLICIES = "This server has no security policies: set MONITORA_ROW_LEVEL_SECURITY to off."
ONE_AT_A_TIME = """
DECLARE @held INT;
SELECT @held = COUNT(*) FROM sys.schemas;
EXEC @held = sp_getapplock @Resource = 'monitora migrate', @LockMode = 'Exclusive', @LockOwner = 'Transaction';
IF @held < 0 THROW 50000, 'Another migration is under way.', 1;
"""
"""Waits for the lock that a migration holds to the end of its transaction, which the reading begins."""


@dataclass(slots=True)
class Migration:
    """What a migration did: the revision of the tables before and after, and the objects that changed.

    `notes` says what else was done to the server, or could not be.
    """

    before: str | None
    after: str | None
    objects: Objects
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the database differs from what it was."""
        return self.before != self.after or self.objects != Objects()


async def migrate(database: Database) -> Migration:
    """Bring tables and objects up to date, in one transaction, and say what changed. Running it again does nothing."""
    notes = await _let_readers_pass(database) if database.dialect == "mssql" else []
    migration = await database.alter(lambda connection: _migrate(connection, database.row_level_security))
    migration.notes.extend(notes)
    return migration


async def pending(database: Database) -> str | None:
    """Say in a sentence what the database lacks, or return None when it is up to date."""
    return await database.inspect(lambda connection: _pending(connection, database.row_level_security))


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
    if await database.inspect(is_babelfish):
        return ["READ_COMMITTED_SNAPSHOT is left out: on Babelfish readers never wait for writers."]
    if await database.inspect(_readers_pass):
        return []
    statement = text("ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH NO_WAIT")
    try:
        # It runs in no transaction, and only while nobody else is connected.
        await database.alter(lambda connection: connection.execute(statement), transaction=False)
    except DBAPIError as error:
        return [f"{READERS_WAIT} The server said: {error.orig}"]
    return ["READ_COMMITTED_SNAPSHOT is on: readers do not wait for writers."]


def _readers_pass(connection: Connection) -> bool:
    statement = "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()"
    return bool(connection.scalar(text(statement)))


def _migrate(connection: Connection, row_level_security: bool) -> Migration:
    on_sql_server = connection.dialect.name == "mssql"
    if on_sql_server:
        # On SQLite the transaction itself is the only writer.
        connection.execute(text(ONE_AT_A_TIME))
        connection.execute(WORK_FOR, session_values(None))
    from alembic import command  # noqa: PLC0415 - a server that starts asks for none of it

    before = _revision(connection)
    command.upgrade(configuration(connection), "head")
    migration = Migration(before, _revision(connection), apply_objects(connection))
    if on_sql_server:
        _switch_policy(connection, migration, on=row_level_security)
    return migration


def _pending(connection: Connection, row_level_security: bool) -> str | None:
    head = newest_revision()
    revision = _revision(connection)
    if revision is None:
        return "The database has no tables yet: run `monitora migrate`."
    if revision != head:
        return f"The database is at revision {revision} and this version needs {head}: run `monitora migrate`."
    changed = sorted(script.name for script in out_of_date(connection))
    if changed:
        return f"Objects of the database are out of date ({', '.join(changed[:5])}): run `monitora migrate`."
    return _pending_on_sql_server(connection, row_level_security) if connection.dialect.name == "mssql" else None


def _pending_on_sql_server(connection: Connection, row_level_security: bool) -> str | None:
    if is_babelfish(connection):
        return NO_POLICIES if row_level_security else None
    if _policy_is_on(connection) != row_level_security:
        state = "on" if row_level_security else "off"
        return f"Row-level security is to be {state}, and in the database it is not: run `monitora migrate`."
    return None if _readers_pass(connection) else READERS_WAIT


def _policy_is_on(connection: Connection) -> bool:
    statement = "SELECT is_enabled FROM sys.security_policies WHERE name = :name"
    return bool(connection.scalar(text(statement).bindparams(name=POLICY)))


def _switch_policy(connection: Connection, migration: Migration, *, on: bool) -> None:
    """Let the policy stand as the setting says: before a server that does not say for whom it works, it hides all."""
    if is_babelfish(connection):
        migration.notes.extend([NO_POLICIES] if on else [])
    elif _policy_is_on(connection) != on:
        connection.execute(text(f"ALTER SECURITY POLICY {POLICY} WITH (STATE = {'ON' if on else 'OFF'})"))
        migration.notes.append(f"Row-level security is {'on' if on else 'off'}.")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(REVISIONS.name):
        return None
    return connection.scalar(select(REVISIONS.c.version_num))
