"""What staff see of a search."""

import strawberry

from data import models
from schema.documents.types import Document, Passage
from schema.readings import link_field


@strawberry.type(description="A passage that a search found.")
class SearchHit:
    """Read off a `resolvers.search.Hit`."""

    document: Document = link_field(
        Document, models.Document, "document_id", "The document that it belongs to.", what="document"
    )
    passage: Passage = link_field(Passage, models.DocumentChunk, "chunk_id", "The passage itself.", what="passage")
    score: float = strawberry.field(
        description="How sure it is that it answers, from 0 to 1: an answer needs the workspace's threshold."
    )
    lexical_score: float = strawberry.field(description="The BM25 score of its words; 0 without a common word.")
    dense_score: float = strawberry.field(description="The cosine of its vector and the question's, from -1 to 1.")
    rank: int = strawberry.field(description="Its place, from 1.")
