"""`migrate`, `settings` and `export-schema`: the database, the settings and the graph as texts."""

import os
from dataclasses import asdict

import click

from data.migrations import Migration
from data.migrations import migrate as migrate_database
from data.procedures import MAX_RETENTION_DAYS
from monitora.command_line.root import commands, require_migrated, run, settings
from monitora.composition import opened_database, opened_storage
from monitora.settings.settings import Settings, described
from rag import clean_up as cleaning


@commands.command()
def migrate() -> None:
    """Bring the database up to date: tables, then views, triggers, procedures and policies. Safe to run at any time."""
    chosen = settings()
    migration = run(lambda: _migrate(chosen))
    for note in migration.notes:
        click.echo(f"Note      {note}")
    if not migration.changed:
        click.echo(f"Nothing to do: the database is at revision {migration.after}.")
        return
    click.echo(f"Tables    {migration.before or 'none'} → {migration.after}")
    for what, names in asdict(migration.objects).items():
        if names:
            click.echo(f"Objects   {what}: {', '.join(names)}")


@commands.command("clean-up")
@click.option(
    "--days",
    type=click.IntRange(1, MAX_RETENTION_DAYS),
    help="Silent conversations are archived after so long, and deleted after as long again; "
    "MONITORA_RETENTION_DAYS by default.",
)
def clean_up(days: int | None) -> None:
    """Archive and erase what is old: conversations, deleted documents, expired sessions, cached answers, lost files.

    A running server does this once a day by itself.
    """
    chosen = settings()
    cleaned = run(lambda: _clean_up(chosen, chosen.retention_days if days is None else days))
    for name, count in cleaned.counts().items():
        click.echo(f"{count:>8}  {name.replace('_', ' ')}")


@commands.command("settings")
def show_settings() -> None:
    """List every setting: its environment variable, its default and what it means; `=` marks those that are set."""
    for name, default, description in described():
        mark = "=" if os.environ.get(name) else " "
        click.echo(f"{mark} {name:<34} {default or '-':<22} {description}")
    # After the list, which is what somebody wants who was told of a wrong setting.
    settings()


@commands.command("export-schema")
def export_schema() -> None:
    """Print the graph in GraphQL's schema language, as `schema.graphql` holds it."""
    from schema import exported  # noqa: PLC0415 - the other commands need not wait for it

    click.echo(exported())


async def _clean_up(chosen: Settings, days: int) -> cleaning.CleanedUp:
    async with opened_database(chosen) as database:
        await require_migrated(database)
        return await cleaning.clean_up(database, opened_storage(chosen), days)


async def _migrate(chosen: Settings) -> Migration:
    # A migration takes the time it takes: what bounds a request's statements does not bound it.
    async with opened_database(chosen.model_copy(update={"statement_seconds": 0})) as database:
        return await migrate_database(database)
