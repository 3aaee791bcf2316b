"""Putting the repeatable objects of `sql/` into a database: those that changed, and those that went missing."""

from dataclasses import dataclass, field

from sqlalchemy import Column, Connection, MetaData, Row, Table, Unicode, delete, insert, inspect, select, text

from core.clock import now
from data.repeatable import KINDS, Script, scripts, statements
from data.types import UtcDateTime

APPLIED = Table(
    "schema_objects",
    MetaData(),
    Column("name", Unicode(128), primary_key=True),
    Column("kind", Unicode(20), nullable=False),
    Column("digest", Unicode(64), nullable=False),
    Column("applied_at", UtcDateTime(), nullable=False),
)
"""Which text of each repeatable object the database holds."""
CATALOGUES = {"sqlite": "SELECT name FROM sqlite_master", "mssql": "SELECT name FROM sys.objects"}


@dataclass(slots=True)
class Objects:
    """What was done to the objects, by name."""

    created: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def out_of_date(connection: Connection) -> list[Script]:
    """Return the objects whose text is not the database's, or that it lost: a table made again loses its triggers."""
    applied = {name: row.digest for name, row in _applied(connection).items()}
    there = set(connection.scalars(text(CATALOGUES[connection.dialect.name])))
    return [
        script
        for script in scripts(connection.dialect.name)
        if applied.get(script.name) != script.digest
        or (script.name not in there and _can_hold(connection, script.kind))
    ]


def apply_objects(connection: Connection) -> Objects:
    """Drop the objects that the project has no more, create those that are new, and replace those out of date."""
    if not inspect(connection).has_table(APPLIED.name):
        APPLIED.create(connection)
    wanted = {script.name: script for script in scripts(connection.dialect.name)}
    applied = _applied(connection)
    gone = [row for name, row in applied.items() if name not in wanted]
    changed = out_of_date(connection)
    if "functions" in {row.kind for row in gone} | {script.kind for script in changed}:
        # A policy binds its functions: they can be altered only while it is not there.
        gone += [row for name, row in applied.items() if row.kind == "policies" and name in wanted]
        changed += [script for script in wanted.values() if script.kind == "policies" and script not in changed]
    for row in sorted(gone, key=lambda row: list(KINDS).index(row.kind), reverse=True):
        _drop(connection, row.kind, row.name)
        connection.execute(delete(APPLIED).where(APPLIED.c.name == row.name))
    for script in changed:
        connection.execute(delete(APPLIED).where(APPLIED.c.name == script.name))
        _create(connection, script)
        record = {"name": script.name, "kind": script.kind, "digest": script.digest, "applied_at": now()}
        connection.execute(insert(APPLIED).values(record))
    names = [script.name for script in changed]
    return Objects(
        created=[name for name in names if name not in applied],
        replaced=[name for name in names if name in applied],
        dropped=sorted(row.name for row in gone if row.name not in wanted),
    )


def is_babelfish(connection: Connection) -> bool:
    """Tell Babelfish for PostgreSQL, which speaks SQL Server's protocol and lacks some of its statements."""
    if "is_babelfish" not in connection.info:
        # A migration asks for each object, and the server behind a connection does not change.
        statement = text("SELECT CAST(SERVERPROPERTY('Babelfish') AS INT)")
        connection.info["is_babelfish"] = bool(connection.scalar(statement))
    return bool(connection.info["is_babelfish"])


def _applied(connection: Connection) -> dict[str, Row[str, str, str]]:
    rows = connection.execute(select(APPLIED.c.name, APPLIED.c.kind, APPLIED.c.digest))
    return {row.name: row for row in rows}


def _can_hold(connection: Connection, kind: str) -> bool:
    """Tell whether the database has objects of that kind. All are recorded: `data.procedures` runs SQLite's texts."""
    if connection.dialect.name == "sqlite":
        return kind != "procedures"
    return kind != "policies" or not is_babelfish(connection)


def _create(connection: Connection, script: Script) -> None:
    if not _can_hold(connection, script.kind):
        return
    if connection.dialect.name == "sqlite":
        _drop(connection, script.kind, script.name)
        for statement in statements(script.text):
            connection.exec_driver_sql(statement)
    elif script.kind == "policies":
        _drop(connection, script.kind, script.name)
        connection.exec_driver_sql(script.text)
    elif is_babelfish(connection):
        _drop(connection, script.kind, script.name)
        connection.exec_driver_sql(script.text.replace("CREATE OR ALTER", "CREATE", 1))
    else:
        # CREATE OR ALTER keeps the permissions that were granted on the object.
        connection.exec_driver_sql(script.text)


def _drop(connection: Connection, kind: str, name: str) -> None:
    if _can_hold(connection, kind):
        connection.execute(text(f"DROP {KINDS[kind]} IF EXISTS {name}"))
