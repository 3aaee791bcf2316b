"""`ask`, `search`, `eval` and `eval-dialogues`: answers, where they come from, and how good they are."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid4

import click

from core.errors import OperationError, UserError
from data.models import Message, MessageTrace
from monitora.command_line.paths import unreadable
from monitora.command_line.root import CommandError, commands, require_migrated, run, settings_to_talk
from monitora.command_line.tracing import described, scores
from monitora.composition import models, rewriter_of, running_services
from monitora.operator import UnknownWorkspace, acting_for, find_workspace, only_workspace
from monitora.settings.settings import Settings
from rag.answers.citations import Citation, stored_citations
from rag.answers.events import AnswerDelta, AnswerFailed, AnswerFinished
from rag.answers.trace import trace_from_json
from rag.models.protocols import ModelError
from resolvers import conversations
from resolvers.context import Context
from resolvers.search import DEFAULT_HITS, search

if TYPE_CHECKING:
    from rag.evaluation.dialogues import DialoguesEvaluation

Result = TypeVar("Result")
# Looked at by the commands themselves: what is wrong with one file of many stops none of the others.
_FILE = click.Path(path_type=Path, readable=False)


@commands.command()
@click.argument("workspace")
@click.argument("question")
@click.option("--trace", is_flag=True, help="Show how the answer came about: what was found, and the prompt.")
def ask(workspace: str, question: str, *, trace: bool) -> None:
    """Ask a workspace (its name or key) a question, and see the answer as it is written, with its sources."""
    chosen = settings_to_talk()
    _reported(lambda: run(lambda: _ask(chosen, workspace, question, with_trace=trace)))


@commands.command("search")
@click.argument("query")
@click.argument("workspace", required=False)
@click.option("--first", default=DEFAULT_HITS, help="The most passages.", show_default=True)
def search_documents(query: str, workspace: str | None, first: int) -> None:
    """Show the passages that come nearest to a question, as an answer finds them.

    WORKSPACE is its name or key; where there is only one, it may be left out.
    """
    chosen = settings_to_talk()
    _reported(lambda: run(lambda: _search(chosen, workspace, query, first)))


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


@commands.command("eval-dialogues")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option(
    "--at-least",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="End with status 1 when less of the first turns or of the follow-ups of a language is right.",
)
def evaluate_turns(path: Path, at_least: float | None) -> None:
    """Measure dialogues: how many first turns and follow-ups find what they must, and which do not."""
    from rag.evaluation.dialogues import evaluate_dialogues  # noqa: PLC0415 - nothing else needs it
    from rag.evaluation.sets import EvaluationFileError  # noqa: PLC0415

    chosen = settings_to_talk()
    if (reason := unreadable(path)) is not None:
        raise CommandError(f"{path}: {reason}")

    async def measure() -> "DialoguesEvaluation":
        async with models(chosen) as (chat_model, embedder):
            rewriter = rewriter_of(chosen, chat_model)
            return await evaluate_dialogues(path, embedder, chat_model, rewriter, chosen.rewrite_model)

    try:
        measured = run(measure)
    except (EvaluationFileError, ModelError) as error:
        raise CommandError(str(error)) from error
    click.echo(measured)
    if at_least is not None and 100 * measured.lowest < at_least:
        raise CommandError(f"{100 * measured.lowest:.1f} % is less than {at_least:g} %.")


def _reported(job: Callable[[], Result]) -> Result:
    """Run a job whose refusals a person can mend. Raises `CommandError`."""
    try:
        return job()
    except (UnknownWorkspace, OperationError, UserError) as error:
        raise CommandError(str(error)) from error


async def _search(chosen: Settings, name: str | None, query: str, first: int) -> None:
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        workspace, owner = await (only_workspace(services) if name is None else find_workspace(services, name))
        for hit in await search(acting_for(services, owner), workspace.id, query, first):
            found = hit.passage
            given = hit.score, hit.lexical_score, hit.dense_score
            click.echo(scores(hit.rank, given, found.document_name, found.location))
            click.echo(textwrap.indent(found.content, "    "))


async def _ask(chosen: Settings, name: str, question: str, *, with_trace: bool) -> None:
    async with running_services(chosen) as services:
        await require_migrated(services.database)
        workspace, owner = await find_workspace(services, name)
        context = acting_for(services, owner)
        said = conversations.Ask(content=question, client_message_id=uuid4(), workspace_id=workspace.id)
        answer_id = await _stream(context, said)
        if with_trace and (row := await context.loaders.row(MessageTrace, answer_id)) is not None:
            click.echo(f"\n{described(trace_from_json(row.content))}")


async def _stream(context: Context, said: conversations.Ask) -> UUID:
    """Print an answer as it is written, and return its key."""
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
    return asked.answer_id


async def _sources(context: Context, message_id: UUID) -> list[Citation]:
    """Return the sources that are stored with an answer: those that it cites."""
    context.forget_loaded()
    message = await context.loaders.row(Message, message_id)
    return [] if message is None else stored_citations(message.rag_sources)
