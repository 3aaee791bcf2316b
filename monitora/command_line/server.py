"""`serve` and `demo`: the server itself."""

import click
import structlog

from data.migrations import migrate, pending
from monitora import demo as sample
from monitora.command_line.root import CommandError, commands, run, settings
from monitora.composition import opened_database, running_services
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
    chosen = _chosen(host, port)
    logger.info("listening", address=f"http://{chosen.host}:{chosen.port}")
    _serve(chosen)


@commands.command()
@_HOST
@_PORT
@click.option("--prepare-only", is_flag=True, help="Make the sample workspace and stop.")
def demo(host: str | None, port: int | None, prepare_only: bool) -> None:
    """Make an administrator and a sample workspace if there is none, then start the server.

    The workspace holds Monitora's own guide, in English and French. A second run keeps what is there.
    """
    chosen = _chosen(host, port)
    made = run(lambda: _prepare(chosen))
    for line in _summary(chosen, made):
        click.echo(line)
    if not prepare_only:
        _serve(chosen)


async def _prepare(chosen: Settings) -> sample.Demo:
    async with opened_database(chosen) as database:
        if await pending(database) is not None:
            await migrate(database)
    async with running_services(chosen) as services:
        return await sample.prepare(services, chosen)


def _summary(chosen: Settings, made: sample.Demo) -> list[str]:
    address = chosen.public_url.rstrip("/") or f"http://{chosen.host}:{chosen.port}"
    models = "Mistral" if chosen.uses_mistral else "local (set MISTRAL_API_KEY to use Mistral)"
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
        f"  Embeddings  {models}",
        f"  Answers     {models}",
        "",
    ]


def _chosen(host: str | None, port: int | None) -> Settings:
    read = settings()
    changes = {"host": host, "port": port}
    return read.model_copy(update={name: value for name, value in changes.items() if value is not None})


def _serve(chosen: Settings) -> None:
    try:
        started = _served(chosen)
    except InvalidSettings as error:
        raise CommandError(str(error)) from error
    if not started:
        raise CommandError(
            f"The server could not start on {chosen.host}:{chosen.port}: is the port in use? The log says more."
        )


def _served(chosen: Settings) -> bool:
    """Serve until the server is stopped; tell whether it ever started."""
    if chosen.workers > 1:
        try:
            return Workers(chosen).run()
        except OSError as error:
            raise CommandError(
                f"The server could not start on {chosen.host}:{chosen.port}: {error.strerror}."
            ) from error
    server = graceful_server(chosen)
    try:
        server.run()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    return server.started
