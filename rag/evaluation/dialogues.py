"""Dialogues measured turn by turn, through the very steps that answer visitors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import BaseModel, Field, model_validator

from core.clock import now_after
from core.events import MemoryEventBus
from data.engine import Session
from data.models import Conversation, Message, MessageRole, MessageTrace
from data.queries import conversations as queries
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.events import AnswerFailed
from rag.answers.orchestration import Answers
from rag.answers.running import Question
from rag.answers.trace import AnswerTrace, trace_from_json
from rag.evaluation.sets import EvaluationFileError, read_json
from rag.evaluation.workspace import MeasuredWorkspace, measured_workspace
from rag.models.protocols import ChatModel, Embedder, Rewriter
from rag.parsing import FileType

_MAX_FAILURES_SHOWN = 200


class Outcome(StrEnum):
    """What a turn without a passage to find must come to."""

    SMALL_TALK = "small_talk"
    DECLINED = "declined"


class Turn(BaseModel):
    """A message, and what is right: a text that a passage given to the model must hold, or an outcome.

    `finds` holds texts one of which must be there; `alone` says that the question must be searched for as it stands.
    """

    says: str = Field(min_length=1)
    finds: list[str] = []
    is_: Outcome | None = Field(None, alias="is")
    alone: bool = False

    @model_validator(mode="after")
    def _says_what_is_right(self) -> "Turn":
        if bool(self.finds) == bool(self.is_):
            raise ValueError("a turn says either what it `finds` or what it `is`")
        return self


class Dialogue(BaseModel):
    """Turns of one visitor, in a language."""

    language: str = Field(min_length=2, max_length=5)
    turns: list[Turn] = Field(min_length=1)


class DialogueSet(BaseModel):
    """Documents, named by paths beside the file or given as text by name, and the dialogues about them."""

    files: list[str] = []
    documents: dict[str, str] = {}
    dialogues: list[Dialogue] = Field(min_length=1)


@dataclass(slots=True)
class Share:
    """How many turns of a kind are right."""

    right: int = 0
    turns: int = 0

    def count(self, *, is_right: bool) -> None:
        """Count a turn."""
        self.turns += 1
        self.right += is_right

    @property
    def value(self) -> float:
        """The share in [0, 1]; 1 without a turn."""
        return self.right / self.turns if self.turns else 1.0


@dataclass(frozen=True, slots=True)
class DialoguesEvaluation:
    """What was measured: shares by language and kind ("first", "follow-up"), and each turn that was wrong, in words."""

    file: str
    dialogues: Counter[str]
    shares: dict[tuple[str, str], Share]
    wrong: list[str] = field(default_factory=list)

    @property
    def lowest(self) -> float:
        """The lowest of the shares, in [0, 1]."""
        return min(share.value for share in self.shares.values())

    def __str__(self) -> str:
        rows = [f"{'file':<24}{self.file:>20}"]
        for language, count in sorted(self.dialogues.items()):
            rows.append(f"{f'{language}, dialogues':<24}{count:>20}")
            for (spoken, kind), share in sorted(self.shares.items()):
                if spoken == language:
                    right = f"{share.right} of {share.turns}, {100 * share.value:.1f} %"
                    rows.append(f"{f'{language}, {kind} turns':<24}{right:>20}")
        return "\n".join([*rows, *self.wrong[:_MAX_FAILURES_SHOWN]])


async def evaluate_dialogues(
    path: Path, embedder: Embedder, chat_model: ChatModel, rewriter: Rewriter | None = None, model: str = ""
) -> DialoguesEvaluation:
    """Hold each dialogue with a workspace of its documents, and look at how each answer came about.

    A turn that finds is right when a passage given to the model holds one of its texts and, where it must stand
    alone, when it was searched for as it stands. Small talk must be taken as such; what is to be declined must be given
    no passage. Raises `EvaluationFileError`, `OSError` or `ModelError`.
    """
    content = read_json(path, DialogueSet)
    documents = {name: (text.encode(), FileType.MARKDOWN) for name, text in content.documents.items()}
    for name in content.files:
        documents[name] = ((path.parent / name).read_bytes(), FileType.MARKDOWN)
    if not documents:
        raise EvaluationFileError(f"{path}: it names no `files` and gives no `documents`.")
    measured = DialoguesEvaluation(path.name, Counter(), {})
    async with measured_workspace(documents, embedder) as workspace:
        answers = Answers(
            workspace.database,
            MemoryAnswerEventLog(),
            workspace.retriever,
            chat_model,
            MemoryEventBus(),
            cache_lifetime=timedelta(0),
            rewriter=rewriter,
            rewriting_model=model,
        )
        try:
            for dialogue in content.dialogues:
                await _hold(dialogue, answers, workspace, measured)
        finally:
            await answers.close(timedelta(seconds=5))
    return measured


async def _hold(
    dialogue: Dialogue, answers: Answers, workspace: MeasuredWorkspace, measured: DialoguesEvaluation
) -> None:
    language, said = dialogue.language, list[str]()
    measured.dialogues[language] += 1
    conversation = Conversation(id=uuid4(), workspace_id=workspace.id, visitor_id="eval")
    await workspace.database.write(lambda session: _begin(session, conversation))
    for number, turn in enumerate(dialogue.turns):
        trace = await _answered(answers, workspace, conversation.id, turn.says)
        fault = _fault(turn, trace)
        kind = "follow-up" if number else "first"
        measured.shares.setdefault((language, kind), Share()).count(is_right=fault is None)
        said.append(turn.says)
        if fault is not None:
            measured.wrong.append(f"✗ {language}: {' / '.join(said)}: {fault}")


async def _begin(session: Session, conversation: Conversation) -> None:
    queries.add_conversation(session, conversation)


async def _answered(answers: Answers, workspace: MeasuredWorkspace, conversation_id: UUID, says: str) -> AnswerTrace:
    """Send a message as a visitor does, and return how its answer came about. Raises `EvaluationFileError`."""
    question = Question(uuid4(), uuid4(), conversation_id, workspace.id, says)

    async def store(session: Session) -> None:
        conversation = await session.get_one(Conversation, conversation_id)
        message = Message(
            id=question.message_id,
            conversation_id=conversation_id,
            role=MessageRole.USER,
            content=says,
            answer_id=question.answer_id,
            created_at=now_after(conversation.last_message_at),
        )
        await queries.add_message(session, message)

    await workspace.database.write(store)
    await answers.begin(question)
    async for numbered in answers.event_log.follow(question.answer_id, 0):
        if isinstance(numbered.event, AnswerFailed):
            raise EvaluationFileError(f"{says!r} was not answered: {numbered.event.text}")
    return await workspace.database.read(lambda session: _trace(session, question.answer_id))


async def _trace(session: Session, answer_id: UUID) -> AnswerTrace:
    return trace_from_json((await session.get_one(MessageTrace, answer_id)).content)


def _fault(turn: Turn, trace: AnswerTrace) -> str | None:
    """Return what is wrong with a turn, or None."""
    if turn.is_ is Outcome.SMALL_TALK:
        return None if trace.small_talk else f"searched for {trace.search_query!r}"
    if trace.small_talk:
        return f"taken for small talk ({trace.small_talk})"
    if turn.is_ is Outcome.DECLINED:
        return None if not trace.passages else f"answered from {trace.passages[0].document_name}"
    if turn.alone and trace.search_query != turn.says:
        return f"not searched for as it stands, but {trace.search_query!r}"
    if not _holds(turn.finds, trace):
        what = "declined" if not trace.passages else "other passages"
        return f"{what}, searched for {trace.search_query!r} ({trace.confidence or 0:.2f})"
    return None


def _holds(texts: Sequence[str], trace: AnswerTrace) -> bool:
    given = [" ".join((passage.content or "").split()) for passage in trace.passages]
    return any(text in content for text in texts for content in given)
