"""`migrate`, `settings` and `export-schema`: the database, the settings and the graph as texts."""

import os

import click
from sqlalchemy.exc import SQLAlchemyError

from data.engine import Database
from data.migrations import Migration
from data.migrations import migrate as migrate_database
from monitora.command_line.root import Problem, commands, run, settings
from monitora.settings import Settings, described


@commands.command()
def migrate() -> None:
    """Bring the database up to date: tables, then views, triggers and procedures. Safe to run at any time."""
    chosen = settings()
    try:
        migration = run(lambda: _migrate(chosen))
    except (SQLAlchemyError, OSError) as error:
        raise Problem(f"The database cannot be reached or changed: {str(error).splitlines()[0]}") from error
    if not migration.changed:
        click.echo(f"Nothing to do: the database is at revision {migration.after}.")
        return
    click.echo(f"Tables    {migration.before or 'none'} → {migration.after}")
    for what, names in (
        ("created", migration.created),
        ("replaced", migration.replaced),
        ("dropped", migration.dropped),
    ):
        if names:
            click.echo(f"Objects   {what}: {', '.join(names)}")


@commands.command("settings")
def show_settings() -> None:
    """List every setting: its environment variable, its default and what it means; `=` marks those that are set."""
    settings()
    for name, default, description in described():
        mark = "=" if os.environ.get(name) else " "
        click.echo(f"{mark} {name:<34} {default or '-':<22} {description}")


@commands.command("export-schema")
def export_schema() -> None:
    """Print the graph in GraphQL's schema language, as `schema.graphql` holds it."""
    from schema import exported  # noqa: PLC0415 - the other commands need not wait for it

    click.echo(exported())


async def _migrate(chosen: Settings) -> Migration:
    chosen.prepare_data_dir()
    database = Database(chosen.database)
    try:
        return await migrate_database(database)
    finally:
        await database.close()
