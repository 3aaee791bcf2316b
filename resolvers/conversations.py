"""Conversations: ask, follow an answer, stop it, have it made again, rate it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from core.clock import now_after
from core.errors import ErrorCode, UserError
from data.engine import IntegrityError, Session
from data.models import Conversation, Message, MessageRole
from data.queries import conversations as queries
from data.queries.workspaces import is_active
from data.viewer import Staff, Visitor
from rag.answers import cache
from rag.answers.conversation_events import ActivityKind, ConversationEvent
from rag.answers.events import INTERRUPTED, AnswerFinished, Numbered
from rag.answers.running import Question
from rag.text.small_talk import small_talk
from resolvers.context import Context
from resolvers.errors import BadInput, Forbidden, NotFound
from resolvers.rates import (
    CONVERSATION_PER_VISITOR,
    MESSAGE_PER_ACCOUNT,
    MESSAGE_PER_ADDRESS,
    MESSAGE_PER_ADDRESS_DAILY,
    MESSAGE_PER_VISITOR,
)
from resolvers.workspaces import access

TITLE_CHARACTERS = 80
MAX_COMMENT_CHARACTERS = 2_000
MAX_MESSAGES = 1_000
"""Messages of one conversation, both sides. Those of the moment in which it is reached may be more."""
MESSAGES = uuid5(NAMESPACE_URL, "https://monitora.dev/messages")
"""The namespace in which a client's own message id becomes a key, so that sending twice stores once."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody says: in a conversation, or in a new one of a workspace (which a visitor's token names)."""

    content: str
    client_message_id: UUID
    conversation_id: UUID | None = None
    workspace_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A message as it was stored, now or before; what is new about it; and whether its answer is stored too."""

    question: Question
    news: Sequence[ActivityKind] = ()
    is_answered: bool = False


async def ask(context: Context, said: Ask) -> Question:
    """Store the user's message and start its answer. The same client message id again changes nothing.

    Of staff the workspace's owner alone may ask. An answer that was interrupted or failed is started again. Raises
    `UserError`, `OperationError`.
    """
    content = said.content.strip()
    if not content:
        raise UserError(ErrorCode.MESSAGE_EMPTY, "The message is empty: write a question.", ["content"])
    if len(content) > context.policy.max_message_characters:
        limit = context.policy.max_message_characters
        raise UserError(ErrorCode.MESSAGE_TOO_LONG, f"A message has at most {limit} characters.", ["content"])
    await _count(context, begins=said.conversation_id is None)
    workspace_id = await _workspace_id(context, said)
    try:
        stored = await context.database.write(lambda session: _store(session, context, said, workspace_id, content))
    except IntegrityError:
        # Sent twice at once: the other request stored it first.
        stored = await context.database.write(lambda session: _store(session, context, said, workspace_id, content))
    answers, question = context.services.answers, stored.question
    if not stored.is_answered:
        await answers.begin(question)
    # After the beginning: the team may wait for a Redis that hangs, the answer does not.
    for kind in stored.news:
        await answers.publish(
            ConversationEvent(kind, question.workspace_id, question.conversation_id, question.message_id)
        )
    return question


async def follow(context: Context, answer_id: UUID, after: int) -> AsyncIterator[Numbered]:
    """Yield an answer's events after a sequence number, to its end. Raises `OperationError` when it is another's.

    An answer that is over and no longer replayed yields its finish alone; one that was cut off yields a failure.
    """
    if after < 0:
        raise BadInput("`after` is a sequence number: 0 or more.")
    message = await context.database.read(lambda session: _message_of_answer(session, context, answer_id))
    event_log = context.services.answers.event_log
    if await event_log.knows(answer_id):
        async for numbered in event_log.follow(answer_id, after):
            yield numbered
    elif message.id == answer_id:
        yield Numbered(after + 1, AnswerFinished(answer_id))
    else:
        yield Numbered(after + 1, INTERRUPTED)


async def stop(context: Context, answer_id: UUID) -> None:
    """End an answer early; what was produced is kept.

    Raises `UserError` when it is not under way, and `OperationError`.
    """

    async def check(session: Session) -> None:
        await _check_writer(session, context, await _message_of_answer(session, context, answer_id))

    await context.database.read(check)
    if not await context.services.answers.stop(answer_id):
        raise UserError(ErrorCode.ANSWER_NOT_RUNNING, "This answer is over already.", ["answerId"])


async def regenerate(context: Context, message_id: UUID) -> Question:
    """Answer a message again, keeping the earlier answer. Takes the question's id or an answer's.

    Raises `UserError`, `OperationError`.
    """

    async def renew(session: Session) -> Question:
        message = await _message(session, context, message_id)
        await _check_writer(session, context, message)
        if message.role is MessageRole.ASSISTANT:
            message = await _message(session, context, message.reply_to_id or message_id)
        if message.role is not MessageRole.USER:
            raise NotFound("question")
        message.answer_id = uuid4()
        conversation = await queries.conversation_of(session, message)
        _check_length(conversation)
        await _check_switched_on(session, conversation.workspace_id)
        return replace(_question(message, conversation.workspace_id), asked_again=True)

    await _count(context, begins=False)
    question = await context.database.write(renew)
    await context.services.answers.begin(question)
    return question


async def rate(context: Context, message_id: UUID, feedback: int | None, comment: str | None) -> None:
    """Rate an answer: -1, 0, 1, or None to take the rating back. Raises `UserError`, `OperationError`.

    An answer of the cache that is not rated well is given to nobody again.
    """
    if feedback not in {-1, 0, 1, None}:
        raise UserError(ErrorCode.BAD_USER_INPUT, "A rating is -1, 0 or 1, or null to take it back.", ["feedback"])
    if comment is not None and len(comment) > MAX_COMMENT_CHARACTERS:
        text = f"A comment has at most {MAX_COMMENT_CHARACTERS} characters."
        raise UserError(ErrorCode.BAD_USER_INPUT, text, ["comment"])

    async def store(session: Session) -> ConversationEvent:
        message = await _message(session, context, message_id)
        await _check_writer(session, context, message)
        conversation = await queries.conversation_of(session, message)
        if message.role is not MessageRole.ASSISTANT:
            raise UserError(ErrorCode.BAD_USER_INPUT, "Only an answer can be rated.", ["messageId"])
        message.feedback = feedback
        if feedback in {-1, 0} and message.reply_to_id is not None:
            question = await queries.get_message(session, message.reply_to_id)
            await cache.withdraw(session, conversation.workspace_id, question.content, message.content)
        if comment is not None:
            message.feedback_comment = comment.strip() or None
        return ConversationEvent(ActivityKind.MESSAGE_RATED, conversation.workspace_id, conversation.id, message.id)

    context.speaker()
    await context.services.answers.publish(await context.database.write(store))


async def activity(context: Context, workspace_id: UUID) -> AsyncIterator[ConversationEvent]:
    """Yield what happens in a workspace's conversations from now on. Raises `OperationError`."""

    async def nothing_yet() -> list[ConversationEvent]:
        return []

    news = context.services.answers.events.subscribe(workspace_id, nothing_yet)
    async for event in access.while_readable(context, workspace_id, news):
        yield event


async def resolve(context: Context, message_id: UUID, *, resolved: bool) -> None:
    """Mark a message as dealt with by the team, or not. Raises `OperationError`."""

    async def store(session: Session) -> None:
        message = await _message(session, context, message_id)
        await _check_writer(session, context, message)
        message.is_resolved = resolved

    context.staff()
    await context.database.write(store)


async def _count(context: Context, *, begins: bool) -> None:
    """Count a question, and the conversation that it begins. Raises `OperationError`."""
    speaker = context.speaker()
    if isinstance(speaker, Visitor):
        visitor = f"{speaker.workspace_id.hex}/{speaker.visitor_id}"
        await context.count(MESSAGE_PER_VISITOR, visitor)
        await context.count(CONVERSATION_PER_VISITOR, visitor if begins else None)
    else:
        await context.count(MESSAGE_PER_ACCOUNT, speaker.user_id.hex)
    await context.count(MESSAGE_PER_ADDRESS, context.client.network)
    await context.count(MESSAGE_PER_ADDRESS_DAILY, context.client.network)


async def _workspace_id(context: Context, said: Ask) -> UUID:
    speaker = context.speaker()
    if isinstance(speaker, Visitor):
        return speaker.workspace_id
    if said.conversation_id is not None:
        conversation = await context.loaders.row(Conversation, said.conversation_id)
        if conversation is None:
            raise NotFound("conversation")
        return conversation.workspace_id
    if said.workspace_id is None:
        raise UserError(ErrorCode.BAD_USER_INPUT, "Name the workspace to ask, or a conversation.", ["workspaceId"])
    return (await access.readable(context, said.workspace_id)).id


async def _store(session: Session, context: Context, said: Ask, workspace_id: UUID, content: str) -> _Stored:
    """Store what is said, unless it was sent before."""
    speaker = context.speaker()
    if isinstance(speaker, Staff):
        # Asking stores a message: who only reads a workspace does not try its assistant.
        await access.owned(context, session, workspace_id)
    visitor_id = speaker.visitor_id if isinstance(speaker, Visitor) else f"staff:{speaker.user_id.hex}"
    message_id = uuid5(MESSAGES, f"{workspace_id.hex}/{visitor_id}/{said.client_message_id.hex}")
    message = await queries.find_stored_message(session, message_id)
    if message is not None:
        if message.content != content or said.conversation_id not in {None, message.conversation_id}:
            text = "This clientMessageId was used for another message: make a new one for each message."
            raise UserError(ErrorCode.MESSAGE_CONFLICT, text, ["clientMessageId"])
        question = _question(await _with_live_answer(context, message), workspace_id)
        answers = await queries.find_answers(session, message_id)
        # An earlier answer did not satisfy: the one that was begun in its place was cut off.
        asked_again = bool(answers)
        return _Stored(replace(question, asked_again=asked_again), is_answered=question.answer_id in answers)
    conversation = await _conversation(session, context, said, workspace_id, visitor_id, message_id)
    message = Message(
        id=message_id,
        conversation_id=conversation.id,
        role=MessageRole.USER,
        content=content,
        answer_id=uuid4(),
        created_at=now_after(conversation.last_message_at),
    )
    await queries.add_message(session, message)
    news = [ActivityKind.MESSAGE_ADDED]
    if said.conversation_id is None:
        news.insert(0, ActivityKind.CONVERSATION_STARTED)
    return _Stored(_question(message, workspace_id), news)


async def _with_live_answer(context: Context, message: Message) -> Message:
    """Give a repeated message a new answer when its own failed.

    One that was cut off by the end of its process keeps its identifier: nobody writes it, so it is begun again.
    """
    if message.answer_id is not None and await context.services.answers.event_log.failed(message.answer_id):
        message.answer_id = uuid4()
    return message


async def _conversation(
    session: Session, context: Context, said: Ask, workspace_id: UUID, visitor_id: str, message_id: UUID
) -> Conversation:
    await _check_switched_on(session, workspace_id)
    if said.conversation_id is not None:
        conversation = await queries.find_conversation(session, context.viewer, said.conversation_id)
        if conversation is None:
            raise NotFound("conversation")
        if conversation.visitor_id != visitor_id:
            raise Forbidden("Only its visitor writes in a conversation: start one of your own.")
        _check_length(conversation)
        conversation.title = conversation.title or _title(said.content)
        # Whoever goes on with a conversation takes it out of the archive.
        queries.set_archived(conversation, None)
        return conversation
    speaker = context.viewer
    conversation = Conversation(
        # Made from the message's key: the first message sent twice makes one conversation.
        id=uuid5(message_id, "conversation"),
        workspace_id=workspace_id,
        visitor_id=visitor_id,
        visitor_name=speaker.name if isinstance(speaker, Visitor) else None,
        visitor_email=speaker.email if isinstance(speaker, Visitor) else None,
        title=_title(said.content),
    )
    queries.add_conversation(session, conversation)
    return conversation


def _check_length(conversation: Conversation) -> None:
    if conversation.message_count >= MAX_MESSAGES:
        text = f"This conversation has {MAX_MESSAGES:,} messages, the most it may have: begin a new one."
        raise UserError(ErrorCode.CONVERSATION_FULL, text)


async def _check_switched_on(session: Session, workspace_id: UUID) -> None:
    if not await is_active(session, workspace_id):
        raise UserError(ErrorCode.WORKSPACE_INACTIVE, "This assistant is switched off.", ["workspaceId"])


async def _message_of_answer(session: Session, context: Context, answer_id: UUID) -> Message:
    """Return the answer's own message if it is stored, else the question that waits for it. Raises `NotFound`."""
    context.speaker()
    message = await queries.find_message_of_answer(session, context.viewer, answer_id)
    if message is None:
        raise NotFound("answer")
    return message


async def _message(session: Session, context: Context, message_id: UUID) -> Message:
    message = await queries.find_message(session, context.viewer, message_id)
    if message is None:
        raise NotFound("message")
    return message


async def _check_writer(session: Session, context: Context, message: Message) -> None:
    """Let a visitor change what they may read, their own, and staff what their workspace holds.

    Raises `OperationError`.
    """
    if isinstance(context.viewer, Staff):
        conversation = await queries.conversation_of(session, message)
        await access.owned(context, session, conversation.workspace_id)


def _question(message: Message, workspace_id: UUID) -> Question:
    if message.answer_id is None:
        raise NotFound("answer")
    return Question(message.answer_id, message.id, message.conversation_id, workspace_id, message.content)


def _title(content: str) -> str | None:
    """Return what a conversation is called that begins with `content`: its first message that asks something."""
    if small_talk(content):
        return None
    line = " ".join(content.split())
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"
