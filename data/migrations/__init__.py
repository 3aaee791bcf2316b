"""Bringing a database up to date: numbered table changes (Alembic), then the repeatable objects of `sql/`."""

from dataclasses import dataclass, field
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, Unicode, delete, insert, inspect, select, text

from data.engine import Database
from data.repeatable import Script, scripts, statements
from data.types import UtcDateTime, now

APPLIED = Table(
    "schema_objects",
    MetaData(),
    Column("name", Unicode(128), primary_key=True),
    Column("kind", Unicode(20), nullable=False),
    Column("digest", Unicode(64), nullable=False),
    Column("applied_at", UtcDateTime(), nullable=False),
)
"""Which text of each repeatable object the database holds."""


@dataclass(slots=True)
class Migration:
    """What a migration did: the revision before and after, and the objects created, replaced or dropped, by name."""

    before: str | None
    after: str | None
    created: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the database differs from what it was."""
        return self.before != self.after or bool(self.created or self.replaced or self.dropped)


async def migrate(database: Database) -> Migration:
    """Bring tables and objects up to date, in one transaction, and say what changed. Running it again does nothing."""
    async with database.writer.begin() as connection:
        return await connection.run_sync(_migrate)


async def pending(database: Database) -> str | None:
    """Say in a sentence what the database lacks, or return None when it is up to date."""
    async with database.reader.connect() as connection:
        return await connection.run_sync(_pending)


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's settings for this folder, bound to a connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> Migration:
    before = _revision(connection)
    command.upgrade(configuration(connection), "head")
    migration = Migration(before, _revision(connection))
    _apply_objects(connection, migration)
    return migration


def _pending(connection: Connection) -> str | None:
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    revision = _revision(connection)
    if revision is None:
        return "The database has no tables yet: run `monitora migrate`."
    if revision != head:
        return f"The database is at revision {revision} and this version needs {head}: run `monitora migrate`."
    wanted = {script.name: script.digest for script in scripts(connection.dialect.name)}
    changed = sorted(name for name, digest in wanted.items() if _applied(connection).get(name) != digest)
    if changed:
        return f"Objects of the database are out of date ({', '.join(changed[:5])}): run `monitora migrate`."
    return None


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


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
        if script.name in applied:
            _drop(connection, script.kind, script.name)
            connection.execute(delete(APPLIED).where(APPLIED.c.name == script.name))
        _create(connection, script)
        record = {"name": script.name, "kind": script.kind, "digest": script.digest, "applied_at": now()}
        connection.execute(insert(APPLIED).values(record))
        (migration.replaced if script.name in applied else migration.created).append(script.name)


def _create(connection: Connection, script: Script) -> None:
    if connection.dialect.name == "sqlite":
        # SQLite has no procedures: `data.procedures` runs their text. They are recorded here all the same.
        if script.kind != "procedures":
            for statement in statements(script.text):
                connection.exec_driver_sql(statement)
    else:
        connection.exec_driver_sql(script.text)


def _drop(connection: Connection, kind: str, name: str) -> None:
    if connection.dialect.name == "sqlite" and kind == "procedures":
        return
    connection.execute(text(f"DROP {kind.removesuffix('s').upper()} IF EXISTS {name}"))
