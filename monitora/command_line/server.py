"""`serve` and `demo`: the server itself."""

import os
from socket import socket

import click
import structlog

from data.migrations import migrate, pending
from monitora import demo as sample
from monitora.command_line.root import CommandError, commands, run, settings
from monitora.composition import opened_database, running_services
from monitora.listening import CannotListen, address_of, browsable, listen
from monitora.server import graceful_server
from monitora.settings.settings import InvalidSettings, Settings
from monitora.workers import Workers

logger = structlog.get_logger(__name__)

_HOST = click.option("--host", help="Address to listen on; MONITORA_HOST by default.")
_PORT = click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; MONITORA_PORT by default.")


@commands.command()
@_HOST
@_PORT
def serve(host: str | None, port: int | None) -> None:
    """Start the server. The database is made or brought up to date by `monitora migrate`."""
    chosen, sockets = _listening(_chosen(host, port), "monitora serve", as_option=port is not None)
    if (missing := run(lambda: _missing(chosen))) is not None:
        logger.warning("database_not_ready", because=missing)
    logger.info("listening", address=address_of(chosen.host, chosen.port))
    _serve(chosen, sockets)


@commands.command()
@_HOST
@_PORT
@click.option("--prepare-only", is_flag=True, help="Make the sample workspace and stop.")
def demo(host: str | None, port: int | None, prepare_only: bool) -> None:
    """Make an administrator and a sample workspace if there is none, then start the server.

    The workspace holds Monitora's own guide, in English and French. A second run keeps what is there.
    """
    chosen = _chosen(host, port)
    if prepare_only:
        _prepare_and_show(chosen)
        return
    # What `make` starts was typed as `make run`.
    command = "make run" if "MAKELEVEL" in os.environ else "monitora demo"
    chosen, sockets = _listening(chosen, command, as_option=port is not None)
    _prepare_and_show(chosen)
    _serve(chosen, sockets)


def _prepare_and_show(chosen: Settings) -> None:
    made = run(lambda: _prepare(chosen))
    for line in _summary(chosen, made):
        click.echo(line)


def _listening(chosen: Settings, command: str, *, as_option: bool) -> tuple[Settings, list[socket]]:
    """Listen, and return the settings with the port that was given, and the sockets."""
    try:
        sockets = listen(chosen.host, chosen.port, command=command, as_option=as_option)
    except CannotListen as error:
        raise CommandError(str(error)) from error
    return chosen.model_copy(update={"port": sockets[0].getsockname()[1]}), sockets


async def _missing(chosen: Settings) -> str | None:
    """Say what the database lacks. What the server could not start without is refused here, in a sentence."""
    chosen.signing_keys()
    async with opened_database(chosen) as database:
        return await pending(database)


async def _prepare(chosen: Settings) -> sample.Demo:
    async with opened_database(chosen) as database:
        if await pending(database) is not None:
            await migrate(database)
    async with running_services(chosen) as services:
        return await sample.prepare(services, chosen)


def _summary(chosen: Settings, made: sample.Demo) -> list[str]:
    address = chosen.public_url.rstrip("/") or browsable(chosen.host, chosen.port)
    answers = "Mistral" if chosen.uses_mistral else "local (set MISTRAL_API_KEY to use Mistral)"
    embeddings = answers
    if chosen.embeddings_url or chosen.embeds_locally:
        embeddings = "local" if chosen.embeds_locally else chosen.embeddings_model
    password = made.password or "the one you chose"
    return [
        "",
        f"  Demo page   {address}/demo",
        *([f"  GraphiQL    {address}/graphiql"] if chosen.graphiql else []),
        f"  Widget      {address}/widget.js",
        "",
        f"  Log in as   {made.email}",
        f"  Password    {password}",
        "",
        f"  Database    {chosen.database.split('@')[-1]}",
        f"  Embeddings  {embeddings}",
        f"  Answers     {answers}",
        "",
    ]


def _chosen(host: str | None, port: int | None) -> Settings:
    read = settings()
    changes = {"host": host, "port": port}
    return read.model_copy(update={name: value for name, value in changes.items() if value is not None})


def _serve(chosen: Settings, sockets: list[socket]) -> None:
    try:
        started = _served(chosen, sockets)
    except InvalidSettings as error:
        raise CommandError(str(error)) from error
    if not started:
        raise CommandError("The server could not start; the log says why.")


def _served(chosen: Settings, sockets: list[socket]) -> bool:
    """Serve until the server is stopped; tell whether it ever started."""
    if chosen.workers > 1:
        return Workers(chosen, sockets).run()
    server = graceful_server(chosen)
    try:
        server.run(sockets=sockets)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    except SystemExit:
        # Uvicorn's own end of an application that could not start, which it logged.
        return False
    return server.started
