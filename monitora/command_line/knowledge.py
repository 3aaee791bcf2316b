"""`ask` and `eval`: answers, and how good they are."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import click

from core.errors import OperationError, UserError
from data.models import Message
from monitora.command_line.paths import unreadable
from monitora.command_line.root import CommandError, commands, require_migrated, run, settings_to_talk
from monitora.composition import models, running_services
from monitora.operator import UnknownWorkspace, acting_for, find_workspace
from monitora.settings.settings import Settings
from rag.answers.citations import Citation, citation_from_json
from rag.answers.events import AnswerDelta, AnswerFailed, AnswerFinished
from rag.models.protocols import ModelError
from resolvers import conversations
from resolvers.context import Context

Result = TypeVar("Result")
# Looked at by the commands themselves: what is wrong with one file of many stops none of the others.
_FILE = click.Path(path_type=Path, readable=False)


@commands.command()
@click.argument("workspace")
@click.argument("question")
def ask(workspace: str, question: str) -> None:
    """Ask a workspace (its name or key) a question, and see the answer as it is written, with its sources."""
    chosen = settings_to_talk()
    _reported(lambda: run(lambda: _ask(chosen, workspace, question)))


@commands.command("eval")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option(
    "--unanswerable", metavar="FILE", type=_FILE, help="Ask the unanswerable questions of this file, not the set's own."
)
def evaluate_retrieval(path: Path, unanswerable: Path | None) -> None:
    """Measure retrieval on a file of paragraphs and questions: recall, rank, and knowing when not to answer."""
    from rag.evaluation.retrieval import evaluate  # noqa: PLC0415 - nothing else needs it
    from rag.evaluation.sets import EvaluationFileError  # noqa: PLC0415

    chosen = settings_to_talk()
    for each in (path, *([unanswerable] if unanswerable else [])):
        if (reason := unreadable(each)) is not None:
            raise CommandError(f"{each}: {reason}")

    async def measure() -> str:
        async with models(chosen) as (_, embedder):
            return str(await evaluate(path, embedder, unanswerable))

    try:
        click.echo(run(measure))
    except (EvaluationFileError, ModelError) as error:
        raise CommandError(str(error)) from error


def _reported(job: Callable[[], Result]) -> Result:
    """Run a job whose refusals a person can mend. Raises `CommandError`."""
    try:
        return job()
    except (UnknownWorkspace, OperationError, UserError) as error:
        raise CommandError(str(error)) from error


async def _ask(chosen: Settings, name: str, question: str) -> None:
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        workspace, owner = await find_workspace(services, name)
        context = acting_for(services, owner)
        said = conversations.Ask(content=question, client_message_id=uuid4(), workspace_id=workspace.id)
        await _stream(context, said)


async def _stream(context: Context, said: conversations.Ask) -> None:
    asked = await conversations.ask(context, said)
    sources: list[Citation] = []
    async for numbered in conversations.follow(context, asked.answer_id, after=0):
        match numbered.event:
            case AnswerDelta(text):
                click.echo(text, nl=False)
            case AnswerFailed(text=text):
                raise CommandError(text)
            case AnswerFinished(message_id):
                sources = await _sources(context, message_id)
    click.echo()
    for source in sources:
        place = f", {source.location}" if source.location else ""
        click.echo(f"[{source.number}] {source.document_name}{place}")


async def _sources(context: Context, message_id: UUID) -> list[Citation]:
    """Return the sources that are stored with an answer: those that it cites."""
    context.forget_loaded()
    message = await context.loaders.row(Message, message_id)
    stored = [] if message is None else message.rag_sources or []
    return [citation_from_json(value, number) for number, value in enumerate(stored, 1)]
