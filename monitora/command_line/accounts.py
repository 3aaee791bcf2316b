"""`create-user`: accounts made by the operator."""

import secrets
import sys

import click

from data.models import Role
from data.viewer import Anonymous
from monitora.command_line.root import Problem, commands, run, settings
from monitora.services import running_services
from monitora.settings import Settings
from resolvers import accounts
from resolvers.context import Context
from resolvers.errors import Rejection

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
    except Rejection as rejection:
        raise Problem(rejection.message) from rejection
    click.echo(f"Made the account {email} ({role}).")
    if generate:
        click.echo(f"Password: {password}")


def _password(*, generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(GENERATED_BYTES)
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


async def _create(chosen: Settings, email: str, password: str, name: str | None, role: Role) -> None:
    async with running_services(chosen) as services:
        await accounts.create_user(Context(Anonymous(), services), email, password, name, role)
