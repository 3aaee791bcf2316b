"""The group of commands, and what they share: settings that were read, parts that run, errors in one line."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from monitora.command_line.logging import configure_logging
from monitora.settings.settings import InvalidSettings, Settings, load_settings

Result = TypeVar("Result")


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
    """Run an asynchronous job to its end."""
    return asyncio.run(job())


def main() -> None:
    """Run the command line."""
    # Each module adds its commands when it is read.
    from monitora.command_line import accounts, database, knowledge, server  # noqa: F401, PLC0415

    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
