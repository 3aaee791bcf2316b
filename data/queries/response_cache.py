"""Answers that are kept to be given again: one row a question."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from data.engine import Session
from data.models import ResponseCache


async def find_response(session: Session, workspace_id: UUID, question_hash: str) -> ResponseCache | None:
    """Return what is kept for a question, expired or not."""
    return await session.scalar(
        select(ResponseCache).where(
            ResponseCache.workspace_id == workspace_id, ResponseCache.question_hash == question_hash
        )
    )


async def count_response_hit(session: Session, workspace_id: UUID, question_hash: str) -> None:
    """Count one more use of the answer to a question."""
    await session.execute(
        update(ResponseCache)
        .where(ResponseCache.workspace_id == workspace_id, ResponseCache.question_hash == question_hash)
        .values(hit_count=ResponseCache.hit_count + 1)
    )


def add_response(
    session: Session, workspace_id: UUID, question_hash: str, question: str, response: dict[str, Any], ttl_seconds: int
) -> None:
    """Keep the first answer to a question, with the next statement. A trigger computes when it expires."""
    session.add(
        ResponseCache(
            workspace_id=workspace_id,
            question_hash=question_hash,
            original_question=question,
            cached_response=response,
            ttl_seconds=ttl_seconds,
        )
    )


async def replace_response(
    session: Session, row: ResponseCache, response: dict[str, Any], expires_at: datetime
) -> None:
    """Put another answer in the place of what was read, unless it changed meanwhile. Its hits are kept."""
    await session.execute(
        update(ResponseCache)
        .where(ResponseCache.id == row.id, ResponseCache.updated_at == row.updated_at)
        .values(cached_response=response, expires_at=expires_at)
    )


async def delete_surplus(session: Session, workspace_id: UUID, kept: int) -> None:
    """Delete what a workspace holds beyond `kept` answers, those first that expire first."""
    surplus = (
        select(ResponseCache.id)
        .where(ResponseCache.workspace_id == workspace_id)
        .order_by(ResponseCache.expires_at.desc(), ResponseCache.created_at.desc(), ResponseCache.id)
        .offset(kept)
    )
    await session.execute(
        delete(ResponseCache).where(ResponseCache.id.in_(surplus)), execution_options={"synchronize_session": False}
    )
