"""The response cache: an answer made from nothing but a question is given again to the next who asks it, at no cost.

What is said in a conversation never gets into it: a follow-up is neither kept nor answered from here.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.clock import now
from data.engine import Session
from data.queries import response_cache as queries
from rag.answers.citations import Citation, citation_from_json
from rag.answers.prompt import PROMPT_VERSION
from rag.models.protocols import Prompt

MAX_ANSWERS = 1_000
"""Answers kept for a workspace at most; those that expire first make room."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Under which an answer is kept: the question, and a digest of everything else that the answer is made with."""

    question_hash: str
    made_with: str


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that can be given again. `score` is the confidence in [0, 1]."""

    text: str
    citations: tuple[Citation, ...]
    score: float
    model: str


def cache_key(prompt: Prompt, *versions: str) -> CacheKey:
    """Return the key of an answer to a prompt whose passages are not found yet.

    `versions` stand for what is not in the prompt: the workspace, the documents and the models. The question counts to
    the letter, as the model reads it. Raises `ValueError` for a prompt with a history.
    """
    if prompt.history:
        raise ValueError("an answer that depends on a conversation is not cached")
    # All fields, so that what a prompt holds one day is part of the key.
    inputs = json.dumps([PROMPT_VERSION, asdict(prompt), versions])
    return CacheKey(question_hash(prompt.question), _digest(inputs))


def question_hash(question: str) -> str:
    """Return the hash under which the row of a question is found: a question has one row, whatever it was made with."""
    return _digest(question)


async def find(session: Session, workspace_id: UUID, key: CacheKey) -> CachedAnswer | None:
    """Return the answer kept under a key, if it has neither expired nor been rated down."""
    row = await queries.find_response(session, workspace_id, key.question_hash)
    if row is None or row.expires_at is None or row.expires_at <= now():
        return None
    return _from_json(row.cached_response) if row.cached_response.get("made_with") == key.made_with else None


async def keep(
    session: Session, workspace_id: UUID, key: CacheKey, question: str, answer: CachedAnswer, lifetime: timedelta
) -> None:
    """Keep an answer. The first answer made with the same stays, also when it was rated down.

    The unit ends with an `IntegrityError` when another process keeps an answer to the question at the same moment.
    """
    row = await queries.find_response(session, workspace_id, key.question_hash)
    value = {"made_with": key.made_with, **_as_json(answer)}
    expires_at = now() + lifetime
    if row is not None:
        is_live = row.expires_at is not None and row.expires_at > now()
        if not is_live or row.cached_response.get("made_with") != key.made_with:
            await queries.replace_response(session, row, value, expires_at)
        return
    queries.add_response(session, workspace_id, key.question_hash, question, value, int(lifetime.total_seconds()))
    await queries.delete_surplus(session, workspace_id, MAX_ANSWERS)


async def withdraw(session: Session, workspace_id: UUID, question: str, text: str) -> None:
    """Give an answer to nobody any longer, nor keep another, until it expires or what it is made with changes.

    Without the second, who rates down would choose, answer after answer, what the others get.
    """
    row = await queries.find_response(session, workspace_id, question_hash(question))
    if row is not None and row.cached_response.get("text") == text and row.expires_at is not None:
        withdrawn = {"made_with": row.cached_response.get("made_with")}
        await queries.replace_response(session, row, withdrawn, row.expires_at)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _as_json(answer: CachedAnswer) -> dict[str, Any]:
    citations = [citation.as_json() for citation in answer.citations]
    return {"text": answer.text, "sources": citations, "score": answer.score, "model": answer.model}


def _from_json(value: dict[str, Any]) -> CachedAnswer | None:
    """Return the answer that a row holds; None for one that was withdrawn."""
    if "text" not in value:
        return None
    citations = tuple(citation_from_json(citation) for citation in value["sources"])
    return CachedAnswer(value["text"], citations, value["score"], value["model"])
