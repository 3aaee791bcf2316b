"""Search in a workspace's documents, as an answer searches them."""

from dataclasses import dataclass
from uuid import UUID

from core.errors import OperationError
from rag.models.protocols import ModelError
from rag.retrieval.passages import Passage
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.rates import SEARCH_PER_ACCOUNT
from resolvers.workspaces import access

DEFAULT_HITS = 10
MAX_HITS = 40
"""The most passages of a search: what the re-ranker reads."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found: `rank` counts from 1, `score` is its confidence in [0, 1].

    `lexical_score` is BM25's, `dense_score` the cosine.
    """

    rank: int
    document_id: UUID
    chunk_id: UUID
    score: float
    lexical_score: float
    dense_score: float
    passage: Passage


async def search(context: Context, workspace_id: UUID, query: str, first: int | None) -> list[Hit]:
    """Return the passages that come nearest to a question, best first, whether they answer it or not.

    Raises `OperationError`.
    """
    limit = DEFAULT_HITS if first is None else first
    if not 1 <= limit <= MAX_HITS:
        raise BadInput(f"`first` is from 1 to {MAX_HITS}.")
    if not query.strip():
        raise BadInput("`query` is empty: write what to search for.")
    if len(query) > context.policy.max_message_characters:
        raise BadInput(f"`query` has at most {context.policy.max_message_characters} characters.")
    await context.count(SEARCH_PER_ACCOUNT, context.staff().user_id.hex)
    await access.readable(context, workspace_id)
    try:
        found = await context.services.answers.retriever.rank(workspace_id, query, limit)
    except ModelError as error:
        raise OperationError(error.code, error.message) from error
    return [
        Hit(rank, each.document_id, each.chunk_id, each.score, each.lexical, each.dense, each)
        for rank, each in enumerate(found, 1)
    ]
