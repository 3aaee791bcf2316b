"""The group of commands, and what they share: settings that were read, parts that run, errors in one line."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from data.drivers import NoDriver
from data.engine import Database
from data.migrations import pending
from monitora.command_line.logging import configure_logging
from monitora.settings.settings import InvalidSettings, Settings, load_settings

Result = TypeVar("Result")


logger = structlog.get_logger(__name__)


class CommandError(click.ClickException):
    """Something a person can mend, said in one line."""


@click.group(
    help="Monitora answers the visitors of a website from its own documents.\n\n"
    "Begin with `monitora demo`: it fills a sample workspace and starts the server. Settings are environment "
    "variables: `monitora settings` lists them.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="monitora", prog_name="monitora")
def commands() -> None:
    """Hold the commands."""


def settings() -> Settings:
    """Read the settings and prepare the log. Raises `CommandError` for a wrong value."""
    try:
        loaded = load_settings()
    except InvalidSettings as error:
        raise CommandError(str(error)) from error
    configure_logging(loaded.log_level, loaded.log_format)
    return loaded


def settings_to_talk() -> Settings:
    """Read the settings for a command whose own words are to be read: unless it was set, the log has warnings only."""
    loaded = settings()
    if "log_level" not in loaded.model_fields_set:
        configure_logging("warning", loaded.log_format)
    return loaded


def run(job: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run an asynchronous job to its end. Raises `CommandError` for settings, a database or a disk that fail it."""
    try:
        return asyncio.run(job())
    except InvalidSettings as error:
        raise CommandError(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        logger.debug("command_failed", exc_info=True)
        raise CommandError(_sentence(error)) from error


async def require_migrated(database: Database) -> None:
    """Raise `CommandError`, with what to run, for a database that is not up to date."""
    if (missing := await pending(database)) is not None:
        raise CommandError(missing)


def _sentence(error: SQLAlchemyError | OSError) -> str:
    if isinstance(error, NoDriver):
        return f"The database cannot be used: {error}."
    if isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        return f"{error.filename}: {reason}." if error.filename else f"{reason}."
    reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0].rstrip(".")
    return f"The database cannot be used: {reason}. Check MONITORA_DATABASE_URL and MONITORA_DATA_DIR."


def main() -> None:
    """Run the command line."""
    # Each module adds its commands when it is read.
    from monitora.command_line import (  # noqa: F401, PLC0415
        accounts,
        database,
        export,
        ingestion,
        knowledge,
        server,
        statements,
        websites,
    )

    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
