"""`ingest`, `ask` and `eval`: documents in, answers out, and how good they are."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import click

from core.errors import OperationError, UserError
from data.models import DocumentStatus
from data.queries.documents import find_document
from monitora.command_line.root import CommandError, commands, run, settings_to_talk
from monitora.composition import models, running_services
from monitora.operator import UnknownWorkspace, acting_for, find_workspace
from monitora.settings.settings import Settings
from rag.answers.citations import Source
from rag.answers.events import AnswerDelta, AnswerFailed, AnswerStarted
from resolvers import conversations, documents
from resolvers.context import Context
from resolvers.services import Services

Result = TypeVar("Result")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@commands.command()
@click.argument("workspace")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=_FILE)
def ingest(workspace: str, paths: tuple[Path, ...]) -> None:
    """Add files to a workspace (its name or key) and index them now: text, Markdown, HTML, PDF, DOCX, CSV."""
    chosen = settings_to_talk()
    failed = _reported(lambda: run(lambda: _ingest(chosen, workspace, paths)))
    if failed:
        raise CommandError(f"{failed} of {len(paths)} files could not be indexed.")


@commands.command()
@click.argument("workspace")
@click.argument("question")
def ask(workspace: str, question: str) -> None:
    """Ask a workspace (its name or key) a question, and see the answer as it is written, with its sources."""
    chosen = settings_to_talk()
    _reported(lambda: run(lambda: _ask(chosen, workspace, question)))


@commands.command("eval")
@click.argument("path", metavar="FILE", type=_FILE)
def evaluate_retrieval(path: Path) -> None:
    """Measure retrieval on a file of paragraphs and questions: recall, rank, and knowing when not to answer."""
    from rag.evaluation.retrieval import evaluate  # noqa: PLC0415 - nothing else needs it

    chosen = settings_to_talk()

    async def measure() -> str:
        async with models(chosen) as (_, embedder):
            return str(await evaluate(path, embedder))

    click.echo(run(measure))


def _reported(job: Callable[[], Result]) -> Result:
    """Run a job whose refusals a person can mend. Raises `CommandError`."""
    try:
        return job()
    except (UnknownWorkspace, OperationError, UserError) as error:
        raise CommandError(str(error)) from error


async def _ingest(chosen: Settings, name: str, paths: tuple[Path, ...]) -> int:
    async with running_services(chosen) as services:
        workspace, owner = await find_workspace(services, name)
        context = acting_for(services, owner)
        services.ingestion.start()
        failed = 0
        for path in paths:
            try:
                added = await documents.upload(context, workspace.id, path.name, BytesIO(path.read_bytes()), None)
            except UserError as rejection:
                click.echo(f"✗ {path}: {rejection.message}", err=True)
                failed += 1
                continue
            await services.ingestion.finish()
            failed += await _report(services, path, added.id)
        return failed


async def _report(services: Services, path: Path, document_id: UUID) -> bool:
    document = await services.database.read(lambda session: find_document(session, document_id))
    if document is None:
        click.echo(f"✗ {path}: the document was deleted meanwhile.", err=True)
        return True
    if document.status is DocumentStatus.READY:
        click.echo(f"✓ {path}: {document.chunk_count} passages")
        return False
    click.echo(f"✗ {path}: {document.error}", err=True)
    return True


async def _ask(chosen: Settings, name: str, question: str) -> None:
    async with running_services(chosen) as services:
        workspace, owner = await find_workspace(services, name)
        context = acting_for(services, owner)
        said = conversations.Ask(content=question, client_message_id=uuid4(), workspace_id=workspace.id)
        await _stream(context, said)


async def _stream(context: Context, said: conversations.Ask) -> None:
    asked = await conversations.ask(context, said)
    sources: tuple[Source, ...] = ()
    async for numbered in conversations.follow(context, asked.answer_id, after=0):
        match numbered.event:
            case AnswerStarted(sources=found):
                sources = found
            case AnswerDelta(text):
                click.echo(text, nl=False)
            case AnswerFailed(text=text):
                raise CommandError(text)
    click.echo()
    for number, source in enumerate(sources, 1):
        place = f", {source.location}" if source.location else ""
        click.echo(f"[{number}] {source.document_name}{place}")
