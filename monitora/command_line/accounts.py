"""`create-user`, `set-password` and `rotate-secrets`: what the operator does about accounts and secrets."""

import secrets
import sys

import click

from core.errors import UserError
from core.security.encryption import Encryption
from data.models import Role
from data.viewer import Anonymous
from monitora.command_line.root import CommandError, commands, require_migrated, run, settings
from monitora.composition import opened_database, running_services
from monitora.settings.settings import Settings
from resolvers import databases
from resolvers.accounts import accounts
from resolvers.context import Context

GENERATED_BYTES = 15


@commands.command("create-user")
@click.argument("email")
@click.option("--name", help="The person's name.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ADMIN.value,
    show_default=True,
    help="An admin owns workspaces; a lecteur reads those it is given.",
)
@click.option("--generate", is_flag=True, help="Make a password and print it.")
def create_user(email: str, name: str | None, role: str, generate: bool) -> None:
    """Make an account. The password is asked for, read from the input when it is no terminal, or generated."""
    chosen = settings()
    password = _password(generate=generate)
    try:
        run(lambda: _create(chosen, email, password, name, Role(role)))
    except UserError as error:
        raise CommandError(error.message) from error
    click.echo(f"Made the account {email} ({role}).")
    if generate:
        click.echo(f"Password: {password}")


@commands.command("set-password")
@click.argument("email")
@click.option("--generate", is_flag=True, help="Make a password and print it.")
def set_password(email: str, generate: bool) -> None:
    """Give an account another password, for one that was forgotten. It is unlocked, and logged out everywhere.

    The password is asked for, read from the input when it is no terminal, or generated.
    """
    chosen = settings()
    password = _password(generate=generate)
    try:
        ended = run(lambda: _set_password(chosen, email, password))
    except UserError as error:
        raise CommandError(error.message) from error
    click.echo(f"The account {email} has another password. Sessions ended: {ended}.")
    if generate:
        click.echo(f"Password: {password}")


@commands.command("rotate-secrets")
def rotate_secrets() -> None:
    """Encrypt the passwords of external databases again, with the present key.

    Set MONITORA_ENCRYPTION_KEY to the new key and MONITORA_ENCRYPTION_KEY_PREVIOUS to the one before, run this, and
    take the one before away.
    """
    chosen = settings()
    done = run(lambda: _rotate(chosen))
    click.echo(f"Encrypted {done.count} passwords with the present key.")
    if done.unreadable:
        keys = ", ".join(str(key) for key in done.unreadable)
        raise CommandError(
            f"No key opens the passwords of {len(done.unreadable)} databases: {keys}. Give an earlier key."
        )


def _password(*, generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(GENERATED_BYTES)
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


async def _create(chosen: Settings, email: str, password: str, name: str | None, role: Role) -> None:
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        await accounts.create_user(Context(Anonymous(), services), email, password, name, role)


async def _set_password(chosen: Settings, email: str, password: str) -> int:
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        return await accounts.set_password(Context(Anonymous(), services), email, password)


async def _rotate(chosen: Settings) -> databases.Reencrypted:
    async with opened_database(chosen) as database:
        await require_migrated(database)
        return await databases.reencrypt(database, Encryption(chosen.encryption_keys()))
