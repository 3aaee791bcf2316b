"""The figures of workspaces against the rows that they add up, should a row have been changed by hand.

Triggers keep the figures; this is what finds out that one did not. It costs the conversations of a workspace, and so is
for the clean-up of the day and for nobody who waits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Subquery, and_, case, cast, func, insert, or_, select, true, update

from data.engine import Session
from data.models import Conversation, Message, MessageRole, Workspace, WorkspaceFigures

SUMS = (
    "message_count",
    "response_count",
    "response_ms",
    "scored_count",
    "score_sum",
    "low_confidence_count",
    "rated_count",
    "rating_sum",
)
"""What a conversation keeps of its messages, and a workspace of its conversations."""
LOW_CONFIDENCE = 0.5
"""The `rag_score` below which an answer says that it does not know."""
ROUNDING = 1e-6
"""How far two sums of the same scores may lie apart: the order in which fractions are added shows."""


async def find_recent_workspaces(session: Session, since: datetime) -> Sequence[UUID]:
    """Return the workspaces in which somebody wrote since then."""
    written = select(Conversation.id).where(
        Conversation.workspace_id == Workspace.id, Conversation.last_message_at >= since
    )
    return (await session.scalars(select(Workspace.id).where(written.exists()))).all()


async def are_figures_right(session: Session, workspace_id: UUID, since: datetime) -> bool:
    """Tell whether a workspace's figures are what its rows add up to; messages are read of recent conversations."""
    counted = _of_messages(workspace_id, since)
    wrong = select(Conversation.id).join(counted, counted.c.id == Conversation.id).where(_differs(counted))
    if await session.scalar(wrong.limit(1)) is not None:
        return False
    kept = await session.get(WorkspaceFigures, workspace_id)
    figures = await _of_conversations(session, workspace_id)
    return all(abs(getattr(kept, name, 0) - value) <= ROUNDING for name, value in figures.items())


async def count_again(session: Session, workspace_id: UUID, since: datetime) -> None:
    """Set a workspace's figures to what its rows add up to, and the sums of its recent conversations before."""
    counted = _of_messages(workspace_id, since)
    await session.execute(
        update(Conversation)
        .where(Conversation.id == counted.c.id, _differs(counted))
        .values({name: counted.c[name] for name in SUMS})
        .execution_options(synchronize_session=False)
    )
    figures = await _of_conversations(session, workspace_id)
    kept = update(WorkspaceFigures).where(WorkspaceFigures.workspace_id == workspace_id)
    found: Any = await session.execute(kept.values(figures))
    if found.rowcount == 0:
        await session.execute(insert(WorkspaceFigures).values(workspace_id=workspace_id, **figures))


def _of_messages(workspace_id: UUID, since: datetime) -> Subquery:
    """Return the sums over the messages of each conversation in which somebody wrote since then."""
    answer = Message.role == MessageRole.ASSISTANT
    timed, scored = and_(answer, Message.response_time_ms.is_not(None)), and_(answer, Message.rag_score.is_not(None))
    sums = (
        case((Message.id.is_not(None), 1), else_=0),
        case((timed, 1), else_=0),
        case((timed, cast(Message.response_time_ms, BigInteger())), else_=0),
        case((scored, 1), else_=0),
        case((scored, Message.rag_score), else_=0.0),
        case((and_(scored, Message.rag_score < LOW_CONFIDENCE), 1), else_=0),
        case((Message.feedback.is_not(None), 1), else_=0),
        func.coalesce(Message.feedback, 0),
    )
    columns = [func.sum(term).label(name) for name, term in zip(SUMS, sums, strict=True)]
    return (
        select(Conversation.id, *columns)
        .outerjoin(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.workspace_id == workspace_id, Conversation.last_message_at >= since)
        .group_by(Conversation.id)
        .subquery("counted")
    )


def _differs(counted: Subquery) -> Any:
    """Return the condition that a conversation keeps other sums than were counted."""
    return or_(*(func.abs(getattr(Conversation, name) - counted.c[name]) > ROUNDING for name in SUMS))


async def _of_conversations(session: Session, workspace_id: UUID) -> dict[str, Any]:
    """Return a workspace's figures as its conversations add up to them."""
    held = Conversation.message_count > 0
    is_open = and_(held, Conversation.is_active == true(), Conversation.archived_at.is_(None))
    columns = {
        "stored_count": func.count(),
        "conversation_count": func.sum(case((held, 1), else_=0)),
        "active_count": func.sum(case((is_open, 1), else_=0)),
        **{name: func.sum(getattr(Conversation, name)) for name in SUMS},
    }
    of_workspace = Conversation.workspace_id == workspace_id
    named = [func.coalesce(column, 0).label(name) for name, column in columns.items()]
    figures = dict((await session.execute(select(*named).where(of_workspace))).mappings().one())
    visitors = select(func.count(Conversation.visitor_id.distinct())).where(of_workspace, held)
    return figures | {"visitor_count": await session.scalar(visitors)}
