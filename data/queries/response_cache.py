"""Answers that are kept to be given again."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from core.clock import now
from data.engine import Session
from data.models import ResponseCache


async def find_response(session: Session, workspace_id: UUID, question_hash: str) -> ResponseCache | None:
    """Return the answer kept under a hash, if it has not expired."""
    return await session.scalar(
        select(ResponseCache).where(
            ResponseCache.workspace_id == workspace_id,
            ResponseCache.question_hash == question_hash,
            ResponseCache.expires_at > now(),
        )
    )


async def count_response_hit(session: Session, workspace_id: UUID, question_hash: str) -> None:
    """Count one more use of the answer kept under a hash."""
    await session.execute(
        update(ResponseCache)
        .where(ResponseCache.workspace_id == workspace_id, ResponseCache.question_hash == question_hash)
        .values(hit_count=ResponseCache.hit_count + 1)
    )


async def keep_response(
    session: Session, workspace_id: UUID, question_hash: str, question: str, response: dict[str, Any], ttl_seconds: int
) -> None:
    """Keep an answer, in place of what was kept under the hash. A trigger computes when it expires."""
    await session.execute(
        delete(ResponseCache).where(
            ResponseCache.workspace_id == workspace_id, ResponseCache.question_hash == question_hash
        )
    )
    session.add(
        ResponseCache(
            workspace_id=workspace_id,
            question_hash=question_hash,
            original_question=question,
            cached_response=response,
            ttl_seconds=ttl_seconds,
        )
    )
