"""The response cache: the same question asked again in the same circumstances gets the same answer, at no cost."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from data.engine import Session
from data.queries import response_cache as queries
from rag.answers.citations import Citation, citation_from_json
from rag.models.protocols import Turn


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that can be given again. `score` is the confidence in [0, 1]."""

    text: str
    citations: tuple[Citation, ...]
    score: float
    model: str


def question_hash(version: str, question: str, history: Sequence[Turn]) -> str:
    """Return the key of a question: a hash of it, of the questions before it, and of what the answer is made with.

    An answer may lean on what was said before ("and how much is it?"), so the path of questions is part of the key; a
    question repeated at once is not a new path. Case, accents' form and white space do not count. `version` changes
    with the workspace's settings and documents: an old answer is never found again.
    """
    path: list[str] = []
    for text in [turn.content for turn in history if turn.role == "user"] + [question]:
        normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        if not path or path[-1] != normal:
            path.append(normal)
    return hashlib.sha256("\n".join([version, *path]).encode()).hexdigest()


async def find(session: Session, workspace_id: UUID, key: str) -> CachedAnswer | None:
    """Return the answer kept under a key, if it has not expired."""
    row = await queries.find_response(session, workspace_id, key)
    return None if row is None else _from_json(row.cached_response)


async def keep(
    session: Session, workspace_id: UUID, key: str, question: str, answer: CachedAnswer, lifetime: timedelta
) -> None:
    """Keep an answer, in place of what was kept under the key."""
    seconds = int(lifetime.total_seconds())
    await queries.keep_response(session, workspace_id, key, question, _as_json(answer), seconds)


def _as_json(answer: CachedAnswer) -> dict[str, Any]:
    citations = [citation.as_json() for citation in answer.citations]
    return {"text": answer.text, "sources": citations, "score": answer.score, "model": answer.model}


def _from_json(value: dict[str, Any]) -> CachedAnswer:
    citations = tuple(citation_from_json(citation) for citation in value["sources"])
    return CachedAnswer(value["text"], citations, value["score"], value["model"])
