"""What staff see of how an answer came about."""

import strawberry

from data import models
from schema.documents.types import Document
from schema.readings import link_field


@strawberry.type(description="A passage that was found for a question.")
class TracePassage:
    """Read off a `rag.answers.trace.TracedPassage`."""

    rank: int = strawberry.field(description="Its place among what was found, from 1.")
    number: int | None = strawberry.field(
        description="How the answer cites it: `[2]`; null if the model did not get it."
    )
    document: Document | None = link_field(
        Document, models.Document, "document_id", "The document; null once it is deleted."
    )
    document_name: str = strawberry.field(description="The document's title when the answer was made.")
    chunk_index: int = strawberry.field(name="index", description="The passage's place in the document, from 0.")
    location: str | None = strawberry.field(description="Where it stands in the document: a page, or headings.")
    score: float = strawberry.field(description="How sure it is that it answers the question, from 0 to 1.")
    lexical_score: float = strawberry.field(description="The BM25 score of its words; 0 without a common word.")
    dense_score: float = strawberry.field(description="The cosine of its vector and the question's, from -1 to 1.")
    content: str | None = strawberry.field(
        description="Its text as the model received it, up to 8,000 bytes; null if the model did not get it."
    )


@strawberry.type(description="How an answer came about: what was understood, found, and given to the model.")
class AnswerTrace:
    """Read off a `rag.answers.trace.AnswerTrace`."""

    language: str = strawberry.field(description="The language it was answered in: `en` or `fr`.")
    small_talk: str | None = strawberry.field(
        description="What was said instead of a question: `greeting`, `thanks` …; null for a question."
    )
    follow_up: bool = strawberry.field(description="Whether the question was taken to follow on the ones before.")
    search_query: str = strawberry.field(
        description="What the documents were searched for: the question, or what stands for a follow-up."
    )
    rewritten_question: str | None = strawberry.field(
        description="What the model made of a follow-up so that it stands alone; null where it was not asked to, or "
        "failed."
    )
    confidence: float | None = strawberry.field(
        description="How sure the best passage is to answer, from 0 to 1; null where nothing was searched."
    )
    candidates: list[TracePassage] = strawberry.field(
        description="The passages that come nearest, best first; none where nothing was searched."
    )
    passages: list[TracePassage] = strawberry.field(description="The passages that the model received, in its order.")
    prompt: str | None = strawberry.field(
        description="What the model received, word for word: its messages, each under its role. Null where no model "
        "was asked."
    )
    model: str = strawberry.field(description="The model that wrote the answer.")
    cached: bool = strawberry.field(description="Whether it was given again from the cache: nothing was searched then.")
    is_cut: bool = strawberry.field(description="Whether a text was too long to be kept whole.")
