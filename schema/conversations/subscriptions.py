"""What can be followed of conversations."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

import strawberry

from data import models
from rag.answers import events
from rag.answers.conversation_events import ConversationEvent
from rag.answers.events import Numbered
from resolvers import conversations
from schema.conversations.events import (
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    ConversationActivity,
)
from schema.conversations.inputs import ChatInput
from schema.conversations.types import Source, answer_global_id
from schema.execution.delta_template import PROBE_SEQUENCE, PROBE_TEXT, DeltaTemplate
from schema.operation import Info
from schema.relay.node import key_of


def _event(answer_id: strawberry.ID, numbered: Numbered) -> AnswerEvent:
    place: dict[str, Any] = {"answer_id": answer_id, "sequence": numbered.sequence}
    match numbered.event:
        case events.AnswerDelta(text):
            return AnswerDelta(**place, text=text)
        case events.AnswerStarted(conversation_id, message_id, found):
            return AnswerStarted(
                **place,
                conversation_id=conversation_id,
                message_id=message_id,
                sources=cast("list[Source]", found),
            )
        case events.AnswerFinished(message_id):
            return AnswerFinished(**place, message_id=message_id)
        case events.AnswerFailed(code, text, retryable):
            return AnswerFailed(**place, code=code, text=text, retryable=retryable)


async def stream_events(
    info: Info, answer_id: strawberry.ID, numbered_events: AsyncIterator[Numbered]
) -> AsyncIterator[AnswerEvent]:
    """Yield events to be executed; where the transport has a template, pieces of text are sent by it instead.

    The template is the result of a probe, yielded while the first event is still to come. The reader pulls: what the
    template sends goes out after what was yielded before it, and before what is yielded next.
    """
    template: DeltaTemplate | None = info.context.delta_template
    if template is not None:
        template.expects_probe = True
        yield AnswerDelta(answer_id=answer_id, sequence=PROBE_SEQUENCE, text=PROBE_TEXT)
    async for numbered in numbered_events:
        if template is not None and template.is_known and isinstance(numbered.event, events.AnswerDelta):
            await template.send(numbered.sequence, numbered.event.text)
        else:
            info.context.forget_loaded()
            yield _event(answer_id, numbered)


@strawberry.type
class AnswerSubscriptions:
    @strawberry.subscription(
        graphql_type=AnswerEvent, description="Store a message and stream its answer, in one round trip."
    )
    async def chat(
        self, info: Info, input: Annotated[ChatInput, strawberry.argument(description="The message.")]
    ) -> AsyncIterator[AnswerEvent]:
        question = await conversations.ask(info.context, input.as_ask())
        followed = conversations.follow(info.context, question.answer_id, after=0)
        async for event in stream_events(info, answer_global_id(question.answer_id), followed):
            yield event

    @strawberry.subscription(
        graphql_type=AnswerEvent,
        description="Attach to an answer: every event after a sequence number, then those that come, to the last.",
    )
    async def answer(
        self,
        info: Info,
        answer_id: Annotated[strawberry.ID, strawberry.argument(description="The answer.")],
        after: Annotated[
            int | None, strawberry.argument(description="The last sequence number seen; from the beginning by default.")
        ] = None,
    ) -> AsyncIterator[AnswerEvent]:
        key = key_of(answer_id, models.Message)
        async for event in stream_events(info, answer_id, conversations.follow(info.context, key, after or 0)):
            yield event


@strawberry.type
class ActivitySubscriptions:
    @strawberry.subscription(
        graphql_type=ConversationActivity,
        description="New conversations, messages and ratings of a workspace, as they happen, until unsubscribed.",
    )
    async def conversation_activity(
        self,
        info: Info,
        workspace_id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")],
    ) -> AsyncIterator[ConversationEvent]:
        async for event in conversations.activity(info.context, key_of(workspace_id, models.Workspace)):
            info.context.forget_loaded()
            yield event
