"""`export`: all messages of a workspace, into a file or a pipe."""

import sys
from contextlib import closing, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

import click

from core.errors import OperationError
from monitora.command_line.root import CommandError, commands, require_migrated, run, settings_to_talk
from monitora.composition import running_services
from monitora.export import ExportFormat, pieces
from monitora.operator import UnknownWorkspace, acting_for, find_workspace
from monitora.settings.settings import Settings
from resolvers import exports

DAY = click.DateTime(["%Y-%m-%d"])


@commands.command()
@click.argument("workspace")
@click.option(
    "--format", "form", type=click.Choice([each.value for each in ExportFormat]), default="csv", show_default=True
)
@click.option("--from", "first", type=DAY, help="Conversations that began on this day (UTC) or later.")
@click.option("--to", "last", type=DAY, help="Conversations that began on this day (UTC) or earlier.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A new file; the output by default.")
def export(workspace: str, form: str, first: datetime | None, last: datetime | None, output: Path | None) -> None:
    """Write all messages of a workspace (its name or key), as a spreadsheet or a program reads them."""
    chosen = settings_to_talk()
    try:
        with nullcontext(sys.stdout.buffer) if output is None else closing(output.open("xb")) as target:
            run(
                lambda: _export(
                    chosen, workspace, ExportFormat(form), first and first.date(), last and last.date(), target
                )
            )
    except FileExistsError as error:
        raise CommandError(f"There is a file {output} already: name another one.") from error
    except (UnknownWorkspace, OperationError) as error:
        raise CommandError(str(error)) from error


async def _export(
    chosen: Settings, name: str, form: ExportFormat, first: date | None, last: date | None, target: BinaryIO
) -> None:
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        workspace, owner = await find_workspace(services, name)
        batches = exports.messages(acting_for(services, owner), workspace.id, first, last)
        async for piece in pieces(batches, form):
            target.write(piece)
